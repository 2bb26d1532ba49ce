#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>

namespace ridgeflow {

enum class Norm { kEuclidean, kMaximum };

/// What distances are compared by, from differences in float64: the square of the Euclidean distance, or the maximum
/// norm itself. Coordinate k of the two points is at a[k · aStep] and b[k · bStep].
template <class T>
double comparedDistance(Norm norm, const T* a, std::size_t aStep, const T* b, std::size_t bStep, std::size_t d) {
  double result = 0.0;
  for (std::size_t k = 0; k < d; ++k) {
    const double difference = static_cast<double>(a[k * aStep]) - static_cast<double>(b[k * bStep]);
    result = norm == Norm::kMaximum ? std::max(result, std::abs(difference)) : result + difference * difference;
  }
  return result;
}

/// The distance itself, rounded to the element type.
template <class T>
T distanceOf(Norm norm, double compared) {
  return static_cast<T>(norm == Norm::kMaximum ? compared : std::sqrt(compared));
}

}  // namespace ridgeflow
