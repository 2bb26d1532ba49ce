#pragma once

#include <cstddef>

#include "runtime/memory.hpp"

namespace ridgeflow {

/// Most points and directions of a tile: their projections stay in the second cache.
inline constexpr std::size_t kTilePoints = 512, kTileDirections = 64;

/// One thread's tile of the projections of points in d dimensions: the product of a few directions and a few points. Up to
/// d = 256 without BLAS, whose cost of reading and writing results is then the larger one; beyond d = 4096 float32 sums go
/// to float64 in between.
template <class T>
class ProjectionTile {
 public:
  /// Throws std::bad_alloc.
  explicit ProjectionTile(std::size_t d);

  /// How many points a tile takes.
  static std::size_t pointsOf(std::size_t d);

  /// Takes count × d points, which must live until the last `project`.
  void load(const T* points, std::size_t count);

  /// Projects the points on rows × d directions, at most kTileDirections.
  void project(const T* directions, std::size_t rows);

  /// The points' projections on direction r of the last `project`.
  const T* row(std::size_t r) const { return values_.get() + r * stride_; }

 private:
  std::size_t d_, size_, count_ = 0, stride_ = 0;
  const T* source_ = nullptr;
  Buffer<T> packed_, values_;
  Buffer<double> sums_;
};

}  // namespace ridgeflow
