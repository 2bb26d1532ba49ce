#pragma once

#include <cstddef>

#include "neighbours/hits.hpp"

// What the filter in floating point (float_filter.hpp) and its vector code (tiles.cpp, once per instruction set) share.

namespace ridgeflow::neighbour_tiles {

template <class T>
struct TileOperations {
  std::size_t panelWidth = 0;
  /// Appends the pairs for which halfSquares[j] − x_lane · row_j, half the squared distance less |x|²/2, is not above
  /// thresholds[lane]: at most count × panelWidth. Returns the new end.
  Hit* (*near)(const T* panel, const T* thresholds, const T* rows, std::size_t stride, const T* halfSquares,
               std::size_t count, std::size_t d, Hit* hits) = nullptr;
};

TileOperations<float> tileOperations(float);
TileOperations<double> tileOperations(double);

}  // namespace ridgeflow::neighbour_tiles
