// Vector code of the neighbour search, compiled once for every instruction set and chosen at run time.

#include "neighbours/tiles.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "neighbours/tiles.cpp"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"
#include "runtime/microkernel-inl.h"

HWY_BEFORE_NAMESPACE();
namespace ridgeflow {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;
using neighbour_tiles::TileOperations;

template <int kM, class T>
HWY_NOINLINE void HalfDistanceRows(const T* panel, const T* rows, std::size_t stride, const T* halfSquares,
                                   std::size_t d, T* out) {
  const Tag<T> tag;
  const std::size_t lanes = hn::Lanes(tag);
  Vector<T> sum[kM][kVectors];
#pragma GCC unroll 8
  for (int r = 0; r < kM; ++r) {
#pragma GCC unroll 8
    for (int v = 0; v < kVectors; ++v) sum[r][v] = hn::Zero(tag);
  }
  AddProducts<kM, false>(panel, rows, stride, d, sum);
#pragma GCC unroll 8
  for (int r = 0; r < kM; ++r) {
    const Vector<T> half = hn::Set(tag, halfSquares[r]);
#pragma GCC unroll 8
    for (int v = 0; v < kVectors; ++v) hn::Store(hn::Sub(half, sum[r][v]), tag, out + (r * kVectors + v) * lanes);
  }
}

template <class T>
void HalfDistances(const T* panel, const T* rows, std::size_t stride, const T* halfSquares, std::size_t count,
                   std::size_t d, T* out) {
  const std::size_t width = kVectors * hn::Lanes(Tag<T>());
  ForRowBlocks(count, [&]<int kM>(std::size_t first) {
    HalfDistanceRows<kM>(panel, rows + first * stride, stride, halfSquares + first, d, out + first * width);
  });
}

template <class T>
std::size_t NextBelow(const T* values, const T* thresholds, std::size_t from, std::size_t count) {
  const Tag<T> tag;
  const std::size_t lanes = hn::Lanes(tag);
  Vector<T> threshold[kVectors];
#pragma GCC unroll 8
  for (int v = 0; v < kVectors; ++v) threshold[v] = hn::Load(tag, thresholds + v * lanes);
  for (std::size_t j = from; j < count; ++j) {
    const T* row = values + j * kVectors * lanes;
    auto below = hn::Lt(hn::Load(tag, row), threshold[0]);
#pragma GCC unroll 8
    for (int v = 1; v < kVectors; ++v) below = hn::Or(below, hn::Lt(hn::Load(tag, row + v * lanes), threshold[v]));
    if (!hn::AllFalse(tag, below)) return j;
  }
  return count;
}

template <class T>
TileOperations<T> Operations() {
  return {kVectors * hn::Lanes(Tag<T>()), &HalfDistances<T>, &NextBelow<T>};
}
TileOperations<float> NeighbourOperationsFloat() { return Operations<float>(); }
TileOperations<double> NeighbourOperationsDouble() { return Operations<double>(); }

}  // namespace HWY_NAMESPACE
}  // namespace ridgeflow
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ridgeflow {

HWY_EXPORT(NeighbourOperationsFloat);
HWY_EXPORT(NeighbourOperationsDouble);

namespace neighbour_tiles {

TileOperations<float> tileOperations(float) { return HWY_DYNAMIC_DISPATCH(NeighbourOperationsFloat)(); }

TileOperations<double> tileOperations(double) { return HWY_DYNAMIC_DISPATCH(NeighbourOperationsDouble)(); }

}  // namespace neighbour_tiles
}  // namespace ridgeflow
#endif  // HWY_ONCE
