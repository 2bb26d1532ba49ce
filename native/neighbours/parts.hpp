#pragma once

#include <cstddef>
#include <cstdint>

#include "runtime/control.hpp"

// Neighbours in a cloud that comes in parts.

namespace ridgeflow {

/// The nearest k points of n queries among the parts of a cloud so far.
template <class T>
struct NearestSoFar {
  std::size_t n = 0;
  std::size_t k = 0;
  T* distances = nullptr;           ///< n × k, ascending; ∞ where there are fewer points
  std::int32_t* indices = nullptr;  ///< n × k, row numbers in the whole cloud; −1 where there are fewer points
};

/// Some rows of a cloud, and the nearest of them, as nearestNeighbours() writes them.
template <class T>
struct NeighbourPart {
  std::size_t k = 0;                      ///< of each query, at least 1
  const T* distances = nullptr;           ///< n × k
  const std::int32_t* indices = nullptr;  ///< n × k, from the first row of the part on
  std::int32_t first = 0;                 ///< that row's number in the whole cloud; with the part's rows at most 2³¹ − 1
};

/// nearest ← the nearest of those and of the part's; of equally far points the lower row number, whatever the order in which
/// parts come. The same bits for any number of threads. O(nk) time. Throws Aborted: some queries then have the part, others not.
template <class T>
void addNeighbourPart(const NearestSoFar<T>& nearest, const NeighbourPart<T>& part, Control& control);

}  // namespace ridgeflow
