#include "neighbours/parts.hpp"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <utility>
#include <vector>

#include "neighbour_reference.hpp"
#include "support.hpp"

namespace ridgeflow::testing {
namespace {

template <class T>
class NeighbourParts : public ::testing::Test {};
using ElementTypes = ::testing::Types<float, double>;
TYPED_TEST_SUITE(NeighbourParts, ElementTypes);

/// The first list, of no neighbours.
template <class T>
FoundNeighbours<T> nothing(std::size_t n, std::size_t k) {
  return {std::vector<T>(n * k, std::numeric_limits<T>::infinity()), std::vector<std::int32_t>(n * k, -1)};
}

/// Neighbours of each query in rows [first, first + rows) of a cloud, by their numbers in that part.
template <class T>
struct Part {
  std::size_t first, k;
  FoundNeighbours<T> near;
};

template <class T>
void add(FoundNeighbours<T>& found, std::size_t n, std::size_t k, const Part<T>& part, std::int32_t* cells = nullptr) {
  Control control(cells);
  addNeighbourPart<T>({n, k, found.distances.data(), found.indices.data()},
                      {part.k, part.near.distances.data(), part.near.indices.data(), static_cast<std::int32_t>(part.first)}, control);
}

/// Parts of a table of n × m distances that begin at `begins`, the last of which is m; of each the nearest k, or all.
template <class T>
std::vector<Part<T>> partsOf(const std::vector<T>& table, std::size_t n, const std::vector<std::size_t>& begins, std::size_t k) {
  const std::size_t m = begins.back();
  std::vector<Part<T>> all;
  for (std::size_t p = 0; p + 1 < begins.size(); ++p) {
    const std::size_t first = begins[p], rows = begins[p + 1] - first;
    Part<T> part{first, std::min(k, rows), {}};
    for (std::size_t i = 0; i < n; ++i) {
      std::vector<std::pair<T, std::int32_t>> near;
      for (std::size_t j = 0; j < rows; ++j) near.emplace_back(table[i * m + first + j], static_cast<std::int32_t>(j));
      std::sort(near.begin(), near.end());
      for (std::size_t r = 0; r < part.k; ++r) {
        part.near.distances.push_back(near[r].first);
        part.near.indices.push_back(near[r].second);
      }
    }
    all.push_back(std::move(part));
  }
  return all;
}

/// The nearest k of all by sorting each row of the table; ∞ and −1 where there are fewer.
template <class T>
FoundNeighbours<T> sorted(const std::vector<T>& table, std::size_t n, std::size_t m, std::size_t k) {
  FoundNeighbours<T> found = nothing<T>(n, k);
  for (std::size_t i = 0; i < n; ++i) {
    std::vector<std::pair<T, std::int32_t>> near;
    for (std::size_t j = 0; j < m; ++j) near.emplace_back(table[i * m + j], static_cast<std::int32_t>(j));
    std::sort(near.begin(), near.end());
    for (std::size_t r = 0; r < std::min(k, m); ++r) {
      found.distances[i * k + r] = near[r].first;
      found.indices[i * k + r] = near[r].second;
    }
  }
  return found;
}

TYPED_TEST(NeighbourParts, AreTheNearestOfAllInWhateverOrderTheyCome) {
  Random random(41);
  // Parts of fewer rows than k, and of one; in all fewer than k as well.
  for (const std::size_t k : {1UL, 2UL, 5UL, 16UL, 33UL, 130UL}) {
    for (const std::size_t n : {1UL, 17UL, 97UL}) {
      const std::vector<std::size_t> begins = {0, 1, 4, 31, 48, 113};
      const std::size_t m = begins.back();
      std::vector<TypeParam> table(n * m);
      // Few different distances: most are tied, and some are too large for the dtype.
      for (TypeParam& value : table) {
        const std::size_t kind = random.below(40);
        value = kind == 0   ? std::numeric_limits<TypeParam>::infinity()
                : kind < 20 ? static_cast<TypeParam>(random.below(7))
                            : static_cast<TypeParam>(10 * random.uniform());
      }
      auto all = partsOf(table, n, begins, k);
      const auto expected = sorted(table, n, m, k);
      for (int order = 0; order < 6; ++order) {
        auto found = nothing<TypeParam>(n, k);
        for (const auto& part : all) add(found, n, k, part);
        ASSERT_EQ(found.distances, expected.distances) << "n=" << n << " k=" << k << " order " << order;
        ASSERT_EQ(found.indices, expected.indices) << "n=" << n << " k=" << k << " order " << order;
        for (std::size_t p = all.size() - 1; p > 0; --p) std::swap(all[p], all[random.below(p + 1)]);
      }
    }
  }
}

TYPED_TEST(NeighbourParts, TiesGoToTheLowerRow) {
  const std::size_t k = 4;
  const Part<TypeParam> late{100, 3, {{1, 1, 2}, {0, 7, 1}}}, early{10, 3, {{1, 2, 2}, {5, 0, 6}}};
  for (const bool earlyFirst : {false, true}) {
    auto found = nothing<TypeParam>(1, k);
    add(found, 1, k, earlyFirst ? early : late);
    add(found, 1, k, earlyFirst ? late : early);
    EXPECT_EQ(found.distances, (std::vector<TypeParam>{1, 1, 1, 2}));
    EXPECT_EQ(found.indices, (std::vector<std::int32_t>{15, 100, 107, 10}));
  }
}

TYPED_TEST(NeighbourParts, RowNumbersReachTheirLast) {
  auto found = nothing<TypeParam>(1, 2);
  add(found, 1, 2, {0x7ffffffeU, 1, {{3}, {0}}});
  add(found, 1, 2, {0x7ffffff0U, 1, {{3}, {2}}});
  EXPECT_EQ(found.indices, (std::vector<std::int32_t>{0x7ffffff2, 0x7ffffffe}));
}

TYPED_TEST(NeighbourParts, OfACloudMakeUpTheWhole) {
  Random random(42);
  for (const auto kind : {CloudKind::kNormal, CloudKind::kLattice, CloudKind::kDuplicates}) {
    for (const std::size_t d : {1UL, 3UL, 17UL}) {
      const std::size_t n = 61, m = 300, k = 7;
      const auto clouds = random.clouds<TypeParam>(kind, {n, m}, d);
      Control control;
      const auto expected = findNeighbours(clouds[0], clouds[1], d, k, false, control);
      auto found = nothing<TypeParam>(n, k);
      const std::vector<std::size_t> begins = {170, 300, 0, 3, 170};
      for (std::size_t p = 0; p + 1 < begins.size(); ++p) {
        if (begins[p] >= begins[p + 1]) continue;
        const auto at = [&](std::size_t row) { return clouds[1].begin() + static_cast<std::ptrdiff_t>(row * d); };
        const std::vector<TypeParam> points(at(begins[p]), at(begins[p + 1]));
        const std::size_t some = std::min(k, points.size() / d);
        add(found, n, k, {begins[p], some, findNeighbours(clouds[0], points, d, some, false, control)});
      }
      EXPECT_EQ(found.distances, expected.distances);
      EXPECT_EQ(found.indices, expected.indices);
    }
  }
}

TYPED_TEST(NeighbourParts, BitsDoNotDependOnTheNumberOfThreads) {
  Random random(43);
  const std::size_t n = 5003, k = 9;
  const std::vector<std::size_t> begins = {0, 20, 41};
  std::vector<TypeParam> table(n * begins.back());
  for (TypeParam& value : table) value = static_cast<TypeParam>(random.below(100));
  const auto all = partsOf(table, n, begins, k);
  const auto expected = sorted(table, n, begins.back(), k);
  withThreadCounts({1, 2, 3, 7}, [&](int) {
    auto found = nothing<TypeParam>(n, k);
    for (const auto& part : all) add(found, n, k, part);
    EXPECT_EQ(found.distances, expected.distances);
    EXPECT_EQ(found.indices, expected.indices);
  });
}

TEST(NeighbourPartsControl, StopWhereAsked) {
  const std::size_t n = 20000, k = 3;
  const Part<float> part{0, 1, {std::vector<float>(n, 1.0F), std::vector<std::int32_t>(n, 0)}};
  auto found = nothing<float>(n, k);
  std::int32_t cells[2] = {1, 0};
  EXPECT_THROW(add(found, n, k, part, cells), Aborted);
  cells[0] = 0;
  add(found, n, k, part, cells);
  EXPECT_EQ(cells[1], 1000000);
}

}  // namespace
}  // namespace ridgeflow::testing
