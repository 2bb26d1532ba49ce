#include "runtime/peaks.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <limits>
#include <vector>

#include "runtime/memory.hpp"
#include "runtime/parallel.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "runtime/peaks.cpp"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"
#include "runtime/exp2-inl.h"

HWY_BEFORE_NAMESPACE();
namespace ridgeflow {
namespace HWY_NAMESPACE {

/// `steps` multiply-adds in each lane of twelve sums that depend on themselves alone, so that none waits for the one
/// before. They start at different values: of equal ones the compiler makes one. Returns what keeps it from leaving them
/// out.
template <class T>
T multiplyAdds(std::size_t steps) {
  const hn::ScalableTag<T> d;
  using V = hn::Vec<decltype(d)>;
  const V factor = hn::Set(d, static_cast<T>(0.999));
  const V term = hn::Iota(d, static_cast<T>(1));
  const auto from = [&](int start) { return hn::Add(term, hn::Set(d, static_cast<T>(start))); };
  V c0 = from(0), c1 = from(1), c2 = from(2), c3 = from(3), c4 = from(4), c5 = from(5);
  V c6 = from(6), c7 = from(7), c8 = from(8), c9 = from(9), c10 = from(10), c11 = from(11);
  for (std::size_t step = 0; step < steps; ++step) {
    c0 = hn::MulAdd(c0, factor, term);
    c1 = hn::MulAdd(c1, factor, term);
    c2 = hn::MulAdd(c2, factor, term);
    c3 = hn::MulAdd(c3, factor, term);
    c4 = hn::MulAdd(c4, factor, term);
    c5 = hn::MulAdd(c5, factor, term);
    c6 = hn::MulAdd(c6, factor, term);
    c7 = hn::MulAdd(c7, factor, term);
    c8 = hn::MulAdd(c8, factor, term);
    c9 = hn::MulAdd(c9, factor, term);
    c10 = hn::MulAdd(c10, factor, term);
    c11 = hn::MulAdd(c11, factor, term);
  }
  const V even = hn::Add(hn::Add(hn::Add(c0, c2), hn::Add(c4, c6)), hn::Add(c8, c10));
  const V odd = hn::Add(hn::Add(hn::Add(c1, c3), hn::Add(c5, c7)), hn::Add(c9, c11));
  return hn::GetLane(hn::SumOfLanes(d, hn::Add(even, odd)));
}

template <class T>
std::size_t lanes() {
  return hn::Lanes(hn::ScalableTag<T>());
}

/// The sum of 2^x over an array whose length is a multiple of four vectors.
template <class T>
T exponentials(const T* x, std::size_t count) {
  const hn::ScalableTag<T> d;
  const std::size_t n = hn::Lanes(d);
  auto s0 = hn::Zero(d), s1 = s0, s2 = s0, s3 = s0;
  for (std::size_t i = 0; i < count; i += 4 * n) {
    s0 = hn::Add(s0, PowerOfTwo(d, hn::LoadU(d, x + i)));
    s1 = hn::Add(s1, PowerOfTwo(d, hn::LoadU(d, x + i + n)));
    s2 = hn::Add(s2, PowerOfTwo(d, hn::LoadU(d, x + i + 2 * n)));
    s3 = hn::Add(s3, PowerOfTwo(d, hn::LoadU(d, x + i + 3 * n)));
  }
  return hn::GetLane(hn::SumOfLanes(d, hn::Add(hn::Add(s0, s1), hn::Add(s2, s3))));
}

/// The sum of an array whose length is a multiple of four vectors.
template <class T>
T plainSum(const T* x, std::size_t count) {
  const hn::ScalableTag<T> d;
  const std::size_t n = hn::Lanes(d);
  auto s0 = hn::Zero(d), s1 = s0, s2 = s0, s3 = s0;
  for (std::size_t i = 0; i < count; i += 4 * n) {
    s0 = hn::Add(s0, hn::LoadU(d, x + i));
    s1 = hn::Add(s1, hn::LoadU(d, x + i + n));
    s2 = hn::Add(s2, hn::LoadU(d, x + i + 2 * n));
    s3 = hn::Add(s3, hn::LoadU(d, x + i + 3 * n));
  }
  return hn::GetLane(hn::SumOfLanes(d, hn::Add(hn::Add(s0, s1), hn::Add(s2, s3))));
}

// Functions by name, for the dispatch of each instruction set.
float multiplyAddsFloat(std::size_t steps) { return multiplyAdds<float>(steps); }
double multiplyAddsDouble(std::size_t steps) { return multiplyAdds<double>(steps); }
std::size_t lanesFloat() { return lanes<float>(); }
std::size_t lanesDouble() { return lanes<double>(); }
float exponentialsFloat(const float* x, std::size_t count) { return exponentials(x, count); }
double exponentialsDouble(const double* x, std::size_t count) { return exponentials(x, count); }
float plainSumFloat(const float* x, std::size_t count) { return plainSum(x, count); }
double plainSumDouble(const double* x, std::size_t count) { return plainSum(x, count); }

}  // namespace HWY_NAMESPACE
}  // namespace ridgeflow
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ridgeflow {

HWY_EXPORT(multiplyAddsFloat);
HWY_EXPORT(multiplyAddsDouble);
HWY_EXPORT(lanesFloat);
HWY_EXPORT(lanesDouble);
HWY_EXPORT(exponentialsFloat);
HWY_EXPORT(exponentialsDouble);
HWY_EXPORT(plainSumFloat);
HWY_EXPORT(plainSumDouble);

namespace {

constexpr int kRepetitions = 12;
constexpr std::size_t kTasks = 8;  // for each thread, so that one that is interrupted is helped out
constexpr std::size_t kSteps = 40'000;
constexpr std::size_t kChains = 12;  // as multiplyAdds has them
constexpr std::size_t kCached = 2048;  // elements, which the nearest cache holds
constexpr std::size_t kPasses = 64;
constexpr std::size_t kRead = std::size_t{1} << 27;  // bytes

template <class T>
struct Kernels;

template <>
struct Kernels<float> {
  static std::size_t lanes() { return HWY_DYNAMIC_DISPATCH(lanesFloat)(); }
  static float multiplyAdds(std::size_t steps) { return HWY_DYNAMIC_DISPATCH(multiplyAddsFloat)(steps); }
  static float exponentials(const float* x, std::size_t count) { return HWY_DYNAMIC_DISPATCH(exponentialsFloat)(x, count); }
  static float plainSum(const float* x, std::size_t count) { return HWY_DYNAMIC_DISPATCH(plainSumFloat)(x, count); }
};

template <>
struct Kernels<double> {
  static std::size_t lanes() { return HWY_DYNAMIC_DISPATCH(lanesDouble)(); }
  static double multiplyAdds(std::size_t steps) { return HWY_DYNAMIC_DISPATCH(multiplyAddsDouble)(steps); }
  static double exponentials(const double* x, std::size_t count) { return HWY_DYNAMIC_DISPATCH(exponentialsDouble)(x, count); }
  static double plainSum(const double* x, std::size_t count) { return HWY_DYNAMIC_DISPATCH(plainSumDouble)(x, count); }
};

/// Least seconds of tasks on all threads; their sums go where the compiler cannot follow.
template <class Task>
double leastSeconds(std::size_t tasks, Task task) {
  std::atomic<double> sink{0.0};
  double least = std::numeric_limits<double>::infinity();
  for (int repetition = 0; repetition < kRepetitions; ++repetition) {
    const auto begin = std::chrono::steady_clock::now();
    parallelFor(tasks, [&](std::size_t i) { sink.store(static_cast<double>(task(i)), std::memory_order_relaxed); });
    least = std::min(least, std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count());
  }
  return least;
}

}  // namespace

template <class T>
Peaks measurePeaks() {
  using K = Kernels<T>;
  const std::size_t tasks = kTasks * static_cast<std::size_t>(threadCount());
  const auto each = static_cast<double>(tasks);

  const double arithmetic = leastSeconds(tasks, [](std::size_t) { return K::multiplyAdds(kSteps); });
  const double multiplyAdds = each * static_cast<double>(kSteps * kChains * K::lanes());

  std::vector<T> logits(kCached);
  for (std::size_t i = 0; i < kCached; ++i) logits[i] = -static_cast<T>(i % 97) / 7;
  const double powers = leastSeconds(tasks, [&](std::size_t) {
    T sum = 0;
    for (std::size_t pass = 0; pass < kPasses; ++pass) sum += K::exponentials(logits.data(), kCached);
    return sum;
  });
  const double exponentials = each * static_cast<double>(kPasses * kCached);

  const std::size_t share = kRead / tasks / sizeof(T) / 64 * 64;
  const std::vector<T> memory(share * tasks, static_cast<T>(1));
  const double reading = leastSeconds(tasks, [&](std::size_t i) { return K::plainSum(memory.data() + i * share, share); });
  const double bytes = each * static_cast<double>(share * sizeof(T));
  return {multiplyAdds / arithmetic, exponentials / powers, bytes / reading};
}

template Peaks measurePeaks<float>();
template Peaks measurePeaks<double>();

}  // namespace ridgeflow
#endif  // HWY_ONCE
