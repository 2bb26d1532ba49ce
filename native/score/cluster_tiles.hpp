#pragma once

#include <cstddef>
#include <cstdint>

// What the driver (clustered.cpp) and the vector code (cluster_tiles.cpp, compiled once per instruction set) share.
//
// All coordinates are multiplied by a power of two s that makes the logits of base 2 bias − α|x − c|² with α in
// [1/2, 2): that product is exact, so that differences of float32 coordinates lose nothing however small σ is.

namespace ridgeflow::cluster_tiles {

/// Longest run of centres whose sums stay in T before they go to float64.
inline constexpr std::size_t kRun = 512;

/// Centres in spatial order.
template <class T>
struct Centres {
  const T* rows = nullptr;  ///< m × d
  const T* bias = nullptr;  ///< base-2 log-weights, or null where all are `commonBias`
  T commonBias = 0;
  T alpha = 1;
  std::size_t d = 0;
};

/// A panel of queries, lanes across.
template <class T>
struct Panel {
  const T* transposed = nullptr;  ///< d × width
  const T* shift = nullptr;       ///< width: what logits are relative to, at least their maximum up to rounding
  const T* self = nullptr;        ///< width: the centre, counted from the first of the run, that a lane leaves out; or null
  T* weightSum = nullptr;         ///< width: Σ p
  T* momentSum = nullptr;         ///< width: Σ p |x − c|²
  T* offsetSum = nullptr;         ///< d × width: Σ p (x − c)
};

template <class T>
struct ClusterOperations {
  std::size_t width = 0;  ///< queries per panel
  /// Adds the centres [begin, end) to the sums of a panel.
  void (*accumulate)(const Panel<T>&, const Centres<T>&, std::size_t begin, std::size_t end) = nullptr;
  /// Which of a group of 16 boxes come nearer than √limit to the box [low, high]: one bit each.
  std::uint32_t (*near)(const T* low, const T* high, const T* group, T limit, std::size_t d) = nullptr;
  /// For those of a group of boxes: the least, over the lanes, of α·(squared distance of query and box) − threshold.
  void (*excess)(const T* transposed, const T* threshold, const T* group, std::uint32_t which, T alpha, std::size_t d,
                 T* out) = nullptr;
};

/// The operations for the best instruction set of this processor.
ClusterOperations<float> clusterOperations(float);
ClusterOperations<double> clusterOperations(double);

}  // namespace ridgeflow::cluster_tiles
