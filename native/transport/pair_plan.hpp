#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <numbers>
#include <vector>

#include "runtime/centred_rows.hpp"
#include "runtime/memory.hpp"
#include "runtime/parallel.hpp"
#include "score/tiles.hpp"
#include "transport/pairs.hpp"

namespace ridgeflow {

/// What is the same for all tasks of one call: the targets packed about their mean, and what their logits start from.
template <class T>
class PairPlan {
 public:
  /// With `differences` logits are made of them even where products would do.
  PairPlan(const PointPairs<T>& pairs, Control& control, bool differences = false)
      : pairs_(pairs),
        operations_(score_tiles::tileOperations(T())),
        stride_(packedStride<T>(pairs.d)),
        kappa_(std::numbers::log2e / pairs.epsilon),
        origin_(meanOfRows(pairs.to, pairs.m, pairs.d)),
        packed_(allocateBuffer<T>((pairs.m + operations_.group) * stride_)),
        bias_(allocateBuffer<T>(pairs.m)) {
    const bool euclidean = pairs.cost == PairCost::kEuclidean;
    pass_.distances = euclidean;
    pass_.differences = differences || euclidean || needsDifferences();
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

  /// From a target whose number is a multiple of kTile.
  score_tiles::CentreTile<T> tile(std::size_t first, std::size_t count) const {
    return {packed_.get() + first * stride_, stride_, count, bias_.get() + first, nullptr, 0, false};
  }

  /// Packs a panel of points from row `first`, d × width, and gives κ|x|² of each where logits lack it. Lanes beyond
  /// the last point repeat it.
  void packPoints(std::size_t first, std::size_t count, T* out, double* square) const {
    const double scale = pass_.differences ? scale_ : 2 * kappa_;
    CentredRows<T>(pairs_.from, pairs_.d, origin_).packPanel(first, count, width(), out, square, scale);
    for (std::size_t lane = 0; lane < width(); ++lane) square[lane] = pass_.differences ? 0.0 : kappa_ * square[lane];
  }

 private:
  /// Inner products lose about R²/ε roundings of a logit, R the extent of the clouds. Beyond this the differences are
  /// formed, at about one and a half times the cost.
  bool needsDifferences() const {
    const double allowed = sizeof(T) == 4 ? 3e-5 : 1e-11;
    double largest = CentredRows<T>(pairs_.to, pairs_.d, origin_).largestSquare(pairs_.m);
    if (pairs_.from != pairs_.to) {
      largest = std::max(largest, CentredRows<T>(pairs_.from, pairs_.d, origin_).largestSquare(pairs_.n));
    }
    return !(largest / pairs_.epsilon * std::numeric_limits<T>::epsilon() <= allowed);
  }

  void packTargets(Control& control) {
    const CentredRows<T> targets(pairs_.to, pairs_.d, origin_);
    std::vector<double> bias(pairs_.m);
    parallelFor(ceilDivide(pairs_.m, kRowsPerShare), [&](std::size_t share) {
      control.check();
      const std::size_t end = std::min(pairs_.m, (share + 1) * kRowsPerShare);
      for (std::size_t j = share * kRowsPerShare; j < end; ++j) {
        T* row = packed_.get() + score_tiles::packedRow(j, stride_, operations_.group);
        const double square = targets.pack(j, row, operations_.group, scale_);
        bias[j] = pairs_.logWeights[j] * std::numbers::log2e - (pass_.differences ? 0.0 : kappa_ * square);
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
