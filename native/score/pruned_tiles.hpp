#pragma once

#include <cstddef>
#include <cstdint>

// What the driver (pruned.cpp) and the vector code (pruned_tiles.cpp, compiled once per instruction set) share.
//
// All coordinates are scaled so that base-2 logits are bias − |x − c|². Rows and panels are padded with zeros to whole
// multiples of kPadding coordinates, and rows are given by their numbers.

namespace ridgeflow::pruned_tiles {

/// Centres per tile.
inline constexpr std::size_t kTile = 128;

inline constexpr std::size_t kPadding = 16;

/// Logits may exceed their shift by this before sums must be made relative to a larger one.
inline constexpr double kHeadroom = 40.0;

/// Centres, in full or by their leading coordinates.
template <class T>
struct Rows {
  const T* rows = nullptr;  ///< m × stride
  std::size_t stride = 0;   ///< a multiple of kPadding, and how many coordinates are summed
  const T* bias = nullptr;  ///< base-2 log-weight, less |c|² where logits come from products
};

/// Queries, lanes across.
template <class T>
struct Panel {
  const T* transposed = nullptr;  ///< stride × width; doubled where logits come from products
  const T* base = nullptr;        ///< width: −shift, less |x|² where logits come from products
};

/// Sums over a tile.
template <class T>
struct Sums {
  const T* self = nullptr;  ///< width: which of the tile's centres a lane leaves out, as a number; or null
  T* weights = nullptr;     ///< kTile × width
  T* weightSum = nullptr;   ///< width: Σ p over the tile
  T* momentSum = nullptr;   ///< width: Σ p·squares[j] over the tile, or Σ p·|x − c|² by differences
  T* meanSum = nullptr;     ///< stride × width: Σ p c is added
};

template <class T>
struct Operations {
  std::size_t width = 0;  ///< queries per panel
  /// out[i] ← the largest logit that a lane has of centre numbers[i].
  void (*largest)(const Panel<T>&, const Rows<T>&, bool differences, const std::uint32_t* numbers, std::size_t count,
                  T* out) = nullptr;
  /// out (count × width) ← logits.
  void (*logits)(const Panel<T>&, const Rows<T>&, bool differences, const std::uint32_t* numbers, std::size_t count,
                 T* out) = nullptr;
  /// Sums over at most kTile centres. Returns the largest logit; where that is above kHeadroom, nothing was summed.
  T (*accumulate)(const Panel<T>&, const Rows<T>&, const T* squares, bool differences, bool mean,
                  const std::uint32_t* numbers, std::size_t count, const Sums<T>&) = nullptr;
};

/// The operations for the best instruction set of this processor.
Operations<float> operations(float);
Operations<double> operations(double);

}  // namespace ridgeflow::pruned_tiles
