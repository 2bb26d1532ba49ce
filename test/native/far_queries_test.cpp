// Queries so far from the centres that squares of distances have lost the digits of their differences, or overflow. Where all
// centres lie in a hyperplane, what a query sees of them does not depend on how far from it the query is.
#include <cmath>
#include <numeric>

#include "posterior/covariance.hpp"
#include "score/clustered.hpp"
#include "score/pruned.hpp"
#include "score_reference.hpp"

namespace ridgeflow::testing {
namespace {

template <class T>
class FarQueries : public ::testing::Test {};
using ElementTypes = ::testing::Types<float, double>;
TYPED_TEST_SUITE(FarQueries, ElementTypes);

/// How an error of the mean, over σ, and of the divergence, over d/σ², is bounded.
template <class T>
constexpr double kAllowed = sizeof(T) == 4 ? 5e-4 : 1e-7;

/// How far away queries are: beyond all squares too.
template <class T>
std::vector<double> distances() {
  std::vector<double> distances{0.0, 10.0, 60.0, 300.0, 1e3, 3e4, 1e6, 1e9, 1e15, 2e19, 1e30};
  if (sizeof(T) == 8) distances.insert(distances.end(), {1e100, 1e170, 1e290});
  return distances;
}

/// Centres without a first coordinate, and queries that have none yet.
template <class T>
ScoreCase<T> flatCase(std::size_t n, std::size_t m, std::size_t d, double variance, bool weighted) {
  Random random(91 + d);
  auto test = randomCase<T>(random, CloudKind::kNormal, n, m, d, variance, weighted);
  for (std::size_t j = 0; j < m; ++j) test.centres[j * d] = T(0);
  for (std::size_t i = 0; i < n; ++i) test.queries[i * d] = T(0);
  return test;
}

/// Moves all queries of a flat case away, or every third, and compares with those that are not.
template <class T>
void expectTheSame(ScoreCase<T>& test, const std::function<void(const ScoreProblem<T>&)>& run) {
  std::vector<ReferenceScore> beside;
  for (std::size_t i = 0; i < test.n; ++i) beside.push_back(referenceScore(test, i));
  const double sigma = std::sqrt(test.variance), curvature = static_cast<double>(test.d) / test.variance;
  for (const double distance : distances<T>()) {
    for (const std::size_t step : {1UL, 3UL}) {
      for (std::size_t i = 0; i < test.n; ++i) test.queries[i * test.d] = i % step == 0 ? static_cast<T>(i % 2 == 0 ? distance : -distance) : T(0);
      run(test.problem());
      for (std::size_t i = 0; i < test.n; ++i) {
        const double x = test.queries[i * test.d];
        for (std::size_t k = 0; k < test.d; ++k) {
          ASSERT_NEAR(test.mean[i * test.d + k], beside[i].mean[k], kAllowed<T> * sigma) << test.name << " from " << x << ", query " << i;
        }
        ASSERT_NEAR(test.divergence[i], beside[i].divergence, kAllowed<T> * curvature) << test.name << " from " << x;
        const double log = beside[i].logDensity - x / test.variance / 2 * x;
        if (std::abs(log) < static_cast<double>(std::numeric_limits<T>::max())) {
          ASSERT_NEAR(test.logDensity[i], log, kAllowed<T> + rounding<T>(4 * log)) << test.name << " from " << x;
        } else {
          ASSERT_EQ(test.logDensity[i], -std::numeric_limits<T>::infinity());
        }
      }
    }
  }
}

TYPED_TEST(FarQueries, SeeTheSameOfAllPairs) {
  onEveryTarget([](const char* target) {
    SCOPED_TRACE(target);
    for (const std::size_t d : {2UL, 4UL, 5UL, 33UL}) {
      for (const double variance : {0.05, 2.0}) {
        auto test = flatCase<TypeParam>(37, 150, d, variance, d % 2 == 0);
        expectTheSame<TypeParam>(test, [](const ScoreProblem<TypeParam>& problem) {
          Control control;
          score(problem, control);
        });
      }
    }
  });
}

TYPED_TEST(FarQueries, SeeTheSameOfClusters) {
  for (const std::size_t d : {2UL, 3UL, 9UL}) {
    auto test = flatCase<TypeParam>(37, 400, d, 0.05, d % 2 == 1);
    std::vector<std::uint32_t> rows(test.n);
    std::iota(rows.begin(), rows.end(), 0U);
    const double most = std::sqrt(static_cast<double>(std::numeric_limits<TypeParam>::max())) * 1e-5;
    expectTheSame<TypeParam>(test, [&](ScoreProblem<TypeParam> problem) {
      problem.tolerance = 1e-9;
      Control control;
      // score() takes this path only where squares do not overflow.
      if (std::abs(static_cast<double>(problem.queries[0])) > most) score(problem, control);
      else ClusteredScore<TypeParam>(problem, rows, control).run(control);
    });
  }
}

TYPED_TEST(FarQueries, SeeTheSameOfPrunedCentres) {
  for (const std::size_t d : {17UL, 130UL}) {
    auto test = flatCase<TypeParam>(37, 400, d, 0.2 * static_cast<double>(d), d % 2 == 1);
    const double most = std::sqrt(static_cast<double>(std::numeric_limits<TypeParam>::max())) * 1e-5;
    expectTheSame<TypeParam>(test, [&](ScoreProblem<TypeParam> problem) {
      problem.tolerance = 1e-9;
      Control control;
      if (std::abs(static_cast<double>(problem.queries[0])) > most) score(problem, control);
      else PrunedScore<TypeParam>(problem, control).run(control);
    });
  }
}

TYPED_TEST(FarQueries, LeaveTheirOwnCentreOut) {
  for (const std::size_t d : {2UL, 6UL}) {
    auto test = flatCase<TypeParam>(60, 60, d, 0.3, true);
    test.excludeSelf = true;
    expectTheSame<TypeParam>(test, [](const ScoreProblem<TypeParam>& problem) {
      Control control;
      score(problem, control);
    });
  }
}

TYPED_TEST(FarQueries, BitsDoNotDependOnTheNumberOfThreads) {
  auto test = flatCase<TypeParam>(300, 500, 5, 0.1, true);
  for (std::size_t i = 0; i < test.n; ++i) test.queries[i * 5] = static_cast<TypeParam>(std::pow(10.0, static_cast<double>(i % 12)));
  expectSameBits<TypeParam>(test, [&] {
    Control control;
    score(test.problem(), control);
  });
}

TYPED_TEST(FarQueries, VariancesWhoseInverseOverflows) {
  for (const double variance : {1e-30, 1e-38, 1e-44, 1e-60}) {
    const double sigma = std::sqrt(variance);
    auto near = flatCase<TypeParam>(20, 90, 3, 1.0, true);
    ScoreCase<TypeParam> test = near;
    for (TypeParam& value : test.queries) value *= static_cast<TypeParam>(sigma);
    for (TypeParam& value : test.centres) value *= static_cast<TypeParam>(sigma);
    test.variance = variance;
    ScoreProblem<TypeParam> problem = test.problem();
    problem.divergence = nullptr;  // which leaves the range of float32
    Control control;
    score(problem, control);
    for (std::size_t i = 0; i < test.n; ++i) {
      const ReferenceScore expected = referenceScore(test, i);
      for (std::size_t k = 0; k < 3; ++k) ASSERT_NEAR(test.mean[i * 3 + k], expected.mean[k], kAllowed<TypeParam> * sigma) << variance;
      ASSERT_NEAR(test.logDensity[i], expected.logDensity, kAllowed<TypeParam> + rounding<TypeParam>(4 * expected.logDensity)) << variance;
    }
  }
}

TYPED_TEST(FarQueries, SeeTheSameCovariance) {
  const std::size_t n = 41, m = 130, d = 4;
  auto test = flatCase<TypeParam>(n, m, d, 0.5, true);
  Random random(95);
  const auto vectors = random.cloud<TypeParam>(CloudKind::kNormal, n, d);
  std::vector<TypeParam> out(n * d), beside;
  for (const double distance : distances<TypeParam>()) {
    for (std::size_t i = 0; i < n; ++i) test.queries[i * d] = static_cast<TypeParam>(i % 2 == 0 ? distance : -distance);
    const PosteriorCovarianceProblem<TypeParam> problem{test.queries.data(), vectors.data(), test.centres.data(), test.logWeights.data(), n, m, d,
                                                        test.variance, out.data()};
    Control control;
    posteriorCovarianceProduct(problem, control);
    if (beside.empty()) beside = out;
    for (std::size_t t = 0; t < n * d; ++t) ASSERT_NEAR(out[t], beside[t], 1e-7 + rounding<TypeParam>(4.0)) << distance;
  }
}

}  // namespace
}  // namespace ridgeflow::testing
