#include "score/pruned.hpp"

#include <array>

#include "score_reference.hpp"

namespace ridgeflow::testing {
namespace {

template <class T>
class Pruned : public ::testing::Test {};
using ElementTypes = ::testing::Types<float, double>;
TYPED_TEST_SUITE(Pruned, ElementTypes);

/// Runs the pruned path whatever the choice would be, and compares some queries with the reference.
template <class T>
void expectWithin(ScoreCase<T>& test, double tolerance, std::size_t step = 1) {
  ScoreProblem<T> problem = test.problem();
  problem.tolerance = tolerance;
  Control control;
  PrunedScore<T>(problem, control).run(control);
  const double rounding = sizeof(T) == 4 ? 1e-4 : 1e-10;
  EXPECT_LE(scoreError(test, 0.0, step), tolerance + rounding) << test.name;
}

/// Kernels from far narrower than the distance of neighbours to as wide as the cloud.
constexpr std::array kShares = {1e-3, 0.02, 0.2, 1.0};
constexpr std::array<std::size_t, 9> kMany = {17, 18, 31, 33, 64, 128, 200, 257, 800};

template <class T>
void compareAwkwardSizes(std::uint64_t seed) {
  Random random(seed);
  std::size_t round = 0;
  for (const std::size_t n : {1UL, 2UL, 7UL, 15UL, 16UL, 17UL, 33UL, 131UL}) {
    for (const std::size_t m : {1UL, 2UL, 15UL, 16UL, 17UL, 97UL, 257UL, 613UL}) {
      const std::size_t d = kMany[round % kMany.size()];
      auto test = randomCase<T>(random, kCloudKinds[round % kCloudKinds.size()], n, m, d,
                                kShares[round / 2 % kShares.size()] * static_cast<double>(d) / 4, round % 3 == 0);
      expectWithin(test, 1e-7);
      test.queries = test.centres;
      test.n = m;
      test.onItself = round % 2 == 0;
      test.excludeSelf = round % 5 < 3;
      expectWithin(test, 1e-7, 5);
      ++round;
    }
  }
}

TYPED_TEST(Pruned, AgreesWithTheReferenceOnAwkwardSizes) { compareAwkwardSizes<TypeParam>(71); }

TYPED_TEST(Pruned, AgreesOnEveryInstructionSet) {
  onEveryTarget([](const char* name) {
    SCOPED_TRACE(name);
    compareAwkwardSizes<TypeParam>(72);
  });
}

/// Every kind of cloud in every number of dimensions, narrow kernels and wide, against itself and against others.
TYPED_TEST(Pruned, AgreesOnClusteredUniformDuplicateAndFarOffPointsInManyDimensions) {
  Random random(77);
  for (const std::size_t d : {17UL, 64UL, 257UL, 800UL}) {
    for (const CloudKind kind : {CloudKind::kClustered, CloudKind::kUniform, CloudKind::kDuplicates, CloudKind::kOutliers}) {
      // About the squared distance of two points over d; clusters lie so far out that float32 knows no narrower kernel.
      const double apart = kind == CloudKind::kClustered ? 0.6 : kind == CloudKind::kUniform ? 1.0 / 6 : 2.0;
      for (const double share : {0.02, 0.5}) {
        const double variance = share * apart * static_cast<double>(d);
        for (const double tolerance : {1e-3, 1e-6}) {
          SCOPED_TRACE(::testing::Message() << "kind " << static_cast<int>(kind) << ", d = " << d << ", variance " << variance);
          auto test = randomCase<TypeParam>(random, kind, 61, 613, d, variance, share > 0.1);
          expectWithin(test, tolerance, 5);
          test.queries = test.centres;
          test.n = test.m;
          test.onItself = true;
          expectWithin(test, tolerance, 53);
        }
      }
    }
  }
}

/// Points about some places of a subspace of a few dimensions, with a little noise in all directions.
template <class T>
std::vector<T> nearSubspace(Random& random, std::size_t n, std::size_t d, std::size_t places) {
  constexpr std::size_t kInside = 6;
  const auto axes = random.normals<double>(kInside * d), centres = random.normals<double>(places * kInside);
  std::vector<T> points(n * d);
  for (std::size_t i = 0; i < n; ++i) {
    std::array<double, kInside> inside;
    for (std::size_t k = 0; k < kInside; ++k) inside[k] = 4 * centres[i % places * kInside + k] + random.normal();
    for (std::size_t k = 0; k < d; ++k) {
      double value = 0.05 * random.normal();
      for (std::size_t axis = 0; axis < kInside; ++axis) value += axes[axis * d + k] * inside[axis] / std::sqrt(static_cast<double>(d));
      points[i * d + k] = static_cast<T>(value);
    }
  }
  return points;
}

TYPED_TEST(Pruned, StaysWithinAnyToleranceWhileLeavingPairsOut) {
  Random random(73);
  for (const std::size_t d : {17UL, 64UL, 300UL}) {
    auto points = nearSubspace<TypeParam>(random, 3001, d, 9);
    for (const double variance : {0.02, 0.2, 1.0}) {
      auto test = scoreCase<TypeParam>({}, points, d, variance);
      test.n = test.m;
      test.onItself = true;
      if (d == 64) test.logWeights = random.logWeights<TypeParam>(test.m);
      for (const double tolerance : {1e-2, 1e-4, 1e-8}) expectWithin(test, tolerance, 211);
    }
    auto test = scoreCase<TypeParam>({}, points, d, 0.05);
    test.n = test.m;
    test.onItself = true;
    ScoreProblem<TypeParam> problem = test.problem();
    problem.tolerance = 1e-4;
    const Control control;
    const double pairs = 3001.0 * 3001.0, fixed = 0.4 * pairs;  // bounds of all centres take that much of so few pairs
    const double narrow = PrunedScore<TypeParam>(problem, control).estimatedPairs(control);
    EXPECT_LT(narrow, d == 300 ? 0.2 * pairs : fixed + 0.3 * pairs);
    problem.variance = 1e4;
    EXPECT_GT(PrunedScore<TypeParam>(problem, control).estimatedPairs(control), pairs);
  }
}

TYPED_TEST(Pruned, FarQueriesAreRelativeToTheirOwnSums) {
  Random random(74);
  const std::size_t d = 40;
  auto centres = nearSubspace<TypeParam>(random, 700, d, 5);
  auto queries = nearSubspace<TypeParam>(random, 90, d, 5);
  for (std::size_t i = 0; i < 90; i += 7) {
    for (std::size_t k = 0; k < d; ++k) queries[i * d + k] += static_cast<TypeParam>(i);
  }
  auto test = scoreCase<TypeParam>(std::move(queries), std::move(centres), d, 0.5);
  expectWithin(test, 1e-5);
}

TYPED_TEST(Pruned, BitsDoNotDependOnTheNumberOfThreads) {
  Random random(75);
  auto test = scoreCase<TypeParam>({}, nearSubspace<TypeParam>(random, 2003, 70, 7), 70, 0.1);
  test.n = test.m;
  test.onItself = true;
  expectSameBits(test, [&] {
    ScoreProblem<TypeParam> problem = test.problem();
    problem.tolerance = 1e-6;
    Control control;
    PrunedScore<TypeParam>(problem, control).run(control);
  });
}

TEST(PrunedControl, IsChosenAndStopsWhereAsked) {
  Random random(76);
  auto test = scoreCase<float>({}, nearSubspace<float>(random, 4001, 256, 40), 256, 0.02);
  test.n = test.m;
  test.onItself = true;
  ScoreProblem<float> problem = test.problem();
  problem.tolerance = 1e-4;
  expectControlled(problem);
}

}  // namespace
}  // namespace ridgeflow::testing
