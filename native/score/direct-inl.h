// Per-target include: sums of few coordinates in one pass, everything in registers.

#if defined(RIDGEFLOW_SCORE_DIRECT_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef RIDGEFLOW_SCORE_DIRECT_INL_H_
#undef RIDGEFLOW_SCORE_DIRECT_INL_H_
#else
#define RIDGEFLOW_SCORE_DIRECT_INL_H_
#endif

#include <cstddef>
#include <type_traits>

#include "hwy/highway.h"
#include "runtime/exp2-inl.h"
#include "runtime/microkernel-inl.h"
#include "score/tiles.hpp"

HWY_BEFORE_NAMESPACE();
namespace ridgeflow {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

constexpr int kDirectVectors = 2;

/// Largest logits of a panel, and its sums unless `kLargestOnly`, in kD coordinates.
template <int kD, bool kLargestOnly, class T>
HWY_NOINLINE void DirectPass(const score_tiles::QueryPanel<T>& panel, const score_tiles::CentreTile<T>& tile) {
  const Tag<T> tag;
  const std::size_t lanes = hn::Lanes(tag);
  const std::size_t width = kDirectVectors * lanes;
  Vector<T> query[kD][kDirectVectors], meanSum[kD][kDirectVectors];
  Vector<T> shift[kDirectVectors], largest[kDirectVectors], weightSum[kDirectVectors], momentSum[kDirectVectors];
#pragma GCC unroll 8
  for (int v = 0; v < kDirectVectors; ++v) {
    shift[v] = hn::Load(tag, panel.maximum + v * lanes);
    largest[v] = hn::Set(tag, -score_tiles::kExcluded<T>);
    weightSum[v] = momentSum[v] = hn::Zero(tag);
#pragma GCC unroll 8
    for (int k = 0; k < kD; ++k) {
      query[k][v] = hn::Load(tag, panel.transposed + k * width + v * lanes);
      meanSum[k][v] = hn::Zero(tag);
    }
  }
  const auto pass = [&](std::size_t from, std::size_t to, auto excludeSelf) HWY_ATTR {
    const T* row = tile.rows + from * tile.stride;
    for (std::size_t j = from; j < to; ++j, row += tile.stride) {
      const Vector<T> bias = hn::Set(tag, tile.bias[j]);
#pragma GCC unroll 8
      for (int v = 0; v < kDirectVectors; ++v) {
        const Vector<T> first = hn::Sub(query[0][v], hn::Set(tag, row[0]));
        Vector<T> square = hn::Mul(first, first);
#pragma GCC unroll 8
        for (int k = 1; k < kD; ++k) {
          const Vector<T> difference = hn::Sub(query[k][v], hn::Set(tag, row[k]));
          square = hn::MulAdd(difference, difference, square);
        }
        Vector<T> logit = hn::Sub(hn::Sub(bias, shift[v]), square);
        if constexpr (decltype(excludeSelf)::value) {
          const auto lane = static_cast<T>(static_cast<std::ptrdiff_t>(j) - tile.self);
          const auto isSelf = hn::Eq(hn::Iota(tag, static_cast<T>(v * lanes)), hn::Set(tag, lane));
          logit = hn::IfThenElse(isSelf, hn::Set(tag, -score_tiles::kExcluded<T>), logit);
        }
        largest[v] = hn::Max(largest[v], logit);
        if constexpr (!kLargestOnly) {
          const Vector<T> weight = PowerOfTwo(tag, logit);
          weightSum[v] = hn::Add(weightSum[v], weight);
          momentSum[v] = hn::MulAdd(weight, square, momentSum[v]);
#pragma GCC unroll 8
          for (int k = 0; k < kD; ++k) meanSum[k][v] = hn::MulAdd(weight, hn::Set(tag, row[k]), meanSum[k][v]);
        }
      }
    }
  };
  // Only the centres that are queries of this panel need the test.
  const auto clamp = [&](std::ptrdiff_t value) {
    return static_cast<std::size_t>(value < 0 ? 0 : value > static_cast<std::ptrdiff_t>(tile.count) ? static_cast<std::ptrdiff_t>(tile.count) : value);
  };
  const std::size_t selfBegin = tile.excludeSelf ? clamp(tile.self) : tile.count;
  const std::size_t selfEnd = tile.excludeSelf ? clamp(tile.self + static_cast<std::ptrdiff_t>(width)) : tile.count;
  pass(0, selfBegin, std::false_type());
  pass(selfBegin, selfEnd, std::true_type());
  pass(selfEnd, tile.count, std::false_type());
#pragma GCC unroll 8
  for (int v = 0; v < kDirectVectors; ++v) {
    hn::Store(largest[v], tag, panel.largest + v * lanes);
    if constexpr (!kLargestOnly) {
      hn::Store(weightSum[v], tag, panel.weightSum + v * lanes);
      hn::Store(momentSum[v], tag, panel.momentSum + v * lanes);
#pragma GCC unroll 8
      for (int k = 0; k < kD; ++k) hn::Store(meanSum[k][v], tag, panel.meanSum + k * width + v * lanes);
    }
  }
}

template <bool kLargestOnly, class T>
HWY_INLINE void DirectForDimension(const score_tiles::QueryPanel<T>& panel, const score_tiles::CentreTile<T>& tile, std::size_t d) {
  switch (d) {
    case 1: return DirectPass<1, kLargestOnly>(panel, tile);
    case 2: return DirectPass<2, kLargestOnly>(panel, tile);
    case 3: return DirectPass<3, kLargestOnly>(panel, tile);
    default: return DirectPass<4, kLargestOnly>(panel, tile);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace ridgeflow
HWY_AFTER_NAMESPACE();

#endif  // per-target include guard
