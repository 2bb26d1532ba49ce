#pragma once

#include <cmath>
#include <cstddef>
#include <utility>
#include <vector>

namespace ridgeflow {

/// A sum of finite numbers without rounding: parts that do not overlap, the least first. J. R. Shewchuk, Discrete Comput.
/// Geom. 18 (1997).
class ExactSum {
 public:
  void clear() { parts_.clear(); }

  void add(double value) {
    std::size_t kept = 0;
    for (double part : parts_) {
      if (std::abs(value) < std::abs(part)) std::swap(value, part);
      const double high = value + part;
      const double low = part - (high - value);
      if (low != 0) parts_[kept++] = low;
      value = high;
    }
    parts_.resize(kept);
    parts_.push_back(value);
  }

  /// The sum, rounded; its sign is exact.
  double value() const {
    double sum = 0.0;
    for (const double part : parts_) sum += part;
    return sum;
  }

 private:
  std::vector<double> parts_;
};

}  // namespace ridgeflow
