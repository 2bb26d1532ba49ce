#pragma once

#include <algorithm>
#include <cstddef>

#include "runtime/control.hpp"
#include "runtime/memory.hpp"
#include "runtime/parallel.hpp"

namespace ridgeflow {

/// Calls body(i) in parallel for every row of [0, n), of each of which it reads about so many values. Throws Aborted.
template <class Body>
void forEachRow(std::size_t n, std::size_t values, Control& control, const Body& body) {
  constexpr std::size_t kValues = 1U << 15;  // that one task reads
  const std::size_t share = std::max<std::size_t>(1, kValues / (values + 8));
  control.start(n);
  parallelFor(ceilDivide(n, share), [&](std::size_t task) {
    const std::size_t first = task * share, end = std::min(n, first + share);
    for (std::size_t i = first; i < end; ++i) body(i);
    control.advance(end - first);
  });
}

}  // namespace ridgeflow
