#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "neighbours/box_scan.hpp"
#include "runtime/control.hpp"
#include "runtime/memory.hpp"

namespace ridgeflow {

/// Boxes around consecutive children, 16 to a group: coordinate k of a group at [k · kChildren].
template <class T>
struct BoxLevel {
  std::size_t count = 0;
  Buffer<T> lower, upper;
  /// The smallest row number in each box.
  std::vector<std::int32_t> firstRow;
  /// Whether the points of each box all coincide: 1 or 0.
  std::vector<std::uint8_t> onePoint;
};

/// A balanced tree of bounding boxes over points: split at the median of the widest side down to leaves of kLeaf
/// points, then read with kChildren children to a node, so that a node or a leaf is looked at with a few vector
/// instructions. O(m d + m log m) time to build, linear memory.
template <class T>
class BoxTree {
 public:
  /// `m` ≥ 1 points, all finite. Throws Aborted.
  BoxTree(const T* points, std::size_t m, std::size_t d, Control& control);

  std::size_t dimension() const { return d_; }
  std::size_t leaves() const { return levels_.front().count; }
  std::size_t leafSize(std::size_t leaf) const { return std::min(box_scan::kLeaf, m_ - leaf * box_scan::kLeaf); }
  const T* leafPoints(std::size_t leaf) const { return blocks_.get() + leaf * d_ * box_scan::kLeaf; }
  /// Row numbers of a leaf's points.
  const std::int32_t* leafRows(std::size_t leaf) const { return rows_.data() + leaf * box_scan::kLeaf; }

  /// Level 0 holds the boxes of the leaves, the last one at most kChildren boxes.
  std::size_t levels() const { return levels_.size(); }
  std::size_t boxes(std::size_t level) const { return levels_[level].count; }
  const T* lower(std::size_t level, std::size_t group) const { return levels_[level].lower.get() + group * d_ * box_scan::kChildren; }
  const T* upper(std::size_t level, std::size_t group) const { return levels_[level].upper.get() + group * d_ * box_scan::kChildren; }
  /// The smallest row number below a box.
  std::int32_t firstRow(std::size_t level, std::size_t box) const { return levels_[level].firstRow[box]; }
  /// Whether all points below a box coincide: at its corners then.
  bool onePoint(std::size_t level, std::size_t box) const { return levels_[level].onePoint[box] != 0; }
  /// How many points there are below a box.
  std::size_t pointsBelow(std::size_t level, std::size_t box) const;

  const box_scan::Operations<T>& operations() const { return operations_; }

  /// Numbers of the queries in an order in which those that look at the same boxes follow each other.
  std::vector<std::uint32_t> localOrder(const T* queries, std::size_t n, Control& control) const;

 private:
  void split(const T* points, Control& control);
  void pack(const T* points);
  void addLevel();
  void markPoints(BoxLevel<T>& level) const;
  std::size_t nearestLeaf(const T* query) const;

  std::size_t m_, d_;
  box_scan::Operations<T> operations_;
  std::vector<std::int32_t> rows_;
  Buffer<T> blocks_;
  std::vector<BoxLevel<T>> levels_;
};

}  // namespace ridgeflow
