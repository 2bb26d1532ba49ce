#include "random/normals.hpp"

#include <cmath>
#include <cstdint>
#include <vector>

#include <gtest/gtest.h>

#include "linalg/linalg.hpp"
#include "support.hpp"

namespace ridgeflow::testing {
namespace {

/// One block of Philox 4×32-10 from its definition.
void philox(std::uint64_t block, const RandomStream& stream, std::uint32_t (&c)[4]) {
  std::uint32_t k0 = stream.key0, k1 = stream.key1;
  c[0] = static_cast<std::uint32_t>(block), c[1] = static_cast<std::uint32_t>(block >> 32);
  c[2] = stream.substream, c[3] = stream.stream;
  for (int round = 0; round < 10; ++round) {
    const std::uint64_t p0 = 0xd2511f53ULL * c[0], p1 = 0xcd9e8d57ULL * c[2];
    const std::uint32_t next0 = static_cast<std::uint32_t>(p1 >> 32) ^ c[1] ^ k0;
    const std::uint32_t next2 = static_cast<std::uint32_t>(p0 >> 32) ^ c[3] ^ k1;
    c[1] = static_cast<std::uint32_t>(p1), c[3] = static_cast<std::uint32_t>(p0);
    c[0] = next0, c[2] = next2;
    k0 += 0x9e3779b9U, k1 += 0xbb67ae85U;
  }
}

double unit(std::uint32_t high, std::uint32_t low) {
  return ((high >> 6) * 67108864.0 + (low >> 6) + 0.5) / 4503599627370496.0;
}

TEST(Normals, AreBoxAndMullersTransformOfPhilox) {
  const RandomStream stream{0x12345678U, 0x9abcdef0U, 7, 3};
  for (const std::uint64_t first : {std::uint64_t(0), (std::uint64_t(1) << 33) - 10}) {
    std::vector<double> numbers(4000);
    Control control;
    fillNormals(stream, first, numbers.data(), numbers.size(), control);
    for (std::size_t i = 0; i < numbers.size(); i += 2) {
      std::uint32_t words[4];
      philox((first + i) / 2, stream, words);
      const double radius = std::sqrt(-2.0 * std::log(unit(words[0], words[1])));
      const double angle = 2.0 * std::acos(-1.0) * unit(words[2], words[3]);
      ASSERT_NEAR(numbers[i], radius * std::cos(angle), 2e-15 * radius);
      ASSERT_NEAR(numbers[i + 1], radius * std::sin(angle), 2e-15 * radius);
    }
  }
}

TEST(Normals, HaveTheSameBitsOnEveryTargetForAnyNumberOfThreadsAndStart) {
  const RandomStream stream{1, 2, 3, 4};
  constexpr std::size_t count = 70001;
  std::vector<double> expected(count);
  std::vector<float> rounded(count);
  Control control;
  fillNormals(stream, 0, expected.data(), count, control);
  for (std::size_t i = 0; i < count; ++i) rounded[i] = static_cast<float>(expected[i]);
  onEveryTarget([&](const char* target) {
    withThreadCounts({1, 3}, [&](int) {
      for (const std::size_t first : {0UL, 1UL, 33UL}) {
        std::vector<double> found(count - first);
        fillNormals(stream, first, found.data(), found.size(), control);
        EXPECT_TRUE(std::equal(found.begin(), found.end(), expected.begin() + static_cast<std::ptrdiff_t>(first))) << target;
      }
      std::vector<float> narrow(count);
      fillNormals(stream, 0, narrow.data(), count, control);
      EXPECT_EQ(narrow, rounded) << target;
    });
  });
}

TEST(Normals, StopWhenAborted) {
  std::int32_t cells[2] = {1, 0};
  Control control(cells);
  std::vector<float> numbers(1 << 17);
  EXPECT_THROW(fillNormals(RandomStream{}, 0, numbers.data(), numbers.size(), control), Aborted);
}

TEST(LowerTriangularProduct, IsThePlainLoopToTheBitOnEveryTarget) {
  Random random(48);
  for (const std::size_t d : {1UL, 2UL, 5UL, 17UL, 64UL}) {
    for (const std::size_t rows : {1UL, 23UL, 97UL}) {
      const auto z = random.cloud<double>(CloudKind::kNormal, rows, d);
      auto factor = random.cloud<double>(CloudKind::kNormal, d, d);
      for (std::size_t k = 0; k < d; ++k) {
        for (std::size_t l = k + 1; l < d; ++l) factor[k * d + l] = 0.0;
      }
      std::vector<double> expected(rows * d);
      for (std::size_t i = 0; i < rows; ++i) {
        for (std::size_t k = 0; k < d; ++k) {
          volatile double sum = 0.0;  // no fused multiplication
          for (std::size_t l = 0; l <= k; ++l) {
            const volatile double product = factor[k * d + l] * z[i * d + l];
            sum = sum + product;
          }
          expected[i * d + k] = sum;
        }
      }
      onEveryTarget([&](const char* target) {
        auto found = z;
        Control control;
        lowerTriangularProduct(factor.data(), d, found.data(), rows, control);
        EXPECT_EQ(found, expected) << target << ", " << rows << " × " << d;
      });
    }
  }
}

}  // namespace
}  // namespace ridgeflow::testing
