#pragma once

#include <cstddef>

#include "runtime/control.hpp"

namespace ridgeflow {

/// A user's costs, rows × columns, row-major.
template <class T>
struct CostMatrix {
  const T* entries = nullptr;
  std::size_t rows = 0;
  std::size_t columns = 0;
};

/// out[i] = −ε log Σ_j e^{h_j − C_ij/ε} over the columns for every row, or with `transposed` over the rows i for every
/// column j; +∞ where all are left out. Exponentials in T, sums in float64. One pass over the matrix, memory linear in
/// its sides; the same bits for any number of threads. Throws Aborted.
template <class T>
void matrixSoftmin(const CostMatrix<T>& costs, bool transposed, double epsilon, const double* logWeights, double* out,
                   Control& control);

/// out[i] = Σ_j e^{r_i + h_j − C_ij/ε} C_ij for every row. Exponentials in T, sums in float64. The same bits for any number
/// of threads. Throws Aborted.
template <class T>
void matrixPlanCosts(const CostMatrix<T>& costs, double epsilon, const double* rowLogWeights, const double* logWeights,
                     double* out, Control& control);

}  // namespace ridgeflow
