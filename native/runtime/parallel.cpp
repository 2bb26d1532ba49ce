#include "runtime/parallel.hpp"

#include <algorithm>
#include <atomic>
#include <memory>
#include <mutex>

#include <tbb/blocked_range.h>
#include <tbb/global_control.h>
#include <tbb/info.h>
#include <tbb/parallel_for.h>
#include <tbb/partitioner.h>
#include <tbb/task_arena.h>

#if defined(__x86_64__) || defined(_M_X64)
#include <immintrin.h>
#endif

namespace ridgeflow {
namespace {

std::mutex limitMutex;
/// How many threads of oneTBB may work at once, over all arenas. Never destroyed: a kernel may outlast main().
tbb::global_control* limit = nullptr;
std::atomic<int> allowed{0};

/// Where the calls of one thread run. Were it one arena for all threads, a short call would wait for the long calls that
/// fill it, and with it the thread that called: between arenas oneTBB shares its threads out evenly.
tbb::task_arena& arena() {
  thread_local std::unique_ptr<tbb::task_arena> mine;
  const int wanted = threadCount();
  if (!mine || mine->max_concurrency() != wanted) mine = std::make_unique<tbb::task_arena>(wanted);
  return *mine;
}

/// Whether this thread is in a body already, and so in the arena of its call.
thread_local bool inside = false;

class Inside {
 public:
  Inside() : before_(inside) { inside = true; }
  ~Inside() { inside = before_; }
  Inside(const Inside&) = delete;
  Inside& operator=(const Inside&) = delete;

 private:
  bool before_;
};

}  // namespace

void setThreadCount(int wanted) {
  const std::lock_guard<std::mutex> lock(limitMutex);
  if (allowed == std::max(1, wanted)) return;
  allowed = std::max(1, wanted);
  delete limit;
  limit = new tbb::global_control(tbb::global_control::max_allowed_parallelism, static_cast<std::size_t>(allowed));
}

int threadCount() {
  const int known = allowed;
  return known > 0 ? known : tbb::info::default_concurrency();
}

void parallelFor(std::size_t count, const std::function<void(std::size_t)>& body) {
  if (count == 0) return;
  if (count == 1) {
    body(0);
    return;
  }
  const auto loop = [&] {
    tbb::parallel_for(
        tbb::blocked_range<std::size_t>(0, count, 1),
        [&](const tbb::blocked_range<std::size_t>& range) {
          const Inside here;
          for (std::size_t i = range.begin(); i != range.end(); ++i) body(i);
        },
        tbb::simple_partitioner());
  };
  if (inside) loop();
  else arena().execute(loop);
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
