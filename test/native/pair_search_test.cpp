#include "neighbours/pair_search.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include <gtest/gtest.h>

#include "neighbour_reference.hpp"
#include "neighbours/candidates.hpp"
#include "support.hpp"

namespace ridgeflow::testing {
namespace {

template <class T>
class PairSearch : public ::testing::Test {};
using ElementTypes = ::testing::Types<float, double>;
TYPED_TEST_SUITE(PairSearch, ElementTypes);

/// What a filter may do to a block: nothing but collect.
struct Nearest {
  std::vector<Candidates<double>> best;
  double wanted(std::size_t local) const { return best[local].worst() > 0.0 ? best[local].worst() : -1.0; }
  void offer(std::size_t local, double compared, std::int32_t index) { best[local].offer(compared, index); }
};

/// Whether the filter of rounded points says itself worth its while, for the first queries of a cloud.
template <class T>
bool pays(const std::vector<T>& cloud, std::size_t d, std::size_t queries) {
  Control control;
  const PairProblem<T> problem{cloud.data(), queries, cloud.data(), cloud.size() / d, d, true};
  const auto origin = medianOfRows(problem.points, problem.m, d);
  const ByteCloud<T> bytes(problem.points, problem.m, d, origin, control);
  if (!bytes.usable()) return false;
  ByteFilter<T> filter(bytes, cloud.data(), 0, queries);
  Nearest found{std::vector<Candidates<double>>(queries, Candidates<double>(5))};
  return PairBlock<T, Nearest>(problem, 0, queries, found).run(filter, true, control);
}

bool hasByteProducts() { return neighbour_tiles::byteOperations().panelWidth > 0; }

TYPED_TEST(PairSearch, AgreesForOddDimensionsAndEveryKindOfCloud) {
  Random random(41);
  std::size_t round = 0;
  for (const std::size_t d : {11UL, 12UL, 13UL, 31UL, 64UL, 65UL, 127UL, 300UL, 515UL, 600UL}) {
    for (const CloudKind kind : {CloudKind::kNormal, CloudKind::kClustered, CloudKind::kLattice, CloudKind::kOutliers,
                                 CloudKind::kDuplicates, CloudKind::kFarAway}) {
      const std::size_t m = 130 + 37 * (round++ % 5);
      expectNeighbours(random.cloud<TypeParam>(kind, m, d), random.cloud<TypeParam>(kind, m + 3, d), d, 1 + round % 7, false);
      const auto cloud = random.cloud<TypeParam>(kind, m, d);
      expectNeighbours(cloud, cloud, d, 1 + round % 7, true);
    }
  }
}

TYPED_TEST(PairSearch, AgreesOnEveryInstructionSet) {
  onEveryTarget([](const char* name) {
    SCOPED_TRACE(name);
    Random random(42);
    for (const std::size_t d : {11UL, 62UL, 129UL}) {
      for (const CloudKind kind : {CloudKind::kNormal, CloudKind::kLattice, CloudKind::kOutliers}) {
        const auto cloud = random.cloud<TypeParam>(kind, 331, d);
        expectNeighbours(cloud, cloud, d, 6, true);
      }
    }
  });
}

TYPED_TEST(PairSearch, AgreesPastTheTrialWhetherTheFilterPaysOrNot) {
  Random random(43);
  for (const CloudKind kind : {CloudKind::kNormal, CloudKind::kClustered}) {
    const auto points = random.cloud<TypeParam>(kind, 2500, 20);
    const std::vector<TypeParam> queries(points.begin(), points.begin() + 100 * 20);
    expectNeighbours(queries, points, 20, 5, true);
  }
}

TYPED_TEST(PairSearch, AgreesWithPointsFarBeyondAllOthers) {
  Random random(44);
  auto cloud = random.cloud<TypeParam>(CloudKind::kNormal, 400, 33);
  cloud[7 * 33 + 4] = static_cast<TypeParam>(1e6);
  expectNeighbours(cloud, cloud, 33, 5, true);
  for (std::size_t k = 0; k < 33; ++k) cloud[211 * 33 + k] = static_cast<TypeParam>(-1e9);
  expectNeighbours(cloud, cloud, 33, 5, true);
}

TYPED_TEST(PairSearch, AgreesWithColumnsThatNeverChange) {
  Random random(45);
  auto cloud = random.cloud<TypeParam>(CloudKind::kNormal, 200, 24);
  for (std::size_t i = 0; i < 200; ++i) {
    for (std::size_t k = 0; k < 24; k += 2) cloud[i * 24 + k] = static_cast<TypeParam>(k == 4 ? 1e5 : 3.0);
  }
  expectNeighbours(cloud, cloud, 24, 5, true);
  std::fill(cloud.begin(), cloud.end(), static_cast<TypeParam>(0.1));
  expectNeighbours(cloud, cloud, 24, 5, true);
}

/// Every coordinate halfway between two steps of the rounding, where its error is largest, and nearly all distances tie.
TYPED_TEST(PairSearch, AgreesWhereRoundingIsWorst) {
  Random random(46);
  const int levels = std::max(neighbour_tiles::byteOperations().levels, 1);
  std::vector<TypeParam> cloud(300 * 16);
  for (auto& value : cloud) value = static_cast<TypeParam>(static_cast<double>(random.below(2)) + 0.5);
  // The mean is the origin and the extent the range of the bytes, so that a step is 1.
  for (std::size_t k = 0; k < 16; ++k) {
    double sum = 0.0;
    for (std::size_t i = 2; i < 300; ++i) sum += cloud[i * 16 + k];
    cloud[k] = static_cast<TypeParam>(levels);
    cloud[16 + k] = static_cast<TypeParam>(-levels - sum);
  }
  expectNeighbours(cloud, cloud, 16, 9, true);
}

/// All points on a sphere around the first: the bound of each is the distance of the others, to the last bit.
TYPED_TEST(PairSearch, AgreesWithPointsExactlyAtTheBound) {
  Random random(47);
  for (const double radius : {1.0, 3.0, 1e-3}) {
    std::vector<TypeParam> cloud(257 * 12, TypeParam(0));
    for (std::size_t i = 1; i < 257; ++i) {
      cloud[i * 12 + i % 12] = static_cast<TypeParam>((i / 12 % 2 ? -1 : 1) * radius);
      if (i % 3 == 0) cloud[i * 12 + i % 12] = std::nextafter(cloud[i * 12 + i % 12], TypeParam(0));
    }
    expectNeighbours(cloud, cloud, 12, 40, true);
  }
}

TYPED_TEST(PairSearch, AgreesOnScalesFromTheLeastToTheLargest) {
  Random random(48);
  const double most = std::numeric_limits<TypeParam>::max(), least = std::numeric_limits<TypeParam>::denorm_min();
  for (const double scale : {std::sqrt(most) / 100, most / 1e4, least * 100, std::sqrt(least), 1e-20, 1e20}) {
    auto cloud = random.cloud<TypeParam>(CloudKind::kNormal, 150, 17);
    for (auto& value : cloud) value = static_cast<TypeParam>(value * scale);
    expectNeighbours(cloud, cloud, 17, 4, true);
  }
}

TYPED_TEST(PairSearch, TakesDimensionsBeyondTheSumsOfBytes) {
  Random random(49);
  const std::size_t d = neighbour_tiles::kMostByteDimensions;
  for (const std::size_t columns : {d - 1, d, d + 1}) {
    const auto cloud = random.cloud<TypeParam>(CloudKind::kNormal, 66, columns);
    expectNeighbours(cloud, cloud, columns, 2, true);
  }
}

TYPED_TEST(PairSearch, SumsOfBytesHoldTheLargestDimension) {
  // All coordinates at the ends of the range: the largest products, with both signs.
  const std::size_t d = neighbour_tiles::kMostByteDimensions;
  std::vector<TypeParam> cloud(70 * d);
  for (std::size_t i = 0; i < 70; ++i) std::fill_n(cloud.begin() + static_cast<std::ptrdiff_t>(i * d), d, TypeParam(i % 2 ? -1 : 1));
  for (std::size_t i = 0; i < 70; ++i) cloud[i * d + i] *= TypeParam(0.5);
  expectNeighbours(cloud, cloud, d, 3, true);
}

TYPED_TEST(PairSearch, TheFilterKnowsWhetherItPays) {
  if (!hasByteProducts()) GTEST_SKIP() << "no products of bytes on this instruction set";
  Random random(50);
  EXPECT_TRUE(pays(random.cloud<TypeParam>(CloudKind::kNormal, 4000, 64), 64, 96));
  auto outlier = random.cloud<TypeParam>(CloudKind::kNormal, 4000, 64);
  outlier[64 * 777] = static_cast<TypeParam>(1e6);
  EXPECT_TRUE(pays(outlier, 64, 96));
  // Four tight clusters far apart: a step is wider than a cluster.
  auto clusters = random.cloud<TypeParam>(CloudKind::kClustered, 4000, 64);
  EXPECT_FALSE(pays(clusters, 64, 96));
}

TYPED_TEST(PairSearch, ValuesThatAreNotNumbersDoNoHarm) {
  Random random(51);
  auto cloud = random.cloud<TypeParam>(CloudKind::kNormal, 200, 20);
  cloud[333] = std::numeric_limits<TypeParam>::quiet_NaN();
  cloud[1000] = std::numeric_limits<TypeParam>::infinity();
  std::vector<TypeParam> distances(600);
  std::vector<std::int32_t> indices(600, -1);
  NeighbourProblem<TypeParam> problem;
  problem.queries = problem.points = cloud.data();
  problem.n = problem.m = 200;
  problem.d = 20;
  problem.k = 3;
  problem.distances = distances.data();
  problem.indices = indices.data();
  Control control;
  nearestNeighbours(problem, control);
  for (const std::int32_t index : indices) EXPECT_TRUE(index >= 0 && index < 200) << index;
}

TYPED_TEST(PairSearch, DoesNotDependOnTheNumberOfThreads) {
  Random random(52);
  const auto cloud = random.cloud<TypeParam>(CloudKind::kOutliers, 901, 40);
  withThreadCounts({1, 3, 8}, [&](int) { expectNeighbours(cloud, cloud, 40, 4, true); });
}

TEST(PairOperations, SumsOfSquaresToTheBit) {
  Random random(53);
  onEveryTarget([&](const char* name) {
    SCOPED_TRACE(name);
    for (const std::size_t d : {1UL, 7UL, 16UL, 33UL, 127UL, 128UL, 129UL, 300UL}) {
      const auto queries = random.cloud<float>(CloudKind::kFarAway, 5, d), rows = random.cloud<float>(CloudKind::kNormal, 9, d);
      std::vector<neighbour_tiles::Hit> hits;
      for (std::uint16_t i = 0; i < 19; ++i) hits.push_back({static_cast<std::uint16_t>(i % 9), static_cast<std::uint16_t>(i % 5)});
      std::vector<double> exact(hits.size());
      std::vector<float> near(hits.size());
      const auto operations = neighbour_tiles::pairOperations(float());
      operations.exactSquares(queries.data(), rows.data(), d, hits.data(), hits.size(), exact.data());
      operations.squares(queries.data(), rows.data(), d, hits.data(), hits.size(), near.data());
      for (std::size_t i = 0; i < hits.size(); ++i) {
        const double expected = comparedDistance(Norm::kEuclidean, queries.data() + hits[i].lane * d, 1, rows.data() + hits[i].row * d, 1, d);
        EXPECT_EQ(exact[i], expected);
        EXPECT_NEAR(near[i], expected, static_cast<double>(d + 3) * std::numeric_limits<float>::epsilon() * expected);
      }
    }
  });
}

}  // namespace
}  // namespace ridgeflow::testing
