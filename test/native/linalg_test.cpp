#include "linalg/linalg.hpp"

#include <array>
#include <limits>

#include <gtest/gtest.h>

#include "linalg/blas.hpp"
#include "support.hpp"

namespace ridgeflow::testing {
namespace {

template <class T>
class Linalg : public ::testing::Test {};
using ElementTypes = ::testing::Types<float, double>;
TYPED_TEST_SUITE(Linalg, ElementTypes);

template <class T>
void expectProduct(Random& random, std::size_t m, std::size_t k, std::size_t n, bool transposeA, bool transposeB) {
  const auto a = random.cloud<T>(CloudKind::kNormal, m, k), b = random.cloud<T>(CloudKind::kNormal, k, n);
  std::vector<T> out(m * n, T(-77));
  Control control;
  matmul(a.data(), transposeA ? k : m, transposeA ? m : k, transposeA, b.data(), transposeB ? n : k,
         transposeB ? k : n, transposeB, out.data(), control);
  for (std::size_t i = 0; i < m; ++i) {
    for (std::size_t j = 0; j < n; ++j) {
      double sum = 0.0, size = 0.0;
      for (std::size_t r = 0; r < k; ++r) {
        const double term = static_cast<double>(transposeA ? a[r * m + i] : a[i * k + r]) *
                            static_cast<double>(transposeB ? b[j * k + r] : b[r * n + j]);
        sum += term;
        size += std::abs(term);
      }
      const double allowed = size * std::numeric_limits<T>::epsilon() * (2 + std::sqrt(static_cast<double>(k)));
      ASSERT_NEAR(out[i * n + j], sum, allowed) << m << " × " << k << " × " << n << " at " << i << ", " << j;
    }
  }
}

TYPED_TEST(Linalg, MatmulAgreesWithTheDefinition) {
  Random random(41);
  for (const auto& [m, k, n] : {std::array<std::size_t, 3>{1, 1, 1}, {2, 3, 5}, {17, 16, 15}, {31, 97, 257}, {300, 7, 2},
                                {257, 1, 33}, {5, 9001, 3}, {1, 40, 1100}}) {
    for (const bool transposeA : {false, true}) {
      for (const bool transposeB : {false, true}) expectProduct<TypeParam>(random, m, k, n, transposeA, transposeB);
    }
  }
}

TYPED_TEST(Linalg, SignedSumsAreTheDefinitionForAnyNumberOfThreads) {
  Random random(51);
  for (const auto& [n, d, columns] : {std::array<std::size_t, 3>{1, 1, 1}, {15, 3, 2}, {17, 9001, 40}, {131, 64, 7}}) {
    const std::size_t each = 3;
    const auto points = random.cloud<TypeParam>(CloudKind::kNormal, n, d);
    std::vector<std::int32_t> places(d * each);
    for (std::int32_t& place : places) {
      place = static_cast<std::int32_t>(random.below(columns));
      if (random.uniform() < 0.5) place = ~place;
    }
    std::vector<TypeParam> expected(n * columns);
    for (std::size_t i = 0; i < n; ++i) {
      std::vector<double> sums(columns, 0.0);
      for (std::size_t at = 0; at < places.size(); ++at) {
        const double value = points[i * d + at / each];
        if (places[at] < 0) sums[static_cast<std::size_t>(~places[at])] -= value;
        else sums[static_cast<std::size_t>(places[at])] += value;
      }
      for (std::size_t j = 0; j < columns; ++j) expected[i * columns + j] = static_cast<TypeParam>(0.3 * sums[j]);
    }
    withThreadCounts({1, 4}, [&, n = n, d = d, columns = columns](int) {
      std::vector<TypeParam> out(n * columns);
      Control control;
      signedSums(points.data(), n, d, places.data(), each, columns, 0.3, out.data(), control);
      EXPECT_EQ(out, expected) << n << " × " << d;
    });
  }
  std::int32_t cells[2] = {1, 0};
  Control control(cells);
  const auto points = random.cloud<TypeParam>(CloudKind::kNormal, 40, 5);
  const std::vector<std::int32_t> places(5, 0);
  std::vector<TypeParam> out(40);
  EXPECT_THROW(signedSums(points.data(), 40, 5, places.data(), 1, 1, 1.0, out.data(), control), Aborted);
}

TYPED_TEST(Linalg, ResultsDoNotDependOnTheNumberOfThreads) {
  Random random(43);
  const std::size_t n = 9001, d = 13;
  const auto points = random.cloud<TypeParam>(CloudKind::kNormal, n, d);
  std::vector<TypeParam> firstProduct;
  withThreadCounts({1, 2, 3, 7}, [&](int threads) {
    Control control;
    std::vector<TypeParam> product(d * d);
    matmul(points.data(), n, d, true, points.data(), n, d, false, product.data(), control);
    if (threads == 1) firstProduct = product;
    EXPECT_EQ(product, firstProduct);
  });
}

TYPED_TEST(Linalg, LinearCombinationOnEveryInstructionSet) {
  onEveryTarget([](const char* name) {
    SCOPED_TRACE(name);
    Random random(44);
    for (const std::size_t count : {1UL, 15UL, 16UL, 17UL, 1009UL, 70000UL}) {
      for (const std::size_t terms : {0UL, 1UL, 2UL, 7UL}) {
        std::vector<std::vector<TypeParam>> arrays;
        std::vector<const TypeParam*> pointers;
        std::vector<double> coefficients;
        for (std::size_t k = 0; k < terms; ++k) {
          arrays.push_back(random.cloud<TypeParam>(CloudKind::kNormal, count, 1));
          coefficients.push_back(random.normal());
        }
        for (const auto& array : arrays) pointers.push_back(array.data());
        std::vector<double> expected(count, 0.0);
        for (std::size_t k = 0; k < terms; ++k) {
          for (std::size_t i = 0; i < count; ++i) expected[i] += coefficients[k] * static_cast<double>(arrays[k][i]);
        }
        // In place where there is a term, as integrators use it.
        std::vector<TypeParam> out(count);
        TypeParam* target = terms > 0 ? arrays[0].data() : out.data();
        linearCombination(target, count, coefficients.data(), pointers.data(), terms);
        for (std::size_t i = 0; i < count; ++i) {
          ASSERT_NEAR(target[i], expected[i], 100 * std::numeric_limits<TypeParam>::epsilon()) << count << " values, " << terms << " terms";
        }
      }
    }
  });
}

TYPED_TEST(Linalg, FindsTheFirstNonFiniteValue) {
  using T = TypeParam;
  for (const std::size_t count : {1UL, 17UL, 1024UL, 1025UL, 5003UL}) {
    std::vector<T> values(count, std::numeric_limits<T>::max());
    EXPECT_EQ(firstNonFinite(values.data(), count), -1);
    for (const T bad : {std::numeric_limits<T>::infinity(), -std::numeric_limits<T>::infinity(), std::numeric_limits<T>::quiet_NaN()}) {
      for (const std::size_t at : {std::size_t(0), count / 2, count - 1}) {
        auto broken = values;
        broken[at] = broken[count - 1] = bad;
        EXPECT_EQ(firstNonFinite(broken.data(), count), static_cast<std::int64_t>(at));
      }
    }
  }
  EXPECT_EQ(firstNonFinite(static_cast<const T*>(nullptr), 0), -1);
}

TEST(Blas, EigenvectorsDiagonalise) {
  Random random(45);
  for (const std::size_t d : {1UL, 2UL, 17UL, 64UL}) {
    std::vector<double> matrix(d * d);
    for (std::size_t i = 0; i < d; ++i) {
      for (std::size_t j = 0; j <= i; ++j) matrix[i * d + j] = matrix[j * d + i] = random.normal();
    }
    std::vector<double> vectors = matrix, values(d);
    ASSERT_TRUE(blas::symmetricEigen(vectors.data(), d, values.data()));
    for (std::size_t r = 0; r < d; ++r) {
      if (r > 0) {
        EXPECT_LE(values[r - 1], values[r]);
      }
      for (std::size_t i = 0; i < d; ++i) {
        double product = 0.0, dot = 0.0;
        for (std::size_t k = 0; k < d; ++k) {
          product += matrix[i * d + k] * vectors[r * d + k];
          dot += vectors[i * d + k] * vectors[r * d + k];
        }
        EXPECT_NEAR(product, values[r] * vectors[r * d + i], 1e-11 * static_cast<double>(d));
        EXPECT_NEAR(dot, i == r ? 1.0 : 0.0, 1e-12 * static_cast<double>(d));
      }
    }
  }
}

TEST(LinalgControl, StopsWhereAsked) {
  Random random(46);
  const auto points = random.cloud<float>(CloudKind::kNormal, 2000, 30);
  std::vector<float> product(900);
  std::int32_t cells[2] = {1, 0};
  Control control(cells);
  EXPECT_THROW(matmul(points.data(), 2000, 30, true, points.data(), 2000, 30, false, product.data(), control), Aborted);
}

TYPED_TEST(Linalg, ScaledErrorAgreesWithTheDefinitionForAnyNumberOfThreads) {
  Random random(47);
  for (const auto& [rows, columns] : {std::array<std::size_t, 2>{1, 1}, {17, 3}, {3, 5000}, {20011, 3}, {131, 784}, {2, 2049}}) {
    const auto a = random.cloud<TypeParam>(CloudKind::kNormal, rows, columns);
    const auto b = random.cloud<TypeParam>(CloudKind::kNormal, rows, columns);
    const auto first = random.cloud<TypeParam>(CloudKind::kNormal, rows, columns);
    const TypeParam* arrays[] = {first.data(), b.data()};
    const double coefficients[] = {0.5, -0.25};
    double sum = 0.0, largest = 0.0;
    for (std::size_t i = 0; i < rows; ++i) {
      double square = 0.0, from = 0.0, to = 0.0;
      for (std::size_t k = i * columns; k < (i + 1) * columns; ++k) {
        const double error = 0.5 * static_cast<double>(first[k]) - 0.25 * static_cast<double>(b[k]);
        square += error * error;
        from += static_cast<double>(a[k]) * static_cast<double>(a[k]);
        to += static_cast<double>(b[k]) * static_cast<double>(b[k]);
      }
      const double allowed = 0.1 + 0.01 * std::sqrt(std::max(from, to));
      sum += square / (allowed * allowed);
      largest = std::max(largest, square / (allowed * allowed));
    }
    ScaledError one;
    withThreadCounts({1, 2, 5}, [&](int threads) {
      const ScaledError found = scaledError(coefficients, arrays, 2, a.data(), b.data(), rows, columns, 0.01, 0.1);
      EXPECT_NEAR(found.sum, sum, 1e-5 * sum);
      EXPECT_NEAR(found.largest, largest, 1e-5 * largest);
      if (threads == 1) one = found;
      EXPECT_EQ(found.sum, one.sum);
      EXPECT_EQ(found.largest, one.largest);
    });
    auto broken = b;
    broken[rows * columns - 1] = std::numeric_limits<TypeParam>::infinity();
    const ScaledError found = scaledError(coefficients, arrays, 0, a.data(), broken.data(), rows, columns, 0.01, 0.1);
    EXPECT_TRUE(std::isnan(found.sum) && std::isnan(found.largest));
  }
}

/// A positive definite matrix, solutions, and the sides that they solve.
struct System {
  System(Random& random, std::size_t d, std::size_t count) : matrix(d * d), solutions(random.normals<double>(count * d)), sides(count * d) {
    const auto root = random.normals<double>(d * d);
    for (std::size_t i = 0; i < d; ++i) {
      for (std::size_t j = 0; j < d; ++j) {
        for (std::size_t k = 0; k < d; ++k) matrix[i * d + j] += root[i * d + k] * root[j * d + k] / static_cast<double>(d);
      }
      matrix[i * d + i] += 1.0;
    }
    for (std::size_t r = 0; r < count; ++r) {
      for (std::size_t i = 0; i < d; ++i) {
        for (std::size_t k = 0; k < d; ++k) sides[r * d + i] += matrix[i * d + k] * solutions[r * d + k];
      }
    }
  }
  std::vector<double> matrix, solutions, sides;
};

TEST(SolvePositiveDefinite, FindsTheSolutionsAcrossBlocks) {
  Random random(31);
  for (const std::size_t d : {1UL, 2UL, 127UL, 128UL, 129UL, 255UL, 400UL, 513UL}) {
    for (const std::size_t count : {1UL, 3UL, 257UL}) {
      if (d > 200 && count > 200) continue;
      System system(random, d, count);
      Control control;
      ASSERT_TRUE(solvePositiveDefinite(system.matrix.data(), d, system.sides.data(), count, control));
      for (std::size_t i = 0; i < count * d; ++i) ASSERT_NEAR(system.sides[i], system.solutions[i], 1e-11) << d << " " << count;
    }
  }
}

TEST(SolvePositiveDefinite, BitsDoNotDependOnTheNumberOfThreads) {
  Random random(32);
  const System system(random, 600, 2);
  std::vector<double> first;
  withThreadCounts({1, 2, 3, 7}, [&](int threads) {
    auto matrix = system.matrix, sides = system.sides;
    Control control;
    ASSERT_TRUE(solvePositiveDefinite(matrix.data(), 600, sides.data(), 2, control));
    if (threads == 1) first = sides;
    EXPECT_EQ(sides, first);
  });
}

TEST(SolvePositiveDefinite, TellsAnIndefiniteMatrix) {
  Random random(33);
  for (const std::size_t place : {0UL, 130UL, 299UL}) {
    System system(random, 300, 1);
    system.matrix[place * 301] = -1;
    Control control;
    EXPECT_FALSE(solvePositiveDefinite(system.matrix.data(), 300, system.sides.data(), 1, control));
  }
}

TEST(SolvePositiveDefinite, StopsWhereAskedAndFinishes) {
  Random random(34);
  const System system(random, 300, 5);
  auto matrix = system.matrix, sides = system.sides;
  std::int32_t cells[2] = {1, 0};
  Control control(cells);
  EXPECT_THROW(solvePositiveDefinite(matrix.data(), 300, sides.data(), 5, control), Aborted);
  cells[0] = 0;
  matrix = system.matrix;
  EXPECT_TRUE(solvePositiveDefinite(matrix.data(), 300, sides.data(), 5, control));
  EXPECT_EQ(cells[1], 1000000);
}

}  // namespace
}  // namespace ridgeflow::testing
