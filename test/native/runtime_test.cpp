#include <atomic>
#include <cmath>
#include <limits>
#include <stdexcept>
#include <thread>

#include <gtest/gtest.h>

#include "runtime/control.hpp"
#include "runtime/memory.hpp"
#include "runtime/peaks.hpp"
#include "support.hpp"

namespace ridgeflow::testing {
namespace {

TEST(Parallel, EachIndexOnce) {
  withThreadCounts({1, 2, 7}, [](int threads) {
    EXPECT_EQ(threadCount(), threads);
    for (const std::size_t count : {0UL, 1UL, 2UL, 1009UL}) {
      std::vector<std::atomic<int>> seen(count);
      parallelFor(count, [&](std::size_t i) { seen[i].fetch_add(1); });
      for (const auto& times : seen) EXPECT_EQ(times.load(), 1);
    }
  });
}

TEST(Parallel, AtLeastOneThread) {
  withThreadCounts({0, -3}, [](int) { EXPECT_EQ(threadCount(), 1); });
}

TEST(Parallel, PassesExceptionsOn) {
  const auto body = [](std::size_t i) {
    if (i == 57) throw std::runtime_error("body 57");
  };
  EXPECT_THROW(parallelFor(100, body), std::runtime_error);
  std::atomic<int> after{0};
  parallelFor(100, [&](std::size_t) { ++after; });
  EXPECT_EQ(after.load(), 100);
}

TEST(Parallel, CallsAtTheSameTimeShareThePool) {
  std::atomic<long> total{0};
  std::vector<std::thread> callers;
  for (int caller = 0; caller < 4; ++caller) {
    callers.emplace_back([&] {
      for (int round = 0; round < 20; ++round) parallelFor(50, [&](std::size_t i) { total += static_cast<long>(i); });
    });
  }
  for (std::thread& caller : callers) caller.join();
  EXPECT_EQ(total.load(), 4L * 20 * (50 * 49 / 2));
}

TEST(Parallel, FlushesDenormalsOnlyWhileItLives) {
  volatile float small = std::numeric_limits<float>::min();
#if (defined(__x86_64__) || defined(__aarch64__)) && !defined(__SANITIZE_THREAD__)
  {
    const FlushDenormals flush;
    volatile float half = small / 2;
    EXPECT_TRUE(half == 0.0F);
  }
#endif
  volatile float half = small / 2;
  EXPECT_GT(half, 0.0F);
}

TEST(Control, ReportsProgressAndAborts) {
  std::int32_t cells[2] = {0, 0};
  Control control(cells);
  control.start(4);
  control.advance(1);
  EXPECT_EQ(cells[1], 250000);
  control.advance(3);
  EXPECT_EQ(cells[1], 1000000);
  control.start(0);
  EXPECT_NO_THROW(control.advance(0));
  cells[0] = 1;
  EXPECT_THROW(control.check(), Aborted);
  EXPECT_THROW(control.advance(1), Aborted);
}

TEST(Control, WithoutCellsDoesNothing) {
  Control control;
  control.start(10);
  EXPECT_NO_THROW(control.advance(5));
  EXPECT_NO_THROW(control.check());
}

TEST(Peaks, AreRatesOfWorkThatWasDone) {
  withThreadCounts({1, 3}, [](int) {
    for (const Peaks& peaks : {measurePeaks<float>(), measurePeaks<double>()}) {
      // A compiler that leaves the work out would make them endless; an exponential is several multiply-adds.
      EXPECT_GT(peaks.multiplyAddsPerSecond, 1e6);
      EXPECT_LT(peaks.multiplyAddsPerSecond, 1e14);
      EXPECT_GT(peaks.exponentialsPerSecond, 1e5);
      EXPECT_LT(peaks.exponentialsPerSecond, peaks.multiplyAddsPerSecond);
      EXPECT_GT(peaks.bytesPerSecond, 1e6);
      EXPECT_LT(peaks.bytesPerSecond, 1e14);
    }
  });
}

TEST(Memory, RowsOfTilesAreWholeOddCacheLines) {
  for (const std::size_t d : kDimensions) {
    EXPECT_GE(packedStride<float>(d), d);
    EXPECT_EQ(packedStride<float>(d) * sizeof(float) % 128, 64U);
    EXPECT_EQ(packedStride<double>(d) * sizeof(double) % 128, 64U);
  }
  const auto buffer = allocateBuffer<double>(0);
  EXPECT_NE(buffer.get(), nullptr);
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(buffer.get()) % 64, 0U);
}

}  // namespace
}  // namespace ridgeflow::testing
