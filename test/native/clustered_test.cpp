#include "score/clustered.hpp"

#include <array>
#include <numeric>

#include "score/spatial_tree.hpp"
#include "score_reference.hpp"

namespace ridgeflow::testing {
namespace {

template <class T>
class Clustered : public ::testing::Test {};
using ElementTypes = ::testing::Types<float, double>;
TYPED_TEST_SUITE(Clustered, ElementTypes);

std::vector<std::uint32_t> allRows(std::size_t n) {
  std::vector<std::uint32_t> rows(n);
  std::iota(rows.begin(), rows.end(), 0U);
  return rows;
}

/// Runs the clustered path whatever the choice would be, and compares some queries with the reference.
template <class T>
void expectWithin(ScoreCase<T>& test, double tolerance, std::size_t step = 1) {
  ScoreProblem<T> problem = test.problem();
  problem.tolerance = tolerance;
  Control control;
  ClusteredScore<T>(problem, allRows(test.n), control).run(control);
  const double rounding = sizeof(T) == 4 ? 8e-6 : 1e-13;
  EXPECT_LE(scoreError(test, 0.0, step), tolerance + rounding) << test.name;
}

constexpr std::array kVariances = {1e-4, 0.01, 0.3, 20.0};

template <class T>
void compareAwkwardSizes(std::uint64_t seed) {
  Random random(seed);
  std::size_t round = 0;
  for (const std::size_t n : {1UL, 2UL, 7UL, 15UL, 16UL, 17UL, 33UL, 257UL}) {
    for (const std::size_t m : {1UL, 2UL, 15UL, 16UL, 17UL, 97UL, 257UL, 1009UL}) {
      auto test = randomCase<T>(random, kCloudKinds[round % kCloudKinds.size()], n, m, 1 + round * 7 % 16, kVariances[round % kVariances.size()],
                              round % 3 == 0);
      expectWithin(test, 1e-7);
      test.queries = test.centres;
      test.n = m;
      test.onItself = round % 2 == 0;
      test.excludeSelf = round % 5 < 3;
      expectWithin(test, 1e-7, 3);
      ++round;
    }
  }
}

TYPED_TEST(Clustered, AgreesWithTheReferenceOnAwkwardSizes) { compareAwkwardSizes<TypeParam>(51); }

TYPED_TEST(Clustered, AgreesOnEveryInstructionSet) {
  onEveryTarget([](const char* name) {
    SCOPED_TRACE(name);
    compareAwkwardSizes<TypeParam>(52);
  });
}

TYPED_TEST(Clustered, StaysWithinAnyToleranceWhileLeavingPairsOut) {
  Random random(53);
  for (const CloudKind kind : kCloudKinds) {
    for (const std::size_t d : {1UL, 2UL, 3UL, 5UL}) {
      auto test = randomCase<TypeParam>(random, kind, 3001, 3001, d, 0.01, d % 2 == 0);
      test.onItself = true;
      for (const double tolerance : {1e-2, 1e-4, 1e-8}) expectWithin(test, tolerance, 97);
    }
  }
  auto test = randomCase<TypeParam>(random, CloudKind::kNormal, 20000, 20000, 3, 0.01, false);
  test.onItself = true;
  ScoreProblem<TypeParam> problem = test.problem();
  problem.tolerance = 1e-6;
  Control control;
  const double narrow = ClusteredScore<TypeParam>(problem, allRows(20000), control).estimatedPairs();
  EXPECT_LT(narrow, 0.2 * 20000 * 20000);
  problem.variance = 1.0;
  const double wide = ClusteredScore<TypeParam>(problem, allRows(20000), control).estimatedPairs();
  EXPECT_GT(wide, 0.5 * 20000 * 20000);
}

TYPED_TEST(Clustered, FarQueriesFindTheirNearestCentres) {
  Random random(54);
  for (const std::size_t d : {1UL, 3UL, 10UL}) {
    auto test = randomCase<TypeParam>(random, CloudKind::kNormal, 60, 2000, d, 0.04, true);
    for (std::size_t i = 0; i < test.queries.size(); ++i) test.queries[i] *= static_cast<TypeParam>(1 + i % 7 * 4);
    expectWithin(test, 1e-6);
  }
}

TYPED_TEST(Clustered, RoundingOfHugeLogitsIsNoNumberLost) {
  Random random(63);
  for (const std::size_t d : {1UL, 3UL}) {
    auto test = randomCase<TypeParam>(random, CloudKind::kNormal, 64, 900, d, 4e-4, d == 3);
    // Squares of up to 10¹³ σ²: their rounding is more than a float32 exponential bears.
    for (std::size_t i = 0; i < 64; ++i) test.queries[i * d] += static_cast<TypeParam>(1000.0 * static_cast<double>(i));
    expectWithin(test, 1e-6);
    for (const TypeParam value : test.mean) ASSERT_LT(std::abs(value), TypeParam(10));
  }
}

/// Queries and centres between which logits are so large that their rounding exceeds what an exponential bears.
template <class T>
void expectHugeLogits(std::size_t n, std::size_t m, std::size_t d, double step, double spread, double variance, bool weighted) {
  Random random(64);
  auto test = randomCase<T>(random, CloudKind::kNormal, n, m, d, variance, weighted);
  for (std::size_t i = 0; i < n; ++i) test.queries[i * d] += static_cast<T>(step * static_cast<double>(i % 64));
  for (T& value : test.centres) value *= static_cast<T>(spread);
  SCOPED_TRACE(test.name + " spread=" + std::to_string(spread));
  ScoreProblem<T> problem = test.problem();
  problem.tolerance = 1e-6;
  Control control;
  ClusteredScore<T>(problem, allRows(n), control).run(control);
  for (const T value : test.mean) ASSERT_LE(std::abs(value), static_cast<T>(6 * spread));
  for (const T value : test.logDensity) ASSERT_TRUE(std::isfinite(value));
  for (const T value : test.divergence) ASSERT_TRUE(std::isfinite(value));
}

TYPED_TEST(Clustered, SumsOverHugeLogitsAreFinite) {
  onEveryTarget([](const char* name) {
    SCOPED_TRACE(name);
    for (const std::size_t d : {1UL, 2UL, 3UL, 4UL, 7UL}) {
      for (const double spread : {1.0, 1e3, 1e6, 1e8}) {
        expectHugeLogits<TypeParam>(500, 900, d, 1000.0, spread, 4e-4, d % 2 == 0);
      }
    }
    expectHugeLogits<TypeParam>(2000, 900, 1, 1000.0, 1e6, 4e-4, false);
    expectHugeLogits<TypeParam>(500, 3000, 2, 1e5, 1e7, 1e-2, false);
  });
}

TYPED_TEST(Clustered, LightCentresCountWhereNothingHeavyIsNear) {
  Random random(55);
  auto test = randomCase<TypeParam>(random, CloudKind::kNormal, 100, 1000, 2, 0.01, false);
  test.logWeights.assign(1000, TypeParam(-7));
  for (std::size_t j = 500; j < 1000; ++j) {
    test.centres[2 * j] += TypeParam(100);
    test.logWeights[j] = TypeParam(-900);
  }
  for (std::size_t i = 50; i < 100; ++i) test.queries[2 * i] += TypeParam(100);
  expectWithin(test, 1e-6);
}

TYPED_TEST(Clustered, SelfIsLeftOutInWhateverOrderQueriesAre) {
  Random random(56);
  for (const std::size_t d : {2UL, 7UL}) {
    // Queries that have moved away from the centres they belong to.
    auto test = randomCase<TypeParam>(random, CloudKind::kNormal, 700, 700, d, 0.02, true);
    test.excludeSelf = true;
    for (std::size_t i = 0; i < test.queries.size(); ++i) test.queries[i] = test.centres[test.centres.size() - 1 - i];
    expectWithin(test, 1e-6);
  }
}

TYPED_TEST(Clustered, NothingLeftGivesDensityZeroAndTheQuery) {
  Random random(57);
  auto test = randomCase<TypeParam>(random, CloudKind::kNormal, 20, 40, 3, 0.3, false);
  test.logWeights.assign(40, -std::numeric_limits<TypeParam>::infinity());
  expectWithin(test, 1e-6);
  EXPECT_EQ(test.logDensity[3], -std::numeric_limits<TypeParam>::infinity());
  EXPECT_EQ(test.mean, test.queries);
}

TYPED_TEST(Clustered, SomeQueriesOnly) {
  Random random(58);
  auto test = randomCase<TypeParam>(random, CloudKind::kNormal, 50, 300, 2, 0.1, false);
  ScoreProblem<TypeParam> problem = test.problem();
  problem.tolerance = 1e-6;
  Control control;
  ClusteredScore<TypeParam>(problem, {3, 17, 44}, control).run(control);
  for (std::size_t i = 0; i < 50; ++i) {
    const bool asked = i == 3 || i == 17 || i == 44;
    EXPECT_NEAR(test.logDensity[i], asked ? referenceScore(test, i).logDensity : -77.0, 1e-5);
  }
  ClusteredScore<TypeParam>(problem, {}, control).run(control);
}

TYPED_TEST(Clustered, BitsDoNotDependOnTheNumberOfThreads) {
  Random random(59);
  auto test = randomCase<TypeParam>(random, CloudKind::kOutliers, 9001, 9001, 3, 0.002, true);
  test.onItself = true;
  expectSameBits(test, [&] {
    ScoreProblem<TypeParam> problem = test.problem();
    problem.tolerance = 1e-6;
    Control control;
    score(problem, control);
  });
}

TYPED_TEST(Clustered, ZeroToleranceAndWideBandwidthsAreDense) {
  Random random(60);
  auto test = randomCase<TypeParam>(random, CloudKind::kNormal, 2100, 2100, 8, 1.0, false);
  Control control;
  score(test.problem(), control);
  const auto exact = test.mean;
  ScoreProblem<TypeParam> problem = test.problem();
  problem.tolerance = 1e-6;
  score(problem, control);
  EXPECT_EQ(test.mean, exact);
}

TEST(ClusteredControl, StopsWhereAsked) {
  Random random(61);
  auto test = randomCase<float>(random, CloudKind::kNormal, 5000, 5000, 3, 0.001, false);
  ScoreProblem<float> problem = test.problem();
  problem.tolerance = 1e-6;
  expectControlled(problem);
}

TYPED_TEST(Clustered, SpatialOrderIsAPermutationOfCompactRuns) {
  Random random(62);
  Control control;
  for (const std::size_t n : {0UL, 1UL, 15UL, 16UL, 17UL, 1000UL, 9973UL}) {
    for (const CloudKind kind : kCloudKinds) {
      const auto points = random.cloud<TypeParam>(kind, n, 2);
      auto order = spatialOrder(points.data(), 2, allRows(n), 8, 16, control);
      std::vector<TypeParam> rows;
      for (const std::uint32_t row : order) rows.insert(rows.end(), {points[2 * row], points[2 * row + 1]});
      const BoxTree<TypeParam> tree(rows.data(), n, 2, 16);
      for (std::size_t level = 0; level < tree.levels(); ++level) {
        for (std::size_t node = 0; node < tree.nodes(level); ++node) {
          const TypeParam* box = tree.group(level, node / 16) + node % 16;
          for (std::size_t i = tree.begin(level, node); i < tree.end(level, node); ++i) {
            for (std::size_t k = 0; k < 2; ++k) {
              ASSERT_LE(box[16 * k], rows[2 * i + k]);
              ASSERT_GE(box[16 * (2 + k)], rows[2 * i + k]);
            }
          }
        }
      }
      if (n == 9973 && kind == CloudKind::kNormal) {
        // Runs of 16 among 9973 points of a plane are some 0.04 of its extent wide, not 1.
        double sides = 0.0;
        for (std::size_t node = 0; node < tree.nodes(0); ++node) {
          const TypeParam* box = tree.group(0, node / 16) + node % 16;
          sides += static_cast<double>(box[32] - box[0] + box[48] - box[16]) / 2 / static_cast<double>(tree.nodes(0));
        }
        EXPECT_LT(sides, 0.25);
      }
      std::sort(order.begin(), order.end());
      EXPECT_EQ(order, allRows(n));
    }
  }
}

}  // namespace
}  // namespace ridgeflow::testing
