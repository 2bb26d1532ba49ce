#include "score/parts.hpp"

#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <vector>

#include "score_reference.hpp"

namespace ridgeflow::testing {
namespace {

template <class T>
class ScoreParts : public ::testing::Test {};
using ElementTypes = ::testing::Types<float, double>;
TYPED_TEST_SUITE(ScoreParts, ElementTypes);

constexpr double kNothing = -std::numeric_limits<double>::infinity();

/// Sums that own their arrays.
struct OwnedSums {
  std::size_t n, d;
  std::vector<double> logs, mean, trace;

  OwnedSums(std::size_t rows, std::size_t columns)
      : n(rows), d(columns), logs(rows, kNothing), mean(rows * columns, 0.0), trace(rows, 0.0) {}
  ScoreSums sums() { return {n, d, logs.data(), mean.data(), trace.data()}; }
};

/// One part of a cloud, as score() writes it: weights of any size, and rows without any.
template <class T>
struct Part {
  std::vector<T> mean;
  std::vector<double> parts;

  Part(Random& random, std::size_t n, std::size_t d) : mean(random.normals<T>(n * d)), parts(2 * n) {
    for (std::size_t i = 0; i < n; ++i) {
      const bool nothing = random.below(5) == 0;
      parts[2 * i] = nothing ? kNothing : 400 * random.normal();
      parts[2 * i + 1] = nothing ? 0.0 : random.uniform();
      if (random.below(3) == 0 && !nothing) parts[2 * i] = random.normal();
    }
  }
};

/// What all parts make of row i, by sums over them from their definitions.
template <class T>
struct PlainSums {
  double log = kNothing, trace = 0.0;
  std::vector<double> mean;

  PlainSums(const std::vector<Part<T>>& all, std::size_t i, std::size_t d) : mean(d, 0.0) {
    double largest = kNothing, weight = 0.0;
    for (const Part<T>& part : all) largest = std::max(largest, part.parts[2 * i]);
    if (largest == kNothing) return;
    for (const Part<T>& part : all) weight += std::exp(part.parts[2 * i] - largest);
    log = largest + std::log(weight);
    const auto share = [&](const Part<T>& part) { return std::exp(part.parts[2 * i] - largest) / weight; };
    for (const Part<T>& part : all) {
      for (std::size_t k = 0; k < d; ++k) mean[k] += share(part) * static_cast<double>(part.mean[i * d + k]);
    }
    for (const Part<T>& part : all) {
      double square = 0.0;
      for (std::size_t k = 0; k < d; ++k) square += std::pow(static_cast<double>(part.mean[i * d + k]) - mean[k], 2);
      trace += share(part) * (part.parts[2 * i + 1] + square);
    }
  }
};

TYPED_TEST(ScoreParts, AreTheirWeightedSums) {
  Random random(21);
  for (const std::size_t d : {1, 2, 3, 7, 8, 9, 17, 64, 200}) {
    for (const std::size_t n : {1, 31, 1000}) {
      std::vector<Part<TypeParam>> all;
      for (int part = 0; part < 4; ++part) all.emplace_back(random, n, d);
      OwnedSums owned(n, d), onlyMean(n, d), onlyLogs(n, d);
      for (const auto& part : all) {
        Control control;
        addScorePart(owned.sums(), part.mean.data(), part.parts.data(), control);
        ScoreSums sums = onlyMean.sums();
        sums.trace = nullptr;
        addScorePart(sums, part.mean.data(), part.parts.data(), control);
        sums = {n, d, onlyLogs.logs.data()};
        addScorePart<TypeParam>(sums, nullptr, part.parts.data(), control);
      }
      EXPECT_EQ(onlyMean.mean, owned.mean);
      EXPECT_EQ(onlyLogs.logs, owned.logs);
      for (std::size_t i = 0; i < n; ++i) {
        const PlainSums<TypeParam> plain(all, i, d);
        if (plain.log == kNothing) {
          ASSERT_EQ(owned.logs[i], kNothing);
          continue;
        }
        ASSERT_NEAR(owned.logs[i], plain.log, 1e-14 * (1 + std::abs(plain.log)));
        ASSERT_NEAR(owned.trace[i], plain.trace, 1e-13 * (1 + plain.trace));
        for (std::size_t k = 0; k < d; ++k) ASSERT_NEAR(owned.mean[i * d + k], plain.mean[k], 1e-14 * 16);
      }
    }
  }
}

TYPED_TEST(ScoreParts, BitsDoNotDependOnTheNumberOfThreads) {
  Random random(22);
  const std::size_t n = 3001, d = 37;
  const Part<TypeParam> first(random, n, d), second(random, n, d);
  std::vector<double> mean, trace;
  withThreadCounts({1, 2, 3, 7}, [&](int threads) {
    OwnedSums owned(n, d);
    Control control;
    for (const auto* part : {&first, &second}) addScorePart(owned.sums(), part->mean.data(), part->parts.data(), control);
    if (threads == 1) mean = owned.mean, trace = owned.trace;
    EXPECT_EQ(owned.mean, mean);
    EXPECT_EQ(owned.trace, trace);
  });
}

TYPED_TEST(ScoreParts, APartThatHasAllTheWeightLeavesNothingOfTheOthers) {
  OwnedSums owned(1, 3);
  owned.logs[0] = 10;
  owned.mean = {1e300, -1e300, std::numeric_limits<double>::infinity()};
  const std::vector<TypeParam> mean = {1, 2, 3};
  const std::vector<double> parts = {2000, 0.25};
  Control control;
  addScorePart(owned.sums(), mean.data(), parts.data(), control);
  EXPECT_EQ(owned.logs[0], 2000);
  EXPECT_EQ(owned.mean, (std::vector<double>{1, 2, 3}));
  EXPECT_EQ(owned.trace[0], 0.25);
}

/// The results of the whole cloud from sums over parts of its centres that begin at `begins`.
template <class T>
void scoreByParts(ScoreCase<T>& test, double tolerance, const std::vector<std::size_t>& begins) {
  OwnedSums owned(test.n, test.d);
  Control control;
  for (std::size_t part = 0; part + 1 < begins.size(); ++part) {
    ScoreProblem<T> problem = test.problem();
    std::vector<double> parts(2 * test.n, -77.0);
    problem.centres += begins[part] * test.d;
    problem.m = begins[part + 1] - begins[part];
    if (problem.logWeights != nullptr) problem.logWeights += begins[part];
    problem.tolerance = tolerance;
    problem.parts = parts.data();
    score(problem, control);
    addScorePart(owned.sums(), problem.mean, parts.data(), control);
  }
  writeScoreSums(test.problem(), owned.sums(), control);
}

TYPED_TEST(ScoreParts, PartsOfACloudMakeUpTheWhole) {
  Random random(12);
  // All pairs; clusters or a grid; leading coordinates.
  struct Case {
    std::size_t d;
    double variance, tolerance;
  };
  for (const Case& each : {Case{3, 0.4, 0.0}, {17, 5.0, 0.0}, {64, 30.0, 0.0}, {3, 0.02, 1e-4}, {2, 0.5, 1e-4}, {40, 1.0, 1e-4}}) {
    for (const bool weighted : {false, true}) {
      auto test = randomCase<TypeParam>(random, CloudKind::kNormal, 61, 2300, each.d, each.variance, weighted);
      scoreByParts(test, each.tolerance, {0, 1, 700, 2300});
      EXPECT_LE(scoreError(test, 1.0), 2 * (kScoreTolerance<TypeParam> + each.tolerance)) << test.name;
    }
  }
}

TYPED_TEST(ScoreParts, APartWithoutWeightCountsForNothing) {
  Random random(13);
  auto test = randomCase<TypeParam>(random, CloudKind::kNormal, 17, 90, 5, 0.7, true);
  std::fill_n(test.logWeights.begin(), 30, -std::numeric_limits<TypeParam>::infinity());
  scoreByParts(test, 0.0, {0, 30, 90});
  EXPECT_LE(scoreError(test, 1.0), 2 * kScoreTolerance<TypeParam>);
}

TYPED_TEST(ScoreParts, OnlyWhatIsWantedIsWritten) {
  Random random(23);
  auto test = randomCase<TypeParam>(random, CloudKind::kNormal, 9, 30, 3, 0.7, false);
  scoreByParts(test, 0.0, {0, 13, 30});
  const auto logDensity = test.logDensity;
  Control control;
  std::vector<double> logs(9, 1.5);
  ScoreProblem<TypeParam> problem = test.problem();
  problem.mean = problem.divergence = nullptr;
  writeScoreSums(problem, {9, 3, logs.data()}, control);
  for (std::size_t i = 0; i < 9; ++i) {
    EXPECT_EQ(test.logDensity[i], test.logDensity[0]);
    EXPECT_NE(test.logDensity[i], logDensity[i]);
    EXPECT_EQ(test.divergence[i], TypeParam(-77));
  }
  EXPECT_EQ(test.mean, std::vector<TypeParam>(27, TypeParam(-77)));
}

TYPED_TEST(ScoreParts, QueriesThatNoPartHasWeightForStayWhereTheyAre) {
  Random random(24);
  auto test = randomCase<TypeParam>(random, CloudKind::kNormal, 5, 4, 2, 0.7, false);
  OwnedSums owned(5, 2);
  Control control;
  writeScoreSums(test.problem(), owned.sums(), control);
  EXPECT_EQ(test.mean, test.queries);
  EXPECT_EQ(test.logDensity, std::vector<TypeParam>(5, -std::numeric_limits<TypeParam>::infinity()));
  EXPECT_EQ(test.divergence, std::vector<TypeParam>(5, TypeParam(0)));
}

TEST(ScorePartsControl, StopWhereAsked) {
  Random random(25);
  const Part<float> part(random, 2000, 40);
  OwnedSums owned(2000, 40);
  std::int32_t cells[2] = {1, 0};
  Control control(cells);
  EXPECT_THROW(addScorePart(owned.sums(), part.mean.data(), part.parts.data(), control), Aborted);
  cells[0] = 0;
  addScorePart(owned.sums(), part.mean.data(), part.parts.data(), control);
  EXPECT_EQ(cells[1], 1000000);
}

}  // namespace
}  // namespace ridgeflow::testing
