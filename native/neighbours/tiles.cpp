// Vector code of the filter in floating point, compiled once for every instruction set and chosen at run time.

#include "neighbours/tiles.hpp"

#include <bit>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "neighbours/tiles.cpp"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"
#include "runtime/microkernel-inl.h"

HWY_BEFORE_NAMESPACE();
namespace ridgeflow {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;
using neighbour_tiles::Hit;
using neighbour_tiles::TileOperations;

/// Appends (row, lane + j) for every j that is set in the mask. Returns the new end.
template <class D, class Mask>
HWY_INLINE Hit* AppendHits(D tag, Mask mask, std::size_t row, std::size_t lane, Hit* end) {
  if (hn::AllFalse(tag, mask)) return end;
  std::uint8_t bytes[8] = {};
  hn::StoreMaskBits(tag, mask, bytes);
  for (std::size_t byte = 0; byte < (hn::Lanes(tag) + 7) / 8; ++byte) {
    for (unsigned bits = bytes[byte]; bits != 0; bits &= bits - 1) {
      const std::size_t at = lane + 8 * byte + static_cast<std::size_t>(std::countr_zero(bits));
      *end++ = {static_cast<std::uint16_t>(row), static_cast<std::uint16_t>(at)};
    }
  }
  return end;
}

template <class T>
HWY_NOINLINE Hit* AppendNear(const T* values, const T* thresholds, std::size_t first, std::size_t count, Hit* hits) {
  const Tag<T> tag;
  const std::size_t lanes = hn::Lanes(tag);
  for (std::size_t r = 0; r < count; ++r) {
    for (int v = 0; v < kVectors; ++v, values += lanes) {
      const auto beyond = hn::Gt(hn::Load(tag, values), hn::Load(tag, thresholds + v * lanes));
      hits = AppendHits(tag, hn::Not(beyond), first + r, v * lanes, hits);
    }
  }
  return hits;
}

template <int kM, class T>
HWY_NOINLINE Hit* NearRows(const T* panel, const T* thresholds, const T* rows, std::size_t stride, const T* halfSquares,
                           std::size_t first, std::size_t d, Hit* hits) {
  const Tag<T> tag;
  const std::size_t lanes = hn::Lanes(tag);
  Vector<T> sum[kM][kVectors];
#pragma GCC unroll 8
  for (int r = 0; r < kM; ++r) {
#pragma GCC unroll 8
    for (int v = 0; v < kVectors; ++v) sum[r][v] = hn::Zero(tag);
  }
  AddProducts<kM, false>(panel, rows + first * stride, stride, d, sum);
  Vector<T> threshold[kVectors];
#pragma GCC unroll 8
  for (int v = 0; v < kVectors; ++v) threshold[v] = hn::Load(tag, thresholds + v * lanes);
  // Not "at most the threshold": products that overflow give NaN, and must not drop the pair.
  auto beyond = hn::Eq(threshold[0], threshold[0]);
#pragma GCC unroll 8
  for (int r = 0; r < kM; ++r) {
    const Vector<T> half = hn::Set(tag, halfSquares[first + r]);
#pragma GCC unroll 8
    for (int v = 0; v < kVectors; ++v) {
      sum[r][v] = hn::Sub(half, sum[r][v]);
      beyond = hn::And(beyond, hn::Gt(sum[r][v], threshold[v]));
    }
  }
  if (hn::AllTrue(tag, beyond)) return hits;
  // Through memory, since a loop over the sums would keep them out of registers above.
  HWY_ALIGN T values[kM * kVectors * hn::MaxLanes(Tag<T>())];
#pragma GCC unroll 8
  for (int r = 0; r < kM; ++r) {
#pragma GCC unroll 8
    for (int v = 0; v < kVectors; ++v) hn::Store(sum[r][v], tag, values + (r * kVectors + v) * lanes);
  }
  return AppendNear(values, thresholds, first, kM, hits);
}

template <class T>
Hit* Near(const T* panel, const T* thresholds, const T* rows, std::size_t stride, const T* halfSquares,
          std::size_t count, std::size_t d, Hit* hits) {
  ForRowBlocks(count, [&]<int kM>(std::size_t first) {
    hits = NearRows<kM>(panel, thresholds, rows, stride, halfSquares, first, d, hits);
  });
  return hits;
}

template <class T>
TileOperations<T> Operations() {
  return {kVectors * hn::Lanes(Tag<T>()), &Near<T>};
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
