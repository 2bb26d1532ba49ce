#include "score/score.hpp"

#include <array>
#include <cmath>

#include "score_reference.hpp"

namespace ridgeflow::testing {
namespace {

template <class T>
class Score : public ::testing::Test {};
using ElementTypes = ::testing::Types<float, double>;
TYPED_TEST_SUITE(Score, ElementTypes);

template <class T>
void expectReference(ScoreCase<T>& test, double spread = 1.0) {
  Control control;
  score(test.problem(), control);
  EXPECT_LE(scoreError(test, spread), kScoreTolerance<T>) << test.name;
}

constexpr std::array kKinds = {CloudKind::kNormal, CloudKind::kFarAway, CloudKind::kDuplicates, CloudKind::kLattice};
constexpr std::array kVariances = {0.05, 0.5, 20.0};

template <class T>
void compareAwkwardSizes(std::uint64_t seed) {
  Random random(seed);
  std::size_t round = 0;
  for (const std::size_t n : kSizes) {
    for (const std::size_t m : kSizes) {
      const std::size_t d = kDimensions[round % kDimensions.size()];
      auto test = randomCase<T>(random, kKinds[round / 3 % kKinds.size()], n, m, d, kVariances[round % kVariances.size()],
                                round % 2 == 0);
      expectReference(test);
      ++round;
    }
  }
}

TYPED_TEST(Score, AgreesWithTheReferenceOnAwkwardSizes) { compareAwkwardSizes<TypeParam>(1); }

TYPED_TEST(Score, AgreesOnEveryInstructionSet) {
  onEveryTarget([](const char* name) {
    SCOPED_TRACE(name);
    compareAwkwardSizes<TypeParam>(2);
  });
}

TYPED_TEST(Score, AgreesInEveryDimension) {
  Random random(3);
  for (const std::size_t d : kDimensions) {
    auto test = randomCase<TypeParam>(random, CloudKind::kNormal, 53, 131, d, 0.3 * static_cast<double>(d), true);
    expectReference(test);
  }
}

TYPED_TEST(Score, AgreesAcrossTilesAndSegments) {
  Random random(4);
  for (const auto& [n, m, d] : {std::array<std::size_t, 3>{300, 2100, 3}, {301, 2100, 17}, {3, 9001, 2}, {5, 9001, 70}}) {
    auto test = randomCase<TypeParam>(random, CloudKind::kNormal, n, m, d, 0.4, true);
    expectReference(test);
  }
}

TYPED_TEST(Score, LeavesOutTheQueryItself) {
  Random random(5);
  for (const std::size_t n : kSizes) {
    for (const std::size_t d : {1UL, 3UL, 5UL, 64UL, 200UL}) {
      auto test = randomCase<TypeParam>(random, CloudKind::kNormal, n, n, d, 0.5, n % 2 == 0);
      test.excludeSelf = true;
      expectReference(test);
      test.onItself = true;
      expectReference(test);
    }
  }
}

TYPED_TEST(Score, SurvivesBandwidthsFarBelowAndAboveTheExtent) {
  Random random(6);
  for (const std::size_t d : {1UL, 3UL, 5UL, 64UL}) {
    for (const double variance : {1e-8, 1e-4, 1e6}) {
      auto test = randomCase<TypeParam>(random, CloudKind::kNormal, 33, 150, d, variance, true);
      Control control;
      score(test.problem(), control);
      for (std::size_t i = 0; i < test.n; ++i) {
        const ReferenceScore expected = referenceScore(test, i);
        // A coordinate of size 4 is known to 4ε, and its distance's logit to that times √(2q)/σ.
        const double coordinate = 8 * std::numeric_limits<TypeParam>::epsilon() * std::sqrt(static_cast<double>(d) / variance);
        const double logit = std::sqrt(2 * expected.nearest) * coordinate + kScoreTolerance<TypeParam>;
        EXPECT_NEAR(test.logDensity[i], expected.logDensity, logit + rounding<TypeParam>(expected.logDensity)) << test.name;
        for (std::size_t k = 0; k < d; ++k) EXPECT_TRUE(std::isfinite(test.mean[i * d + k])) << test.name;
        EXPECT_TRUE(std::isfinite(test.divergence[i])) << test.name;
      }
    }
  }
}

TYPED_TEST(Score, AFarOutlierTakesNoDigits) {
  Random random(64);
  for (const std::size_t d : {1UL, 3UL, 5UL, 64UL}) {
    auto test = randomCase<TypeParam>(random, CloudKind::kNormal, 40, 300, d, 0.3 * static_cast<double>(d), false);
    for (std::size_t k = 0; k < d; ++k) test.centres[7 * d + k] = TypeParam(1e9);
    expectReference(test);
  }
}

TYPED_TEST(Score, NoWeightLeftGivesDensityZeroAndTheQuery) {
  for (const std::size_t d : {1UL, 3UL, 64UL}) {
    Random random(7);
    auto alone = randomCase<TypeParam>(random, CloudKind::kNormal, 1, 1, d, 0.3, false);
    alone.onItself = alone.excludeSelf = true;
    auto weightless = randomCase<TypeParam>(random, CloudKind::kNormal, 5, 40, d, 0.3, false);
    weightless.logWeights.assign(40, -std::numeric_limits<TypeParam>::infinity());
    for (auto* test : {&alone, &weightless}) {
      Control control;
      score(test->problem(), control);
      for (std::size_t i = 0; i < test->n; ++i) {
        EXPECT_EQ(test->logDensity[i], -std::numeric_limits<TypeParam>::infinity());
        EXPECT_EQ(test->divergence[i], TypeParam(0));
        for (std::size_t k = 0; k < d; ++k) EXPECT_EQ(test->mean[i * d + k], test->query(i)[k]);
      }
    }
  }
}

TYPED_TEST(Score, OneCentreIsAGaussian) {
  Random random(8);
  for (const std::size_t d : {1UL, 2UL, 5UL, 800UL}) {
    auto test = randomCase<TypeParam>(random, CloudKind::kNormal, 19, 1, d, 0.7, false);
    Control control;
    score(test.problem(), control);
    for (std::size_t i = 0; i < test.n; ++i) {
      const double curvature = static_cast<double>(d) / test.variance;
      EXPECT_NEAR(test.divergence[i], -curvature, kScoreTolerance<TypeParam> * curvature);
      for (std::size_t k = 0; k < d; ++k) {
        EXPECT_NEAR(test.mean[i * d + k], test.centres[k], rounding<TypeParam>(test.centres[k]) + 1e-7);
      }
    }
  }
}

TYPED_TEST(Score, ComputesOnlyWhatIsWanted) {
  Random random(9);
  for (const std::size_t d : {3UL, 40UL}) {
    auto test = randomCase<TypeParam>(random, CloudKind::kNormal, 70, 300, d, 0.5, true);
    Control control;
    score(test.problem(), control);
    const auto all = test;
    for (int wanted = 0; wanted < 8; ++wanted) {
      ScoreProblem<TypeParam> problem = test.problem();
      if (!(wanted & 1)) problem.mean = nullptr;
      if (!(wanted & 2)) problem.logDensity = nullptr;
      if (!(wanted & 4)) problem.divergence = nullptr;
      score(problem, control);
      for (std::size_t i = 0; i < test.n; ++i) {
        EXPECT_EQ(test.mean[i * d], wanted & 1 ? all.mean[i * d] : TypeParam(-77));
        EXPECT_EQ(test.logDensity[i], wanted & 2 ? all.logDensity[i] : TypeParam(-77));
        EXPECT_EQ(test.divergence[i], wanted & 4 ? all.divergence[i] : TypeParam(-77));
      }
    }
  }
}

TYPED_TEST(Score, BitsDoNotDependOnTheNumberOfThreads) {
  Random random(10);
  for (const auto& [n, m, d] : {std::array<std::size_t, 3>{701, 1500, 3}, {701, 900, 24}, {7, 20000, 3}, {40, 9000, 33}}) {
    auto test = randomCase<TypeParam>(random, CloudKind::kNormal, n, m, d, 0.5, true);
    expectSameBits(test, [&] {
      Control control;
      score(test.problem(), control);
    });
  }
}

TEST(ScoreControl, StopsWhereAsked) {
  Random random(11);
  auto test = randomCase<float>(random, CloudKind::kNormal, 500, 3000, 8, 0.5, false);
  expectControlled(test.problem());
}

TEST(ScoreControl, NothingToDo) {
  Control control;
  ScoreProblem<float> problem;
  problem.d = 3;
  EXPECT_NO_THROW(score(problem, control));
}

}  // namespace
}  // namespace ridgeflow::testing
