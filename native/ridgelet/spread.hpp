#pragma once

#include <cstddef>

namespace ridgeflow::ridge_spread {

/// Points (transposed, d × n) whose projections are spread on a grid by a kernel of finite support: tap c of `taps` is
/// Σ_p coefficient[p][c] s^p, s from −1 to 1 across a cell.
template <class T>
struct Spread {
  const T* transposed = nullptr;
  std::size_t n = 0;
  std::size_t d = 0;
  double first = 0.0;    ///< position of element 0 of the grid
  double perCell = 1.0;  ///< elements per unit of length
  std::size_t length = 0;
  std::size_t taps = 8;  ///< 8 or 16
  std::size_t degree = 1;
  const T* coefficients = nullptr;  ///< (degree + 1) × taps
};

/// grid[…] += values[i · stride] · weights[i] · taps, at direction·x_i, for i in [from, to); points out of the grid's reach are
/// left out. Null weights: 1.
template <class T>
void addProjections(const Spread<T>& spread, const T* direction, const T* values, std::size_t stride, const T* weights,
                    std::size_t from, std::size_t to, T* grid);

}  // namespace ridgeflow::ridge_spread
