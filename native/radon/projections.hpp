#pragma once

#include <cstddef>

#include "runtime/control.hpp"

namespace ridgeflow {

/// A cloud and the directions that it is projected on.
template <class T>
struct ProjectedCloud {
  const T* points = nullptr;  ///< n × d
  std::size_t n = 0;
  std::size_t d = 0;
  const double* weights = nullptr;  ///< n; null: all 1
  const T* directions = nullptr;  ///< count × d
  std::size_t count = 0;
};

/// Bins along every direction: bin k is centred at first + k·spacing.
struct ProjectionBins {
  double first = 0.0;
  double spacing = 1.0;
  std::size_t width = 0;
  /// Spread a weight over four bins by the cubic B-spline, instead of giving it to the nearest: points within a bin of the
  /// first or the last two are left out.
  bool smooth = false;
};

/// sums (count × width) += the weights of the projected points in each bin. Points beyond the bins count for nothing.
/// O(count · n · d) time; no projection is stored beyond a tile. Sums in float64 in an order that does not depend on the
/// number of threads. Throws Aborted, std::bad_alloc.
template <class T>
void binProjections(const ProjectedCloud<T>& cloud, const ProjectionBins& bins, double* sums, Control& control);

/// extents (count × 2): the least and the greatest projection on every direction where they lie beyond those given.
template <class T>
void projectionExtents(const ProjectedCloud<T>& cloud, double* extents, Control& control);

}  // namespace ridgeflow
