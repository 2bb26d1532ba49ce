#pragma once

namespace ridgeflow {

/// What the processor does at most, of all threads together, for benchmarks to hold kernels against.
struct Peaks {
  /// Of one element each, in registers.
  double multiplyAddsPerSecond;
  /// 2^x of one element each as the kernels compute it, from the nearest cache; multiply-adds for it are in this time.
  double exponentialsPerSecond;
  /// Read from memory, one array after its end and far larger than the caches.
  double bytesPerSecond;
};

/// Measures them: the best of several repetitions each, about a tenth of a second in all. Blocks. Throws std::bad_alloc.
template <class T>
Peaks measurePeaks();

}  // namespace ridgeflow
