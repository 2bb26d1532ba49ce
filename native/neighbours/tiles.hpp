#pragma once

#include <cstddef>

// What the driver (brute_force.cpp) and the vector code (tiles.cpp, once per instruction set) share.

namespace ridgeflow::neighbour_tiles {

inline constexpr std::size_t kTile = 128;

template <class T>
struct TileOperations {
  std::size_t panelWidth = 0;
  /// out[j × panelWidth + lane] = halfSquares[j] − x_lane · row_j: half the squared distance, less |x|²/2.
  void (*halfDistances)(const T* panel, const T* rows, std::size_t stride, const T* halfSquares, std::size_t count,
                        std::size_t d, T* out) = nullptr;
  /// The first j ≥ from whose row of `values` is below `thresholds` in any lane; count where there is none.
  std::size_t (*nextBelow)(const T* values, const T* thresholds, std::size_t from, std::size_t count) = nullptr;
};

TileOperations<float> tileOperations(float);
TileOperations<double> tileOperations(double);

}  // namespace ridgeflow::neighbour_tiles
