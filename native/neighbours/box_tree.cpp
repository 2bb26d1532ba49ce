#include "neighbours/box_tree.hpp"

#include <algorithm>
#include <limits>
#include <numeric>

#include "runtime/parallel.hpp"

namespace ridgeflow {
namespace {

using box_scan::kChildren;
using box_scan::kLeaf;

/// Leaves first … last − 1, not yet in order.
struct Range {
  std::size_t first, last;
};

/// Where to split so that groups of kChildren, and groups of groups, are whole subtrees.
std::size_t middleOf(const Range& range) {
  const std::size_t count = range.last - range.first;
  std::size_t unit = 1;
  while (unit * kChildren < count) unit *= kChildren;
  return range.first + std::max<std::size_t>(1, (count / unit + 1) / 2) * unit;
}

template <class T>
std::size_t widestSide(const T* points, std::size_t d, const std::int32_t* rows, std::size_t count) {
  std::vector<T> lower(d, std::numeric_limits<T>::infinity()), upper(d, -std::numeric_limits<T>::infinity());
  for (std::size_t i = 0; i < count; ++i) {
    const T* point = points + static_cast<std::size_t>(rows[i]) * d;
    for (std::size_t k = 0; k < d; ++k) {
      lower[k] = std::min(lower[k], point[k]);
      upper[k] = std::max(upper[k], point[k]);
    }
  }
  std::size_t widest = 0;
  for (std::size_t k = 1; k < d; ++k) {
    if (upper[k] - lower[k] > upper[widest] - lower[widest]) widest = k;
  }
  return widest;
}

/// Puts the rows with the smaller coordinates first. Keys beside the rows: the points themselves are far away.
template <class T>
void partition(const T* points, std::size_t d, std::int32_t* rows, std::size_t count, std::size_t middle) {
  const std::size_t side = widestSide(points, d, rows, count);
  std::vector<std::pair<T, std::int32_t>> keys(count);
  for (std::size_t i = 0; i < count; ++i) keys[i] = {points[static_cast<std::size_t>(rows[i]) * d + side], rows[i]};
  std::nth_element(keys.begin(), keys.begin() + static_cast<std::ptrdiff_t>(middle), keys.end());
  for (std::size_t i = 0; i < count; ++i) rows[i] = keys[i].second;
}

}  // namespace

template <class T>
BoxTree<T>::BoxTree(const T* points, std::size_t m, std::size_t d, Control& control)
    : m_(m), d_(d), operations_(box_scan::operations(T())), rows_(m) {
  std::iota(rows_.begin(), rows_.end(), 0);
  split(points, control);
  pack(points);
  control.check();
  while (levels_.back().count > kChildren) addLevel();
}

template <class T>
void BoxTree<T>::split(const T* points, Control& control) {
  std::vector<Range> open = {{0, ceilDivide(m_, kLeaf)}};
  while (!open.empty()) {
    std::vector<Range> next;
    for (const Range& range : open) {
      if (range.last - range.first < 2) continue;
      const std::size_t middle = middleOf(range);
      next.push_back({range.first, middle});
      next.push_back({middle, range.last});
    }
    parallelFor(open.size(), [&](std::size_t i) {
      const Range& range = open[i];
      if (range.last - range.first < 2) return;
      control.check();
      const std::size_t first = range.first * kLeaf, count = std::min(range.last * kLeaf, m_) - first;
      partition(points, d_, rows_.data() + first, count, middleOf(range) * kLeaf - first);
    });
    open = std::move(next);
  }
}

/// Copies the points into the blocks of their leaves, and boxes them.
template <class T>
void BoxTree<T>::pack(const T* points) {
  const std::size_t count = ceilDivide(m_, kLeaf), groups = ceilDivide(count, kChildren);
  blocks_ = allocateBuffer<T>(count * d_ * kLeaf);
  BoxLevel<T> level{count, allocateBuffer<T>(groups * d_ * kChildren), allocateBuffer<T>(groups * d_ * kChildren), {}, {}};
  parallelFor(groups, [&](std::size_t group) {
    const std::size_t end = std::min(count, (group + 1) * kChildren);
    std::fill_n(level.lower.get() + group * d_ * kChildren, d_ * kChildren, T(0));
    std::fill_n(level.upper.get() + group * d_ * kChildren, d_ * kChildren, T(0));
    for (std::size_t leaf = group * kChildren; leaf < end; ++leaf) {
      T* block = blocks_.get() + leaf * d_ * kLeaf;
      const std::int32_t* rows = leafRows(leaf);
      const std::size_t size = leafSize(leaf);
      for (std::size_t k = 0; k < d_; ++k) {
        T low = std::numeric_limits<T>::infinity(), high = -low;
        for (std::size_t j = 0; j < kLeaf; ++j) {
          const T value = points[static_cast<std::size_t>(rows[std::min(j, size - 1)]) * d_ + k];
          block[k * kLeaf + j] = value;
          low = std::min(low, value);
          high = std::max(high, value);
        }
        const std::size_t at = (group * d_ + k) * kChildren + leaf % kChildren;
        level.lower[at] = low;
        level.upper[at] = high;
      }
    }
  });
  for (std::size_t leaf = 0; leaf < count; ++leaf) {
    level.firstRow.push_back(*std::min_element(leafRows(leaf), leafRows(leaf) + leafSize(leaf)));
  }
  markPoints(level);
  levels_.push_back(std::move(level));
}

/// Boxes around groups of the last level's boxes.
template <class T>
void BoxTree<T>::addLevel() {
  const BoxLevel<T>& below = levels_.back();
  const std::size_t count = ceilDivide(below.count, kChildren), groups = ceilDivide(count, kChildren);
  BoxLevel<T> level{count, allocateBuffer<T>(groups * d_ * kChildren), allocateBuffer<T>(groups * d_ * kChildren), {}, {}};
  std::fill_n(level.lower.get(), groups * d_ * kChildren, T(0));
  std::fill_n(level.upper.get(), groups * d_ * kChildren, T(0));
  for (std::size_t box = 0; box < count; ++box) {
    const std::size_t children = std::min(kChildren, below.count - box * kChildren);
    for (std::size_t k = 0; k < d_; ++k) {
      const T* lower = below.lower.get() + (box * d_ + k) * kChildren;
      const T* upper = below.upper.get() + (box * d_ + k) * kChildren;
      const std::size_t at = (box / kChildren * d_ + k) * kChildren + box % kChildren;
      level.lower[at] = *std::min_element(lower, lower + children);
      level.upper[at] = *std::max_element(upper, upper + children);
    }
    const auto first = below.firstRow.begin() + static_cast<std::ptrdiff_t>(box * kChildren);
    level.firstRow.push_back(*std::min_element(first, first + static_cast<std::ptrdiff_t>(children)));
  }
  markPoints(level);
  levels_.push_back(std::move(level));
}

/// Finds the boxes without extent.
template <class T>
void BoxTree<T>::markPoints(BoxLevel<T>& level) const {
  level.onePoint.assign(level.count, 1);
  for (std::size_t box = 0; box < level.count; ++box) {
    for (std::size_t k = 0; k < d_; ++k) {
      const std::size_t at = (box / kChildren * d_ + k) * kChildren + box % kChildren;
      if (level.lower[at] != level.upper[at]) level.onePoint[box] = 0;
    }
  }
}

template <class T>
std::size_t BoxTree<T>::pointsBelow(std::size_t level, std::size_t box) const {
  std::size_t leavesBelow = 1;
  for (std::size_t l = 0; l < level; ++l) leavesBelow *= kChildren;
  const std::size_t first = box * leavesBelow * kLeaf;
  return std::min(m_, first + leavesBelow * kLeaf) - first;
}

template <class T>
std::size_t BoxTree<T>::nearestLeaf(const T* query) const {
  alignas(64) T nearest[kChildren];
  std::size_t box = 0;
  for (std::size_t level = levels_.size(); level-- > 0;) {
    const std::size_t children = std::min(kChildren, levels_[level].count - box * kChildren);
    operations_.boxes(lower(level, box), upper(level, box), query, d_, Norm::kMaximum, nearest, nullptr);
    box = box * kChildren + static_cast<std::size_t>(std::min_element(nearest, nearest + children) - nearest);
  }
  return box;
}

template <class T>
std::vector<std::uint32_t> BoxTree<T>::localOrder(const T* queries, std::size_t n, Control& control) const {
  constexpr std::size_t kShare = 4096;
  std::vector<std::uint32_t> leafOf(n), order(n);
  parallelFor(ceilDivide(n, kShare), [&](std::size_t task) {
    control.check();
    const std::size_t end = std::min(n, (task + 1) * kShare);
    for (std::size_t i = task * kShare; i < end; ++i) leafOf[i] = static_cast<std::uint32_t>(nearestLeaf(queries + i * d_));
  });
  std::vector<std::size_t> first(leaves() + 1, 0);
  for (const std::uint32_t leaf : leafOf) ++first[leaf + 1];
  for (std::size_t leaf = 0; leaf < leaves(); ++leaf) first[leaf + 1] += first[leaf];
  for (std::size_t i = 0; i < n; ++i) order[first[leafOf[i]]++] = static_cast<std::uint32_t>(i);
  return order;
}

template class BoxTree<float>;
template class BoxTree<double>;

}  // namespace ridgeflow
