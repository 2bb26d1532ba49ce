#pragma once

#include <algorithm>
#include <cstddef>
#include <new>

#include <hwy/aligned_allocator.h>

namespace ridgeflow {

/// Storage aligned for vector loads, freed by itself.
template <class T>
using Buffer = hwy::AlignedFreeUniquePtr<T[]>;

/// Uninitialised aligned storage. Throws std::bad_alloc.
template <class T>
Buffer<T> allocateBuffer(std::size_t count) {
  Buffer<T> memory = hwy::AllocateAligned<T>(std::max<std::size_t>(count, 1));
  if (!memory) throw std::bad_alloc();
  return memory;
}

inline std::size_t ceilDivide(std::size_t a, std::size_t b) { return (a + b - 1) / b; }

/// Asks for a cache line that is going to be written, before another core's copy would be waited for.
inline void prefetchToWrite(const void* line) {
#if defined(__x86_64__)
  // By name: compilers give out a prefetch for reading where they do not know that the processor has this one.
  asm volatile("prefetchw %0" : : "m"(*static_cast<const char*>(line)));
#elif defined(__GNUC__) || defined(__clang__)
  __builtin_prefetch(line, 1);
#else
  static_cast<void>(line);
#endif
}

/// Elements between the rows of a packed tile: an odd number of cache lines, so that a column of the tile does not
/// fall on one cache set.
template <class T>
std::size_t packedStride(std::size_t d) {
  const std::size_t line = 64 / sizeof(T);
  return (ceilDivide(d, line) | 1) * line;
}

}  // namespace ridgeflow
