#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>

#include "radon/hyperplanes.hpp"

namespace ridgeflow {

/// C(t) of one direction.
class CellShadow {
 public:
  CellShadow(const CellShadows& shadows, std::size_t direction)
      : knots_(shadows.knots + direction * shadows.knotCount),
        coefficients_(shadows.coefficients + direction * (shadows.knotCount - 1) * (shadows.degree + 1)),
        knotCount_(shadows.knotCount),
        degree_(shadows.degree) {}

  double first() const { return knots_[0]; }
  double last() const { return knots_[knotCount_ - 1]; }

  double operator()(double t) const {
    if (t <= first()) return 0.0;
    if (t >= last()) return 1.0;
    std::size_t i = 0;
    for (std::size_t k = 1; k + 1 < knotCount_; ++k) i += t >= knots_[k] ? 1 : 0;
    const double width = knots_[i + 1] - knots_[i];
    const double z = width > 0 ? (2.0 * t - knots_[i] - knots_[i + 1]) / width : 0.0;
    const double* c = coefficients_ + i * (degree_ + 1);
    double sum = c[degree_];
    for (std::size_t m = degree_; m-- > 0;) sum = sum * z + c[m];
    return sum;
  }

  /// Calls visit(detector, share) for every detector of `count` that the shadow of a cell at `place` falls on.
  template <class Visit>
  void forShares(double place, std::size_t count, const Visit& visit) const {
    const double lowest = std::floor(place + first() + 0.5), highest = std::floor(place + last() + 0.5);
    if (!(highest >= 0.0 && lowest < static_cast<double>(count))) return;
    const auto from = static_cast<std::size_t>(std::max(lowest, 0.0));
    const auto to = static_cast<std::size_t>(std::min(highest, static_cast<double>(count - 1)));
    double below = (*this)(static_cast<double>(from) - 0.5 - place);
    for (std::size_t k = from; k <= to; ++k) {
      const double above = (*this)(static_cast<double>(k) + 0.5 - place);
      visit(k, above - below);
      below = above;
    }
  }

 private:
  const double *knots_, *coefficients_;
  std::size_t knotCount_, degree_;
};

}  // namespace ridgeflow
