#pragma once

#include <cstddef>

#include "ridgelet/nonlinearity.hpp"

// What the drivers (ridge_sum.cpp, activate.cpp) and the vector code (tiles.cpp, compiled once per instruction set) share.

namespace ridgeflow::ridge_tiles {

/// Centres in a tile: with a panel of queries its activations fit a first-level cache.
inline constexpr std::size_t kTile = 128;

template <class T>
struct TileOperations {
  /// Queries in a panel.
  std::size_t panelWidth = 0;
  /// activations (count × width) ← queryBias + centreBias + Σ_k x_k · row[k]; the panel is d × width, aligned.
  void (*products)(const T* panel, const T* queryBias, const T* rows, std::size_t stride, const T* centreBias,
                   std::size_t count, std::size_t d, T* activations) = nullptr;
  /// values[i] ← f(values[i]); `count` is a multiple of the width, `values` aligned.
  void (*apply)(const Nonlinearity<T>&, T* values, std::size_t count) = nullptr;
  /// sums (k × width) += Σ_j activations[j] ⊗ values[j][0…k).
  void (*accumulate)(const T* activations, const T* values, std::size_t stride, std::size_t count, std::size_t k,
                     T* sums) = nullptr;
};

/// The operations for the best instruction set of this processor.
TileOperations<float> tileOperations(float);
TileOperations<double> tileOperations(double);

}  // namespace ridgeflow::ridge_tiles
