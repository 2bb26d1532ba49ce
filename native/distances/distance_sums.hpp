#pragma once

#include <cstddef>
#include <cstdint>

#include "runtime/control.hpp"

namespace ridgeflow {

/// sums[i × groupCount + g] ← Σ_j |x_i − y_j| over the points j of group g. Distances of near pairs are computed from
/// differences, so that a point far from the origin costs no digits; sums are in float64.
template <class T>
struct DistanceSumProblem {
  const T* queries = nullptr;             ///< n × d
  const T* points = nullptr;              ///< m × d
  const std::int32_t* groups = nullptr;   ///< m, each from 0 to groupCount − 1
  std::size_t n = 0, m = 0, d = 0, groupCount = 0;
  double* sums = nullptr;                 ///< n × groupCount
};

/// O(nmd) time, O(m) memory beyond the results; where the queries are the points, half the time and O(md) memory. The same
/// bits for any number of threads. Throws Aborted.
template <class T>
void distanceSums(const DistanceSumProblem<T>& problem, Control& control);

}  // namespace ridgeflow
