#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <numbers>

#include "score/score.hpp"

namespace ridgeflow {

/// Turns the sums over the centres of one query into the results that are wanted.
template <class T>
class ScoreResults {
 public:
  explicit ScoreResults(const ScoreProblem<T>& problem)
      : problem_(problem),
        logNormaliser_(static_cast<double>(problem.d) / 2 * std::log(2 * std::numbers::pi * problem.variance) +
                       (problem.logWeights == nullptr ? std::log(static_cast<double>(problem.m)) : 0.0)) {}

  /// Of query i: log₂ of the sum of weights (1 each where there are no log-weights), the posterior mean (d values), and
  /// the trace of the posterior covariance.
  void write(std::size_t i, double base2, const double* mean, double trace) const {
    if (problem_.mean != nullptr) {
      for (std::size_t k = 0; k < problem_.d; ++k) problem_.mean[i * problem_.d + k] = static_cast<T>(mean[k]);
    }
    if (problem_.logDensity != nullptr) {
      problem_.logDensity[i] = static_cast<T>(base2 * std::numbers::ln2 - logNormaliser_);
    }
    if (problem_.parts != nullptr) {
      problem_.parts[2 * i] = base2 * std::numbers::ln2;
      problem_.parts[2 * i + 1] = std::max(trace, 0.0);
    }
    if (problem_.divergence != nullptr) {
      const double variance = problem_.variance;
      problem_.divergence[i] =
          static_cast<T>((std::max(trace, 0.0) / variance - static_cast<double>(problem_.d)) / variance);
    }
  }

  /// Of a query that every weight vanishes for.
  void writeNothing(std::size_t i) const {
    if (problem_.mean != nullptr) std::copy_n(problem_.queries + i * problem_.d, problem_.d, problem_.mean + i * problem_.d);
    if (problem_.logDensity != nullptr) problem_.logDensity[i] = -std::numeric_limits<T>::infinity();
    if (problem_.divergence != nullptr) problem_.divergence[i] = T(0);
    if (problem_.parts != nullptr) {
      problem_.parts[2 * i] = -std::numeric_limits<double>::infinity();
      problem_.parts[2 * i + 1] = 0.0;
    }
  }

 private:
  ScoreProblem<T> problem_;
  double logNormaliser_;
};

}  // namespace ridgeflow
