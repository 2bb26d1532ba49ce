#pragma once

#include <cstddef>

#include "neighbours/hits.hpp"

// Squared distances of single pairs, by vector code (pair_squares.cpp, once per instruction set).

namespace ridgeflow::neighbour_tiles {

template <class T>
struct PairOperations {
  /// out[i] ← |query_lane − row|² of each hit, from differences in T: within d + 3 roundings of the exact one, or below
  /// the smallest normal number.
  void (*squares)(const T* queries, const T* rows, std::size_t d, const Hit* hits, std::size_t count, T* out) = nullptr;
  /// The same in float64, to the bit what comparedDistance gives.
  void (*exactSquares)(const T* queries, const T* rows, std::size_t d, const Hit* hits, std::size_t count, double* out) = nullptr;
};

PairOperations<float> pairOperations(float);
PairOperations<double> pairOperations(double);

}  // namespace ridgeflow::neighbour_tiles
