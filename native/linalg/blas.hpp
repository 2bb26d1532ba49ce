#pragma once

#include <cstddef>

namespace ridgeflow::blas {

/// C (m × n) ← A·B + beta·C on one thread, row-major; A is m × k, or k × m where transposed, B likewise.
void gemm(bool transposeA, bool transposeB, std::size_t m, std::size_t n, std::size_t k, const float* a,
          std::size_t strideA, const float* b, std::size_t strideB, float beta, float* c, std::size_t strideC);
void gemm(bool transposeA, bool transposeB, std::size_t m, std::size_t n, std::size_t k, const double* a,
          std::size_t strideA, const double* b, std::size_t strideB, double beta, double* c, std::size_t strideC);

/// C (d × d) ← AᵀA + beta·C on and above the diagonal, on one thread, row-major; A is rows × d. The rest of C is left alone.
void gram(std::size_t d, std::size_t rows, const double* a, std::size_t strideA, double beta, double* c,
          std::size_t strideC);

/// Eigenvalues ascending and orthonormal eigenvectors as rows of a symmetric d × d matrix (LAPACK dsyevd). The matrix
/// is overwritten by the eigenvectors. Returns false where the iteration does not converge.
bool symmetricEigen(double* matrix, std::size_t d, double* values);

/// C (m × n) ← C − A·B, or C − A·Bᵀ, on one thread, row-major; A is m × k.
void subtractProduct(bool transposeB, std::size_t m, std::size_t n, std::size_t k, const double* a, std::size_t strideA,
                     const double* b, std::size_t strideB, double* c, std::size_t strideC);

/// The lower triangle of a symmetric d × d matrix ← its Cholesky factor (LAPACK dpotrf); what is above the diagonal is
/// neither read nor written. Returns false where the matrix is not positive definite.
bool choleskyFactor(double* matrix, std::size_t d, std::size_t stride);

/// Each row x of `rows` (count × d) ← x·L⁻¹, or x·L⁻ᵀ, for a lower triangular L, on one thread.
void solveTriangular(bool transposed, std::size_t count, std::size_t d, const double* factor, std::size_t strideFactor,
                     double* rows, std::size_t stride);

/// The name of the kernels that OpenBLAS chose for this processor, and its build description.
const char* coreName();
const char* configuration();

/// FLOP/s of OpenBLAS's own parallel gemm on square matrices of the given size: what benchmarks compare with.
double measureGemmRate(bool float64, std::size_t size, int threads, int repetitions);

}  // namespace ridgeflow::blas
