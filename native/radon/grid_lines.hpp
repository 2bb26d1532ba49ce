#pragma once

#include <cstddef>

#include "radon/hyperplanes.hpp"

namespace ridgeflow {

/// The lines of a grid along one of its axes.
struct GridLines {
  const HyperplaneGrid& grid;
  std::size_t axis;

  std::size_t length() const { return grid.extents[axis]; }
  std::size_t count() const { return grid.cells() / length(); }

  /// Calls visit(axis, index) for every other axis of a line.
  template <class Visit>
  void forOthers(std::size_t line, const Visit& visit) const {
    for (std::size_t a = kLargestGridDimension; a-- > 0;) {
      if (a == axis) continue;
      visit(a, line % grid.extents[a]);
      line /= grid.extents[a];
    }
  }

  /// Position u·x of a line's first cell.
  double origin(const double* steps, std::size_t line) const {
    double sum = -0.5 * steps[axis] * static_cast<double>(length() - 1);
    forOthers(line, [&](std::size_t a, std::size_t index) {
      sum += steps[a] * (static_cast<double>(index) - 0.5 * static_cast<double>(grid.extents[a] - 1));
    });
    return sum;
  }

  std::size_t stride(std::size_t a) const {
    std::size_t product = 1;
    while (++a < kLargestGridDimension) product *= grid.extents[a];
    return product;
  }

  /// Number of a line's first cell.
  std::size_t start(std::size_t line) const {
    std::size_t sum = 0;
    forOthers(line, [&](std::size_t a, std::size_t index) { sum += index * stride(a); });
    return sum;
  }
};

}  // namespace ridgeflow
