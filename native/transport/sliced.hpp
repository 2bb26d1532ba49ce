#pragma once

#include <cstddef>

#include "runtime/control.hpp"

namespace ridgeflow {

/// W_p between the projections of two weighted clouds on each of some directions.
template <class T>
struct SlicedProblem {
  const T* a = nullptr;  ///< n × d
  std::size_t n = 0;
  const T* b = nullptr;  ///< m × d
  std::size_t m = 0;
  std::size_t d = 0;
  const T* directions = nullptr;  ///< count × d
  std::size_t count = 0;
  const double* weightsA = nullptr;  ///< n values that sum to 1; null: equal
  const double* weightsB = nullptr;
  double p = 2.0;  ///< at least 1
  double* gradients = nullptr;  ///< count × d: of each distance with respect to its direction; null: not wanted
};

/// out[l] = (∫₀¹ |F⁻¹ − G⁻¹|^p)^(1/p) of the projections on direction l: each projected, sorted by radix, and run through in
/// step. Projections in T, powers summed in float64, in units in which they do not leave its range. O(count · (n + m)(d + log)) time, O(n + m) memory; the same bits for any
/// number of threads. Throws Aborted.
template <class T>
void slicedDistances(const SlicedProblem<T>& problem, double* out, Control& control);

}  // namespace ridgeflow
