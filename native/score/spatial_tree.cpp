#include "score/spatial_tree.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

#include "runtime/parallel.hpp"

namespace ridgeflow {
namespace {

constexpr std::size_t kSerial = 4096;  // below this many points a subtree is one task
constexpr std::size_t kSampled = 256;  // points that the longest side is measured on
constexpr std::size_t kShare = 1024;   // boxes per task
constexpr std::size_t kBetweenChecks = 1U << 18;  // points between looks at the abort

/// A point by its coordinate along the side that is halved.
template <class T>
struct Key {
  T coordinate;
  std::uint32_t row;
  bool operator<(const Key& other) const { return coordinate < other.coordinate; }
};

/// Halves ranges of the order.
template <class T>
class Halving {
 public:
  Halving(const T* points, std::size_t d, std::uint32_t* order, std::size_t run, std::size_t leaf, const Control& control,
          HalvedSide halved)
      : points_(points), d_(d), order_(order), run_(run), leaf_(leaf), control_(control), halved_(halved) {}

  /// Halves [begin, end), and returns where; end if it is short enough.
  std::size_t split(std::size_t begin, std::size_t end, std::vector<Key<T>>& keys) const {
    const std::size_t count = end - begin;
    if (count <= run_) return end;
    const std::size_t side = halved_ == HalvedSide::kLongest ? longestSide(begin, end) : mostVaried(begin, end), unit = unitOf(count);
    const std::size_t half = ceilDivide(ceilDivide(count, 2), unit) * unit;
    for (std::size_t i = 0; i < count; ++i) {
      if (i % kBetweenChecks == kBetweenChecks - 1) control_.check();
      const std::uint32_t row = order_[begin + i];
      keys[i] = {points_[static_cast<std::size_t>(row) * d_ + side], row};
    }
    select(keys.data(), keys.data() + count, keys.data() + half);
    for (std::size_t i = 0; i < count; ++i) order_[begin + i] = keys[i].row;
    return begin + half;
  }

  void splitAll(std::size_t begin, std::size_t end, std::vector<Key<T>>& keys) const {
    const std::size_t middle = split(begin, end, keys);
    if (middle == end) return;
    splitAll(begin, middle, keys);
    splitAll(middle, end, keys);
  }

 private:
  /// Where ranges of `count` may be cut: at multiples of the largest aligned run that fits twice.
  std::size_t unitOf(std::size_t count) const {
    std::size_t unit = run_;
    for (std::size_t cluster = leaf_; count > 2 * cluster; cluster *= BoxTree<T>::kFan) unit = cluster;
    return unit;
  }

  std::size_t longestSide(std::size_t begin, std::size_t end) const {
    const std::size_t step = ceilDivide(end - begin, kSampled);
    std::size_t side = 0;
    T longest = T(-1);
    for (std::size_t k = 0; k < d_; ++k) {
      T low = std::numeric_limits<T>::max(), high = std::numeric_limits<T>::lowest();
      for (std::size_t i = begin; i < end; i += step) {
        const T value = points_[static_cast<std::size_t>(order_[i]) * d_ + k];
        low = std::min(low, value);
        high = std::max(high, value);
      }
      if (high - low > longest) {
        longest = high - low;
        side = k;
      }
    }
    return side;
  }

  std::size_t mostVaried(std::size_t begin, std::size_t end) const {
    const std::size_t step = ceilDivide(end - begin, kSampled);
    std::vector<double> sum(d_, 0.0), squares(d_, 0.0);
    for (std::size_t i = begin; i < end; i += step) {
      // About the first point, so that clouds far from the origin lose no digits.
      const T *point = points_ + static_cast<std::size_t>(order_[i]) * d_, *first = points_ + static_cast<std::size_t>(order_[begin]) * d_;
      for (std::size_t k = 0; k < d_; ++k) {
        const double value = static_cast<double>(point[k]) - static_cast<double>(first[k]);
        sum[k] += value;
        squares[k] += value * value;
      }
    }
    const auto count = static_cast<double>(ceilDivide(end - begin, step));
    std::size_t side = 0;
    double most = -1.0;
    for (std::size_t k = 0; k < d_; ++k) {
      const double variance = squares[k] - sum[k] * sum[k] / count;
      if (variance > most) {
        most = variance;
        side = k;
      }
    }
    return side;
  }

  /// Brings the lesser keys before `middle`. Long ranges are narrowed first, each time between two keys of a sample that
  /// the middle lies between, so that an abort is seen between passes.
  void select(Key<T>* begin, Key<T>* end, Key<T>* middle) const {
    while (static_cast<std::size_t>(end - begin) > kBetweenChecks) {
      control_.check();
      const auto count = static_cast<std::size_t>(end - begin), place = static_cast<std::size_t>(middle - begin);
      std::array<Key<T>, kSampled> sample;
      for (std::size_t i = 0; i < kSampled; ++i) sample[i] = begin[(2 * i + 1) * count / (2 * kSampled)];
      std::sort(sample.begin(), sample.end());
      const std::size_t near = place * kSampled / count, margin = kSampled / 8;
      const Key<T> low = sample[near > margin ? near - margin : 0], high = sample[std::min(kSampled - 1, near + margin)];
      Key<T>* const from = std::partition(begin, end, [&](const Key<T>& key) { return key < low; });
      Key<T>* const to = std::partition(from, end, [&](const Key<T>& key) { return !(high < key); });
      if (middle < from) {
        end = from;
      } else if (middle >= to) {
        begin = to;
      } else if (from == begin && to == end) {
        break;  // the sample tells no keys apart
      } else {
        begin = from;
        end = to;
      }
      if (begin == middle || begin == end) break;
    }
    std::nth_element(begin, middle, end);
  }

  const T* points_;
  std::size_t d_;
  std::uint32_t* order_;
  std::size_t run_, leaf_;
  const Control& control_;
  HalvedSide halved_;
};

}  // namespace

template <class T>
std::vector<std::uint32_t> spatialOrder(const T* points, std::size_t d, std::vector<std::uint32_t> rows, std::size_t run,
                                        std::size_t leaf, const Control& control, HalvedSide halved) {
  const Halving<T> halving(points, d, rows.data(), run, leaf, control, halved);
  // The long ranges level by level, then the short ones each in one task.
  using Range = std::pair<std::size_t, std::size_t>;
  std::vector<Range> ranges{{0, rows.size()}};
  while (!ranges.empty()) {
    control.check();
    std::vector<std::size_t> middles(ranges.size());
    parallelFor(ranges.size(), [&](std::size_t i) {
      const auto [begin, end] = ranges[i];
      std::vector<Key<T>> keys(end - begin);
      if (end - begin <= kSerial) {
        halving.splitAll(begin, end, keys);
      } else {
        middles[i] = halving.split(begin, end, keys);
      }
    });
    std::vector<Range> next;
    for (std::size_t i = 0; i < ranges.size(); ++i) {
      if (middles[i] == 0) continue;
      next.emplace_back(ranges[i].first, middles[i]);
      next.emplace_back(middles[i], ranges[i].second);
    }
    ranges = std::move(next);
  }
  return rows;
}

template <class T>
typename BoxTree<T>::Level& BoxTree<T>::addLevel(std::size_t nodes, std::size_t span) {
  Level level{nodes, span, allocateBuffer<T>(ceilDivide(nodes, kFan) * kFan * 2 * d_)};
  for (std::size_t group = 0; group < ceilDivide(nodes, kFan); ++group) {
    T* boxes = level.boxes.get() + group * 2 * d_ * kFan;
    std::fill_n(boxes, d_ * kFan, std::numeric_limits<T>::infinity());
    std::fill_n(boxes + d_ * kFan, d_ * kFan, -std::numeric_limits<T>::infinity());
  }
  levels_.push_back(std::move(level));
  return levels_.back();
}

template <class T>
BoxTree<T>::BoxTree(const T* rows, std::size_t n, std::size_t d, std::size_t leaf) : n_(n), d_(d) {
  if (n == 0) return;
  const auto box = [d](const Level& level, std::size_t node) {
    return level.boxes.get() + node / kFan * 2 * d * kFan + node % kFan;
  };
  const Level& leaves = addLevel(ceilDivide(n, leaf), leaf);
  parallelFor(ceilDivide(leaves.nodes, kShare), [&](std::size_t task) {
    for (std::size_t node = task * kShare; node < std::min(leaves.nodes, (task + 1) * kShare); ++node) {
      T* low = box(leaves, node);
      T* high = low + d * kFan;
      for (std::size_t i = begin(0, node); i < end(0, node); ++i) {
        for (std::size_t k = 0; k < d; ++k) {
          low[k * kFan] = std::min(low[k * kFan], rows[i * d + k]);
          high[k * kFan] = std::max(high[k * kFan], rows[i * d + k]);
        }
      }
    }
  });
  while (levels_.back().nodes > kFan) {
    const std::size_t below = levels_.size() - 1;
    addLevel(ceilDivide(levels_[below].nodes, kFan), levels_[below].span * kFan);
    const Level& to = levels_.back();
    for (std::size_t node = 0; node < to.nodes; ++node) {
      const T* children = group(below, node);
      for (std::size_t k = 0; k < d; ++k) {
        box(to, node)[k * kFan] = *std::min_element(children + k * kFan, children + (k + 1) * kFan);
        box(to, node)[(d + k) * kFan] = *std::max_element(children + (d + k) * kFan, children + (d + k + 1) * kFan);
      }
    }
  }
}

template std::vector<std::uint32_t> spatialOrder(const float*, std::size_t, std::vector<std::uint32_t>, std::size_t, std::size_t, const Control&, HalvedSide);
template std::vector<std::uint32_t> spatialOrder(const double*, std::size_t, std::vector<std::uint32_t>, std::size_t, std::size_t, const Control&, HalvedSide);
template class BoxTree<float>;
template class BoxTree<double>;

}  // namespace ridgeflow
