#pragma once

#include <cstddef>
#include <limits>

// Distances that vector code computes in T are within d + 3 roundings of the exact ones, or below the smallest normal
// number. What that leaves open:

namespace ridgeflow {

/// Above what vector code may compute for something whose exact compared distance is at most `compared`.
template <class T>
T computedAtMost(double compared, std::size_t d) {
  const double relative = 2.0 * (static_cast<double>(d) + 8.0) * std::numeric_limits<T>::epsilon();
  const double limit = compared * (1.0 + relative) + 4.0 * static_cast<double>(d) * std::numeric_limits<T>::min();
  return limit < std::numeric_limits<T>::max() ? static_cast<T>(limit) : std::numeric_limits<T>::infinity();
}

/// What vector code computes for something only if its exact compared distance is below `compared`; negative where there is none.
template <class T>
T surelyBelow(double compared, std::size_t d) {
  const double relative = 2.0 * (static_cast<double>(d) + 8.0) * std::numeric_limits<T>::epsilon();
  const double limit = compared * (1.0 - relative) - 4.0 * static_cast<double>(d) * std::numeric_limits<T>::min();
  if (!(limit > 0.0)) return T(-1);
  return limit < std::numeric_limits<T>::max() ? static_cast<T>(limit) : std::numeric_limits<T>::max();
}

}  // namespace ridgeflow
