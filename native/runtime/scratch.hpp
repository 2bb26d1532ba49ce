#pragma once

#include <cstddef>

#include <tbb/enumerable_thread_specific.h>

#include "runtime/memory.hpp"

namespace ridgeflow {

/// One buffer for each thread that asks, kept from task to task: pages that are touched for the first time cost more than
/// a short task's work. A task must not call parallelFor while it uses its buffer.
template <class T>
class Scratch {
 public:
  explicit Scratch(std::size_t count) : buffers_([count] { return allocateBuffer<T>(count); }) {}

  /// The calling thread's buffer, with what it last held. Throws std::bad_alloc.
  T* local() { return buffers_.local().get(); }

 private:
  tbb::enumerable_thread_specific<Buffer<T>> buffers_;
};

}  // namespace ridgeflow
