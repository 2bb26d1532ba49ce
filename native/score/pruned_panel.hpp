#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <numbers>
#include <utility>
#include <vector>

#include "score/pruned.hpp"
#include "score/ranked_centres.hpp"
#include "score/rounding.hpp"

namespace ridgeflow {

/// One panel of neighbouring queries: the centres it needs, its sums over them, its results. Holds the memory that one
/// thread needs for one panel after another.
template <class T>
class PrunedScore<T>::Panel {
 public:
  explicit Panel(const PrunedScore& score)
      : score_(score),
        width_(score.operations_.width),
        wantsMean_(score.problem_.mean != nullptr || score.problem_.divergence != nullptr),
        storage_(allocateBuffer<T>((2 * score.stride_ + score.fewStride_ + score.moreStride_ + 5 + pruned_tiles::kTile) * width_)),
        squares_(width_),
        reference_(width_),
        shift_(width_),
        weight_(width_),
        moment_(width_),
        mean_(width_ * score.problem_.d),
        selves_(width_, kNone),
        low_(score.fewStride_),
        high_(score.fewStride_) {
    T* free = storage_.get();
    const auto take = [&](std::size_t rows) { return std::exchange(free, free + rows * width_); };
    transposed_ = take(score.stride_);
    few_ = take(score.fewStride_);
    more_ = take(score.moreStride_);
    meanSum_ = take(score.stride_);
    base_ = take(1);
    self_ = take(1);
    weightSum_ = take(1);
    momentSum_ = take(1);
    weights_ = take(pruned_tiles::kTile);
  }

  std::size_t count() const { return count_; }
  std::size_t boundedByFew() const { return boundedByFew_; }
  std::size_t boundedByMore() const { return boundedByMore_; }
  std::size_t summedCentres() const { return summed_; }

  /// Takes up panel p and finds out which centres it may need.
  void select(std::size_t p) {
    packQueries(p);
    boundedByFew_ = boundedByMore_ = 0;
    candidates_.clear();
    std::fill(reference_.begin(), reference_.end(), -std::numeric_limits<double>::infinity());
    if (!score_.centres_.order.empty()) {
      const std::uint32_t begin = home(p), end = std::min(begin + kHome, static_cast<std::uint32_t>(score_.centres_.order.size()));
      for (std::uint32_t j = begin; j < end; ++j) candidates_.push_back(j);
      boundSums(candidates_.data(), candidates_.size());
      candidates_.clear();
      measureDepth();
      limit_ = boxLimit();
      collect(score_.boxes_.levels() - 1, 0);
    }
    boundedByFew_ = candidates_.size();
    rank(few_, score_.centres_.few.get(), score_.fewStride_);
    keep(kFewShare);
    if (candidates_.size() > 2 * pruned_tiles::kTile) {
      boundSums(candidates_.data(), pruned_tiles::kTile);  // the nearest, as far as one knows
      measureDepth();
    }
    if (score_.more_ > 0) {
      boundedByMore_ = candidates_.size();
      rank(more_, score_.centres_.more.get(), score_.moreStride_);
    } else {
      rank(few_, score_.centres_.few.get(), score_.fewStride_);
    }
    keep(kLastShare);
  }

  /// Sums over the centres, the nearest first, until the rest is negligible.
  void accumulate(const Control& control) {
    for (std::size_t lane = 0; lane < width_; ++lane) shift_[lane] = std::isinf(reference_[lane]) ? 0.0 : reference_[lane];
    std::fill(weight_.begin(), weight_.end(), 0.0);
    std::fill(moment_.begin(), moment_.end(), 0.0);
    std::fill(mean_.begin(), mean_.end(), 0.0);
    std::fill_n(meanSum_, score_.stride_ * width_, T(0));
    setBase(shift_);
    std::size_t needed = candidates_.size(), tiles = 0;
    for (summed_ = 0; summed_ < needed; summed_ += pruned_tiles::kTile) {
      if (tiles % kTilesPerCheck == 0) control.check();
      addTile(candidates_.data() + summed_, std::min(pruned_tiles::kTile, needed - summed_));
      if (++tiles % kTilesPerFlush == 0) flush();
      needed = std::min(needed, ranked_.needed(kLastShare * score_.problem_.tolerance * gain()));
    }
    summed_ = std::min(summed_, candidates_.size());
    flush();
  }

  /// Writes the results; `again` receives the rows of those that have to be computed finer.
  void write(std::vector<std::uint32_t>& again) {
    const std::size_t d = score_.problem_.d;
    std::vector<double> mean(d);
    for (std::size_t lane = 0; lane < count_; ++lane) {
      const std::size_t i = score_.queries().order[first_ + lane];
      if (!trusted(lane)) {
        again.push_back(static_cast<std::uint32_t>(i));
        continue;
      }
      const T* x = score_.problem_.queries + i * d;
      double querySquare = 0.0, meanSquare = 0.0, distance = 0.0;
      for (std::size_t k = 0; k < d; ++k) {
        const double centred = wantsMean_ ? mean_[lane * d + k] / weight_[lane] / score_.scale_ : 0.0;
        const double query = x[k] - score_.origin_[k], offset = query - centred;
        querySquare += query * query;
        meanSquare += centred * centred;
        distance += offset * offset;
        mean[k] = score_.origin_[k] + centred;
      }
      // The trace of the posterior covariance, from whichever second moment was summed.
      const double moment = moment_[lane] / weight_[lane] / (score_.scale_ * score_.scale_);
      const double trace = moment - (score_.differences_ ? distance : meanSquare), variance = score_.problem_.variance;
      const double extent = std::sqrt(querySquare / variance) + score_.centreRadius_;
      if (score_.differences_ && roundingShows(score_.problem_, {moment / variance, trace / variance, extent})) {
        again.push_back(static_cast<std::uint32_t>(i));
        continue;
      }
      score_.results_.write(i, shift_[lane] + std::log2(weight_[lane]), mean.data(), trace);
    }
  }

 private:
  static constexpr std::uint32_t kNone = std::numeric_limits<std::uint32_t>::max();
  static constexpr std::uint32_t kHome = 32;  // centres around the panel that its sums are bounded by at first
  static constexpr std::size_t kTilesPerFlush = 8;
  static constexpr std::size_t kTilesPerCheck = 64;
  // Shares of the tolerance.
  static constexpr double kBoxShare = 1.0 / 16, kFewShare = 1.0 / 4, kLastShare = 1.0 - kBoxShare - kFewShare;

  void packQueries(std::size_t p) {
    first_ = p * width_;
    const auto& queries = score_.queries();
    count_ = std::min(width_, queries.order.size() - first_);
    const double doubled = score_.differences_ ? 1.0 : 2.0;
    const CentredRows<T> rows(score_.problem_.queries, score_.problem_.d, score_.origin_);
    std::fill_n(transposed_, score_.stride_ * width_, T(0));
    for (std::size_t lane = 0; lane < width_; ++lane) {
      // Lanes beyond the last query repeat it: their results are not read.
      const std::size_t position = first_ + std::min(lane, count_ - 1), i = queries.order[position];
      squares_[lane] = queries.squares[position];
      rows.pack(i, transposed_ + lane, width_, doubled * score_.scale_);
      const auto transpose = [&](const T* row, std::size_t stride, T* out) {
        for (std::size_t k = 0; k < stride; ++k) out[k * width_ + lane] = static_cast<T>(doubled) * row[k];
      };
      transpose(queries.few.get() + position * score_.fewStride_, score_.fewStride_, few_);
      if (score_.more_ > 0) transpose(queries.more.get() + position * score_.moreStride_, score_.moreStride_, more_);
      if (score_.problem_.excludeSelf) selves_[lane] = score_.positions_[i];
    }
    for (std::size_t k = 0; k < score_.fewStride_; ++k) {
      const auto [low, high] = std::minmax_element(few_ + k * width_, few_ + (k + 1) * width_);
      low_[k] = *low / static_cast<T>(doubled);
      high_[k] = *high / static_cast<T>(doubled);
    }
  }

  /// The first of some centres around the panel.
  std::uint32_t home(std::size_t p) const;

  /// The base of logits relative to `shift`.
  void setBase(const std::vector<double>& shift) {
    for (std::size_t lane = 0; lane < width_; ++lane) {
      base_[lane] = static_cast<T>(score_.differences_ ? -shift[lane] : -squares_[lane] - shift[lane]);
    }
  }

  pruned_tiles::Panel<T> panelOf(const T* transposed) const { return {transposed, base_}; }
  pruned_tiles::Rows<T> rowsOf(const T* rows, std::size_t stride) const { return {rows, stride, score_.bias_.get()}; }

  /// Raises the lower bounds of the lanes' sums by what at most kTile centres add up to.
  void boundSums(const std::uint32_t* numbers, std::size_t count);
  /// The largest log₂(W/S) of a lane, W the sum of all weights and S the lower bound of its own.
  void measureDepth();

  /// What a weight 2^−b of its lane's sum counts in the error.
  double factor(double bits) const { return 1 + 2 * std::numbers::ln2 * (2 * depth_ + bits); }

  /// The squared distance beyond which centres fit into their share of the tolerance whatever their number.
  T boxLimit() const;
  /// The centres in boxes within the limit of the panel's own box.
  void collect(std::size_t level, std::size_t group);
  /// Bounds the weights of the candidates by leading coordinates.
  void rank(const T* panel, const T* rows, std::size_t stride);
  /// Leaves out the candidates that fit into a share of the tolerance; the others are kept, the nearest first.
  void keep(double share);

  /// The least, over the lanes, of a sum over what it was known to be at least.
  double gain() const {
    double least = std::numeric_limits<double>::infinity();
    for (std::size_t lane = 0; lane < count_; ++lane) {
      if (std::isinf(reference_[lane])) continue;
      least = std::min(least, weight_[lane] * std::exp2(shift_[lane] - reference_[lane]));
    }
    return std::isinf(least) ? 1.0 : std::max(1.0, 0.999 * least);
  }

  void addTile(const std::uint32_t* numbers, std::size_t count) {
    bool meetsSelf = false;
    if (score_.problem_.excludeSelf) {
      std::fill_n(self_, width_, T(-1));
      for (std::size_t lane = 0; lane < width_; ++lane) {
        const auto* found = std::find(numbers, numbers + count, selves_[lane]);
        if (found == numbers + count) continue;
        self_[lane] = static_cast<T>(found - numbers);
        meetsSelf = true;
      }
    }
    const pruned_tiles::Sums<T> sums{meetsSelf ? self_ : nullptr, weights_, weightSum_, momentSum_, meanSum_};
    const auto pass = [&] {
      return score_.operations_.accumulate(panelOf(transposed_), rowsOf(score_.rows_.get(), score_.stride_), score_.centreSquares_.get(),
                                           score_.differences_, wantsMean_, numbers, count, sums);
    };
    const T largest = pass();
    if (largest > static_cast<T>(pruned_tiles::kHeadroom)) {
      raiseShift(static_cast<double>(largest));
      pass();
    }
    for (std::size_t lane = 0; lane < width_; ++lane) {
      weight_[lane] += weightSum_[lane];
      moment_[lane] += momentSum_[lane];
    }
  }

  /// Makes all sums relative to a shift that is larger by `bits`.
  void raiseShift(double bits) {
    flush();
    const double factor = std::exp2(-bits);
    for (double& value : shift_) value += bits;
    for (double& value : weight_) value *= factor;
    for (double& value : moment_) value *= factor;
    for (double& value : mean_) value *= factor;
    setBase(shift_);
  }

  void flush() {
    if (!wantsMean_) return;
    const std::size_t d = score_.problem_.d;
    for (std::size_t lane = 0; lane < count_; ++lane) {
      for (std::size_t k = 0; k < d; ++k) mean_[lane * d + k] += meanSum_[k * width_ + lane];
    }
    std::fill_n(meanSum_, score_.stride_ * width_, T(0));
  }

  /// Whether the sums of a lane are what they stand for: at least what they were known to be, up to rounding.
  bool trusted(std::size_t lane) const {
    if (std::isinf(reference_[lane])) return false;
    if (!(weight_[lane] * std::exp2(shift_[lane] - reference_[lane]) >= 0.5) || weight_[lane] < kFaint) return false;
    if (!std::isfinite(weight_[lane]) || !std::isfinite(moment_[lane])) return false;
    const double* mean = mean_.data() + lane * score_.problem_.d;
    return std::all_of(mean, mean + score_.problem_.d, [](double value) { return std::isfinite(value); });
  }

  static constexpr double kReach = 100.0;   // bits below a sum at which bounds are of no further interest
  static constexpr double kMostSlack = 16.0;  // bits: beyond this, far smaller distances may look larger
  static constexpr double kFaint = 0x1p-60;  // a shift that another lane asked for has taken the digits of this one

  const PrunedScore& score_;
  std::size_t width_;
  bool wantsMean_;
  std::size_t first_ = 0, count_ = 0, boundedByFew_ = 0, boundedByMore_ = 0, summed_ = 0;
  Buffer<T> storage_;
  T *transposed_, *few_, *more_, *meanSum_, *base_, *self_, *weightSum_, *momentSum_, *weights_;
  std::vector<double> squares_, reference_, shift_, weight_, moment_, mean_;
  std::vector<std::uint32_t> selves_;  // where each lane's own centre is
  std::vector<T> low_, high_;          // the box of the panel
  double depth_ = 0.0;
  T limit_ = 0;
  std::vector<std::uint32_t> candidates_;
  std::vector<T> excess_;
  RankedCentres ranked_;
};

}  // namespace ridgeflow

#include "score/pruned_panel_select.hpp"
