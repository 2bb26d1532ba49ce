// Per-target include: convolution of the grid of a gridded score along its axes.

#if defined(RIDGEFLOW_SCORE_GRID_CONVOLUTION_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef RIDGEFLOW_SCORE_GRID_CONVOLUTION_INL_H_
#undef RIDGEFLOW_SCORE_GRID_CONVOLUTION_INL_H_
#else
#define RIDGEFLOW_SCORE_GRID_CONVOLUTION_INL_H_
#endif

#include <algorithm>
#include <cstddef>

#include "hwy/highway.h"
#include "score/grid_tiles.hpp"

HWY_BEFORE_NAMESPACE();
namespace ridgeflow {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;
using grid_tiles::Convolution;
using grid_tiles::kColumns;
using grid_tiles::kRows;

#if HWY_HAVE_SCALABLE
constexpr std::size_t kLanes = 2;
#else
constexpr std::size_t kLanes = HWY_MAX_BYTES / 8 < 8 ? HWY_MAX_BYTES / 8 : 8;
#endif
using GridTag = hn::FixedTag<double, kLanes>;
using V = hn::Vec<GridTag>;

/// The inputs that `count` outputs from i on need.
struct InputRange {
  std::ptrdiff_t from, to;
};
HWY_INLINE InputRange InputsOf(const Convolution& axis, std::size_t i, std::size_t count) {
  const auto centre = static_cast<std::ptrdiff_t>(i) + axis.offset, reach = static_cast<std::ptrdiff_t>(axis.reach);
  return {std::max<std::ptrdiff_t>(0, centre - reach),
          std::min(static_cast<std::ptrdiff_t>(axis.inputs), centre + static_cast<std::ptrdiff_t>(count) + reach)};
}

void GridConvolveColumns(const Convolution& axis, const double* in, double* out, std::size_t stride) {
  const GridTag tag;
  constexpr std::size_t kPart = 2 * kLanes, kAtATime = 4;
  for (std::size_t column = 0; column < kColumns; column += kPart) {
    for (std::size_t i = 0; i < axis.outputs; i += kAtATime) {
      V sum[kAtATime][2];
#pragma GCC unroll 4
      for (std::size_t a = 0; a < kAtATime; ++a) sum[a][0] = sum[a][1] = hn::Zero(tag);
      const InputRange range = InputsOf(axis, i, kAtATime);
      for (std::ptrdiff_t k = range.from; k < range.to; ++k) {
        const double* row = in + static_cast<std::size_t>(k) * stride + column;
        const V left = hn::Load(tag, row), right = hn::Load(tag, row + kLanes);
        const double* factor = axis.kernel + (static_cast<std::ptrdiff_t>(i) + axis.offset - k);
#pragma GCC unroll 4
        for (std::size_t a = 0; a < kAtATime; ++a) {
          sum[a][0] = hn::MulAdd(hn::Set(tag, factor[a]), left, sum[a][0]);
          sum[a][1] = hn::MulAdd(hn::Set(tag, factor[a]), right, sum[a][1]);
        }
      }
#pragma GCC unroll 4
      for (std::size_t a = 0; a < kAtATime; ++a) {
        if (i + a >= axis.outputs) break;
        hn::Store(sum[a][0], tag, out + (i + a) * stride + column);
        hn::Store(sum[a][1], tag, out + (i + a) * stride + column + kLanes);
      }
    }
  }
}

void GridConvolveRows(const Convolution& axis, const double* const* in, double* const* out) {
  const GridTag tag;
  constexpr std::size_t kPart = 2 * kLanes;
  for (std::size_t i = 0; i < axis.outputs; i += kPart) {
    V sum[kRows][2];
#pragma GCC unroll 4
    for (std::size_t a = 0; a < kRows; ++a) sum[a][0] = sum[a][1] = hn::Zero(tag);
    const InputRange range = InputsOf(axis, i, kPart);
    for (std::ptrdiff_t k = range.from; k < range.to; ++k) {
      const double* kernel = axis.kernel + (static_cast<std::ptrdiff_t>(i) + axis.offset - k);
      const V left = hn::LoadU(tag, kernel), right = hn::LoadU(tag, kernel + kLanes);
#pragma GCC unroll 4
      for (std::size_t a = 0; a < kRows; ++a) {
        const V element = hn::Set(tag, in[a][k]);
        sum[a][0] = hn::MulAdd(element, left, sum[a][0]);
        sum[a][1] = hn::MulAdd(element, right, sum[a][1]);
      }
    }
#pragma GCC unroll 4
    for (std::size_t a = 0; a < kRows; ++a) {
      hn::Store(sum[a][0], tag, out[a] + i);
      hn::Store(sum[a][1], tag, out[a] + i + kLanes);
    }
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace ridgeflow
HWY_AFTER_NAMESPACE();

#endif  // per-target include guard
