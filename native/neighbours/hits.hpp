#pragma once

#include <cstddef>
#include <cstdint>

// What the searches over all pairs (pair_search.hpp) and their vector code share.

namespace ridgeflow::neighbour_tiles {

/// Points of a tile: what a filter looks at before thresholds move.
inline constexpr std::size_t kTile = 128;

/// A pair that a filter could not drop: a row of the tile, and a query of the panel.
struct Hit {
  std::uint16_t row, lane;
};

}  // namespace ridgeflow::neighbour_tiles
