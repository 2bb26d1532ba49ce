#pragma once

#include <cstddef>
#include <functional>

namespace ridgeflow {

/// Sets how many threads all kernels together may use, beside those that call them. At least 1.
void setThreadCount(int count);

/// The number of threads all kernels together may use.
int threadCount();

/// Runs body(i) for every i in [0, count), each i once, in any order, on this thread and on those of the one pool that all
/// concurrent calls share evenly. Results must not depend on the order or on the number of threads. The first exception that a body
/// throws cancels the rest and is rethrown here.
void parallelFor(std::size_t count, const std::function<void(std::size_t)>& body);

/// Flushes denormal results to zero on this thread while it lives: a weight below 2⁻¹²⁶ contributes nothing that a
/// sum could show, and denormal arithmetic costs a hundred times normal arithmetic.
class FlushDenormals {
 public:
  FlushDenormals();
  ~FlushDenormals();
  FlushDenormals(const FlushDenormals&) = delete;
  FlushDenormals& operator=(const FlushDenormals&) = delete;

 private:
  unsigned long long saved_ = 0;
};

}  // namespace ridgeflow
