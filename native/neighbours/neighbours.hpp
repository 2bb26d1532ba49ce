#pragma once

#include <cstddef>
#include <cstdint>

#include "runtime/control.hpp"

namespace ridgeflow {

/// The k nearest points of each query by Euclidean distance. Arrays are row-major.
template <class T>
struct NeighbourProblem {
  const T* queries = nullptr;  ///< n × d
  std::size_t n = 0;
  const T* points = nullptr;  ///< m × d
  std::size_t m = 0;
  std::size_t d = 0;
  std::size_t k = 0;         ///< 1 ≤ k ≤ m, or ≤ m − 1 with excludeSelf
  bool excludeSelf = false;  ///< query i skips point i; needs n ≤ m
  T* distances = nullptr;    ///< n × k, ascending
  std::int32_t* indices = nullptr;  ///< n × k; ties go to the lower row number
};

/// Exact in every dimension: the neighbours are those of distances computed from differences in float64.
///
/// For d ≤ 10 a k-d tree (nanoflann), about O(n log m) time. Above, tiles of inner products select candidates, which
/// are measured again from differences; a query whose candidates rounding could have misjudged is searched once more
/// without shortcuts. O(nmd) time, O(nk) memory. Throws Aborted.
template <class T>
void nearestNeighbours(const NeighbourProblem<T>& problem, Control& control);

}  // namespace ridgeflow
