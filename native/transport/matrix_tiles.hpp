#pragma once

#include <cstddef>

// What the driver (cost_matrix.cpp) and the vector code (matrix_tiles.cpp, once per instruction set) share.

namespace ridgeflow::matrix_tiles {

/// Lanes of a strip: a multiple of every vector length.
inline constexpr std::size_t kStrip = 256;
/// Rows that a pass takes at most: sums in T stay short.
inline constexpr std::size_t kRows = 64;

/// The least of some values, and the first place where it is.
template <class T>
struct Least {
  T least;
  std::size_t index;
};

template <class T>
struct MatrixOperations {
  /// Over a run of a row: the largest of bias − κ·cost.
  T (*largestInRow)(const T* costs, const T* bias, T kappa, std::size_t count) = nullptr;
  /// Over a run of a row: Σ 2^(bias − κ·cost − shift).
  T (*sumOfRow)(const T* costs, const T* bias, T kappa, T shift, std::size_t count) = nullptr;
  /// Over a run of a row: Σ 2^(bias − κ·cost − shift) · cost.
  T (*costOfRow)(const T* costs, const T* bias, T kappa, T shift, std::size_t count) = nullptr;
  /// Down a strip of kStrip columns, `rows` ≤ kRows, rows `stride` apart: sums[lane] is rescaled to the new maximum and
  /// receives the strip's exponentials. Lanes from `columns` on are left alone.
  void (*addStrip)(const T* costs, std::size_t stride, const T* bias, T kappa, std::size_t rows, std::size_t columns,
                   T* maximum, T* sums) = nullptr;
  /// The least of cost − potential over count ≥ 1 entries.
  Least<T> (*leastReduced)(const T* costs, const T* potentials, std::size_t count) = nullptr;
};

MatrixOperations<float> matrixOperations(float);
MatrixOperations<double> matrixOperations(double);

}  // namespace ridgeflow::matrix_tiles
