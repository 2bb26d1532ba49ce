#include "ridgelet/ridge_sum.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

#include <gtest/gtest.h>

#include "ridgelet/convolve_projections.hpp"
#include "runtime/fft.hpp"
#include "support.hpp"

namespace ridgeflow::testing {
namespace {

template <class T>
class Ridgelet : public ::testing::Test {};
using ElementTypes = ::testing::Types<float, double>;
TYPED_TEST_SUITE(Ridgelet, ElementTypes);

double softplus(double z) { return std::max(z, 0.0) + std::log1p(std::exp(-std::abs(z))); }

double gelu(double z) { return z * std::erfc(-z / std::numbers::sqrt2) / 2; }

double gaussianDerivative(double z, std::size_t order) {
  double value = std::exp(-z * z / 2) / std::sqrt(2 * std::numbers::pi), before = 0.0;
  for (std::size_t k = 0; k < order; ++k) {
    const double next = -z * value - static_cast<double>(k) * before;
    before = value;
    value = next;
  }
  return value;
}

template <class T>
double reference(const Nonlinearity<T>& f, double z) {
  switch (f.kind) {
    case NonlinearityKind::kRelu: return std::max(z, 0.0);
    case NonlinearityKind::kTanh: return std::tanh(z);
    case NonlinearityKind::kSigmoid: return 1 / (1 + std::exp(-z));
    case NonlinearityKind::kSoftplus: return softplus(z);
    case NonlinearityKind::kStep: return z > 0 ? 1.0 : 0.0;
    case NonlinearityKind::kGaussian: return gaussianDerivative(z, f.order);
    case NonlinearityKind::kCosine: return std::cos(z);
    case NonlinearityKind::kGelu: return gelu(z);
    case NonlinearityKind::kPiecewise: break;
  }
  const double x = f.parity == 0 ? z : std::abs(z);
  const double place = (x - f.from) / (f.to - f.from) * static_cast<double>(f.cells);
  if (place < 0 || place >= static_cast<double>(f.cells)) return 0.0;
  const auto cell = static_cast<std::size_t>(place);
  const double t = 2 * (place - static_cast<double>(cell)) - 1;
  double value = 0.0;
  for (std::size_t k = f.degree + 1; k-- > 0;) value = value * t + static_cast<double>(f.coefficients[k * f.cells + cell]);
  return f.parity < 0 && z < 0 ? -value : value;
}

/// Continuous tables: constants and slopes that meet at the cells' ends, so that rounding cannot jump.
template <class T>
std::vector<T> hatTable(Random& random, std::size_t cells, bool odd) {
  std::vector<T> nodes(cells + 1), coefficients(2 * cells);
  for (std::size_t c = 1; c < cells; ++c) nodes[c] = static_cast<T>(random.normal());
  nodes[0] = odd ? T(0) : static_cast<T>(random.normal());
  nodes[cells] = T(0);
  for (std::size_t c = 0; c < cells; ++c) {
    coefficients[c] = (nodes[c] + nodes[c + 1]) / 2;
    coefficients[cells + c] = (nodes[c + 1] - nodes[c]) / 2;
  }
  return coefficients;
}

/// Every kind; tables of `cells` cells.
template <class T>
std::vector<Nonlinearity<T>> functions(const std::vector<T>& even, std::size_t cells, const std::vector<T>& odd) {
  std::vector<Nonlinearity<T>> all;
  for (const auto kind : {NonlinearityKind::kRelu, NonlinearityKind::kTanh, NonlinearityKind::kSigmoid,
                          NonlinearityKind::kSoftplus, NonlinearityKind::kCosine, NonlinearityKind::kGelu}) {
    Nonlinearity<T> f;
    f.kind = kind;
    all.push_back(f);
  }
  for (const std::size_t order : {0UL, 1UL, 4UL, kLargestOrder}) {
    Nonlinearity<T> f;
    f.kind = NonlinearityKind::kGaussian;
    f.order = order;
    all.push_back(f);
  }
  for (const int parity : {1, -1}) {
    Nonlinearity<T> f;
    f.kind = NonlinearityKind::kPiecewise;
    f.parity = parity;
    f.to = 2.5;
    f.cells = cells;
    f.degree = 1;
    f.coefficients = (parity > 0 ? even : odd).data();
    all.push_back(f);
  }
  return all;
}

template <class T>
struct Sum {
  RidgeSumProblem<T> problem;
  std::vector<T> queries, centres, queryBias, centreBias, values, weights, out;

  Sum(Random& random, std::size_t n, std::size_t m, std::size_t d, std::size_t k, const Nonlinearity<T>& function) {
    const auto normal = [&](std::size_t count) { return random.cloud<T>(CloudKind::kNormal, count, 1); };
    queries = normal(n * d);
    centres = normal(m * d);
    for (T& value : centres) value /= static_cast<T>(std::sqrt(static_cast<double>(d)));
    queryBias = normal(n);
    centreBias = normal(m);
    values = normal(m * k);
    weights = normal(m);
    out.assign(n * k, T(-77));
    problem = {queries.data(), n, centres.data(), m, d, n % 3 ? queryBias.data() : nullptr, m % 3 ? centreBias.data() : nullptr,
               values.data(), k, m % 2 ? weights.data() : nullptr, function, -0.5, out.data()};
  }

  void run() {
    Control control;
    ridgeSum(problem, control);
  }

  void compare(const char* where) {
    const auto& p = problem;
    for (std::size_t i = 0; i < p.n; ++i) {
      std::vector<double> sums(p.k, 0.0);
      double size = 1.0;
      for (std::size_t j = 0; j < p.m; ++j) {
        double z = (p.queryBias ? p.queryBias[i] : T(0)) + (p.centreBias ? p.centreBias[j] : T(0));
        for (std::size_t c = 0; c < p.d; ++c) z += static_cast<double>(queries[i * p.d + c]) * static_cast<double>(centres[j * p.d + c]);
        const double f = reference(p.function, z) * p.scale * (p.weights ? static_cast<double>(p.weights[j]) : 1.0);
        for (std::size_t c = 0; c < p.k; ++c) sums[c] += f * static_cast<double>(values[j * p.k + c]);
        size += 3.0;
      }
      for (std::size_t c = 0; c < p.k; ++c) {
        const double slope = 200.0 * static_cast<double>(p.function.cells + 4);
        ASSERT_NEAR(out[i * p.k + c], sums[c], slope * std::numeric_limits<T>::epsilon() * size) << where << " kind " << static_cast<int>(p.function.kind);
      }
    }
  }
};

constexpr std::array<std::array<std::size_t, 4>, 6> kProblems = {{{1, 1, 1, 1}, {5, 17, 2, 1}, {31, 129, 3, 2}, {49, 33, 17, 9}, {97, 131, 64, 8}, {3, 1300, 5, 3}}};

TYPED_TEST(Ridgelet, SumsAgreeWithTheDefinitionOnEveryTarget) {
  onEveryTarget([](const char* target) {
    Random random(81);
    for (const std::size_t cells : {1UL, 32UL, 45UL}) {
      const auto even = hatTable<TypeParam>(random, cells, false), odd = hatTable<TypeParam>(random, cells, true);
      for (const auto& f : functions(even, cells, odd)) {
        for (const auto& [n, m, d, k] : kProblems) {
          Sum<TypeParam> sum(random, n, m, d, k, f);
          sum.run();
          sum.compare(target);
        }
      }
    }
  });
}

TYPED_TEST(Ridgelet, SumsDoNotDependOnTheNumberOfThreads) {
  Random random(82);
  Nonlinearity<TypeParam> f;
  f.kind = NonlinearityKind::kTanh;
  for (const auto& [n, m] : {std::array<std::size_t, 2>{20, 20000}, {1200, 700}}) {
    Sum<TypeParam> sum(random, n, m, 7, 3, f);
    std::vector<TypeParam> first;
    withThreadCounts({1, 2, 3, 7}, [&](int threads) {
      sum.run();
      if (threads == 1) first = sum.out;
      EXPECT_EQ(sum.out, first);
    });
  }
}

TYPED_TEST(Ridgelet, NoArgumentReadsBeyondATable) {
  Random random(83);
  const auto even = hatTable<TypeParam>(random, 32, false), odd = hatTable<TypeParam>(random, 32, true);
  for (const auto& f : functions(even, 32, odd)) {
    std::vector<TypeParam> values = {std::numeric_limits<TypeParam>::quiet_NaN(), std::numeric_limits<TypeParam>::infinity(),
                                     -std::numeric_limits<TypeParam>::infinity(), std::numeric_limits<TypeParam>::max(), TypeParam(2.5), TypeParam(-2.5)};
    Control control;
    activate<TypeParam>(values.data(), 2, 3, nullptr, nullptr, f, control);
    if (f.kind == NonlinearityKind::kPiecewise) {
      for (const TypeParam value : values) EXPECT_EQ(value, TypeParam(0));
    }
  }
}

TYPED_TEST(Ridgelet, ActivateAddsBothBiases) {
  Random random(84);
  Nonlinearity<TypeParam> f;
  f.kind = NonlinearityKind::kSoftplus;
  const std::size_t rows = 37, columns = 1001;
  auto values = random.cloud<TypeParam>(CloudKind::kNormal, rows * columns, 1);
  const auto before = values;
  const auto rowBias = random.cloud<TypeParam>(CloudKind::kNormal, rows, 1), columnBias = random.cloud<TypeParam>(CloudKind::kNormal, columns, 1);
  Control control;
  activate(values.data(), rows, columns, rowBias.data(), columnBias.data(), f, control);
  for (std::size_t i = 0; i < values.size(); ++i) {
    const double z = static_cast<double>(before[i]) + static_cast<double>(rowBias[i / columns]) + static_cast<double>(columnBias[i % columns]);
    ASSERT_NEAR(values[i], softplus(z), 20 * std::numeric_limits<TypeParam>::epsilon());
  }
}

/// Spreading by the hat function (taps 3 and 4 of 8), and no filter: linear deposition, read off.
TYPED_TEST(Ridgelet, ProjectionsAreSpreadFilteredAndReadOff) {
  onEveryTarget([](const char* target) {
    Random random(85);
    const std::size_t n = 700, d = 3, k = 2, m = 21, length = goodLength(90), degree = 1, count = 17, stride = 3, offset = 12;
    const auto points = random.cloud<TypeParam>(CloudKind::kNormal, n, d), values = random.cloud<TypeParam>(CloudKind::kNormal, n, k);
    const auto directions = random.cloud<TypeParam>(CloudKind::kNormal, m, d);
    std::vector<TypeParam> coefficients(2 * 8, TypeParam(0)), first;
    coefficients[3] = coefficients[4] = coefficients[8 + 4] = TypeParam(0.5);
    coefficients[8 + 3] = TypeParam(-0.5);
    // A shift by two elements to the left.
    std::vector<double> re(length / 2 + 1), im(length / 2 + 1);
    for (std::size_t j = 0; j <= length / 2; ++j) {
      const double angle = 4 * std::numbers::pi * static_cast<double>(j) / static_cast<double>(length);
      re[j] = std::cos(angle);
      im[j] = 2 * j == length ? 0.0 : std::sin(angle);
    }
    const double start = -6.0, perCell = 7.0;
    std::vector<double> expected(m * count * k, 0.0);
    for (std::size_t a = 0; a < m; ++a) {
      std::vector<double> grid(length * k, 0.0);
      for (std::size_t i = 0; i < n; ++i) {
        double place = -start;
        for (std::size_t c = 0; c < d; ++c) place += static_cast<double>(directions[a * d + c]) * static_cast<double>(points[i * d + c]);
        place *= perCell;
        if (!(place >= 4 && place < static_cast<double>(length) - 4)) continue;
        const auto cell = static_cast<std::size_t>(place);
        const double f = place - static_cast<double>(cell);
        for (std::size_t c = 0; c < k; ++c) {
          grid[cell * k + c] += (1 - f) * static_cast<double>(values[i * k + c]);
          grid[(cell + 1) * k + c] += f * static_cast<double>(values[i * k + c]);
        }
      }
      for (std::size_t j = 0; j < count; ++j) {
        for (std::size_t c = 0; c < k; ++c) expected[(a * count + j) * k + c] = 3 * grid[(offset + j * stride + 2) * k + c];
      }
    }
    withThreadCounts({1, 3}, [&](int threads) {
      std::vector<TypeParam> out(m * count * k, TypeParam(-77));
      Control control;
      convolveProjections<TypeParam>({points.data(), n, d, values.data(), k, nullptr, directions.data(), m, start, perCell, length, 8, degree,
                                      coefficients.data(), re.data(), im.data(), offset, stride, count, 3.0, out.data()},
                                     control);
      for (std::size_t i = 0; i < out.size(); ++i) ASSERT_NEAR(out[i], expected[i], 3000 * std::numeric_limits<TypeParam>::epsilon()) << target;
      if (threads == 1) first = out;
      EXPECT_EQ(out, first);
    });
  });
}

TYPED_TEST(Ridgelet, StopsWhenAborted) {
  Random random(86);
  Nonlinearity<TypeParam> f;
  Sum<TypeParam> sum(random, 50, 60, 3, 2, f);
  std::array<std::int32_t, 2> cells = {1, 0};
  Control control(cells.data());
  EXPECT_THROW(ridgeSum(sum.problem, control), Aborted);
  EXPECT_THROW(activate<TypeParam>(sum.values.data(), 60, 2, nullptr, nullptr, f, control), Aborted);
}

}  // namespace
}  // namespace ridgeflow::testing
