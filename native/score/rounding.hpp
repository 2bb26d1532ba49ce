#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>

#include "score/score.hpp"

namespace ridgeflow {

/// What of σ the rounding of logits may move a coordinate of a mean by, and of σ² one of the covariance's diagonal.
template <class T>
inline constexpr double kShownRounding = sizeof(T) == 4 ? 2e-4 : 1e-8;

/// Sums over the centres of one query as T has computed them, all in σ.
struct QuerySums {
  double square;  ///< Σ r|x − c|²
  double trace;   ///< of the posterior covariance, by the same sums
  double extent;  ///< largest coordinates that were rounded before differences were formed, as a length; 0: none were
};

/// Whether the rounding of T moves the mean or the divergence of a query by more than is allowed, where its logits come from
/// differences x − c.
///
/// A logit of size q = |x − c|²/2σ² is off by δ = ε(q + √(2q)·extent/4), sums over 64 coordinates being added up apart. That
/// moves the mean by δ times the spread of the posterior, and the trace by δ times itself; where the spread is nothing, one
/// centre has all the weight, nothing moves, as long as δ does not change which. The trace is a difference of squares.
template <class T>
bool roundingShows(const ScoreProblem<T>& problem, const QuerySums& sums, double allowed = kShownRounding<T>) {
  if (problem.mean == nullptr && problem.divergence == nullptr) return false;
  constexpr double kRounding = std::numeric_limits<T>::epsilon(), kCertain = 0.05;
  const auto d = static_cast<double>(problem.d);
  const double square = std::max(sums.square, 0.0), share = std::max(sums.trace, 0.0) / d;
  const double logit = kRounding * (1 + std::sqrt(d) / 32) * (square / 2 + std::sqrt(square) * sums.extent / 4);
  if (!(logit < kCertain)) return true;  // nor is it a number where sums have overflowed
  double shown = logit * std::sqrt(share);
  if (problem.divergence != nullptr) {
    const double squares = 4 * square + 2 * std::sqrt(square) * sums.extent;
    shown = std::max({shown, logit * share, kRounding * squares / d});
  }
  return !(shown < allowed);
}

}  // namespace ridgeflow
