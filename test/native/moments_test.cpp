#include "moments/moments.hpp"

#include <array>
#include <numeric>

#include <gtest/gtest.h>

#include "support.hpp"

namespace ridgeflow::testing {
namespace {

template <class T>
class Moments : public ::testing::Test {};
using ElementTypes = ::testing::Types<float, double>;
TYPED_TEST_SUITE(Moments, ElementTypes);

template <class T>
void expectCovariance(const std::vector<T>& points, const RowSelection& rows, std::size_t d) {
  const std::size_t n = rows.count;
  std::vector<double> mean(d), result(d * d), expectedMean(d, 0.0);
  Control control;
  covariance(points.data(), rows, d, mean.data(), result.data(), control);
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t k = 0; k < d; ++k) expectedMean[k] += static_cast<double>(points[rows[i] * d + k]) / static_cast<double>(n);
  }
  for (std::size_t a = 0; a < d; ++a) {
    EXPECT_NEAR(mean[a], expectedMean[a], 1e-10 * std::abs(expectedMean[a]) + 1e-12);
    for (std::size_t b = 0; b < d; ++b) {
      double sum = 0.0;
      for (std::size_t i = 0; i < n; ++i) {
        sum += (points[rows[i] * d + a] - expectedMean[a]) * (points[rows[i] * d + b] - expectedMean[b]);
      }
      ASSERT_NEAR(result[a * d + b], sum / static_cast<double>(n), 1e-8) << n << " × " << d << " at " << a << ", " << b;
    }
  }
}

TYPED_TEST(Moments, CovarianceAgreesWithTheDefinition) {
  Random random(42);
  for (const CloudKind kind : {CloudKind::kNormal, CloudKind::kFarAway}) {
    for (const std::size_t n : {1UL, 2UL, 17UL, 1031UL, 9000UL}) {
      for (const std::size_t d : {1UL, 3UL, 17UL}) {
        expectCovariance(random.cloud<TypeParam>(kind, n, d), {nullptr, n}, d);
      }
    }
    expectCovariance(random.cloud<TypeParam>(kind, 70, 600), {nullptr, 70}, 600);
    expectCovariance(random.cloud<TypeParam>(kind, 2100, 257), {nullptr, 2100}, 257);
  }
}

TYPED_TEST(Moments, CovarianceOfChosenRows) {
  Random random(48);
  for (const auto& [n, d, count] : {std::array<std::size_t, 3>{5, 2, 1}, {40, 17, 90}, {3000, 30, 2500}, {30, 300, 20}}) {
    std::vector<std::int32_t> rows(count);
    for (std::int32_t& row : rows) row = static_cast<std::int32_t>(random.below(n));
    expectCovariance(random.cloud<TypeParam>(CloudKind::kFarAway, n, d), {rows.data(), count}, d);
  }
}

TYPED_TEST(Moments, RowsAreCentredAndRoundedOnce) {
  Random random(49);
  for (const auto& [n, d] : {std::array<std::size_t, 2>{1, 1}, {17, 3}, {3, 70001}, {2011, 65}}) {
    const auto points = random.cloud<TypeParam>(CloudKind::kFarAway, n, d);
    std::vector<double> centre(d);
    for (double& value : centre) value = random.normal();
    std::vector<std::int32_t> reversed(n);
    std::iota(reversed.rbegin(), reversed.rend(), 0);
    std::vector<TypeParam> out(n * d);
    Control control;
    centredRows(points.data(), {reversed.data(), n}, d, centre.data(), 0.3, out.data(), control);
    for (std::size_t i = 0; i < n; ++i) {
      for (std::size_t k = 0; k < d; ++k) {
        const double expected = (points[(n - 1 - i) * d + k] - centre[k]) * 0.3;
        ASSERT_EQ(out[i * d + k], static_cast<TypeParam>(expected));
      }
    }
  }
}

TYPED_TEST(Moments, GroupsHaveTheirMeansAndSquares) {
  Random random(50);
  for (const auto& [n, d, count] : {std::array<std::size_t, 3>{1, 1, 1}, {17, 3, 4}, {2, 9001, 3}, {3011, 131, 7}}) {
    const auto points = random.cloud<TypeParam>(CloudKind::kFarAway, n, d);
    std::vector<std::int32_t> groups(n);
    for (std::int32_t& group : groups) group = static_cast<std::int32_t>(random.below(count));
    std::vector<double> means(count * d, -7.0), squares(count, -7.0);
    Control control;
    groupMoments(points.data(), n, d, groups.data(), count, means.data(), squares.data(), control);
    for (std::size_t group = 0; group < count; ++group) {
      double size = 0.0, square = 0.0;
      for (std::size_t i = 0; i < n; ++i) size += static_cast<std::size_t>(groups[i]) == group ? 1.0 : 0.0;
      for (std::size_t k = 0; k < d; ++k) {
        double mean = 0.0;
        for (std::size_t i = 0; i < n; ++i) {
          if (static_cast<std::size_t>(groups[i]) == group) mean += points[i * d + k] / size;
        }
        ASSERT_NEAR(means[group * d + k], mean, 1e-10 * std::abs(mean));
        for (std::size_t i = 0; i < n; ++i) {
          if (static_cast<std::size_t>(groups[i]) == group) square += (points[i * d + k] - mean) * (points[i * d + k] - mean);
        }
      }
      EXPECT_NEAR(squares[group], square, 1e-8 * square);
    }
  }
}

TYPED_TEST(Moments, ResultsDoNotDependOnTheNumberOfThreads) {
  Random random(43);
  for (const auto& [n, d] : {std::array<std::size_t, 2>{9001, 13}, {1500, 300}}) {
    const auto points = random.cloud<TypeParam>(CloudKind::kNormal, n, d);
    std::vector<std::int32_t> groups(n);
    for (std::size_t i = 0; i < n; ++i) groups[i] = static_cast<std::int32_t>(i % 3);
    std::vector<double> first;
    withThreadCounts({1, 2, 3, 7}, [&, n = n, d = d](int threads) {
      Control control;
      std::vector<double> mean(d), result(d * d), means(3 * d), squares(3);
      covariance(points.data(), {nullptr, n}, d, mean.data(), result.data(), control);
      groupMoments(points.data(), n, d, groups.data(), 3, means.data(), squares.data(), control);
      result.insert(result.end(), mean.begin(), mean.end());
      result.insert(result.end(), means.begin(), means.end());
      result.insert(result.end(), squares.begin(), squares.end());
      if (threads == 1) first = result;
      EXPECT_EQ(result, first);
    });
  }
}

TEST(MomentsControl, StopsWhereAsked) {
  Random random(46);
  const auto points = random.cloud<float>(CloudKind::kNormal, 2000, 30);
  std::vector<float> out(60000);
  std::vector<double> mean(30), result(900), squares(1);
  const std::vector<std::int32_t> groups(2000, 0);
  std::int32_t cells[2] = {1, 0};
  Control control(cells);
  EXPECT_THROW(covariance(points.data(), {nullptr, 2000}, 30, mean.data(), result.data(), control), Aborted);
  EXPECT_THROW(centredRows(points.data(), {nullptr, 2000}, 30, mean.data(), 1.0, out.data(), control), Aborted);
  EXPECT_THROW(groupMoments(points.data(), 2000, 30, groups.data(), 1, mean.data(), squares.data(), control), Aborted);
}

}  // namespace
}  // namespace ridgeflow::testing
