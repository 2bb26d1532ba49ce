#include "radon/projections.hpp"

#include <algorithm>
#include <array>

#include <gtest/gtest.h>

#include "support.hpp"

namespace ridgeflow::testing {
namespace {

template <class T>
class Projections : public ::testing::Test {};
using ElementTypes = ::testing::Types<float, double>;
TYPED_TEST_SUITE(Projections, ElementTypes);

template <class T>
struct Setup {
  std::vector<T> points, directions;
  std::vector<double> weights;
  ProjectedCloud<T> cloud;

  Setup(Random& random, std::size_t n, std::size_t d, std::size_t count) {
    points = random.cloud<T>(CloudKind::kNormal, n, d);
    directions = random.cloud<T>(CloudKind::kNormal, count, d);
    for (std::size_t i = 0; i < n; ++i) weights.push_back(random.uniform());
    cloud = {points.data(), n, d, weights.data(), directions.data(), count};
  }

  double projection(std::size_t i, std::size_t line) const {
    double sum = 0.0;
    for (std::size_t k = 0; k < cloud.d; ++k) sum += static_cast<double>(points[i * cloud.d + k]) * static_cast<double>(directions[line * cloud.d + k]);
    return sum;
  }
};

TYPED_TEST(Projections, HoldTheWeightOnEveryTarget) {
  onEveryTarget([](const char* target) {
    Random random(101);
    for (const std::size_t n : {1UL, 2UL, 31UL, 479UL, 513UL, 1500UL}) {
      for (const std::size_t count : {1UL, 3UL, 65UL}) {
        const Setup<TypeParam> setup(random, n, n == 31 ? 300 : 1 + random.below(40), count);
        double weight = 0.0;
        for (const double value : setup.weights) weight += value;
        for (const bool smooth : {false, true}) {
          const ProjectionBins bins{-100, 0.5, 401, smooth};
          std::vector<double> sums(count * bins.width, 0.0);
          Control control;
          binProjections(setup.cloud, bins, sums.data(), control);
          for (std::size_t line = 0; line < count; ++line) {
            double held = 0.0, mean = 0.0, expected = 0.0, size = 1.0;
            for (std::size_t k = 0; k < bins.width; ++k) {
              held += sums[line * bins.width + k];
              mean += sums[line * bins.width + k] * (bins.first + bins.spacing * static_cast<double>(k));
            }
            for (std::size_t i = 0; i < n; ++i) expected += setup.weights[i] * setup.projection(i, line), size += std::abs(setup.projection(i, line));
            ASSERT_NEAR(held, weight, 1e-10 * (1 + weight)) << target;
            // The spline keeps first moments.
            ASSERT_NEAR(mean, expected, smooth ? 20 * std::numeric_limits<TypeParam>::epsilon() * size * 10 + 1e-9 : 0.25 * weight + 1e-4) << target;
          }
        }
        std::vector<double> extents(2 * count, 0.0);
        Control control;
        projectionExtents(setup.cloud, extents.data(), control);
        for (std::size_t line = 0; line < count; ++line) {
          double least = 0.0, greatest = 0.0;
          for (std::size_t i = 0; i < n; ++i) {
            least = std::min(least, setup.projection(i, line));
            greatest = std::max(greatest, setup.projection(i, line));
          }
          ASSERT_NEAR(extents[2 * line], least, 100 * std::numeric_limits<TypeParam>::epsilon() * (1 + std::abs(least))) << target;
          ASSERT_NEAR(extents[2 * line + 1], greatest, 100 * std::numeric_limits<TypeParam>::epsilon() * (1 + greatest)) << target;
        }
      }
    }
  });
}

TYPED_TEST(Projections, DoNotDependOnTheNumberOfThreads) {
  Random random(102);
  const Setup<TypeParam> setup(random, 9000, 7, 13);
  for (const bool smooth : {false, true}) {
    std::vector<double> first;
    withThreadCounts({1, 2, 3, 7}, [&](int threads) {
      const ProjectionBins bins{-5, 0.1, 101, smooth};
      std::vector<double> sums(13 * bins.width, 0.0);
      Control control;
      binProjections(setup.cloud, bins, sums.data(), control);
      if (threads == 1) first = sums;
      EXPECT_EQ(first, sums);
    });
  }
}

TYPED_TEST(Projections, StopWhenAborted) {
  Random random(103);
  const Setup<TypeParam> setup(random, 10, 2, 3);
  std::array<std::int32_t, 2> cells = {1, 0};
  Control control(cells.data());
  std::vector<double> sums(15), extents(6);
  EXPECT_THROW(binProjections(setup.cloud, {0, 1, 5, false}, sums.data(), control), Aborted);
  EXPECT_THROW(projectionExtents(setup.cloud, extents.data(), control), Aborted);
}

}  // namespace
}  // namespace ridgeflow::testing
