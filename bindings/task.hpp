#pragma once

#include <cstddef>
#include <functional>

#include <napi.h>

#include "arguments.hpp"
#include "runtime/control.hpp"

namespace ridgeflow::bindings {

/// Runs a kernel. Below `inlineWork` units of estimated work (about a nanosecond each) at once, on this thread, and
/// returns undefined: a trip through the thread pool would cost more than the work. Else off the event loop, and
/// returns a promise. Keeps every array of the arguments alive until the kernel is done. The field `control`, an
/// Int32Array(2) where it is given, carries abort and progress (runtime/control.hpp). Failures are Errors whose `code`
/// is ABORTED, OUT_OF_MEMORY or KERNEL_FAILED.
Napi::Value run(const Arguments& arguments, double work, std::function<void(Control&)> kernel);

inline constexpr double inlineWork = 20000;

/// The work on all pairs of n and m points in d dimensions.
inline double pairWork(std::size_t n, std::size_t m, std::size_t d) {
  return static_cast<double>(n) * static_cast<double>(m) * static_cast<double>(d + 8);
}

}  // namespace ridgeflow::bindings
