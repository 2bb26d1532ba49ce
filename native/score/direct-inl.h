// Per-target include: sums of few coordinates in one pass, everything in registers.

#if defined(RIDGEFLOW_SCORE_DIRECT_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef RIDGEFLOW_SCORE_DIRECT_INL_H_
#undef RIDGEFLOW_SCORE_DIRECT_INL_H_
#else
#define RIDGEFLOW_SCORE_DIRECT_INL_H_
#endif

#include <cstddef>

#include "hwy/highway.h"
#include "runtime/exp2-inl.h"
#include "runtime/microkernel-inl.h"
#include "score/tiles.hpp"

HWY_BEFORE_NAMESPACE();
namespace ridgeflow {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

constexpr int kDirectVectors = 2;
// Of a panel's vectors, what passes over the centres together: two share what is loaded of a centre, but with all their sums
// they need more than 16 registers.
constexpr int kDirectTogether = kRows == 4 ? 1 : kDirectVectors;

/// Queries in kD coordinates, and what is summed for them: all in registers.
template <int kD, class T>
struct DirectSums {
  static constexpr int kV = kDirectTogether;
  Vector<T> query[kD][kV], meanSum[kD][kV];
  Vector<T> shift[kV], largest[kV], weightSum[kV], momentSum[kV];

  HWY_INLINE void load(const score_tiles::QueryPanel<T>& panel, std::size_t offset) {
    const Tag<T> tag;
    const std::size_t lanes = hn::Lanes(tag);
#pragma GCC unroll 8
    for (int v = 0; v < kV; ++v) {
      shift[v] = hn::Load(tag, panel.maximum + offset + v * lanes);
      largest[v] = hn::Set(tag, -score_tiles::kExcluded<T>);
      weightSum[v] = momentSum[v] = hn::Zero(tag);
#pragma GCC unroll 8
      for (int k = 0; k < kD; ++k) {
        query[k][v] = hn::Load(tag, panel.transposed + (k * kDirectVectors + v) * lanes + offset);
        meanSum[k][v] = hn::Zero(tag);
      }
    }
  }

  /// Adds centres [from, to). With `kExcludeSelf` the query in lane `lane` of the panel is no centre of its own.
  template <bool kLargestOnly, bool kExcludeSelf>
  HWY_INLINE void add(const score_tiles::CentreTile<T>& tile, std::size_t from, std::size_t to, std::size_t offset) {
    const Tag<T> tag;
    const std::size_t lanes = hn::Lanes(tag), stride = tile.stride;
    const T* bias = tile.bias + from;
    const T* row = tile.rows + from * stride;
    for (std::size_t j = from; j < to; ++j, ++bias, row += stride) {
#pragma GCC unroll 8
      for (int v = 0; v < kV; ++v) {
        const Vector<T> first = hn::Sub(query[0][v], hn::Set(tag, row[0]));
        Vector<T> square = hn::Mul(first, first);
#pragma GCC unroll 8
        for (int k = 1; k < kD; ++k) {
          const Vector<T> difference = hn::Sub(query[k][v], hn::Set(tag, row[k]));
          square = hn::MulAdd(difference, difference, square);
        }
        Vector<T> logit = hn::Sub(hn::Sub(hn::Set(tag, *bias), shift[v]), square);
        if constexpr (kExcludeSelf) {
          const auto lane = static_cast<T>(static_cast<std::ptrdiff_t>(j) - tile.self);
          const auto isSelf = hn::Eq(hn::Iota(tag, static_cast<T>(offset + v * lanes)), hn::Set(tag, lane));
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
  }

  template <bool kLargestOnly>
  HWY_INLINE void store(const score_tiles::QueryPanel<T>& panel, std::size_t offset) const {
    const Tag<T> tag;
    const std::size_t lanes = hn::Lanes(tag);
#pragma GCC unroll 8
    for (int v = 0; v < kV; ++v) {
      hn::Store(largest[v], tag, panel.largest + offset + v * lanes);
      if constexpr (!kLargestOnly) {
        hn::Store(weightSum[v], tag, panel.weightSum + offset + v * lanes);
        hn::Store(momentSum[v], tag, panel.momentSum + offset + v * lanes);
#pragma GCC unroll 8
        for (int k = 0; k < kD; ++k) hn::Store(meanSum[k][v], tag, panel.meanSum + (k * kDirectVectors + v) * lanes + offset);
      }
    }
  }
};

/// Largest logits of kDirectTogether vectors of a panel, `offset` lanes from its first, and their sums unless `kLargestOnly`.
template <int kD, bool kLargestOnly, class T>
HWY_NOINLINE void DirectPass(const score_tiles::QueryPanel<T>& panel, const score_tiles::CentreTile<T>& tile, std::size_t offset) {
  DirectSums<kD, T> sums;
  sums.load(panel, offset);
  if (!tile.excludeSelf) {
    sums.template add<kLargestOnly, false>(tile, 0, tile.count, offset);
  } else {
    // Only the centres that are queries of this panel need the test.
    const auto clamp = [&](std::ptrdiff_t value) {
      return static_cast<std::size_t>(value < 0 ? 0 : value > static_cast<std::ptrdiff_t>(tile.count) ? static_cast<std::ptrdiff_t>(tile.count) : value);
    };
    const auto width = static_cast<std::ptrdiff_t>(kDirectVectors * hn::Lanes(Tag<T>()));
    const std::size_t selfBegin = clamp(tile.self), selfEnd = clamp(tile.self + width);
    sums.template add<kLargestOnly, false>(tile, 0, selfBegin, offset);
    sums.template add<kLargestOnly, true>(tile, selfBegin, selfEnd, offset);
    sums.template add<kLargestOnly, false>(tile, selfEnd, tile.count, offset);
  }
  sums.template store<kLargestOnly>(panel, offset);
}

template <bool kLargestOnly, class T>
HWY_INLINE void DirectForDimension(const score_tiles::QueryPanel<T>& panel, const score_tiles::CentreTile<T>& tile, std::size_t d) {
  const std::size_t lanes = hn::Lanes(Tag<T>());
  for (std::size_t offset = 0; offset < kDirectVectors * lanes; offset += kDirectTogether * lanes) {
    switch (d) {
      case 1: DirectPass<1, kLargestOnly>(panel, tile, offset); break;
      case 2: DirectPass<2, kLargestOnly>(panel, tile, offset); break;
      case 3: DirectPass<3, kLargestOnly>(panel, tile, offset); break;
      default: DirectPass<4, kLargestOnly>(panel, tile, offset); break;
    }
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace ridgeflow
HWY_AFTER_NAMESPACE();

#endif  // per-target include guard
