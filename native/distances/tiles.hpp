#pragma once

#include <cstddef>

// What the drivers (distance_sums.cpp, mutual_sums.cpp) and the vector code (tiles.cpp, once per instruction set) share.

namespace ridgeflow::distance_tiles {

inline constexpr std::size_t kTile = 128;

/// Points about an origin, and |p|² of each. Coordinate k of point j is at coordinates[j · stride + k · step].
template <class T>
struct Rows {
  const T* coordinates = nullptr;
  std::size_t stride = 0, step = 0;
  const T* squares = nullptr;
  std::size_t count = 0;
};

template <class T>
struct TileOperations {
  std::size_t panelWidth = 0;
  /// columnSums[lane] ← Σ_j |x_lane − row_j|, of at most kTile rows. `panel` is d × panelWidth, aligned; `panelSquares`
  /// is |x|² of every lane.
  void (*sums)(const T* panel, const T* panelSquares, const Rows<T>& rows, std::size_t d, T* columnSums) = nullptr;
  /// The same, and rowSums[j] ← Σ_lane of the same distances times `weights` (panelWidth, aligned).
  void (*mutualSums)(const T* panel, const T* panelSquares, const T* weights, const Rows<T>& rows, std::size_t d,
                     T* columnSums, T* rowSums) = nullptr;
};

TileOperations<float> tileOperations(float);
TileOperations<double> tileOperations(double);

}  // namespace ridgeflow::distance_tiles
