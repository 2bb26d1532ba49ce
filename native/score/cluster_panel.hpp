#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <numbers>
#include <utility>
#include <vector>

#include "score/cluster_search.hpp"
#include "score/clustered.hpp"
#include "score/rounding.hpp"

namespace ridgeflow {

/// One panel of neighbouring queries: the centres it needs, its sums over them, its results. Holds the memory that one
/// thread needs for one panel after another.
template <class T>
class ClusteredScore<T>::Panel {
 public:
  explicit Panel(const ClusteredScore& score)
      : score_(score),
        search_(score),
        d_(score.problem_.d),
        width_(score.operations_.width),
        storage_(allocateBuffer<T>((2 * d_ + 5) * width_)),
        sums_((2 + d_) * width_),
        selves_(width_, kNone),
        depths_(width_),
        low_(d_),
        high_(d_) {
    T* free = storage_.get();
    const auto take = [&](std::size_t count) { return std::exchange(free, free + count * width_); };
    transposed_ = take(d_);
    shift_ = take(1);
    threshold_ = take(1);
    self_ = take(1);
    partial_ = take(2 + d_);
  }

  std::size_t count() const { return count_; }
  std::size_t visitedGroups() const { return visited_; }
  std::size_t selectedCentres() const {
    std::size_t centres = 0;
    for (const Range& range : ranges_) centres += range.end - range.begin;
    return centres;
  }

  /// Takes up panel p and finds out which centres it needs.
  void select(std::size_t p) {
    packQueries(p);
    visited_ = 0;
    ranges_.clear();
    if (score_.order_.empty()) {
      std::fill_n(threshold_, width_, -std::numeric_limits<T>::infinity());
      return;
    }
    boundSums(home(p));
    leaves_.clear();
    collectLeaves(score_.boxes_.levels() - 1, 0);
    spendTolerance();
  }

  /// Sums over the selected centres.
  void accumulate() {
    std::fill(sums_.begin(), sums_.end(), 0.0);
    clearPartial();
    std::size_t pending = 0;
    for (const Range& range : ranges_) {
      for (std::size_t begin = range.begin; begin < range.end; begin += cluster_tiles::kRun) {
        const std::size_t end = std::min<std::size_t>(range.end, begin + cluster_tiles::kRun);
        if (pending + (end - begin) > cluster_tiles::kRun) {
          flush();
          pending = 0;
        }
        pending += end - begin;
        addRange(begin, end);
      }
    }
    flush();
  }

  void write() {
    std::vector<double> mean(d_);
    for (std::size_t lane = 0; lane < count_; ++lane) {
      const std::size_t i = score_.queries_[first_ + lane];
      const double weight = sums_[lane];
      if (std::isinf(threshold_[lane])) {
        score_.results_.writeNothing(i);
        continue;
      }
      if (!trusted(lane)) {
        search_.writeResult(transposed_ + lane, width_, selves_[lane], i);
        continue;
      }
      double square = 0.0;
      for (std::size_t k = 0; k < d_; ++k) {
        const double offset = sums_[(2 + k) * width_ + lane] / weight / score_.scale_;
        square += offset * offset;
        mean[k] = score_.problem_.queries[i * d_ + k] - offset;
      }
      const double moment = sums_[width_ + lane] / weight / (score_.scale_ * score_.scale_);
      const double variance = score_.problem_.variance;
      if (roundingShows(score_.problem_, {moment / variance, (moment - square) / variance, 0.0})) {
        search_.writeResult(transposed_ + lane, width_, selves_[lane], i);
        continue;
      }
      score_.results_.write(i, shift_[lane] + std::log2(weight), mean.data(), moment - square);
    }
  }

 private:
  struct Range {
    std::uint32_t begin, end;
  };
  struct Leaf {
    std::uint32_t node;
    int logShare;  // log₂ of the share of the tolerance that leaving it out would spend, rounded up; −kShares … 1
  };
  static constexpr std::size_t kFan = BoxTree<T>::kFan;
  static constexpr std::uint32_t kNone = std::numeric_limits<std::uint32_t>::max();
  static constexpr int kShares = 64;  // smaller shares than 2^−64 are counted as that
  static constexpr double kFaint = 0x1p-30;  // sums below this, of 2^largestBias, are looked at more closely

  void packQueries(std::size_t p) {
    first_ = p * width_;
    count_ = std::min(width_, score_.queries_.size() - first_);
    for (std::size_t lane = 0; lane < width_; ++lane) {
      // Lanes beyond the last query repeat it: their results are not read.
      const std::size_t i = score_.queries_[first_ + std::min(lane, count_ - 1)];
      for (std::size_t k = 0; k < d_; ++k) {
        transposed_[k * width_ + lane] = score_.problem_.queries[i * d_ + k] * static_cast<T>(score_.scale_);
      }
      if (score_.problem_.excludeSelf) selves_[lane] = score_.positions_[i];
    }
    for (std::size_t k = 0; k < d_; ++k) {
      const auto [low, high] = std::minmax_element(transposed_ + k * width_, transposed_ + (k + 1) * width_);
      low_[k] = *low;
      high_[k] = *high;
    }
    const auto [least, most] = std::minmax_element(selves_.begin(), selves_.end());
    firstSelf_ = *least;
    lastSelf_ = *most;
  }

  /// Some centres around the panel.
  Range home(std::size_t p) const {
    const auto m = static_cast<std::uint32_t>(score_.order_.size());
    auto begin = static_cast<std::uint32_t>(p * width_);
    if (!score_.sameOrder_) {
      // Down the tree, towards the box that is nearest to a query in the middle of the panel.
      const T* x = transposed_ + count_ / 2;
      std::size_t node = 0;
      for (std::size_t level = score_.boxes_.levels(); level-- > 0;) {
        double best = -std::numeric_limits<double>::infinity();
        const std::size_t first = node * kFan, end = std::min(first + kFan, score_.boxes_.nodes(level));
        node = first;
        for (std::size_t child = first; child < end; ++child) {
          const double bound = score_.logBound(level, child, x, width_);
          if (bound > best) {
            best = bound;
            node = child;
          }
        }
      }
      begin = static_cast<std::uint32_t>(score_.boxes_.begin(0, node));
    }
    return {begin, std::min(m, begin + static_cast<std::uint32_t>(width_))};
  }

  /// Chooses what the logits of each lane are relative to, and from a lower bound of its sum the distance, as a base-2
  /// logit, beyond which half of its tolerance covers all that is left out.
  void boundSums(Range home) {
    std::fill_n(shift_, width_, static_cast<T>(score_.largestBias_));
    clearPartial();
    addRange(home.begin, home.end);
    double deepest = 0.0;  // log₂(W/S) of the least sum
    for (std::size_t lane = 0; lane < count_; ++lane) {
      double logSum;
      if (partial_[lane] >= static_cast<T>(kFaint)) {
        logSum = score_.largestBias_ + std::log2(static_cast<double>(partial_[lane]));
      } else {
        logSum = search_.largestLogit(transposed_ + lane, width_, selves_[lane]);
        shift_[lane] = std::isinf(logSum) ? T(0) : static_cast<T>(logSum);
      }
      depths_[lane] = std::max(0.0, score_.logTotal_ - logSum);
      if (!std::isinf(logSum)) deepest = std::max(deepest, depths_[lane]);
    }
    // A logit of −t is negligible where t = target + log₂(1 + q + F), q = 2t ln 2: approached from above.
    const double allowed = -std::log2(score_.problem_.tolerance / 2);
    double margin = deepest + allowed + 16;
    for (int step = 0; step < 3; ++step) margin = std::log2(1 + 2 * std::numbers::ln2 * (2 * deepest + allowed + margin));
    const double rounding = 1 + static_cast<double>(8 + d_) * static_cast<double>(std::numeric_limits<T>::epsilon());
    T furthest = -std::numeric_limits<T>::infinity();
    for (std::size_t lane = 0; lane < width_; ++lane) {
      const bool counts = lane < count_ && !std::isinf(depths_[lane]);
      threshold_[lane] = counts ? static_cast<T>((depths_[lane] + allowed + margin) * rounding) : -std::numeric_limits<T>::infinity();
      furthest = std::max(furthest, threshold_[lane]);
    }
    limit_ = furthest / score_.centres_.alpha;
  }

  /// The leaves within the distance of some lane, in spatial order.
  void collectLeaves(std::size_t level, std::size_t group) {
    ++visited_;
    const T* boxes = score_.boxes_.group(level, group);
    std::uint32_t near = score_.operations_.near(low_.data(), high_.data(), boxes, limit_, d_);
    std::array<T, kFan> excess;
    if (level == 0) score_.operations_.excess(transposed_, threshold_, boxes, near, score_.centres_.alpha, d_, excess.data());
    for (; near != 0; near &= near - 1) {
      const auto child = static_cast<std::size_t>(std::countr_zero(near));
      const std::size_t node = group * kFan + child;
      if (level > 0) {
        collectLeaves(level - 1, node);
      } else if (excess[child] < 0) {
        const double share = score_.nodeWeights_[0][node] - static_cast<double>(excess[child]);
        const int logShare = static_cast<int>(std::clamp(share, -kShares + 0.0, 0.5) + (kShares + 1)) - kShares;
        leaves_.push_back({static_cast<std::uint32_t>(node), logShare});
      }
    }
  }

  /// Leaves out the leaves that matter least, as long as the second half of the tolerance covers them; the others are
  /// selected.
  void spendTolerance() {
    std::array<std::size_t, kShares + 2> counts{};
    for (const Leaf& leaf : leaves_) ++counts[static_cast<std::size_t>(leaf.logShare + kShares)];
    double spent = 0.0, share = 0x1p-64;
    int keep = -kShares;
    for (; keep <= 0; ++keep, share *= 2) {
      spent += static_cast<double>(counts[static_cast<std::size_t>(keep + kShares)]) * share;
      if (spent > 1.0) break;
    }
    for (const Leaf& leaf : leaves_) {
      if (leaf.logShare < keep) continue;
      const auto begin = static_cast<std::uint32_t>(score_.boxes_.begin(0, leaf.node));
      const auto end = static_cast<std::uint32_t>(score_.boxes_.end(0, leaf.node));
      if (ranges_.empty() || ranges_.back().end != begin) ranges_.push_back({begin, begin});
      ranges_.back().end = end;
    }
  }

  /// Whether the sums of a lane are what they stand for. Its shift is an upper bound of its logits, and where it is not
  /// the largest bias it is the largest of them; both in exact arithmetic, while the logits of the sums are rounded in T.
  /// Weights that contradict the shift are a rounding that exponentials in T do not bear, and so is any sum that is not
  /// finite: a moment or an offset may overflow where the weights do not.
  bool trusted(std::size_t lane) const {
    const double weight = sums_[lane];
    const bool aroundLargest = shift_[lane] != static_cast<T>(score_.largestBias_);
    if (!(weight > (aroundLargest ? 0.5 : 0.0) && weight <= 2.0 * static_cast<double>(score_.order_.size()))) return false;
    for (std::size_t row = 1; row < 2 + d_; ++row) {
      if (!std::isfinite(sums_[row * width_ + lane])) return false;
    }
    return true;
  }

  void clearPartial() { std::fill_n(partial_, (2 + d_) * width_, T(0)); }

  void addRange(std::size_t begin, std::size_t end) {
    const bool meetsSelf = firstSelf_ < end && lastSelf_ >= begin;
    if (meetsSelf) {
      for (std::size_t lane = 0; lane < width_; ++lane) {
        self_[lane] = selves_[lane] >= begin && selves_[lane] < end ? static_cast<T>(selves_[lane] - begin) : T(-1);
      }
    }
    const cluster_tiles::Panel<T> panel{transposed_, shift_, meetsSelf ? self_ : nullptr,
                                        partial_, partial_ + width_, partial_ + 2 * width_};
    score_.operations_.accumulate(panel, score_.centres_, begin, end);
  }

  void flush() {
    for (std::size_t i = 0; i < sums_.size(); ++i) sums_[i] += partial_[i];
    clearPartial();
  }

  const ClusteredScore& score_;
  Search search_;  // for lanes far from every centre
  std::size_t d_, width_;
  std::size_t first_ = 0, count_ = 0, visited_ = 0;
  Buffer<T> storage_;
  T *transposed_, *shift_, *threshold_, *self_, *partial_;
  std::vector<double> sums_;           // as partial_: weights, moments, d offsets
  std::vector<std::uint32_t> selves_;  // where each lane's own centre is
  std::uint32_t firstSelf_ = kNone, lastSelf_ = kNone;
  std::vector<double> depths_;  // log₂(W/S) of each lane
  std::vector<T> low_, high_;  // the box of the panel
  T limit_ = 0;                // largest threshold, as a squared distance
  std::vector<Leaf> leaves_;
  std::vector<Range> ranges_;
};

}  // namespace ridgeflow
