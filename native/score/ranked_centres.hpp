#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

namespace ridgeflow {

/// Numbers of centres with bounds of their logits, sorted roughly, the largest first; and what leaving out a tail of
/// them may lose.
class RankedCentres {
 public:
  /// `excess[i]`: at least log₂ of the weight of numbers[i] over a lane's sum, for every lane. `factor(b)` bounds what is
  /// to be multiplied to weights 2^−b of the sum.
  template <class T, class Factor>
  void rank(const std::vector<std::uint32_t>& numbers, const std::vector<T>& excess, double slack, const Factor& factor) {
    counts_.fill(0);
    buckets_.resize(numbers.size());
    for (std::size_t i = 0; i < numbers.size(); ++i) {
      const double below = (kTop - static_cast<double>(excess[i])) * kPerBit;
      const auto bucket = static_cast<std::uint16_t>(std::clamp(below, 0.0, kBuckets - 1.0));
      buckets_[i] = bucket;
      ++counts_[bucket];
    }
    std::array<std::size_t, kBuckets> at;
    std::size_t sum = 0;
    for (std::size_t b = 0; b < kBuckets; ++b) {
      at[b] = sum;
      ends_[b] = sum += counts_[b];
      const double bits = static_cast<double>(b) / kPerBit - kTop;
      shares_[b] = std::exp2(slack - bits) * factor(std::max(bits, 0.0));
    }
    shares_[0] = std::numeric_limits<double>::max() / 1e30;  // may be any number of bits above
    sorted_.resize(numbers.size());
    for (std::size_t i = 0; i < numbers.size(); ++i) sorted_[at[buckets_[i]]++] = numbers[i];
    tails_[kBuckets] = 0.0;
    for (std::size_t b = kBuckets; b-- > 0;) tails_[b] = tails_[b + 1] + shares_[b] * static_cast<double>(counts_[b]);
  }

  const std::vector<std::uint32_t>& sorted() const { return sorted_; }

  /// How many must be kept so that the rest is within `allowed`.
  std::size_t needed(double allowed) const {
    std::size_t bucket = kBuckets;
    while (bucket > 0 && tails_[bucket - 1] <= allowed) --bucket;
    if (bucket == 0) return 0;
    // Of the bucket that does not fit whole, some.
    const double some = std::floor((allowed - tails_[bucket]) / shares_[bucket - 1]);
    return ends_[bucket - 1] - static_cast<std::size_t>(std::clamp(some, 0.0, static_cast<double>(counts_[bucket - 1])));
  }

 private:
  static constexpr std::size_t kBuckets = 400;
  static constexpr double kTop = 16.0;  // bits; what is above is kept
  static constexpr double kPerBit = 4.0;
  std::array<std::size_t, kBuckets> counts_{}, ends_{};
  std::array<double, kBuckets> shares_{};
  std::array<double, kBuckets + 1> tails_{};
  std::vector<std::uint16_t> buckets_;
  std::vector<std::uint32_t> sorted_;
};

}  // namespace ridgeflow
