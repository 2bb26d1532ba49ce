#pragma once

#include <cstddef>
#include <cstdint>

#include "neighbours/norm.hpp"
#include "runtime/control.hpp"

namespace ridgeflow {

/// How many points lie within a distance of each query. Arrays are row-major.
template <class T>
struct CountProblem {
  const T* queries = nullptr;  ///< n × d
  std::size_t n = 0;
  const T* points = nullptr;  ///< m × d, m < 2³¹
  std::size_t m = 0;
  std::size_t d = 0;
  const T* radii = nullptr;  ///< n values ≥ 0
  Norm norm = Norm::kEuclidean;
  bool strict = false;            ///< nearer than the radius, rather than as near
  bool excludeSelf = false;       ///< query i skips point i; needs n ≤ m
  std::int32_t* counts = nullptr;  ///< n
};

/// Exact: distances are computed from differences in float64 and rounded to T, as those of nearestNeighbours are,
/// before they are compared with the radius. About O(n log m) time for small d and few points within, O(nmd) at worst.
/// Throws Aborted.
template <class T>
void countWithin(const CountProblem<T>& problem, Control& control);

}  // namespace ridgeflow
