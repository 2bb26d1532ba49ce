#include "runtime/fft.hpp"

#include <complex>
#include <numbers>

#include <gtest/gtest.h>

#include "runtime/memory.hpp"
#include "support.hpp"

namespace ridgeflow::testing {
namespace {

template <class T>
class Fft : public ::testing::Test {};
using ElementTypes = ::testing::Types<float, double>;
TYPED_TEST_SUITE(Fft, ElementTypes);

TYPED_TEST(Fft, AgreesWithTheSumOnEveryTarget) {
  onEveryTarget([](const char* target) {
    Random random(91);
    for (const std::size_t length : {2UL, 4UL, 6UL, 8UL, 10UL, 12UL, 20UL, 32UL, 48UL, 64UL, 80UL, 96UL, 128UL}) {
      const BatchFft<TypeParam> fft(length);
      const std::size_t lanes = fft.lanes();
      const auto input = random.cloud<TypeParam>(CloudKind::kNormal, fft.batchSize(), 1);
      for (const bool inverse : {false, true}) {
        const auto data = allocateBuffer<TypeParam>(fft.batchSize()), scratch = allocateBuffer<TypeParam>(fft.batchSize());
        std::copy(input.begin(), input.end(), data.get());
        const TypeParam* result = fft.transform(data.get(), scratch.get(), inverse);
        for (std::size_t k = 0; k < length; ++k) {
          for (std::size_t lane = 0; lane < lanes; ++lane) {
            std::complex<double> expected;
            for (std::size_t n = 0; n < length; ++n) {
              const double angle = (inverse ? 2 : -2) * std::numbers::pi * static_cast<double>(n * k % length) / static_cast<double>(length);
              expected += std::complex<double>(input[2 * n * lanes + lane], input[(2 * n + 1) * lanes + lane]) * std::polar(1.0, angle);
            }
            const double allowed = 8 * std::numeric_limits<TypeParam>::epsilon() * std::sqrt(static_cast<double>(length)) * std::log2(2.0 * static_cast<double>(length));
            ASSERT_NEAR(result[2 * k * lanes + lane], expected.real(), allowed) << target << " " << length;
            ASSERT_NEAR(result[(2 * k + 1) * lanes + lane], expected.imag(), allowed) << target << " " << length;
          }
        }
      }
    }
  });
}

TYPED_TEST(Fft, PairsGoToLanesAndBack) {
  Random random(92);
  const std::size_t lanes = BatchFft<TypeParam>::lanes(), rows = 5, stride = 2 * lanes + 3;
  const auto pairs = random.cloud<TypeParam>(CloudKind::kNormal, rows * stride, 1);
  const auto batch = allocateBuffer<TypeParam>(2 * rows * lanes);
  pairsToLanes(pairs.data(), stride, rows, batch.get());
  std::vector<TypeParam> back(pairs.size(), TypeParam(-77));
  lanesToPairs(batch.get(), rows, back.data(), stride);
  for (std::size_t i = 0; i < rows; ++i) {
    for (std::size_t k = 0; k < stride; ++k) {
      EXPECT_EQ(back[i * stride + k], k < 2 * lanes ? pairs[i * stride + k] : TypeParam(-77));
      if (k < 2 * lanes) {
        EXPECT_EQ(batch[2 * i * lanes + k % 2 * lanes + k / 2], pairs[i * stride + k]);
      }
    }
  }
}

TEST(Fft, GoodLengthsAreTheSmallestOfTheirKind) {
  const auto isGood = [](std::size_t n) {
    if (n < 2 || n % 2 != 0) return false;
    while (n % 2 == 0) n /= 2;
    return n == 1 || n == 3 || n == 5;
  };
  for (std::size_t n = 1; n < 3000; ++n) {
    std::size_t expected = n;
    while (!isGood(expected)) ++expected;
    ASSERT_EQ(goodLength(n), expected);
  }
}

}  // namespace
}  // namespace ridgeflow::testing
