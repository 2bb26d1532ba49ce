#pragma once

#include <cmath>
#include <cstddef>
#include <vector>

#include "posterior/covariance.hpp"
#include "score/plain_row.hpp"

namespace ridgeflow {

/// Writes row i of posteriorCovarianceProduct() from its plain weights (score/plain_row.hpp): O(md).
template <class T>
void writePlainCovarianceProduct(const PosteriorCovarianceProblem<T>& problem, std::size_t i) {
  const std::size_t d = problem.d;
  const T* v = problem.vectors + i * d;
  T* out = problem.out + i * d;
  PlainWeights<T> weights(problem.centres, problem.logWeights, problem.m, d, problem.variance);
  if (!weights.weigh(problem.queries + i * d, problem.m)) {
    for (std::size_t k = 0; k < d; ++k) out[k] = T(0);
    return;
  }
  const auto offset = [&](std::size_t j, std::size_t k) {
    return static_cast<double>(problem.centres[j * d + k]) - static_cast<double>(problem.centres[weights.heaviest() * d + k]);
  };
  std::vector<double> mean(d, 0.0), product(d, 0.0);
  weights.each([&](std::size_t j, double share) {
    for (std::size_t k = 0; k < d; ++k) mean[k] += share / weights.mass() * offset(j, k);
  });
  weights.each([&](std::size_t j, double share) {
    double slope = 0.0;
    for (std::size_t k = 0; k < d; ++k) slope += (offset(j, k) - mean[k]) * static_cast<double>(v[k]);
    for (std::size_t k = 0; k < d; ++k) product[k] += share / weights.mass() * slope * (offset(j, k) - mean[k]);
  });
  for (std::size_t k = 0; k < d; ++k) out[k] = static_cast<T>(product[k]);
}

}  // namespace ridgeflow
