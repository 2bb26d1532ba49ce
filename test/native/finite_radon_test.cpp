#include "ridgelet/finite_radon.hpp"

#include <cmath>

#include <gtest/gtest.h>

#include "support.hpp"

namespace ridgeflow::testing {
namespace {

template <class T>
class FiniteRadon : public ::testing::Test {};
using ElementTypes = ::testing::Types<float, double>;
TYPED_TEST_SUITE(FiniteRadon, ElementTypes);

template <class T>
std::vector<T> normals(Random& random, std::size_t count) {
  return random.cloud<T>(CloudKind::kNormal, count, 1);
}

TYPED_TEST(FiniteRadon, AgreesWithSumsOverLines) {
  using T = TypeParam;
  Random random(31);
  Control control;
  for (const std::size_t p : {2U, 3U, 7U, 31U, 37U, 67U}) {
    const std::size_t count = 1 + p % 3;
    const auto images = normals<T>(random, count * p * p);
    std::vector<double> expected(count * (p + 1) * p, 0.0);
    for (std::size_t n = 0; n < count; ++n) {
      for (std::size_t i = 0; i < p; ++i) {
        for (std::size_t j = 0; j < p; ++j) {
          const double value = images[(n * p + i) * p + j] / std::sqrt(static_cast<double>(p));
          for (std::size_t k = 0; k < p; ++k) expected[(n * (p + 1) + k) * p + (j + (p - k) * i) % p] += value;
          expected[(n * (p + 1) + p) * p + i] += value;
        }
      }
    }
    std::vector<T> out(expected.size());
    finiteRadon(images.data(), count, p, out.data(), control);
    const double allowed = sizeof(T) == 4 ? 2e-6 : 1e-13;
    for (std::size_t i = 0; i < out.size(); ++i) ASSERT_NEAR(out[i], expected[i], allowed) << p;

    const auto projections = normals<T>(random, out.size());
    std::vector<T> back(images.size());
    finiteBackproject(projections.data(), count, p, back.data(), control);
    double left = 0.0, right = 0.0, size = 0.0;
    for (std::size_t i = 0; i < out.size(); ++i) left += expected[i] * projections[i];
    for (std::size_t i = 0; i < back.size(); ++i) {
      right += static_cast<double>(images[i]) * back[i];
      size += std::abs(static_cast<double>(images[i]) * back[i]);
    }
    EXPECT_NEAR(left, right, allowed * size);
  }
}

TYPED_TEST(FiniteRadon, SameBitsForAnyNumberOfThreads) {
  using T = TypeParam;
  Random random(32);
  Control control;
  const std::size_t p = 61;
  const auto images = normals<T>(random, 3 * p * p);
  std::vector<std::vector<T>> results;
  const int before = threadCount();
  for (const int threads : {1, 3}) {
    setThreadCount(threads);
    results.emplace_back(3 * (p + 1) * p);
    finiteRadon(images.data(), 3, p, results.back().data(), control);
  }
  setThreadCount(before);
  EXPECT_EQ(results[0], results[1]);
}

TEST(FiniteRadon, Aborts) {
  std::int32_t cells[2] = {1, 0};
  Control control(cells);
  const std::vector<float> image(31 * 31, 1.0F);
  std::vector<float> out(32 * 31);
  EXPECT_THROW(finiteRadon(image.data(), 1, 31, out.data(), control), Aborted);
}

}  // namespace
}  // namespace ridgeflow::testing
