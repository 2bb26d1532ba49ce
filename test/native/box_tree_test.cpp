#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <set>
#include <vector>

#include <gtest/gtest.h>

#include "neighbour_reference.hpp"
#include "neighbours/box_tree.hpp"
#include "neighbours/count.hpp"
#include "support.hpp"

namespace ridgeflow::testing {
namespace {

template <class T>
class BoxTrees : public ::testing::Test {};
using ElementTypes = ::testing::Types<float, double>;
TYPED_TEST_SUITE(BoxTrees, ElementTypes);

template <class T>
struct CountCase {
  std::vector<T> queries, points;
  std::size_t d;
  Norm norm;
  bool strict, excludeSelf;

  std::vector<std::int32_t> counts(const std::vector<T>& radii, Control& control) const {
    std::vector<std::int32_t> counts(queries.size() / d);
    countWithin(CountProblem<T>{queries.data(), counts.size(), points.data(), points.size() / d, d, radii.data(), norm, strict,
                                excludeSelf, counts.data()},
                control);
    return counts;
  }

  T distance(std::size_t i, std::size_t j) const {
    double result = 0.0;
    for (std::size_t c = 0; c < d; ++c) {
      const double difference = static_cast<double>(queries[i * d + c]) - static_cast<double>(points[j * d + c]);
      result = norm == Norm::kMaximum ? std::max(result, std::abs(difference)) : result + difference * difference;
    }
    return static_cast<T>(norm == Norm::kMaximum ? result : std::sqrt(result));
  }

  void expectReference() const {
    const std::size_t n = queries.size() / d, m = points.size() / d;
    std::vector<T> radii(n);
    // Radii at which a point lies exactly, zero, and beyond everything.
    for (std::size_t i = 0; i < n; ++i) radii[i] = i % 11 == 3 ? T(0) : i % 13 == 5 ? std::numeric_limits<T>::max() : distance(i, (7 * i) % m);
    Control control;
    const auto found = counts(radii, control);
    for (std::size_t i = 0; i < n; ++i) {
      std::int32_t expected = 0;
      for (std::size_t j = 0; j < m; ++j) {
        if (excludeSelf && i == j) continue;
        if (strict ? distance(i, j) < radii[i] : distance(i, j) <= radii[i]) ++expected;
      }
      ASSERT_EQ(found[i], expected) << "m=" << m << " d=" << d << " query " << i << " radius " << radii[i];
    }
  }
};

template <class T>
void compareAwkwardSizes(std::uint64_t seed) {
  Random random(seed);
  std::size_t round = 0;
  for (const std::size_t m : {1UL, 2UL, 31UL, 32UL, 33UL, 511UL, 512UL, 513UL, 1009UL}) {
    for (const std::size_t d : {1UL, 2UL, 3UL, 8UL, 17UL, 65UL}) {
      auto clouds = random.clouds<T>(kCloudKinds[round % kCloudKinds.size()], {40, m}, d);
      expectNeighbours(clouds[0], clouds[1], d, std::min<std::size_t>(m, 1 + round % 7), false, Norm::kMaximum);
      if (m > 1) expectNeighbours(clouds[1], clouds[1], d, std::min<std::size_t>(m - 1, 3), true, Norm::kMaximum);
      const Norm norm = round % 2 == 0 ? Norm::kMaximum : Norm::kEuclidean;
      CountCase<T>{clouds[0], clouds[1], d, norm, round % 3 == 0, false}.expectReference();
      CountCase<T>{clouds[1], clouds[1], d, norm, round % 3 == 1, true}.expectReference();
      if (m >= 40) CountCase<T>{clouds[0], clouds[1], d, norm, round % 2 == 1, true}.expectReference();
      ++round;
    }
  }
}

TYPED_TEST(BoxTrees, AgreeWithTheReferenceOnAwkwardSizes) { compareAwkwardSizes<TypeParam>(41); }

TYPED_TEST(BoxTrees, AgreeOnEveryInstructionSet) {
  onEveryTarget([](const char* name) {
    SCOPED_TRACE(name);
    compareAwkwardSizes<TypeParam>(42);
  });
}

TYPED_TEST(BoxTrees, HoldEveryPointOnceInsideItsBoxes) {
  Random random(43);
  for (const std::size_t m : {1UL, 33UL, 600UL, 9001UL}) {
    const std::size_t d = 3;
    const auto cloud = random.cloud<TypeParam>(CloudKind::kClustered, m, d);
    Control control;
    const BoxTree<TypeParam> tree(cloud.data(), m, d, control);
    std::set<std::int32_t> seen;
    for (std::size_t leaf = 0; leaf < tree.leaves(); ++leaf) {
      for (std::size_t j = 0; j < tree.leafSize(leaf); ++j) {
        const std::int32_t row = tree.leafRows(leaf)[j];
        seen.insert(row);
        std::size_t box = leaf;
        for (std::size_t level = 0; level < tree.levels(); ++level, box /= box_scan::kChildren) {
          for (std::size_t k = 0; k < d; ++k) {
            const TypeParam value = cloud[static_cast<std::size_t>(row) * d + k];
            const std::size_t at = k * box_scan::kChildren + box % box_scan::kChildren;
            ASSERT_LE(tree.lower(level, box / box_scan::kChildren)[at], value);
            ASSERT_GE(tree.upper(level, box / box_scan::kChildren)[at], value);
          }
        }
      }
    }
    EXPECT_EQ(seen.size(), m);
    for (std::size_t level = 0; level < tree.levels(); ++level) {
      std::size_t below = 0;
      for (std::size_t box = 0; box < tree.boxes(level); ++box) below += tree.pointsBelow(level, box);
      EXPECT_EQ(below, m);
    }
    auto order = tree.localOrder(cloud.data(), m, control);
    std::sort(order.begin(), order.end());
    for (std::size_t i = 0; i < m; ++i) ASSERT_EQ(order[i], i);
  }
}

TYPED_TEST(BoxTrees, DoNotMindHugeAndTinyUnits) {
  Random random(44);
  const double most = std::numeric_limits<TypeParam>::max(), least = std::numeric_limits<TypeParam>::min();
  for (const double unit : {most / 64, std::sqrt(most), 1 / std::sqrt(most), 64 * least}) {
    auto cloud = random.cloud<TypeParam>(CloudKind::kNormal, 700, 3);
    for (auto& value : cloud) value = static_cast<TypeParam>(value * unit);
    expectNeighbours(cloud, cloud, 3, 4, true, Norm::kMaximum);
    CountCase<TypeParam>{cloud, cloud, 3, Norm::kMaximum, true, true}.expectReference();
  }
}

TYPED_TEST(BoxTrees, DoNotDependOnTheNumberOfThreads) {
  Random random(45);
  const auto cloud = random.cloud<TypeParam>(CloudKind::kLattice, 3001, 4);
  const CountCase<TypeParam> test{cloud, cloud, 4, Norm::kEuclidean, false, true};
  const std::vector<TypeParam> radii(3001, TypeParam(1));
  std::vector<std::int32_t> first;
  withThreadCounts({1, 2, 3, 7}, [&](int threads) {
    Control control;
    const auto counts = test.counts(radii, control);
    if (threads == 1) first = counts;
    EXPECT_EQ(counts, first);
  });
}

TEST(BoxTreeControl, StopsWhereAsked) {
  Random random(46);
  const auto cloud = random.cloud<float>(CloudKind::kNormal, 600, 3);
  const CountCase<float> test{cloud, cloud, 3, Norm::kMaximum, true, true};
  const std::vector<float> radii(600, 0.5F);
  std::int32_t cells[2] = {1, 0};
  Control control(cells);
  EXPECT_THROW(test.counts(radii, control), Aborted);
  cells[0] = 0;
  test.counts(radii, control);
  EXPECT_EQ(cells[1], 1000000);
}

}  // namespace
}  // namespace ridgeflow::testing
