#pragma once

#include <cstddef>
#include <cstdint>

#include "runtime/control.hpp"

namespace ridgeflow {

/// out (m × n) ← op(a)·op(b), row-major, op the transpose where asked. Parallel over blocks of the result; where the
/// inner extent is long, partial products over blocks of it are added in float64 in a fixed order.
template <class T>
void matmul(const T* a, std::size_t rowsA, std::size_t columnsA, bool transposeA, const T* b, std::size_t rowsB,
            std::size_t columnsB, bool transposeB, T* out, Control& control);

/// sides ← the solutions of matrix·x = side, one side of length d per row, for a symmetric positive definite matrix, whose
/// lower triangle is overwritten by its Cholesky factor. Returns false where it is not positive definite. Parallel over
/// tiles of rows, in a fixed order. O(d³/3 + count·d²).
bool solvePositiveDefinite(double* matrix, std::size_t d, double* sides, std::size_t count, Control& control);

/// out[i] ← Σ_k coefficients[k]·arrays[k][i]. `out` may be one of the arrays.
template <class T>
void linearCombination(T* out, std::size_t count, const double* coefficients, const T* const* arrays, std::size_t terms);

/// out[i] ← Σ_k data[i][k]², in float64, whatever the element type.
template <class T>
void squaredRowLengths(const T* data, std::size_t rows, std::size_t columns, double* out);

/// Each of `rows` rows z of data ← factor · z, in place; factor is d × d, lower triangular, with zeros above its diagonal.
/// Each sum is taken in the order of the columns and each operation rounded by itself: the same bits on every machine.
void lowerTriangularProduct(const double* factor, std::size_t d, double* data, std::size_t rows, Control& control);

/// What scaledError finds: over the rows, the sum and the largest of (length of the error / allowed length)².
struct ScaledError {
  double sum = 0.0;
  double largest = 0.0;
};

/// Of each row the error Σ_k coefficients[k]·arrays[k], of which absolute + relative · max(|a|, |b|) is allowed; a and b
/// are rows × columns like the arrays. Both results are NaN where a row of the error, a or b is not finite. Lengths are
/// summed in float64.
template <class T>
ScaledError scaledError(const double* coefficients, const T* const* arrays, std::size_t terms, const T* a, const T* b,
                        std::size_t rows, std::size_t columns, double relative, double absolute);

/// The product with a sparse matrix of signs: out (n × columns) ← scale · Σ_k ±points[i][k], where every k goes to the
/// columns places[k · each], …, places[k · each + each − 1], with a minus to ~place where place is negative. Summed in
/// float64 in the order of k. O(n·d·each) time.
template <class T>
void signedSums(const T* points, std::size_t n, std::size_t d, const std::int32_t* places, std::size_t each,
                std::size_t columns, double scale, T* out, Control& control);

/// Index of the first NaN or infinity, or −1.
template <class T>
std::int64_t firstNonFinite(const T* values, std::size_t count);

}  // namespace ridgeflow
