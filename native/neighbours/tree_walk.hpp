#pragma once

#include <algorithm>
#include <cstddef>

#include "neighbours/box_tree.hpp"
#include "neighbours/rounding.hpp"
#include "runtime/parallel.hpp"

namespace ridgeflow {

/// Runs body(order[first], …) over shares of queries that follow each other in the tree.
template <class T, class Body>
void forLocalShares(const BoxTree<T>& tree, const T* queries, std::size_t n, Control& control, const Body& body) {
  constexpr std::size_t kShare = 256;
  const std::vector<std::uint32_t> order = tree.localOrder(queries, n, control);
  parallelFor(ceilDivide(n, kShare), [&](std::size_t task) {
    const std::size_t first = task * kShare, count = std::min(n - first, kShare);
    body(order.data() + first, count);
    control.advance(count);
  });
}

}  // namespace ridgeflow
