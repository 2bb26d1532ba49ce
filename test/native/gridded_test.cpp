#include "score/gridded.hpp"

#include <algorithm>
#include <array>

#include "score/clustered.hpp"
#include "score_reference.hpp"

namespace ridgeflow::testing {
namespace {

template <class T>
class Gridded : public ::testing::Test {};
using ElementTypes = ::testing::Types<float, double>;
TYPED_TEST_SUITE(Gridded, ElementTypes);

/// The largest error of every `step`-th query over what is promised: 1 nat, σ and 4/σ² times the tolerance, beside the
/// rounding of the coordinates and of the results.
template <class T>
double promisedError(const ScoreCase<T>& test, double tolerance, std::size_t step) {
  const double sigma = std::sqrt(test.variance), epsilon = std::numeric_limits<T>::epsilon();
  double worst = 0.0;
  const auto note = [&](double actual, double expected, double unit, double slack) {
    const double error = std::max(0.0, std::abs(actual - expected) - rounding<T>(expected) - slack) / (unit * tolerance);
    if (actual != expected) worst = std::isnan(error) ? std::numeric_limits<double>::infinity() : std::max(worst, error);
  };
  for (std::size_t i = 0; i < test.n; i += step) {
    const ReferenceScore expected = referenceScore(test, i);
    const double slack = 64 * epsilon * (1.0 + expected.nearest);
    for (std::size_t k = 0; k < test.d; ++k) note(test.mean[i * test.d + k], expected.mean[k], sigma, slack * sigma);
    note(test.logDensity[i], expected.logDensity, 1.0, slack);
    note(test.divergence[i], expected.divergence, 4 / test.variance, slack * static_cast<double>(test.d) / test.variance);
  }
  return worst;
}

/// Runs the gridded path whatever the choice would be, and the clustered one on what it leaves. Returns how many it left;
/// all, where there is no plan for the clouds.
template <class T>
std::size_t runGridded(ScoreCase<T>& test, double tolerance, std::size_t step) {
  ScoreProblem<T> problem = test.problem();
  problem.tolerance = tolerance;
  Control control;
  const auto plan = planGrid(problem, {});
  if (!plan) return test.n;
  std::vector<std::uint32_t> left = scoreGridded(problem, *plan, control);
  const std::size_t count = left.size();
  if (count > 0) ClusteredScore<T>(problem, std::move(left), control).run(control);
  EXPECT_LE(promisedError(test, tolerance, step), 1.0) << test.name << " tolerance=" << tolerance;
  return count;
}

/// With a plan that is of use.
template <class T>
std::size_t expectWithin(ScoreCase<T>& test, double tolerance, std::size_t step = 1) {
  const std::size_t left = runGridded(test, tolerance, step);
  EXPECT_LT(left, test.n) << test.name << " tolerance=" << tolerance;
  return left;
}

/// Along one dimension, from what the taps and the kernel give between points anywhere in a step.
TEST(GridWindow, ErrorsAreNoLargerThanStated) {
  for (const GridWindow& window : kGridWindows) {
    const GridTaps& taps = gridTaps(window);
    const std::size_t width = window.width, reach = static_cast<std::size_t>(9 * window.density) + width;
    const std::vector<double> kernel = gridKernel(window, reach);
    const auto tapsAt = [&](double position, std::size_t derivative) {
      const double low = position - static_cast<double>(width) / 2, tau = 2 * (std::ceil(low) - low) - 1;
      std::vector<double> values(width, 0.0);
      for (std::size_t i = taps.degree + 1; i-- > 0;) {
        for (std::size_t tap = 0; tap < width; ++tap) {
          values[tap] = values[tap] * tau + taps.coefficients[(derivative * (taps.degree + 1) + i) * taps.padded + tap];
        }
      }
      return values;
    };
    std::array<double, 3> worst{};
    for (const double x : {0.02, 0.27, 0.48, 0.77, 0.96}) {
      for (const double c : {0.0, 0.13, 0.31, 0.52, 0.68, 0.94}) {
        const std::vector<double> source = tapsAt(c, 0);
        const auto shift = static_cast<std::ptrdiff_t>(std::ceil(x - static_cast<double>(width) / 2) - std::ceil(c - static_cast<double>(width) / 2));
        for (std::size_t q = 0; q < 3; ++q) {
          const std::vector<double> query = tapsAt(x, q);
          for (std::ptrdiff_t steps = 0; static_cast<double>(steps) < 8.3 * window.density; ++steps) {
            double value = 0.0;
            for (std::size_t a = 0; a < width; ++a) {
              for (std::size_t b = 0; b < width; ++b) {
                const auto lag = static_cast<std::size_t>(std::abs(steps + shift + static_cast<std::ptrdiff_t>(a) - static_cast<std::ptrdiff_t>(b)));
                if (lag <= reach) value += query[a] * source[b] * kernel[lag];
              }
            }
            const double s = (static_cast<double>(steps) + x - c) / window.density, gaussian = std::exp(-s * s / 2);
            const double exact = q == 0 ? gaussian : q == 1 ? -s * gaussian : (s * s - 1) * gaussian;
            worst[q] = std::max(worst[q], (std::abs(value - exact) - kGridRounding[q]) / std::sqrt(gaussian));
          }
        }
      }
    }
    for (std::size_t q = 0; q < 3; ++q) {
      EXPECT_LE(worst[q], window.error[q]) << "width " << width << ", density " << window.density << ", derivative " << q;
    }
  }
}

template <class T>
void compareKinds(std::uint64_t seed, double variance) {
  Random random(seed);
  std::size_t round = 0, used = 0;
  for (const CloudKind kind : kCloudKinds) {
    for (const std::size_t d : {1UL, 2UL, 3UL}) {
      const std::size_t n = std::array{1UL, 17UL, 333UL, 700UL}[round % 4], m = std::array{601UL, 64UL, 3UL, 1UL, 257UL}[round % 5];
      auto clouds = random.clouds<T>(kind, {n, m}, d);
      auto test = scoreCase<T>(std::move(clouds[0]), std::move(clouds[1]), d, variance * (kind == CloudKind::kClustered ? 40 : 1));
      if (round % 3 == 0) test.logWeights = random.logWeights<T>(m);
      used += runGridded(test, round % 2 == 0 ? 1e-5 : 1e-9, 1) < n ? 1 : 0;
      ++round;
    }
  }
  EXPECT_GE(used, 12U);  // not where outliers would make the grid too large, or nothing is near
}

TYPED_TEST(Gridded, StaysWithinTheToleranceOnAwkwardSizes) {
  for (const double variance : {0.1, 2.0, 100.0}) compareKinds<TypeParam>(71, variance);
}

TYPED_TEST(Gridded, AgreesOnEveryInstructionSet) {
  onEveryTarget([](const char* name) {
    SCOPED_TRACE(name);
    compareKinds<TypeParam>(72, 0.4);
  });
}

TYPED_TEST(Gridded, StaysWithinAnyToleranceOnItself) {
  Random random(73);
  for (const std::size_t d : {1UL, 2UL, 3UL}) {
    const std::size_t n = 6001;
    auto test = randomCaseOnItself<TypeParam>(random, CloudKind::kNormal, n, d, 0.1);
    for (const bool excludeSelf : {false, true}) {
      test.excludeSelf = excludeSelf;
      for (const double tolerance : {1e-1, 1e-2, 1e-4, 1e-6, 1e-8, 1e-10}) {
        EXPECT_LT(expectWithin(test, tolerance, 61), n / 4) << tolerance;
      }
    }
  }
}

TYPED_TEST(Gridded, OwnCentresAreLeftOutWhereverTheyAre) {
  Random random(74);
  for (const std::size_t d : {1UL, 2UL, 3UL}) {
    auto test = randomCase<TypeParam>(random, CloudKind::kNormal, 900, 900, d, 0.3, false);
    test.excludeSelf = true;
    test.logWeights = random.logWeights<TypeParam>(900);
    test.logWeights[5] = TypeParam(-0.01);  // nearly all of the weight, which its own query does without
    expectWithin(test, 1e-6);
  }
}

TYPED_TEST(Gridded, QueriesInTheTailAreLeftOver) {
  Random random(75);
  for (const std::size_t d : {1UL, 2UL, 3UL}) {
    auto test = randomCase<TypeParam>(random, CloudKind::kNormal, 1000, 2000, d, 0.2, false);
    for (std::size_t i = 0; i < 20 * d; ++i) test.queries[i] *= TypeParam(20);
    const std::size_t left = expectWithin(test, 1e-6);
    EXPECT_GE(left, 8U);
    EXPECT_LT(left, 300U);
  }
}

TYPED_TEST(Gridded, OutliersDoNotStretchTheGrid) {
  Random random(76);
  auto test = randomCaseOnItself<TypeParam>(random, CloudKind::kNormal, 5000, 3, 0.25);
  for (std::size_t k = 0; k < 30; ++k) test.centres[k] *= TypeParam(1e5);
  const std::size_t left = expectWithin(test, 1e-6, 7);
  EXPECT_GE(left, 10U);
  EXPECT_LT(left, 500U);
}

TYPED_TEST(Gridded, CollinearAndEqualPoints) {
  Random random(77);
  std::vector<TypeParam> line(3 * 800), same(3 * 800, TypeParam(1.5));
  for (std::size_t i = 0; i < 800; ++i) {
    const double t = random.normal();
    for (std::size_t k = 0; k < 3; ++k) line[3 * i + k] = static_cast<TypeParam>(t * static_cast<double>(k) + 2);
  }
  for (const double variance : {0.05, 1.0, 900.0}) {
    auto test = scoreCase<TypeParam>(random.cloud<TypeParam>(CloudKind::kNormal, 100, 3), line, 3, variance);
    expectWithin(test, 1e-6);
    auto point = scoreCase<TypeParam>(same, same, 3, variance);
    expectWithin(point, 1e-6);
  }
}

/// Through score(), whichever path it takes. Where that is all pairs, the results are the exact ones, whose own rounding in
/// float32 may be more than the tolerance.
template <class T>
void expectScoreWithin(ScoreCase<T>& test, double tolerance, std::size_t step) {
  Control control;
  score(test.problem(), control);
  const std::vector<T> exact = test.mean;
  ScoreProblem<T> problem = test.problem();
  problem.tolerance = tolerance;
  score(problem, control);
  if (test.mean == exact) return;
  EXPECT_LE(promisedError(test, tolerance, step), 1.0) << test.name;
}

TYPED_TEST(Gridded, EveryBandwidthStaysWithinTheTolerance) {
  Random random(78);
  for (const CloudKind kind : kCloudKinds) {
    for (const std::size_t d : {1UL, 2UL, 3UL}) {
      auto cloud = random.cloud<TypeParam>(kind, 3000, d);
      for (const double sigma : {0.01, 0.1, 1.0, 10.0}) {
        auto test = scoreCase<TypeParam>({}, cloud, d, sigma * sigma);
        test.n = 3000;
        test.onItself = true;
        test.excludeSelf = sigma == 1.0;
        if (d == 2) test.logWeights = random.logWeights<TypeParam>(3000);
        expectScoreWithin(test, sizeof(TypeParam) == 4 ? 1e-6 : 1e-9, 211);
      }
    }
  }
}

TYPED_TEST(Gridded, BitsDoNotDependOnTheNumberOfThreads) {
  Random random(79);
  for (const std::size_t d : {1UL, 2UL, 3UL}) {
    auto test = randomCaseOnItself<TypeParam>(random, CloudKind::kOutliers, 20000, d, 0.3);
    expectSameBits(test, [&] {
      ScoreProblem<TypeParam> problem = test.problem();
      problem.tolerance = 1e-6;
      const auto plan = planGrid(problem, {});
      ASSERT_TRUE(plan.has_value());
      Control control;
      scoreGridded(problem, *plan, control);
    });
  }
}

TEST(GriddedControl, StopsWhereAskedAndFinishes) {
  Random random(80);
  for (const std::size_t d : {1UL, 3UL}) {
    auto test = randomCase<float>(random, CloudKind::kNormal, 5000, 7000, d, 0.3, false);
    for (std::size_t k = 0; k < 5 * d; ++k) test.queries[k] *= 30.0F;
    ScoreProblem<float> problem = test.problem();
    problem.tolerance = 1e-6;
    expectControlled(problem);
  }
}

TEST(GriddedPlan, ThereIsNoneWhereAGridWouldBeTooLarge) {
  Random random(81);
  auto test = randomCase<float>(random, CloudKind::kNormal, 500, 500, 3, 1e-8, false);
  ScoreProblem<float> problem = test.problem();
  problem.tolerance = 1e-6;
  EXPECT_FALSE(planGrid(problem, {}).has_value());
  problem.variance = 1.0;
  EXPECT_TRUE(planGrid(problem, {}).has_value());
  problem.d = 4;
  EXPECT_FALSE(planGrid(problem, {}).has_value());
}

}  // namespace
}  // namespace ridgeflow::testing
