#pragma once

#include <algorithm>
#include <cstddef>

#include "runtime/memory.hpp"
#include "runtime/parallel.hpp"

namespace ridgeflow {

/// Calls body(first, count) in parallel for blocks of [0, n): whole panels of queries, `panelsPerBlock` of them or, where
/// there are few, as many as leave four blocks to every thread.
template <class Body>
void forQueryBlocks(std::size_t n, std::size_t panelWidth, const Body& body, std::size_t panelsPerBlock = 8) {
  const std::size_t sharedOut = ceilDivide(ceilDivide(n, panelWidth), 4 * static_cast<std::size_t>(threadCount()));
  const std::size_t block = std::min(panelsPerBlock, sharedOut) * panelWidth;
  parallelFor(ceilDivide(n, block), [&](std::size_t task) {
    const std::size_t first = task * block;
    body(first, std::min(block, n - first));
  });
}

}  // namespace ridgeflow
