#include "posterior/covariance.hpp"

#include <cmath>
#include <vector>

#include <gtest/gtest.h>

#include "support.hpp"

namespace ridgeflow::testing {
namespace {

template <class T>
class Posterior : public ::testing::Test {};
using ElementTypes = ::testing::Types<float, double>;
TYPED_TEST_SUITE(Posterior, ElementTypes);

/// Cov_r(c)·v of one query from its definition.
template <class T>
std::vector<double> reference(const PosteriorCovarianceProblem<T>& p, std::size_t i) {
  std::vector<double> weights(p.m), mean(p.d, 0.0), out(p.d, 0.0);
  double most = -std::numeric_limits<double>::infinity(), mass = 0.0;
  for (std::size_t j = 0; j < p.m; ++j) {
    double square = 0.0;
    for (std::size_t k = 0; k < p.d; ++k) square += std::pow(static_cast<double>(p.queries[i * p.d + k]) - p.centres[j * p.d + k], 2);
    weights[j] = (p.logWeights ? static_cast<double>(p.logWeights[j]) : 0.0) - square / (2.0 * p.variance);
    most = std::max(most, weights[j]);
  }
  for (double& weight : weights) mass += weight = std::exp(weight - most);
  for (std::size_t j = 0; j < p.m; ++j) {
    for (std::size_t k = 0; k < p.d; ++k) mean[k] += weights[j] / mass * static_cast<double>(p.centres[j * p.d + k]);
  }
  for (std::size_t j = 0; j < p.m; ++j) {
    double slope = 0.0;
    for (std::size_t k = 0; k < p.d; ++k) slope += (p.centres[j * p.d + k] - mean[k]) * static_cast<double>(p.vectors[i * p.d + k]);
    for (std::size_t k = 0; k < p.d; ++k) out[k] += weights[j] / mass * slope * (p.centres[j * p.d + k] - mean[k]);
  }
  return out;
}

TYPED_TEST(Posterior, AgreesWithTheDefinitionOnEveryTargetForAnyNumberOfThreads) {
  Random random(71);
  for (const CloudKind kind : {CloudKind::kNormal, CloudKind::kFarAway, CloudKind::kDuplicates, CloudKind::kClustered}) {
    for (const std::size_t n : {1UL, 31UL, 97UL}) {
      for (const std::size_t m : {1UL, 257UL}) {
        for (const std::size_t d : {1UL, 3UL, 17UL}) {
          const auto clouds = random.clouds<TypeParam>(kind, {n, m}, d);
          const auto vectors = random.cloud<TypeParam>(CloudKind::kNormal, n, d);
          const auto logs = random.logWeights<TypeParam>(m);
          std::vector<TypeParam> out(n * d), first;
          PosteriorCovarianceProblem<TypeParam> problem{clouds[0].data(), vectors.data(), clouds[1].data(),
                                                        m % 2 == 0 ? nullptr : logs.data(), n, m, d, 1.5, out.data()};
          onEveryTarget([&](const char* target) {
            first.clear();
            withThreadCounts({1, 3}, [&](int) {
              Control control;
              posteriorCovarianceProduct(problem, control);
              if (first.empty()) first = out;
              EXPECT_EQ(out, first);
            });
            for (std::size_t i = 0; i < n; ++i) {
              const auto expected = reference(problem, i);
              for (std::size_t k = 0; k < d; ++k) {
                // Clouds of spread up to 60, products of two deviations.
                ASSERT_NEAR(out[i * d + k], expected[k], 1e-8 + rounding<TypeParam>(4.0 * expected[k]))
                    << target << " " << n << " × " << m << " × " << d;
              }
            }
          });
        }
      }
    }
  }
}

TYPED_TEST(Posterior, StopsWhenAborted) {
  std::int32_t cells[2] = {1, 0};
  Control control(cells);
  const std::vector<TypeParam> x(100 * 2, TypeParam(1));
  std::vector<TypeParam> out(100 * 2);
  EXPECT_THROW(posteriorCovarianceProduct<TypeParam>({x.data(), x.data(), x.data(), nullptr, 100, 100, 2, 1.0, out.data()}, control), Aborted);
}

}  // namespace
}  // namespace ridgeflow::testing
