#include "neighbours/neighbours.hpp"

#include "neighbours/local_dimension.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <vector>

#include <gtest/gtest.h>

#include "neighbour_reference.hpp"
#include "support.hpp"

namespace ridgeflow::testing {
namespace {

template <class T>
class Neighbours : public ::testing::Test {};
using ElementTypes = ::testing::Types<float, double>;
TYPED_TEST_SUITE(Neighbours, ElementTypes);

template <class T>
void compareAwkwardSizes(std::uint64_t seed) {
  Random random(seed);
  constexpr std::array kinds = {CloudKind::kNormal, CloudKind::kFarAway, CloudKind::kDuplicates, CloudKind::kLattice};
  std::size_t round = 0;
  for (const std::size_t n : kSizes) {
    for (const std::size_t m : kSizes) {
      const std::size_t d = kDimensions[round % kDimensions.size()];
      const std::size_t k = std::min<std::size_t>(m, 1 + round % 9);
      const auto clouds = random.clouds<T>(kinds[round / 5 % kinds.size()], {n, m}, d);
      expectNeighbours(clouds[0], clouds[1], d, k, false);
      ++round;
    }
  }
}

TYPED_TEST(Neighbours, AgreesWithTheReferenceOnAwkwardSizes) { compareAwkwardSizes<TypeParam>(21); }

TYPED_TEST(Neighbours, AgreesOnEveryInstructionSet) {
  onEveryTarget([](const char* name) {
    SCOPED_TRACE(name);
    compareAwkwardSizes<TypeParam>(22);
  });
}

TYPED_TEST(Neighbours, AgreesOnEitherSideOfTheTree) {
  Random random(23);
  for (const std::size_t d : {1UL, 3UL, 10UL, 11UL}) {
    for (const std::size_t m : {255UL, 256UL, 1009UL}) {
      const auto clouds = random.clouds<TypeParam>(CloudKind::kLattice, {130, m}, d);
      expectNeighbours(clouds[0], clouds[1], d, 5, false);
    }
  }
}

/// Few dimensions in many coordinates, many in as many, and a sample that mostly coincides.
TYPED_TEST(Neighbours, AgreesWhicheverWayASampleChooses) {
  Random random(28);
  const std::size_t m = 4200;
  for (const std::size_t d : {5UL, 9UL, 24UL}) {
    std::vector<TypeParam> curve(m * d);
    for (std::size_t i = 0; i < m; ++i) {
      const double angle = 6.28 * random.uniform();
      for (std::size_t k = 0; k < d; ++k) curve[i * d + k] = static_cast<TypeParam>(std::cos(angle * static_cast<double>(1 + k % 3) + static_cast<double>(k)));
    }
    const std::vector<TypeParam> some(curve.begin(), curve.begin() + static_cast<std::ptrdiff_t>(140 * d));
    expectNeighbours(some, curve, d, 5, true);
    for (const CloudKind kind : {CloudKind::kNormal, CloudKind::kDuplicates}) {
      const auto clouds = random.clouds<TypeParam>(kind, {140, m}, d);
      expectNeighbours(clouds[0], clouds[1], d, 5, false);
    }
  }
}

TYPED_TEST(Neighbours, TheDimensionOfACloudIsThatAroundItsPoints) {
  Random random(29);
  const std::size_t m = 5000;
  const auto full = random.cloud<TypeParam>(CloudKind::kNormal, m, 6);
  EXPECT_NEAR(localDimension(full.data(), m, full.data(), m, 6), 6.0, 1.0);
  std::vector<TypeParam> embedded(m * 40);
  for (std::size_t i = 0; i < m; ++i) {
    for (std::size_t k = 0; k < 40; ++k) embedded[i * 40 + k] = full[i * 6 + k % 3] * static_cast<TypeParam>(1 + k % 7);
  }
  EXPECT_NEAR(localDimension(embedded.data(), m, embedded.data(), m, 40), 3.0, 0.5);
  const std::vector<TypeParam> same(m * 4, TypeParam(2));
  EXPECT_EQ(localDimension(same.data(), m, same.data(), m, 4), 0.0);
}

TYPED_TEST(Neighbours, LeavesOutTheQueryItself) {
  Random random(24);
  for (const std::size_t d : {2UL, 12UL, 100UL}) {
    for (const CloudKind kind : {CloudKind::kNormal, CloudKind::kDuplicates}) {
      const auto cloud = random.cloud<TypeParam>(kind, 300, d);
      expectNeighbours(cloud, cloud, d, 4, true);
    }
  }
}

TYPED_TEST(Neighbours, AllPointsCanBeAskedFor) {
  Random random(25);
  for (const std::size_t d : {3UL, 30UL}) {
    const auto clouds = random.clouds<TypeParam>(CloudKind::kNormal, {5, 300}, d);
    expectNeighbours(clouds[0], clouds[1], d, 300, false);
  }
}

TYPED_TEST(Neighbours, DoesNotDependOnTheNumberOfThreads) {
  Random random(26);
  for (const std::size_t d : {3UL, 40UL}) {
    const auto clouds = random.clouds<TypeParam>(CloudKind::kLattice, {501, 700}, d);
    FoundNeighbours<TypeParam> first;
    withThreadCounts({1, 2, 3, 7}, [&](int threads) {
      Control control;
      FoundNeighbours<TypeParam> found = findNeighbours(clouds[0], clouds[1], d, 6, false, control);
      if (threads == 1) first = found;
      EXPECT_EQ(found.indices, first.indices);
      EXPECT_EQ(found.distances, first.distances);
    });
  }
}

TEST(NeighboursControl, StopsWhereAsked) {
  Random random(27);
  for (const std::size_t d : {3UL, 40UL}) {
    const auto cloud = random.cloud<float>(CloudKind::kNormal, 600, d);
    std::int32_t cells[2] = {1, 0};
    Control control(cells);
    EXPECT_THROW(findNeighbours(cloud, cloud, d, 3, false, control), Aborted);
    cells[0] = 0;
    findNeighbours(cloud, cloud, d, 3, false, control);
    EXPECT_EQ(cells[1], 1000000);
  }
}

}  // namespace
}  // namespace ridgeflow::testing
