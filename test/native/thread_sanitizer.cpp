// ThreadSanitizer sees nothing of what synchronises oneTBB's threads, which is not compiled with it, and takes every
// hand-over for a race. In that build the linker takes these plain threads in place of runtime/parallel.cpp, so that
// the races it reports are the kernels' own.
#if defined(__SANITIZE_THREAD__)

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

#include "runtime/parallel.hpp"

namespace ridgeflow {
namespace {
std::atomic<int> threads{4};
}  // namespace

void setThreadCount(int count) { threads = std::max(1, count); }
int threadCount() { return threads; }

void parallelFor(std::size_t count, const std::function<void(std::size_t)>& body) {
  std::atomic<std::size_t> next{0};
  std::mutex mutex;
  std::exception_ptr failure;
  const auto work = [&] {
    try {
      for (std::size_t i = next++; i < count; i = next++) body(i);
    } catch (...) {
      next = count;
      const std::lock_guard<std::mutex> lock(mutex);
      if (!failure) failure = std::current_exception();
    }
  };
  std::vector<std::thread> pool;
  for (int i = 1; i < threads && static_cast<std::size_t>(i) < count; ++i) pool.emplace_back(work);
  work();
  for (std::thread& thread : pool) thread.join();
  if (failure) std::rethrow_exception(failure);
}

FlushDenormals::FlushDenormals() = default;
FlushDenormals::~FlushDenormals() = default;

}  // namespace ridgeflow

#endif
