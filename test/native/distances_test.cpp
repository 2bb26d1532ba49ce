#include "distances/distance_sums.hpp"

#include <cmath>
#include <vector>

#include <gtest/gtest.h>

#include "distances/mutual_sums.hpp"
#include "support.hpp"

namespace ridgeflow::testing {
namespace {

template <class T>
class DistanceSums : public ::testing::Test {};
using ElementTypes = ::testing::Types<float, double>;
TYPED_TEST_SUITE(DistanceSums, ElementTypes);

std::vector<std::int32_t> someGroups(Random& random, std::size_t m, std::size_t groupCount) {
  std::vector<std::int32_t> groups(m);
  for (auto& group : groups) group = static_cast<std::int32_t>(random.below(groupCount));
  return groups;
}

template <class T>
DistanceSumProblem<T> problemOf(const std::vector<T>& queries, const std::vector<T>& points, std::size_t d,
                                const std::vector<std::int32_t>& groups, std::size_t groupCount, std::vector<double>& sums) {
  DistanceSumProblem<T> problem;
  problem.queries = queries.data();
  problem.n = queries.size() / d;
  problem.points = points.data();
  problem.m = points.size() / d;
  problem.d = d;
  problem.groups = groups.data();
  problem.groupCount = groupCount;
  sums.assign(problem.n * groupCount, -1.0);
  problem.sums = sums.data();
  return problem;
}

template <class T>
void expectReference(const std::vector<T>& queries, const std::vector<T>& points, std::size_t d,
                     const std::vector<std::int32_t>& groups, std::size_t groupCount) {
  std::vector<double> sums;
  Control control;
  const auto problem = problemOf(queries, points, d, groups, groupCount, sums);
  distanceSums(problem, control);
  const double tolerance = 64.0 * std::numeric_limits<T>::epsilon();
  std::vector<double> expected(sums.size(), 0.0);
  for (std::size_t i = 0; i < problem.n; ++i) {
    for (std::size_t j = 0; j < problem.m; ++j) {
      double square = 0.0;
      for (std::size_t k = 0; k < d; ++k) {
        const double difference = static_cast<double>(queries[i * d + k]) - static_cast<double>(points[j * d + k]);
        square += difference * difference;
      }
      expected[i * groupCount + static_cast<std::size_t>(groups[j])] += std::sqrt(square);
    }
  }
  for (std::size_t i = 0; i < sums.size(); ++i) {
    ASSERT_NEAR(sums[i], expected[i], tolerance * expected[i]) << "n=" << problem.n << " m=" << problem.m << " d=" << d << " at " << i;
  }
}

template <class T>
void compareAwkwardSizes(std::uint64_t seed) {
  Random random(seed);
  std::size_t round = 0;
  for (const std::size_t n : {1UL, 2UL, 15UL, 31UL, 47UL, 48UL, 49UL, 97UL, 257UL, 600UL}) {
    for (const std::size_t groupCount : {1UL, 2UL, 7UL}) {
      for (const CloudKind kind : {CloudKind::kNormal, CloudKind::kDuplicates, CloudKind::kClustered}) {
        const std::size_t d = kDimensions[round++ % kDimensions.size()];
        const auto clouds = random.clouds<T>(kind, {n, 33}, d);
        const auto groups = someGroups(random, n, groupCount);
        expectReference(clouds[0], clouds[0], d, groups, groupCount);
        expectReference(clouds[1], clouds[0], d, groups, groupCount);
      }
    }
  }
}

TYPED_TEST(DistanceSums, AgreesWithTheDefinition) { compareAwkwardSizes<TypeParam>(61); }

TYPED_TEST(DistanceSums, AgreesOnEveryInstructionSet) {
  onEveryTarget([](const char* name) {
    SCOPED_TRACE(name);
    Random random(62);
    for (const std::size_t d : {3UL, 130UL}) {
      const auto cloud = random.cloud<TypeParam>(CloudKind::kNormal, 301, d);
      expectReference(cloud, cloud, d, someGroups(random, 301, 3), 3);
    }
  });
}

TYPED_TEST(DistanceSums, GivesTheSameBitsForAnyNumberOfThreads) {
  Random random(63);
  const auto cloud = random.cloud<TypeParam>(CloudKind::kNormal, 2111, 9);
  const auto groups = someGroups(random, 2111, 4);
  std::vector<double> first;
  withThreadCounts({1, 2, 5, 8}, [&](int threads) {
    std::vector<double> sums;
    Control control;
    const auto problem = problemOf(cloud, cloud, 9, groups, 4, sums);
    ASSERT_TRUE(mutualDistanceSums(problem, control));
    if (threads == 1) first = sums;
    EXPECT_EQ(sums, first);
  });
}

TYPED_TEST(DistanceSums, LeavesGroupsThatAreTooSmallForVectors) {
  Random random(64);
  const auto cloud = random.cloud<TypeParam>(CloudKind::kNormal, 200, 5);
  const auto groups = someGroups(random, 200, 90);
  std::vector<double> sums;
  Control control;
  EXPECT_FALSE(mutualDistanceSums(problemOf(cloud, cloud, 5, groups, 90, sums), control));
  expectReference(cloud, cloud, 5, groups, 90);
}

TYPED_TEST(DistanceSums, StopsWhereAskedAndSaysHowFarItIs) {
  Random random(65);
  const auto cloud = random.cloud<TypeParam>(CloudKind::kNormal, 700, 6);
  const auto groups = someGroups(random, 700, 2);
  std::vector<double> sums;
  std::int32_t cells[2] = {1, 0};
  Control control(cells);
  EXPECT_THROW(distanceSums(problemOf(cloud, cloud, 6, groups, 2, sums), control), Aborted);
  cells[0] = 0;
  distanceSums(problemOf(cloud, cloud, 6, groups, 2, sums), control);
  EXPECT_EQ(cells[1], 1000000);
}

}  // namespace
}  // namespace ridgeflow::testing
