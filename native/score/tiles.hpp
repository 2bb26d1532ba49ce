#pragma once

#include <cstddef>

// What the driver (score.cpp) and the vector code (tiles.cpp, compiled once per instruction set) share.

namespace ridgeflow::score_tiles {

/// Centres per tile: a tile of weights (tile × panel) stays in the first-level cache.
inline constexpr std::size_t kTile = 128;

/// In low dimension everything but the centres stays in registers, so the tile may be longer.
inline constexpr std::size_t kDirectTile = 1024;

/// Highest dimension of the direct path.
inline constexpr std::size_t kDirectDimensions = 4;

/// A weight is left out by a bias of −kExcluded: finite, so that no arithmetic on it can give NaN.
template <class T>
inline constexpr T kExcluded = static_cast<T>(sizeof(T) == 4 ? 1e37 : 1e300);

/// Base-2 logits may exceed the running maximum by this before the maximum must move: sums stay far from overflow.
inline constexpr double kHeadroom = 40.0;

/// A tile of centres, centred and packed by the driver, with per-centre constants. For the direct passes rows lie one behind
/// the other; for all others in groups (see packedRow), so that both products, along rows and along columns, read whole
/// cache lines one after another.
template <class T>
struct CentreTile {
  const T* rows = nullptr;  ///< count × stride
  std::size_t stride = 0;
  std::size_t count = 0;
  const T* bias = nullptr;    ///< base-2 log-weight, and −κ|c|²/2 where logits come from inner products
  const T* square = nullptr;  ///< |c|²: what the second moment sums in the inner-product form
  std::ptrdiff_t self = 0;    ///< centre `self + lane` is the query in that lane (leave-one-out)
  bool excludeSelf = false;
};

/// Where row j of packed centres begins; its next coordinate is `group` elements further. A tile begins at a whole group.
inline std::size_t packedRow(std::size_t j, std::size_t stride, std::size_t group) {
  return j / group * group * stride + j % group;
}

/// A panel of queries, lanes across, with its running sums.
template <class T>
struct QueryPanel {
  const T* transposed = nullptr;  ///< d × width, scaled so that the kernel needs no further factor
  T* maximum = nullptr;           ///< width: the shift of the exponentials, base 2
  T* largest = nullptr;           ///< width: scratch, largest shifted logit of the tile
  T* weightSum = nullptr;         ///< width: Σ p over the tile
  T* momentSum = nullptr;         ///< width: Σ p·|c|², or by differences Σ p·|x − c|² or Σ p·|x − c|, over the tile
  T* weights = nullptr;           ///< kTile × width: p
  T* meanSum = nullptr;           ///< d × width: Σ p c since the last flush
};

/// What a pass over a tile computes.
struct PassOptions {
  bool differences = false;  ///< form x − c instead of inner products
  bool moment = false;
  bool mean = false;
  bool distances = false;     ///< logits fall with |x − c| instead of its square; needs `differences`
  bool overDistance = false;  ///< with `distances`: keep p/|x − c| for weights, 0 where x = c; sums are of p
};

template <class T>
struct TileOperations {
  std::size_t panelWidth = 0;
  std::size_t group = 0;  ///< of centres, see packedRow; divides kTile
  std::size_t directWidth = 0;
  /// Only the largest shifted logits: sets panel.largest.
  void (*largest)(const QueryPanel<T>&, const CentreTile<T>&, std::size_t d, PassOptions) = nullptr;
  /// Shifted logits, their exponentials and sums, and the weighted sums of centres where wanted. Returns false,
  /// leaving meanSum untouched, where a logit is above the headroom: move the maximum and call again.
  bool (*accumulate)(const QueryPanel<T>&, const CentreTile<T>&, std::size_t d, PassOptions) = nullptr;
  /// meanSum += Σ_j row_j[0, columns) p_j, p the weights that a pass has kept, or others in their place.
  void (*addMeans)(const QueryPanel<T>&, const CentreTile<T>&, std::size_t columns) = nullptr;
  /// The same as both passes for d ≤ kDirectDimensions, in registers; sums into weightSum, momentSum and meanSum (d × width), which
  /// it overwrites. Always by differences.
  void (*directLargest)(const QueryPanel<T>&, const CentreTile<T>&, std::size_t d) = nullptr;
  bool (*directAccumulate)(const QueryPanel<T>&, const CentreTile<T>&, std::size_t d) = nullptr;
};

/// The operations for the best instruction set of this processor.
TileOperations<float> tileOperations(float);
TileOperations<double> tileOperations(double);

}  // namespace ridgeflow::score_tiles
