#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "runtime/control.hpp"
#include "runtime/memory.hpp"

namespace ridgeflow {

/// What is halved: the longest side, or where there are many, most of them of little spread, the one of most variance.
enum class HalvedSide { kLongest, kMostVaried };

/// The rows of a cloud in spatial order: halved along one side again and again, so that every aligned run of
/// `run`, `leaf` and leaf × 16^k positions is a compact cluster; `run` divides `leaf`. The same order whatever the
/// number of threads. O(n log n) time, O(n) memory. Throws Aborted.
template <class T>
std::vector<std::uint32_t> spatialOrder(const T* points, std::size_t d, std::vector<std::uint32_t> rows, std::size_t run,
                                        std::size_t leaf, const Control& control,
                                        HalvedSide halved = HalvedSide::kLongest);

/// Bounding boxes of points in spatial order: of each leaf of `leaf` positions, of every 16 leaves, and so on up to one
/// group of at most 16 boxes.
template <class T>
class BoxTree {
 public:
  static constexpr std::size_t kFan = 16;

  BoxTree() = default;

  /// `rows`: n × d coordinates in spatial order.
  BoxTree(const T* rows, std::size_t n, std::size_t d, std::size_t leaf);

  std::size_t levels() const { return levels_.size(); }
  std::size_t nodes(std::size_t level) const { return levels_[level].nodes; }

  /// The positions of a node.
  std::size_t begin(std::size_t level, std::size_t node) const { return node * levels_[level].span; }
  std::size_t end(std::size_t level, std::size_t node) const { return std::min(n_, (node + 1) * levels_[level].span); }

  /// The boxes of nodes 16 × group … 16 × group + 15: for each dimension 16 lower ends, then for each 16 upper ends.
  /// Where there is no node, the lower end is +∞ and the upper −∞.
  const T* group(std::size_t level, std::size_t group) const { return levels_[level].boxes.get() + group * 2 * d_ * kFan; }

 private:
  struct Level {
    std::size_t nodes, span;
    Buffer<T> boxes;
  };
  Level& addLevel(std::size_t nodes, std::size_t span);

  std::size_t n_ = 0, d_ = 0;
  std::vector<Level> levels_;
};

}  // namespace ridgeflow
