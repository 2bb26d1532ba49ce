#pragma once

#include <cstddef>
#include <cstdint>

#include "neighbours/hits.hpp"

// What the filter of rounded points (byte_filter.hpp) and its vector code (byte_tiles.cpp, once per instruction set)
// share. Rows and panels hold coordinates in groups of four bytes.

namespace ridgeflow::neighbour_tiles {

/// Sums of products of bytes stay within 32 bits up to here.
inline constexpr std::size_t kMostByteDimensions = 8192;

struct ByteOperations {
  /// 0 where the instruction set has no fast products of bytes.
  std::size_t panelWidth = 0;
  /// Coordinates are rounded to whole numbers from −levels to levels. Queries are stored with levels + 1 added.
  int levels = 0;
  /// Appends the pairs for which offsets[j] + Σ_k panel_k,lane · rows_j,k is below thresholds[lane]. A panel is
  /// groups × panelWidth × 4 bytes, aligned; rows are 4 · groups bytes, `stride` apart, a multiple of 4.
  Hit* (*near)(const std::uint8_t* panel, const std::int32_t* thresholds, const std::int8_t* rows, std::size_t stride,
               const std::int32_t* offsets, std::size_t count, std::size_t groups, Hit* hits) = nullptr;
};

ByteOperations byteOperations();

}  // namespace ridgeflow::neighbour_tiles
