#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <numbers>
#include <vector>

#include "runtime/memory.hpp"
#include "runtime/parallel.hpp"
#include "score/tiles.hpp"
#include "transport/pairs.hpp"

namespace ridgeflow {

/// What is the same for all tasks of one call: the targets packed about their mean, and what their logits start from.
template <class T>
class PairPlan {
 public:
  PairPlan(const PointPairs<T>& pairs, Control& control)
      : pairs_(pairs),
        operations_(score_tiles::tileOperations(T())),
        stride_(packedStride<T>(pairs.d)),
        kappa_(std::numbers::log2e / pairs.epsilon),
        origin_(meanOfTargets()),
        packed_(allocateBuffer<T>(pairs.m * stride_ + stride_)),
        bias_(allocateBuffer<T>(pairs.m)) {
    const bool euclidean = pairs.cost == PairCost::kEuclidean;
    pass_.distances = euclidean;
    pass_.differences = euclidean || needsDifferences();
    scale_ = euclidean ? kappa_ : pass_.differences ? std::sqrt(kappa_) : 1.0;
    packTargets(control);
  }

  const PointPairs<T>& pairs() const { return pairs_; }
  const score_tiles::TileOperations<T>& operations() const { return operations_; }
  const score_tiles::PassOptions& pass() const { return pass_; }
  std::size_t width() const { return operations_.panelWidth; }
  double kappa() const { return kappa_; }
  /// Base-2 logits are relative to this: the largest that a target starts from. −∞ where all are left out.
  double offset() const { return offset_; }

  score_tiles::CentreTile<T> tile(std::size_t first, std::size_t count) const {
    return {packed_.get() + first * stride_, stride_, count, bias_.get() + first, nullptr, 0, false};
  }

  /// Packs a panel of points from row `first`, d × width, and gives κ|x|² of each where logits lack it. Lanes beyond
  /// the last point repeat it.
  void packPoints(std::size_t first, std::size_t count, T* out, double* square) const {
    const double scale = pass_.differences ? scale_ : 2 * kappa_;
    for (std::size_t lane = 0; lane < width(); ++lane) {
      const T* x = pairs_.from + (first + std::min(lane, count - 1)) * pairs_.d;
      double sum = 0.0;
      for (std::size_t k = 0; k < pairs_.d; ++k) {
        const double centred = x[k] - origin_[k];
        sum += centred * centred;
        out[k * width() + lane] = static_cast<T>(centred * scale);
      }
      square[lane] = pass_.differences ? 0.0 : kappa_ * sum;
    }
  }

 private:
  static constexpr std::size_t kShare = 4096;  // rows per task

  std::vector<double> meanOfTargets() const {
    std::vector<double> mean(pairs_.d, 0.0);
    for (std::size_t j = 0; j < pairs_.m; ++j) {
      for (std::size_t k = 0; k < pairs_.d; ++k) mean[k] += pairs_.to[j * pairs_.d + k];
    }
    for (double& value : mean) value /= static_cast<double>(pairs_.m);
    return mean;
  }

  double squareOf(const T* row) const {
    double square = 0.0;
    for (std::size_t k = 0; k < pairs_.d; ++k) {
      const double centred = row[k] - origin_[k];
      square += centred * centred;
    }
    return square;
  }

  /// Inner products lose about R²/ε roundings of a logit, R the extent of the clouds. Beyond this the differences are
  /// formed, at about one and a half times the cost.
  bool needsDifferences() const {
    const double allowed = sizeof(T) == 4 ? 3e-5 : 1e-11;
    double largest = 0.0;
    for (std::size_t j = 0; j < pairs_.m; ++j) largest = std::max(largest, squareOf(pairs_.to + j * pairs_.d));
    if (pairs_.from != pairs_.to) {
      for (std::size_t i = 0; i < pairs_.n; ++i) largest = std::max(largest, squareOf(pairs_.from + i * pairs_.d));
    }
    return !(largest / pairs_.epsilon * std::numeric_limits<T>::epsilon() <= allowed);
  }

  void packTargets(Control& control) {
    std::vector<double> bias(pairs_.m);
    parallelFor(ceilDivide(pairs_.m, kShare), [&](std::size_t task) {
      control.check();
      const std::size_t end = std::min(pairs_.m, (task + 1) * kShare);
      for (std::size_t j = task * kShare; j < end; ++j) {
        const T* y = pairs_.to + j * pairs_.d;
        T* out = packed_.get() + j * stride_;
        for (std::size_t k = 0; k < pairs_.d; ++k) out[k] = static_cast<T>((y[k] - origin_[k]) * scale_);
        bias[j] = pairs_.logWeights[j] * std::numbers::log2e - (pass_.differences ? 0.0 : kappa_ * squareOf(y));
      }
    });
    offset_ = *std::max_element(bias.begin(), bias.end());
    // Relative to the largest, so that the targets that matter keep their digits in T.
    for (std::size_t j = 0; j < pairs_.m; ++j) {
      const double relative = std::isinf(bias[j]) ? -std::numeric_limits<double>::infinity() : bias[j] - offset_;
      bias_[j] = static_cast<T>(std::max(relative, -static_cast<double>(score_tiles::kExcluded<T>)));
    }
  }

  PointPairs<T> pairs_;
  score_tiles::TileOperations<T> operations_;
  score_tiles::PassOptions pass_;
  std::size_t stride_;
  double kappa_;  // log₂(e)/ε
  double scale_ = 1.0;
  double offset_ = 0.0;
  std::vector<double> origin_;
  Buffer<T> packed_, bias_;
};

}  // namespace ridgeflow
