#pragma once

#include <cstddef>
#include <cstdint>

#include "neighbours/norm.hpp"
#include "runtime/control.hpp"

namespace ridgeflow {

/// The k nearest points of each query. Arrays are row-major.
template <class T>
struct NeighbourProblem {
  const T* queries = nullptr;  ///< n × d
  std::size_t n = 0;
  const T* points = nullptr;  ///< m × d
  std::size_t m = 0;
  std::size_t d = 0;
  std::size_t k = 0;         ///< 1 ≤ k ≤ m, or ≤ m − 1 with excludeSelf
  Norm norm = Norm::kEuclidean;
  bool excludeSelf = false;  ///< query i skips point i; needs n ≤ m
  T* distances = nullptr;    ///< n × k, ascending
  std::int32_t* indices = nullptr;  ///< n × k; ties go to the lower row number
};

/// Exact in every dimension: the neighbours are those of distances computed from differences in float64.
///
/// Where the points fill few dimensions, whatever the number of coordinates, and for the maximum norm, a tree of boxes:
/// about O(n log m) time, O(nmd) at worst; a sample decides. Else all pairs pass a filter of lower bounds, by products of
/// points rounded to bytes, or in T where that rounding is too coarse for the cloud; what it leaves is measured. O(nmd)
/// time. Memory is O(nk + md). Throws Aborted.
template <class T>
void nearestNeighbours(const NeighbourProblem<T>& problem, Control& control);

}  // namespace ridgeflow
