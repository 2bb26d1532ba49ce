#include "runtime/parallel.hpp"

#include <algorithm>
#include <memory>
#include <mutex>

#include <tbb/blocked_range.h>
#include <tbb/info.h>
#include <tbb/parallel_for.h>
#include <tbb/partitioner.h>
#include <tbb/task_arena.h>

#if defined(__x86_64__) || defined(_M_X64)
#include <immintrin.h>
#endif

namespace ridgeflow {
namespace {

std::mutex arenaMutex;
std::shared_ptr<tbb::task_arena> sharedArena;

std::shared_ptr<tbb::task_arena> arena() {
  const std::lock_guard<std::mutex> lock(arenaMutex);
  if (!sharedArena) sharedArena = std::make_shared<tbb::task_arena>(tbb::info::default_concurrency());
  return sharedArena;
}

}  // namespace

void setThreadCount(int count) {
  const std::lock_guard<std::mutex> lock(arenaMutex);
  sharedArena = std::make_shared<tbb::task_arena>(std::max(1, count));
}

int threadCount() { return arena()->max_concurrency(); }

void parallelFor(std::size_t count, const std::function<void(std::size_t)>& body) {
  if (count == 0) return;
  if (count == 1) {
    body(0);
    return;
  }
  const auto pool = arena();
  pool->execute([&] {
    tbb::parallel_for(
        tbb::blocked_range<std::size_t>(0, count, 1),
        [&](const tbb::blocked_range<std::size_t>& range) {
          for (std::size_t i = range.begin(); i != range.end(); ++i) body(i);
        },
        tbb::simple_partitioner());
  });
}

#if defined(__x86_64__) || defined(_M_X64)
FlushDenormals::FlushDenormals() : saved_(_mm_getcsr()) {
  _mm_setcsr(static_cast<unsigned>(saved_) | 0x8040U);  // flush-to-zero and denormals-are-zero
}
FlushDenormals::~FlushDenormals() { _mm_setcsr(static_cast<unsigned>(saved_)); }
#elif defined(__aarch64__)
FlushDenormals::FlushDenormals() {
  unsigned long long fpcr;
  asm volatile("mrs %0, fpcr" : "=r"(fpcr));
  saved_ = fpcr;
  asm volatile("msr fpcr, %0" : : "r"(fpcr | (1ULL << 24)));
}
FlushDenormals::~FlushDenormals() { asm volatile("msr fpcr, %0" : : "r"(saved_)); }
#else
FlushDenormals::FlushDenormals() = default;
FlushDenormals::~FlushDenormals() = default;
#endif

}  // namespace ridgeflow
