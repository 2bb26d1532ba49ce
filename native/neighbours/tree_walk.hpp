#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>

#include "neighbours/box_tree.hpp"
#include "neighbours/norm.hpp"
#include "runtime/parallel.hpp"

namespace ridgeflow {

/// Above what `points` and `boxes` may compute for something whose exact compared distance is at most `compared`.
template <class T>
T computedAtMost(double compared, std::size_t d) {
  const double relative = 2.0 * (static_cast<double>(d) + 8.0) * std::numeric_limits<T>::epsilon();
  const double limit = compared * (1.0 + relative) + 4.0 * static_cast<double>(d) * std::numeric_limits<T>::min();
  return limit < std::numeric_limits<T>::max() ? static_cast<T>(limit) : std::numeric_limits<T>::infinity();
}

/// What they compute for something only if its exact compared distance is below `compared`; negative where there is none.
template <class T>
T surelyBelow(double compared, std::size_t d) {
  const double relative = 2.0 * (static_cast<double>(d) + 8.0) * std::numeric_limits<T>::epsilon();
  const double limit = compared * (1.0 - relative) - 4.0 * static_cast<double>(d) * std::numeric_limits<T>::min();
  if (!(limit > 0.0)) return T(-1);
  return limit < std::numeric_limits<T>::max() ? static_cast<T>(limit) : std::numeric_limits<T>::max();
}

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
