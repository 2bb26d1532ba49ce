#pragma once

#include <cstddef>

// What the driver (distance_sums.cpp) and the vector code (tiles.cpp, once per instruction set) share.

namespace ridgeflow::distance_tiles {

inline constexpr std::size_t kTile = 128;

template <class T>
struct TileOperations {
  std::size_t panelWidth = 0;
  /// out[lane] ← Σ_j |x_lane − row_j|, of at most kTile rows. `panel` is d × panelWidth, aligned; `querySquares` and
  /// `squares` are |x|² and |row|².
  void (*sums)(const T* panel, const T* querySquares, const T* rows, std::size_t stride, const T* squares,
               std::size_t count, std::size_t d, T* out) = nullptr;
};

TileOperations<float> tileOperations(float);
TileOperations<double> tileOperations(double);

}  // namespace ridgeflow::distance_tiles
