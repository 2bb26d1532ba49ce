#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <numbers>
#include <vector>

#include "score/results.hpp"

namespace ridgeflow {

/// Writes the result of query i from differences in float64, in two passes over all centres: O(md). For the rare query
/// whose logits are so large that sums in T, relative to a maximum rounded in T, do not hold what they stand for.
template <class T>
void writePlainRow(const ScoreProblem<T>& problem, const ScoreResults<T>& results, std::size_t i) {
  const std::size_t d = problem.d;
  const T* x = problem.queries + i * d;
  const double kappa = std::numbers::log2e / problem.variance / 2;
  const auto logit = [&](std::size_t j) {
    if (problem.excludeSelf && j == i) return -std::numeric_limits<double>::infinity();
    double square = 0.0;
    for (std::size_t k = 0; k < d; ++k) {
      const double difference = static_cast<double>(x[k]) - static_cast<double>(problem.centres[j * d + k]);
      square += difference * difference;
    }
    return (problem.logWeights == nullptr ? 0.0 : problem.logWeights[j] * std::numbers::log2e) - kappa * square;
  };
  double best = -std::numeric_limits<double>::infinity();
  for (std::size_t j = 0; j < problem.m; ++j) best = std::max(best, logit(j));
  if (std::isinf(best)) {
    results.writeNothing(i);
    return;
  }
  double weight = 0.0, moment = 0.0, square = 0.0;
  std::vector<double> mean(d, 0.0);
  for (std::size_t j = 0; j < problem.m; ++j) {
    const double share = std::exp2(logit(j) - best);
    if (!(share > 0.0)) continue;
    weight += share;
    for (std::size_t k = 0; k < d; ++k) {
      const double offset = static_cast<double>(x[k]) - static_cast<double>(problem.centres[j * d + k]);
      mean[k] += share * offset;
      moment += share * offset * offset;
    }
  }
  for (std::size_t k = 0; k < d; ++k) {
    const double offset = mean[k] / weight;
    square += offset * offset;
    mean[k] = static_cast<double>(x[k]) - offset;
  }
  results.write(i, best + std::log2(weight), mean.data(), moment / weight - square);
}

}  // namespace ridgeflow
