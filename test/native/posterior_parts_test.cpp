#include "posterior/parts.hpp"

#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include <gtest/gtest.h>

#include "posterior/covariance.hpp"
#include "score/score.hpp"
#include "support.hpp"

namespace ridgeflow::testing {
namespace {

constexpr double kNothing = -std::numeric_limits<double>::infinity();

struct Case {
  std::size_t n, m, d;
  std::vector<double> queries, vectors, centres, logWeights;
  double variance = 1.5;
};

Case randomCase(Random& random, std::size_t n, std::size_t m, std::size_t d, bool weighted) {
  auto clouds = random.clouds<double>(CloudKind::kClustered, {n, m}, d);
  Case test{n, m, d, clouds[0], random.normals<double>(n * d), clouds[1], {}};
  if (weighted) test.logWeights = random.logWeights<double>(m);
  // Of the first centres none counts.
  for (std::size_t j = 0; weighted && j < m / 10; ++j) test.logWeights[j] = kNothing;
  return test;
}

/// Products of the whole cloud, from centres that begin at `begins`.
std::vector<double> byParts(const Case& test, const std::vector<std::size_t>& begins) {
  const std::size_t n = test.n, d = test.d;
  std::vector<double> logs(n, kNothing), mean(n * d, 0.0), products(n * d, 0.0);
  const CovarianceSums sums{n, d, test.vectors.data(), logs.data(), mean.data(), products.data()};
  for (std::size_t part = 0; part + 1 < begins.size(); ++part) {
    std::vector<double> partMean(n * d), parts(2 * n), partProducts(n * d);
    const std::size_t begin = begins[part], m = begins[part + 1] - begin;
    const double* centres = test.centres.data() + begin * d;
    const double* logWeights = test.logWeights.empty() ? nullptr : test.logWeights.data() + begin;
    ScoreProblem<double> problem;
    problem.queries = test.queries.data();
    problem.n = n;
    problem.centres = centres;
    problem.m = m;
    problem.d = d;
    problem.logWeights = logWeights;
    problem.variance = test.variance;
    problem.mean = partMean.data();
    problem.parts = parts.data();
    Control control;
    score(problem, control);
    posteriorCovarianceProduct<double>({test.queries.data(), test.vectors.data(), centres, logWeights, n, m, d, test.variance, partProducts.data()}, control);
    addCovariancePart(sums, partMean.data(), parts.data(), partProducts.data(), control);
  }
  return products;
}

TEST(PosteriorParts, MakeUpTheWhole) {
  Random random(31);
  for (const std::size_t d : {1UL, 3UL, 8UL, 17UL, 64UL}) {
    for (const bool weighted : {false, true}) {
      const Case test = randomCase(random, 61, 300, d, weighted);
      const double* logWeights = weighted ? test.logWeights.data() : nullptr;
      std::vector<double> whole(test.n * d);
      Control control;
      posteriorCovarianceProduct<double>({test.queries.data(), test.vectors.data(), test.centres.data(), logWeights, test.n, test.m, d, test.variance, whole.data()}, control);
      // The first part has no weight where there are weights.
      const auto found = byParts(test, {0, 30, 31, 170, 300});
      for (std::size_t at = 0; at < whole.size(); ++at) ASSERT_NEAR(found[at], whole[at], 1e-8 + 1e-12 * std::abs(whole[at])) << d;
      withThreadCounts({1, 3}, [&](int) { EXPECT_EQ(byParts(test, {0, 30, 31, 170, 300}), found); });
    }
  }
}

TEST(PosteriorParts, StopWhereAsked) {
  const std::size_t n = 2000, d = 40;
  const std::vector<double> vectors(n * d, 1.0), more(n * d, 2.0), parts(2 * n, 0.5);
  std::vector<double> logs(n, kNothing), mean(n * d), products(n * d);
  const CovarianceSums sums{n, d, vectors.data(), logs.data(), mean.data(), products.data()};
  std::int32_t cells[2] = {1, 0};
  Control control(cells);
  EXPECT_THROW(addCovariancePart(sums, more.data(), parts.data(), more.data(), control), Aborted);
  cells[0] = 0;
  addCovariancePart(sums, more.data(), parts.data(), more.data(), control);
  EXPECT_EQ(cells[1], 1000000);
}

}  // namespace
}  // namespace ridgeflow::testing
