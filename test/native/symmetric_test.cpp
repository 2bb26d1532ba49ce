#include "score/symmetric.hpp"

#include <array>

#include "score_reference.hpp"

namespace ridgeflow::testing {
namespace {

template <class T>
class Symmetric : public ::testing::Test {};
using ElementTypes = ::testing::Types<float, double>;
TYPED_TEST_SUITE(Symmetric, ElementTypes);

/// Either side of panels and blocks, and of an even and an odd number of blocks.
constexpr std::array<std::size_t, 14> kClouds = {1, 2, 7, 12, 13, 47, 49, 191, 192, 193, 383, 385, 577, 769};
constexpr std::array<std::size_t, 10> kMany = {1, 3, 17, 31, 64, 65, 200, 257, 784, 800};

/// Runs the path whatever the choice would be, and compares some points with the reference. Returns whether it applies.
template <class T>
bool runAndCompare(ScoreCase<T>& test, double spread, std::size_t step) {
  Control control;
  if (!scoreSymmetric(test.problem(), control)) return false;
  EXPECT_LE(scoreError(test, spread, step), kScoreTolerance<T>) << test.name;
  return true;
}

template <class T>
void compareAwkwardSizes(std::uint64_t seed, std::size_t step) {
  Random random(seed);
  std::size_t round = 0, taken = 0;
  for (std::size_t at = 0; at < kClouds.size(); at += step) {
    const std::size_t n = kClouds[at];
    for (const CloudKind kind : kCloudKinds) {
      const std::size_t d = kMany[round % kMany.size()];
      const double share = std::array{0.25, 1.0, 10.0}[round / 2 % 3];
      auto test = randomCaseOnItself<T>(random, kind, n, d, share * static_cast<double>(d));
      taken += runAndCompare(test, 1.0, 1 + n / 10) ? 1 : 0;
      ++round;
    }
  }
  EXPECT_GT(taken, round / 2);
}

TYPED_TEST(Symmetric, AgreesWithTheReferenceOnAwkwardSizes) { compareAwkwardSizes<TypeParam>(91, 1); }

TYPED_TEST(Symmetric, AgreesOnEveryInstructionSet) {
  onEveryTarget([](const char* name) {
    SCOPED_TRACE(name);
    compareAwkwardSizes<TypeParam>(92, 3);
  });
}

TYPED_TEST(Symmetric, PointsThatAreAloneHaveThemselves) {
  Random random(93);
  const std::size_t n = 400, d = 20;
  auto test = randomCaseOnItself<TypeParam>(random, CloudKind::kNormal, n, d, 0.3);
  for (std::size_t i = 0; i < n; i += 5) test.centres[i * d + i / 5 % d] += TypeParam(i % 2 == 0 ? 8 : -8);
  EXPECT_TRUE(runAndCompare(test, 1.0, 1));
}

TYPED_TEST(Symmetric, LeavesToOthersWhatItCannotDo) {
  Random random(94);
  Control control;
  const std::size_t n = 50, d = 9;
  const auto unchanged = [&](ScoreCase<TypeParam> test) {
    EXPECT_FALSE(scoreSymmetric(test.problem(), control)) << test.name;
    EXPECT_EQ(test.logDensity[n - 1], TypeParam(-77));
  };
  const auto cloud = randomCaseOnItself<TypeParam>(random, CloudKind::kNormal, n, d, 1.0);
  auto weighted = cloud, alone = cloud, far = cloud, others = cloud;
  weighted.logWeights = random.logWeights<TypeParam>(n);
  alone.excludeSelf = true;
  far.centres[3] = static_cast<TypeParam>(1e8);
  others.queries = others.centres;
  others.onItself = false;
  unchanged(weighted);
  unchanged(alone);
  unchanged(far);
  unchanged(others);
}

TYPED_TEST(Symmetric, ComputesOnlyWhatIsWanted) {
  Random random(95);
  auto test = randomCaseOnItself<TypeParam>(random, CloudKind::kNormal, 420, 40, 20.0);
  Control control;
  ASSERT_TRUE(scoreSymmetric(test.problem(), control));
  const auto all = test;
  for (int wanted = 0; wanted < 8; ++wanted) {
    ScoreProblem<TypeParam> problem = test.problem();
    if (!(wanted & 1)) problem.mean = nullptr;
    if (!(wanted & 2)) problem.logDensity = nullptr;
    if (!(wanted & 4)) problem.divergence = nullptr;
    ASSERT_TRUE(scoreSymmetric(problem, control));
    for (std::size_t i = 0; i < test.n; ++i) {
      EXPECT_EQ(test.mean[i * test.d], wanted & 1 ? all.mean[i * test.d] : TypeParam(-77));
      EXPECT_EQ(test.logDensity[i], wanted & 2 ? all.logDensity[i] : TypeParam(-77));
      EXPECT_EQ(test.divergence[i], wanted & 4 ? all.divergence[i] : TypeParam(-77));
    }
  }
}

TYPED_TEST(Symmetric, BitsDoNotDependOnTheNumberOfThreads) {
  Random random(96);
  auto test = randomCaseOnItself<TypeParam>(random, CloudKind::kClustered, 1601, 33, 900.0);
  expectSameBits(test, [&] {
    Control control;
    EXPECT_TRUE(scoreSymmetric(test.problem(), control));
  });
}

TEST(SymmetricControl, IsChosenByWhatItWouldHold) {
  // Only sizes are looked at.
  ScoreProblem<float> images;
  images.variance = 1.0;
  images.n = images.m = 60000;
  images.d = 717;
  EXPECT_LT(symmetricShare(images), 1.0);
  images.n = images.m = 80000;
  EXPECT_EQ(symmetricShare(images), 1.0);
  images.n = 60000;
  EXPECT_EQ(symmetricShare(images), 1.0);
}

TEST(SymmetricControl, IsChosenAndStopsWhereAsked) {
  Random random(97);
  auto test = randomCaseOnItself<float>(random, CloudKind::kNormal, 4100, 70, 35.0);
  EXPECT_LT(symmetricShare(test.problem()), 1.0);
  expectControlled(test.problem());
  EXPECT_LE(scoreError(test, 1.0, 410), kScoreTolerance<float>);
}

}  // namespace
}  // namespace ridgeflow::testing
