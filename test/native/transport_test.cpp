#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include <gtest/gtest.h>

#include "support.hpp"
#include "transport/cost_matrix.hpp"
#include "transport/exact.hpp"
#include "transport/pairs.hpp"
#include "transport/sliced.hpp"
#include "transport/whole_masses.hpp"

namespace ridgeflow::testing {
namespace {

template <class T>
class Transport : public ::testing::Test {};
using ElementTypes = ::testing::Types<float, double>;
TYPED_TEST_SUITE(Transport, ElementTypes);

template <class T>
double squareOf(const std::vector<T>& a, std::size_t i, const std::vector<T>& b, std::size_t j, std::size_t d) {
  double square = 0.0;
  for (std::size_t k = 0; k < d; ++k) {
    const double difference = static_cast<double>(a[i * d + k]) - static_cast<double>(b[j * d + k]);
    square += difference * difference;
  }
  return square;
}

std::vector<double> potentials(Random& random, std::size_t count) {
  std::vector<double> values(count);
  for (std::size_t j = 0; j < count; ++j) {
    values[j] = j % 5 == 3 ? -std::numeric_limits<double>::infinity() : 3 * random.normal();
  }
  return values;
}

template <class T>
void compareSoftmin(std::uint64_t seed) {
  Random random(seed);
  std::size_t round = 0;
  for (const std::size_t n : kSizes) {
    for (const std::size_t m : kSizes) {
      const std::size_t d = kDimensions[round++ % 9];
      const auto clouds = random.clouds<T>(round % 2 ? CloudKind::kNormal : CloudKind::kFarAway, {n, m}, d);
      const std::vector<double> logWeights = potentials(random, m);
      for (const PairCost cost : {PairCost::kSquaredEuclidean, PairCost::kEuclidean}) {
        const double epsilon = (round % 3 ? 1.0 : 0.05) * static_cast<double>(d);
        const PointPairs<T> pairs{clouds[0].data(), n, clouds[1].data(), m, d, cost, epsilon, logWeights.data()};
        std::vector<double> out(n);
        Control control;
        softmin(pairs, out.data(), control);
        std::vector<T> rows(n * m);
        std::vector<double> rowLogWeights(n);
        std::vector<double> expected(n);
        double largest = 0.0;
        for (std::size_t i = 0; i < n; ++i) {
          double sum = 0.0;
          for (std::size_t j = 0; j < m; ++j) {
            const double square = squareOf(clouds[0], i, clouds[1], j, d);
            const double c = cost == PairCost::kEuclidean ? std::sqrt(square) : square;
            largest = std::max(largest, c / epsilon);
            sum += std::exp(logWeights[j] - c / epsilon);
          }
          expected[i] = -epsilon * std::log(sum);
          rowLogWeights[i] = expected[i] / epsilon;
        }
        const double allowed = epsilon * (sizeof(T) == 4 ? 2e-5 + 2e-7 * largest : 1e-10);
        for (std::size_t i = 0; i < n; ++i) {
          ASSERT_NEAR(out[i], expected[i], allowed) << n << " × " << m << " d=" << d << " row " << i;
        }
        planRows(pairs, rowLogWeights.data(), false, rows.data(), control);
        for (std::size_t i = 0; i < n; ++i) {
          const double total = std::accumulate(rows.begin() + static_cast<std::ptrdiff_t>(i * m),
                                               rows.begin() + static_cast<std::ptrdiff_t>((i + 1) * m), 0.0);
          ASSERT_NEAR(total, 1.0, 2 * allowed / epsilon + 1e-6 * static_cast<double>(sizeof(T) == 4));
        }
      }
    }
  }
}

TYPED_TEST(Transport, SoftminAgreesWithTheDefinition) { compareSoftmin<TypeParam>(71); }

TYPED_TEST(Transport, SoftminAgreesOnEveryInstructionSet) {
  onEveryTarget([](const char* name) {
    SCOPED_TRACE(name);
    compareSoftmin<TypeParam>(72);
  });
}

TYPED_TEST(Transport, TheSameBitsForAnyNumberOfThreads) {
  using T = TypeParam;
  Random random(73);
  const std::size_t n = 500, m = 9000, d = 5;
  const auto clouds = random.clouds<T>(CloudKind::kNormal, {n, m}, d);
  const std::vector<double> there = potentials(random, m), back = potentials(random, n);
  std::vector<std::vector<double>> results;
  withThreadCounts({1, 2, 5}, [&](int) {
    Control control;
    std::vector<double> out(n + m), sliced(7);
    softmin(PointPairs<T>{clouds[0].data(), n, clouds[1].data(), m, d, PairCost::kSquaredEuclidean, 1.0, there.data()}, out.data(),
            control);
    softmin(PointPairs<T>{clouds[1].data(), m, clouds[0].data(), n, d, PairCost::kEuclidean, 1.0, back.data()}, out.data() + n,
            control);
    SlicedProblem<T> problem{clouds[0].data(), n, clouds[1].data(), m, d, clouds[0].data(), 7};
    slicedDistances(problem, sliced.data(), control);
    out.insert(out.end(), sliced.begin(), sliced.end());
    results.push_back(std::move(out));
  });
  EXPECT_EQ(results[0], results[1]);
  EXPECT_EQ(results[0], results[2]);
}

TYPED_TEST(Transport, MatrixSoftminAgreesAlongRowsAndDownColumns) {
  using T = TypeParam;
  onEveryTarget([](const char* name) {
    SCOPED_TRACE(name);
    Random random(74);
    for (const std::size_t rows : {1, 17, 65, 130}) {
      for (const std::size_t columns : {1, 15, 256, 300, 1100}) {
        const std::vector<T> entries = random.cloud<T>(CloudKind::kNormal, rows, columns);
        for (const bool transposed : {false, true}) {
          const std::size_t kept = transposed ? columns : rows, summed = transposed ? rows : columns;
          const std::vector<double> logWeights = potentials(random, summed);
          std::vector<double> out(kept);
          Control control;
          matrixSoftmin(CostMatrix<T>{entries.data(), rows, columns}, transposed, 0.2, logWeights.data(), out.data(), control);
          for (std::size_t i = 0; i < kept; ++i) {
            double sum = 0.0;
            for (std::size_t j = 0; j < summed; ++j) {
              const double cost = entries[transposed ? j * columns + i : i * columns + j];
              sum += std::exp(logWeights[j] - cost / 0.2);
            }
            ASSERT_NEAR(out[i], -0.2 * std::log(sum), sizeof(T) == 4 ? 2e-5 : 1e-10);
          }
        }
      }
    }
  });
}

TEST(ExactTransport, SolversProveTheirPlans) {
  Random random(75);
  for (const std::size_t n : {1, 2, 5, 17, 64, 97}) {
    for (const CloudKind kind : {CloudKind::kNormal, CloudKind::kLattice, CloudKind::kDuplicates}) {
      const auto clouds = random.clouds<double>(kind, {n, n}, 2);
      std::vector<double> costs(n * n), u(n), v(n), u2(n), v2(n);
      Control control;
      pairCosts(clouds[0].data(), n, clouds[1].data(), n, 2, false, costs.data(), control);
      std::vector<std::int32_t> columns(n), rows(2 * n), targets(2 * n);
      std::vector<double> masses(2 * n);
      const std::vector<double> equal(n, 1.0 / static_cast<double>(n));
      assign(costs.data(), n, columns.data(), u.data(), v.data(), control);
      SparsePlan plan{rows.data(), targets.data(), masses.data(), 0};
      networkSimplex(costs.data(), n, n, equal.data(), equal.data(), plan, u2.data(), v2.data(), control);
      double assigned = 0.0, moved = 0.0;
      for (std::size_t i = 0; i < n; ++i) assigned += costs[i * n + static_cast<std::size_t>(columns[i])] / static_cast<double>(n);
      for (std::size_t k = 0; k < plan.count; ++k) {
        moved += masses[k] * costs[static_cast<std::size_t>(rows[k]) * n + static_cast<std::size_t>(targets[k])];
      }
      EXPECT_NEAR(assigned, moved, 1e-11 * (1 + moved));
      EXPECT_EQ(plan.count, n);
      for (std::size_t i = 0; i < n; ++i) {
        for (std::size_t j = 0; j < n; ++j) {
          ASSERT_LE(u[i] + v[j], costs[i * n + j] + 1e-9);
          ASSERT_LE(u2[i] + v2[j], costs[i * n + j] + 1e-9);
        }
      }
    }
  }
}

TEST(ExactTransport, NetworkSimplexHasTheMarginalsOfWeights) {
  Random random(76);
  for (const auto& [n, m] : {std::pair<std::size_t, std::size_t>{1, 7}, {13, 1}, {40, 65}, {120, 33}}) {
    std::vector<double> costs(n * m), a(n), b(m), u(n), v(m), masses(n + m);
    for (double& cost : costs) cost = random.normal();
    const auto fill = [&](std::vector<double>& weights) {
      double total = 0.0;
      for (double& weight : weights) total += weight = random.below(4) == 0 ? 0.0 : 0.01 + random.uniform();
      if (total == 0.0) total = weights[0] = 1.0;
      for (double& weight : weights) weight /= total;
    };
    fill(a);
    fill(b);
    std::vector<std::int32_t> rows(n + m), columns(n + m);
    SparsePlan plan{rows.data(), columns.data(), masses.data(), 0};
    Control control;
    networkSimplex(costs.data(), n, m, a.data(), b.data(), plan, u.data(), v.data(), control);
    double cost = 0.0, dual = 0.0;
    for (std::size_t i = 0; i < n; ++i) dual += a[i] * u[i];
    for (std::size_t j = 0; j < m; ++j) dual += b[j] * v[j];
    for (std::size_t k = 0; k < plan.count; ++k) {
      const auto i = static_cast<std::size_t>(rows[k]), j = static_cast<std::size_t>(columns[k]);
      cost += masses[k] * costs[i * m + j];
      a[i] -= masses[k];
      b[j] -= masses[k];
    }
    EXPECT_NEAR(cost, dual, 1e-11);
    for (const double rest : a) EXPECT_NEAR(rest, 0.0, 1e-13);
    for (const double rest : b) EXPECT_NEAR(rest, 0.0, 1e-13);
  }
}

TYPED_TEST(Transport, SlicedDistancesAreThoseOfSortedProjections) {
  using T = TypeParam;
  Random random(77);
  for (const auto& [n, m] : {std::pair<std::size_t, std::size_t>{1, 1}, {300, 300}, {257, 1000}, {5000, 4100}}) {
    const std::size_t d = 3;
    const auto clouds = random.clouds<T>(CloudKind::kNormal, {n, m, 6}, d);
    for (const double p : {1.0, 2.0, 2.5}) {
      SlicedProblem<T> problem{clouds[0].data(), n, clouds[1].data(), m, d, clouds[2].data(), 6};
      problem.p = p;
      std::vector<double> out(6), weighted(6), gradients(6 * d);
      Control control;
      slicedDistances(problem, out.data(), control);
      problem.gradients = gradients.data();
      slicedDistances(problem, weighted.data(), control);
      for (std::size_t line = 0; line < 6; ++line) {
        const auto projected = [&](const std::vector<T>& cloud) {
          std::vector<double> values(cloud.size() / d);
          for (std::size_t i = 0; i < values.size(); ++i) {
            for (std::size_t k = 0; k < d; ++k) {
              values[i] += static_cast<double>(cloud[i * d + k]) * static_cast<double>(clouds[2][line * d + k]);
            }
          }
          std::sort(values.begin(), values.end());
          return values;
        };
        const std::vector<double> u = projected(clouds[0]), v = projected(clouds[1]);
        double power = 0.0, at = 0.0;
        for (std::size_t i = 0, j = 0; i < n && j < m;) {
          const double endU = static_cast<double>(i + 1) / static_cast<double>(n), endV = static_cast<double>(j + 1) / static_cast<double>(m);
          const double end = std::min(endU, endV);
          power += std::max(0.0, end - at) * std::pow(std::abs(u[i] - v[j]), p);
          at = end;
          if (endU <= end) ++i;
          if (endV <= end) ++j;
        }
        const double expected = std::pow(power, 1 / p);
        ASSERT_NEAR(out[line], expected, 1e-5 * (1 + expected));
        ASSERT_NEAR(weighted[line], out[line], 1e-9 * (1 + expected));
        // W_p is homogeneous of degree 1 in the direction.
        double along = 0.0;
        for (std::size_t k = 0; k < d; ++k) along += gradients[line * d + k] * static_cast<double>(clouds[2][line * d + k]);
        ASSERT_NEAR(along, expected, 1e-4 * (1 + expected));
      }
    }
  }
}

TYPED_TEST(Transport, SlicedDistancesOfAnyOrderInAnyUnit) {
  using T = TypeParam;
  Random random(79);
  const std::size_t n = 37, m = 41, d = 2;
  const auto clouds = random.clouds<T>(CloudKind::kNormal, {n, m, 3}, d);
  const auto distancesIn = [&](T unit, double p, std::vector<double>& gradients) {
    std::vector<T> a = clouds[0], b = clouds[1];
    for (T& value : a) value *= unit;
    for (T& value : b) value *= unit;
    SlicedProblem<T> problem{a.data(), n, b.data(), m, d, clouds[2].data(), 3};
    problem.p = p;
    std::vector<double> plain(3), weighted(3);
    Control control;
    slicedDistances(problem, plain.data(), control);
    problem.gradients = gradients.data();
    slicedDistances(problem, weighted.data(), control);
    for (std::size_t line = 0; line < 3; ++line) EXPECT_NEAR(weighted[line] / plain[line], 1.0, 1e-12);
    return plain;
  };
  for (const double p : {1.0, 2.0, 3.5, 100.0, 1000.0}) {
    std::vector<double> gradients(3 * d), scaled(3 * d);
    const std::vector<double> right = distancesIn(T(1), p, gradients);
    const int exponents[] = {-100, -60, 60, 100, sizeof(T) == 8 ? -1000 : -90, sizeof(T) == 8 ? 1000 : 90};
    for (const int exponent : exponents) {
      SCOPED_TRACE(exponent);
      const T unit = std::ldexp(T(1), exponent);
      const std::vector<double> found = distancesIn(unit, p, scaled);
      for (std::size_t line = 0; line < 3; ++line) EXPECT_NEAR(found[line] / static_cast<double>(unit) / right[line], 1.0, 1e-12);
      for (std::size_t k = 0; k < 3 * d; ++k) {
        EXPECT_NEAR(scaled[k] / static_cast<double>(unit), gradients[k], 1e-12 * (1 + std::abs(gradients[k])));
      }
    }
  }
}

TYPED_TEST(Transport, StopsWhenAborted) {
  using T = TypeParam;
  Random random(78);
  const std::vector<T> cloud = random.cloud<T>(CloudKind::kNormal, 300, 4);
  const std::vector<double> logWeights(300);
  std::vector<double> out(300 * 300), duals(600);
  std::int32_t cells[2] = {1, 0};
  Control control(cells);
  EXPECT_THROW(softmin(PointPairs<T>{cloud.data(), 300, cloud.data(), 300, 4, PairCost::kEuclidean, 1.0, logWeights.data()}, out.data(), control), Aborted);
  EXPECT_THROW(pairCosts(cloud.data(), 300, cloud.data(), 300, 4, false, out.data(), control), Aborted);
  SlicedProblem<T> problem{cloud.data(), 300, cloud.data(), 300, 4, cloud.data(), 3};
  EXPECT_THROW(slicedDistances(problem, out.data(), control), Aborted);
  std::vector<std::int32_t> columns(600), rows(600);
  const std::vector<double> costs(300 * 300, 1.0), equal(300, 1.0 / 300);
  EXPECT_THROW(assign(costs.data(), 300, columns.data(), duals.data(), duals.data() + 300, control), Aborted);
  SparsePlan plan{rows.data(), columns.data(), out.data(), 0};
  EXPECT_THROW(networkSimplex(costs.data(), 300, 300, equal.data(), equal.data(), plan, duals.data(), duals.data() + 300, control), Aborted);
}

// The compiler's own conversions, which the library does not call, are the reference.
TEST(WholeMasses, ConvertAsTheCompilerWould) {
  Random random(17);
  for (int bits = 0; bits <= 126; ++bits) {
    for (int round = 0; round < 200; ++round) {
      const double value = std::ldexp(std::abs(random.normal()) + 0.25, bits - 4);
      EXPECT_EQ(massOf(value) == static_cast<Mass>(value), true) << value;
      // Near the middle between two numbers, where the last bits decide.
      Mass mass = static_cast<Mass>(value);
      if (round % 3 == 1 && bits > 60) mass = (mass >> (bits - 56) << (bits - 56)) + (Mass{1} << (bits - 57)) + (round % 9 - 4);
      EXPECT_EQ(asDouble(mass), static_cast<double>(mass)) << value;
      EXPECT_EQ(asDouble(-mass), static_cast<double>(-mass)) << value;
    }
  }
  EXPECT_EQ(asDouble(0), 0.0);
  EXPECT_EQ(asDouble(kFine), std::ldexp(1.0, kUnitBits));
  EXPECT_EQ(asDouble((Mass{1} << 126) - 1 + (Mass{1} << 126)), std::ldexp(1.0, 127));
}

}  // namespace
}  // namespace ridgeflow::testing
