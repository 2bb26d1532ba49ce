#include "transport/parts.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include <gtest/gtest.h>

#include "support.hpp"
#include "transport/pairs.hpp"

namespace ridgeflow::testing {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

/// −ε log Σ e^{−v/ε} by its definition, about the least value.
double plainSoftmin(const std::vector<double>& values, double epsilon) {
  const double least = *std::min_element(values.begin(), values.end());
  if (std::isinf(least)) return least;
  long double sum = 0.0L;
  for (const double value : values) sum += std::exp(static_cast<long double>(least - value) / epsilon);
  return static_cast<double>(least - epsilon * std::log(sum));
}

TEST(SoftminParts, AreTheSoftminOfAll) {
  Random random(51);
  for (const std::size_t n : kSizes) {
    for (const double epsilon : {1e-3, 0.7, 40.0, 1e6}) {
      std::vector<std::vector<double>> all(5, std::vector<double>(n));
      for (auto& part : all) {
        // Far apart, near each other, equal, and without weight.
        for (double& value : part) {
          const std::size_t kind = random.below(4);
          value = kind == 0 ? kInfinity : kind == 1 ? 3.0 : kind == 2 ? 1e3 * random.normal() : epsilon * random.normal();
        }
      }
      std::vector<double> minima(n, kInfinity);
      Control control;
      for (const auto& part : all) addSoftminPart(minima.data(), part.data(), n, epsilon, control);
      for (std::size_t i = 0; i < n; ++i) {
        std::vector<double> values;
        for (const auto& part : all) values.push_back(part[i]);
        const double expected = plainSoftmin(values, epsilon);
        if (std::isinf(expected)) ASSERT_EQ(minima[i], expected);
        else ASSERT_NEAR(minima[i], expected, 2e-15 * (std::abs(expected) + 4 * epsilon)) << "ε=" << epsilon << " row " << i;
      }
    }
  }
}

TEST(SoftminParts, OfInfiniteValuesKeepTheirSense) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const std::vector<double> before = {kInfinity, kInfinity, 2.0, -kInfinity, -kInfinity, 2.0, -kInfinity, kInfinity, nan, 1.0};
  const std::vector<double> more = {kInfinity, 2.0, kInfinity, 2.0, -kInfinity, -kInfinity, kInfinity, -kInfinity, 1.0, nan};
  std::vector<double> minima = before;
  Control control;
  addSoftminPart(minima.data(), more.data(), minima.size(), 0.5, control);
  const std::vector<double> found(minima.begin(), minima.begin() + 8);
  EXPECT_EQ(found, (std::vector<double>{kInfinity, 2.0, 2.0, -kInfinity, -kInfinity, -kInfinity, -kInfinity, -kInfinity}));
  EXPECT_TRUE(std::isnan(minima[8]));
  EXPECT_TRUE(std::isnan(minima[9]));
}

template <class T>
class SoftminPartsOf : public ::testing::Test {};
using ElementTypes = ::testing::Types<float, double>;
TYPED_TEST_SUITE(SoftminPartsOf, ElementTypes);

TYPED_TEST(SoftminPartsOf, ACloudMakeUpTheWhole) {
  Random random(52);
  const std::size_t n = 61, m = 300;
  for (const std::size_t d : {1UL, 3UL, 17UL, 64UL}) {
    const auto clouds = random.clouds<TypeParam>(CloudKind::kNormal, {n, m}, d);
    std::vector<double> logWeights(m);
    // Of the first targets none counts.
    for (std::size_t j = 0; j < m; ++j) logWeights[j] = j < 30 || j % 5 == 3 ? -kInfinity : random.normal();
    for (const PairCost cost : {PairCost::kSquaredEuclidean, PairCost::kEuclidean}) {
      const double epsilon = 0.5 * static_cast<double>(d);
      PointPairs<TypeParam> pairs{clouds[0].data(), n, clouds[1].data(), m, d, cost, epsilon, logWeights.data()};
      std::vector<double> whole(n), minima(n, kInfinity), part(n);
      Control control;
      softmin(pairs, whole.data(), control);
      const std::vector<std::size_t> begins = {0, 30, 31, 170, 300};
      for (std::size_t p = 0; p + 1 < begins.size(); ++p) {
        pairs.to = clouds[1].data() + begins[p] * d;
        pairs.logWeights = logWeights.data() + begins[p];
        pairs.m = begins[p + 1] - begins[p];
        softmin(pairs, part.data(), control);
        addSoftminPart(minima.data(), part.data(), n, epsilon, control);
      }
      const double allowed = epsilon * (sizeof(TypeParam) == 4 ? 4e-5 : 1e-12);
      for (std::size_t i = 0; i < n; ++i) ASSERT_NEAR(minima[i], whole[i], allowed) << "d=" << d << " row " << i;
    }
  }
}

TEST(SoftminParts, HaveTheSameBitsForAnyNumberOfThreads) {
  Random random(53);
  const std::size_t n = 30011;
  const auto before = random.normals<double>(n), more = random.normals<double>(n);
  std::vector<double> first;
  withThreadCounts({1, 2, 3, 7}, [&](int threads) {
    std::vector<double> minima = before;
    Control control;
    addSoftminPart(minima.data(), more.data(), n, 0.3, control);
    if (threads == 1) first = minima;
    EXPECT_EQ(minima, first);
  });
}

TEST(SoftminParts, StopWhereAsked) {
  const std::size_t n = 20000;
  std::vector<double> minima(n, kInfinity);
  const std::vector<double> part(n, 1.0);
  std::int32_t cells[2] = {1, 0};
  Control control(cells);
  EXPECT_THROW(addSoftminPart(minima.data(), part.data(), n, 0.5, control), Aborted);
  cells[0] = 0;
  addSoftminPart(minima.data(), part.data(), n, 0.5, control);
  EXPECT_EQ(cells[1], 1000000);
}

}  // namespace
}  // namespace ridgeflow::testing
