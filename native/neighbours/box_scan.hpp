#pragma once

#include <cstddef>
#include <cstdint>

#include "neighbours/norm.hpp"

// What the box tree and its vector code (box_scan.cpp, once per instruction set) share.

namespace ridgeflow::box_scan {

/// Points of a leaf, and children of a node. Both are whole numbers of vectors on every instruction set, at most 64.
inline constexpr std::size_t kLeaf = 32;
inline constexpr std::size_t kChildren = 16;

/// Blocks hold coordinate k of all their columns together, at [k · width]. Distances are computed in T, squared where
/// the norm is Euclidean: within (d + 3) roundings of the exact one, or below the smallest normal number. Columns that
/// are not in use may hold anything.
template <class T>
struct Operations {
  /// out[j]: from the query to each point of a leaf.
  void (*points)(const T* block, const T* query, std::size_t d, Norm norm, T* out) = nullptr;
  /// nearest[j] and farthest[j]: bounds for the points of each child's box. `farthest` may be null.
  void (*boxes)(const T* lower, const T* upper, const T* query, std::size_t d, Norm norm, T* nearest, T* farthest) = nullptr;
  /// Bit j is set where values[j] ≤ limit, j < width ≤ 64, a multiple of kChildren.
  std::uint64_t (*atMost)(const T* values, std::size_t width, T limit) = nullptr;
};

Operations<float> operations(float);
Operations<double> operations(double);

}  // namespace ridgeflow::box_scan
