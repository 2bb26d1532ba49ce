#pragma once

#include <algorithm>
#include <cmath>

namespace ridgeflow {

/// The weight of one more part of a cloud among those before.
struct PartWeight {
  double log;    ///< of the sum of weights with it
  double share;  ///< its share in that

  /// @param before, more logarithms of the sums of weights before it and of its own, which is not −∞; before the first part −∞.
  PartWeight(double before, double more) {
    const double ratio = std::exp(-std::abs(more - before));
    log = std::max(more, before) + std::log1p(ratio);
    share = more > before ? 1 / (1 + ratio) : ratio / (1 + ratio);
  }
};

}  // namespace ridgeflow
