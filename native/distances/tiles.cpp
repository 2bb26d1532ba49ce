// Vector code of the sums of distances, compiled once for every instruction set and chosen at run time.

#include "distances/tiles.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "distances/tiles.cpp"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"
#include "runtime/microkernel-inl.h"

HWY_BEFORE_NAMESPACE();
namespace ridgeflow {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;
using distance_tiles::Rows;
using distance_tiles::TileOperations;

/// |x − y|² below this share of |x|² + |y|² has lost six bits to cancellation: it is computed again, from differences.
constexpr double kNear = 1.0 / 64;

constexpr std::size_t kPart = 128;     // coordinates
constexpr std::size_t kTogether = 32;  // rows: whole blocks of the micro-kernel

/// A panel and what is summed over its pairs.
template <class T>
struct Panel {
  const T* coordinates;
  const T* squares;
  const T* weights;  // null where rows are not summed
  T* columnSums;
  T* rowSums;
};

/// From the products of `count` rows from row `first` with the panel.
template <class T>
void AddDistances(const Panel<T>& panel, const Rows<T>& rows, std::size_t first, std::size_t count, const T* products,
                  std::size_t d) {
  const Tag<T> tag;
  const std::size_t lanes = hn::Lanes(tag);
  const Vector<T> minusTwo = hn::Set(tag, static_cast<T>(-2));
  const Vector<T> near = hn::Set(tag, static_cast<T>(kNear));
  Vector<T> column[kVectors];
#pragma GCC unroll 8
  for (int v = 0; v < kVectors; ++v) column[v] = hn::Load(tag, panel.columnSums + v * lanes);
  for (std::size_t r = first; r < first + count; ++r, products += kVectors * lanes) {
    Vector<T> square[1][kVectors];
    auto anyNear = hn::Lt(minusTwo, minusTwo);
#pragma GCC unroll 8
    for (int v = 0; v < kVectors; ++v) {
      const Vector<T> total = hn::Add(hn::Load(tag, panel.squares + v * lanes), hn::Set(tag, rows.squares[r]));
      square[0][v] = hn::MulAdd(minusTwo, hn::Load(tag, products + v * lanes), total);
      anyNear = hn::Or(anyNear, hn::Le(square[0][v], hn::Mul(near, total)));
    }
    if (!hn::AllFalse(tag, anyNear)) {
#pragma GCC unroll 8
      for (int v = 0; v < kVectors; ++v) square[0][v] = hn::Zero(tag);
      AddStridedProducts<1, true>(panel.coordinates, kVectors * lanes, rows.coordinates + r * rows.stride, rows.stride, rows.step, d, square);
    }
    Vector<T> row = hn::Zero(tag);
#pragma GCC unroll 8
    for (int v = 0; v < kVectors; ++v) {
      const Vector<T> distance = hn::Sqrt(square[0][v]);
      column[v] = hn::Add(column[v], distance);
      if (panel.weights != nullptr) row = hn::MulAdd(hn::Load(tag, panel.weights + v * lanes), distance, row);
    }
    if (panel.weights != nullptr) panel.rowSums[r] = hn::GetLane(hn::SumOfLanes(tag, row));
  }
#pragma GCC unroll 8
  for (int v = 0; v < kVectors; ++v) hn::Store(column[v], tag, panel.columnSums + v * lanes);
}

/// products[j × panelWidth + lane] += Σ_k x_lane,k row_j,k.
template <class T>
void AddTileProducts(const T* panel, const Rows<T>& rows, std::size_t d, T* products) {
  const Tag<T> tag;
  const std::size_t lanes = hn::Lanes(tag);
  ForRowBlocks(rows.count, [&]<int kM>(std::size_t first) HWY_ATTR {
    T* at = products + first * kVectors * lanes;
    Vector<T> sum[kM][kVectors];
#pragma GCC unroll 8
    for (int r = 0; r < kM; ++r) {
#pragma GCC unroll 8
      for (int v = 0; v < kVectors; ++v) sum[r][v] = hn::Load(tag, at + (r * kVectors + v) * lanes);
    }
    AddStridedProducts<kM, false>(panel, kVectors * lanes, rows.coordinates + first * rows.stride, rows.stride, rows.step, d, sum);
#pragma GCC unroll 8
    for (int r = 0; r < kM; ++r) {
#pragma GCC unroll 8
      for (int v = 0; v < kVectors; ++v) hn::Store(sum[r][v], tag, at + (r * kVectors + v) * lanes);
    }
  });
}

template <class T>
void SumPairs(const Panel<T>& panel, const Rows<T>& rows, std::size_t d) {
  const Tag<T> tag;
  const std::size_t width = kVectors * hn::Lanes(tag);
  HWY_ALIGN T products[kTogether * kVectors * hn::MaxLanes(Tag<T>())];
  for (std::size_t lane = 0; lane < width; lane += hn::Lanes(tag)) hn::Store(hn::Zero(tag), tag, panel.columnSums + lane);
  for (std::size_t first = 0; first < rows.count; first += kTogether) {
    const std::size_t count = HWY_MIN(kTogether, rows.count - first);
    for (std::size_t i = 0; i < count * width; i += hn::Lanes(tag)) hn::Store(hn::Zero(tag), tag, products + i);
    // Part after part of the coordinates, so that those of the panel stay in a first-level cache for all these rows.
    for (std::size_t k = 0; k < d; k += kPart) {
      const T* part = rows.coordinates + first * rows.stride + k * rows.step;
      AddTileProducts(panel.coordinates + k * width, {part, rows.stride, rows.step, nullptr, count}, HWY_MIN(kPart, d - k), products);
    }
    AddDistances(panel, rows, first, count, products, d);
  }
}

template <class T>
void Sums(const T* panel, const T* panelSquares, const Rows<T>& rows, std::size_t d, T* columnSums) {
  SumPairs<T>({panel, panelSquares, nullptr, columnSums, nullptr}, rows, d);
}

template <class T>
void MutualSums(const T* panel, const T* panelSquares, const T* weights, const Rows<T>& rows, std::size_t d,
                T* columnSums, T* rowSums) {
  SumPairs<T>({panel, panelSquares, weights, columnSums, rowSums}, rows, d);
}

template <class T>
TileOperations<T> Operations() {
  return {kVectors * hn::Lanes(Tag<T>()), &Sums<T>, &MutualSums<T>};
}
TileOperations<float> DistanceOperationsFloat() { return Operations<float>(); }
TileOperations<double> DistanceOperationsDouble() { return Operations<double>(); }

}  // namespace HWY_NAMESPACE
}  // namespace ridgeflow
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ridgeflow {

HWY_EXPORT(DistanceOperationsFloat);
HWY_EXPORT(DistanceOperationsDouble);

namespace distance_tiles {

TileOperations<float> tileOperations(float) { return HWY_DYNAMIC_DISPATCH(DistanceOperationsFloat)(); }

TileOperations<double> tileOperations(double) { return HWY_DYNAMIC_DISPATCH(DistanceOperationsDouble)(); }

}  // namespace distance_tiles
}  // namespace ridgeflow
#endif  // HWY_ONCE
