// Vector code of the score kernel, compiled once for every instruction set and chosen at run time.

#include "score/tiles.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "score/tiles.cpp"
#include "hwy/foreach_target.h"
#include "hwy/cache_control.h"
#include "hwy/highway.h"
#include "runtime/exp2-inl.h"
#include "runtime/microkernel-inl.h"
#include "score/direct-inl.h"

HWY_BEFORE_NAMESPACE();
namespace ridgeflow {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;
using score_tiles::CentreTile;
using score_tiles::kExcluded;
using score_tiles::kHeadroom;
using score_tiles::PassOptions;
using score_tiles::QueryPanel;
using score_tiles::TileOperations;

constexpr std::size_t kSummed = 64;

/// What logits are made of: x·c, |x − c|², |x − c|.
enum class Form { kProducts, kSquares, kDistances };

/// Shifted base-2 logits of kM centres against a panel; `squares` receives what was subtracted, |x − c|² or |x − c|.
template <int kM, Form kForm, class T>
HWY_INLINE void Logits(const QueryPanel<T>& panel, const CentreTile<T>& tile, std::size_t first, std::size_t d,
                       Vector<T> (&logit)[kM][kVectors], Vector<T> (&squares)[kM][kVectors]) {
  constexpr bool kDifferences = kForm != Form::kProducts;
  const Tag<T> tag;
  const std::size_t lanes = hn::Lanes(tag);
  const T* rows = tile.rows + first * tile.stride;
  Vector<T> shift[kVectors];
#pragma GCC unroll 8
  for (int v = 0; v < kVectors; ++v) shift[v] = hn::Load(tag, panel.maximum + v * lanes);
#pragma GCC unroll 8
  for (int r = 0; r < kM; ++r) {
    const Vector<T> bias = hn::Set(tag, tile.bias[first + r]);
#pragma GCC unroll 8
    for (int v = 0; v < kVectors; ++v) {
      logit[r][v] = kDifferences ? hn::Zero(tag) : hn::Sub(bias, shift[v]);
    }
  }
  if constexpr (kDifferences) {
    // Narrow kernels need every digit of the distance: sums over 64 coordinates are added up apart.
    const std::size_t width = kVectors * lanes;
    for (std::size_t k = 0; k < d; k += kSummed) {
      Vector<T> part[kM][kVectors];
#pragma GCC unroll 8
      for (int r = 0; r < kM; ++r) {
#pragma GCC unroll 8
        for (int v = 0; v < kVectors; ++v) part[r][v] = hn::Zero(tag);
      }
      AddStridedProducts<kM, true>(panel.transposed + k * width, width, rows + k * kRows, 1, kRows, HWY_MIN(kSummed, d - k), part);
#pragma GCC unroll 8
      for (int r = 0; r < kM; ++r) {
#pragma GCC unroll 8
        for (int v = 0; v < kVectors; ++v) logit[r][v] = hn::Add(logit[r][v], part[r][v]);
      }
    }
  } else {
    AddStridedProducts<kM, false>(panel.transposed, kVectors * lanes, rows, 1, kRows, d, logit);
  }
  if constexpr (kDifferences) {
#pragma GCC unroll 8
    for (int r = 0; r < kM; ++r) {
      const Vector<T> bias = hn::Set(tag, tile.bias[first + r]);
#pragma GCC unroll 8
      for (int v = 0; v < kVectors; ++v) {
        squares[r][v] = kForm == Form::kDistances ? hn::Sqrt(logit[r][v]) : logit[r][v];
        logit[r][v] = hn::Sub(hn::Sub(bias, shift[v]), squares[r][v]);
      }
    }
  }
  if (tile.excludeSelf) {
    for (int r = 0; r < kM; ++r) {
      const auto lane = static_cast<std::ptrdiff_t>(first) + r - tile.self;
      if (lane < 0 || lane >= static_cast<std::ptrdiff_t>(kVectors * lanes)) continue;
#pragma GCC unroll 8
      for (int v = 0; v < kVectors; ++v) {
        const auto number = hn::Iota(tag, static_cast<T>(v * lanes));
        const auto isSelf = hn::Eq(number, hn::Set(tag, static_cast<T>(lane)));
        logit[r][v] = hn::IfThenElse(isSelf, hn::Set(tag, -kExcluded<T>), logit[r][v]);
      }
    }
  }
}

template <int kM, Form kForm, class T>
HWY_NOINLINE void LargestRows(const QueryPanel<T>& panel, const CentreTile<T>& tile, std::size_t first, std::size_t d) {
  const Tag<T> tag;
  const std::size_t lanes = hn::Lanes(tag);
  Vector<T> logit[kM][kVectors], squares[kM][kVectors];
  Logits<kM, kForm>(panel, tile, first, d, logit, squares);
#pragma GCC unroll 8
  for (int v = 0; v < kVectors; ++v) {
    Vector<T> largest = hn::Load(tag, panel.largest + v * lanes);
#pragma GCC unroll 8
    for (int r = 0; r < kM; ++r) largest = hn::Max(largest, logit[r][v]);
    hn::Store(largest, tag, panel.largest + v * lanes);
  }
}

/// Weights of kM centres, and their sums.
template <int kM, Form kForm, bool kMoment, class T>
HWY_NOINLINE void WeightRows(const QueryPanel<T>& panel, const CentreTile<T>& tile, std::size_t first, std::size_t d,
                             bool overDistance = false) {
  const Tag<T> tag;
  const std::size_t lanes = hn::Lanes(tag);
  Vector<T> logit[kM][kVectors], squares[kM][kVectors];
  Logits<kM, kForm>(panel, tile, first, d, logit, squares);
  T* out = panel.weights + first * kVectors * lanes;
#pragma GCC unroll 8
  for (int v = 0; v < kVectors; ++v) {
    Vector<T> largest = hn::Load(tag, panel.largest + v * lanes);
    Vector<T> weightSum = hn::Load(tag, panel.weightSum + v * lanes);
    Vector<T> momentSum = hn::Load(tag, panel.momentSum + v * lanes);
#pragma GCC unroll 8
    for (int r = 0; r < kM; ++r) {
      largest = hn::Max(largest, logit[r][v]);
      const Vector<T> weight = PowerOfTwo(tag, logit[r][v]);
      weightSum = hn::Add(weightSum, weight);
      if constexpr (kMoment) {
        const Vector<T> square = kForm == Form::kProducts ? hn::Set(tag, tile.square[first + r]) : squares[r][v];
        momentSum = hn::MulAdd(weight, square, momentSum);
      }
      Vector<T> kept = weight;
      if (kForm == Form::kDistances && overDistance) {
        kept = hn::IfThenElseZero(hn::Gt(squares[r][v], hn::Zero(tag)), hn::Div(weight, squares[r][v]));
      }
      hn::Store(kept, tag, out + r * kVectors * lanes + v * lanes);
    }
    hn::Store(largest, tag, panel.largest + v * lanes);
    hn::Store(weightSum, tag, panel.weightSum + v * lanes);
    if constexpr (kMoment) hn::Store(momentSum, tag, panel.momentSum + v * lanes);
  }
}

/// meanSum[k..k+kM) += Σ_j c_j[k..k+kM) p_j over the tile.
template <int kM, class T>
HWY_NOINLINE void MeanRows(const QueryPanel<T>& panel, const CentreTile<T>& tile, std::size_t k) {
  const Tag<T> tag;
  const std::size_t lanes = hn::Lanes(tag);
  const std::size_t width = kVectors * lanes;
  Vector<T> sum[kM][kVectors];
  T* out = panel.meanSum + k * width;
#pragma GCC unroll 8
  for (int r = 0; r < kM; ++r) {
#pragma GCC unroll 8
    for (int v = 0; v < kVectors; ++v) sum[r][v] = hn::Load(tag, out + r * width + v * lanes);
  }
  const T* p = panel.weights;
  for (std::size_t first = 0; first < tile.count; first += kRows) {
    const T* c = tile.rows + first * tile.stride + k * kRows;
    // Groups are too far apart for the processor to foresee.
    const T* ahead = c + 2 * kRows * tile.stride;
#pragma GCC unroll 8
    for (std::size_t line = 0; line < kRows * kM; line += 64 / sizeof(T)) hwy::Prefetch(ahead + line);
    const T* end = c + HWY_MIN(static_cast<std::size_t>(kRows), tile.count - first);
    for (; c < end; ++c, p += width) {
      Vector<T> weight[kVectors];
#pragma GCC unroll 8
      for (int v = 0; v < kVectors; ++v) weight[v] = hn::Load(tag, p + v * lanes);
#pragma GCC unroll 8
      for (int r = 0; r < kM; ++r) {
        const Vector<T> centre = hn::Set(tag, c[r * kRows]);
#pragma GCC unroll 8
        for (int v = 0; v < kVectors; ++v) {
          sum[r][v] = hn::MulAdd(weight[v], centre, sum[r][v]);
          InTurn(sum[r][v]);
        }
      }
    }
  }
#pragma GCC unroll 8
  for (int r = 0; r < kM; ++r) {
#pragma GCC unroll 8
    for (int v = 0; v < kVectors; ++v) hn::Store(sum[r][v], tag, out + r * width + v * lanes);
  }
}

template <class T>
void AddMeans(const QueryPanel<T>& panel, const CentreTile<T>& tile, std::size_t columns) {
  ForRowBlocks(columns, [&]<int kM>(std::size_t k) { MeanRows<kM>(panel, tile, k); });
}

template <class T>
HWY_INLINE void Fill(T* values, T value, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) values[i] = value;
}

template <class T>
void Largest(const QueryPanel<T>& panel, const CentreTile<T>& tile, std::size_t d, PassOptions options) {
  Fill(panel.largest, -kExcluded<T>, kVectors * hn::Lanes(Tag<T>()));
  ForRowBlocks(tile.count, [&]<int kM>(std::size_t first) {
    if (options.distances) {
      LargestRows<kM, Form::kDistances>(panel, tile, first, d);
    } else if (options.differences) {
      LargestRows<kM, Form::kSquares>(panel, tile, first, d);
    } else {
      LargestRows<kM, Form::kProducts>(panel, tile, first, d);
    }
  });
}

template <class T>
HWY_INLINE bool WithinHeadroom(const T* largest, std::size_t width) {
  const Tag<T> tag;
  const Vector<T> headroom = hn::Set(tag, static_cast<T>(kHeadroom));
  for (std::size_t i = 0; i < width; i += hn::Lanes(tag)) {
    if (!hn::AllFalse(tag, hn::Gt(hn::Load(tag, largest + i), headroom))) return false;
  }
  return true;
}

template <class T>
bool Accumulate(const QueryPanel<T>& panel, const CentreTile<T>& tile, std::size_t d, PassOptions options) {
  const std::size_t width = kVectors * hn::Lanes(Tag<T>());
  Fill(panel.largest, -kExcluded<T>, width);
  Fill(panel.weightSum, T(0), width);
  Fill(panel.momentSum, T(0), width);
  ForRowBlocks(tile.count, [&]<int kM>(std::size_t first) {
    if (options.distances) {
      options.moment ? WeightRows<kM, Form::kDistances, true>(panel, tile, first, d)
                     : WeightRows<kM, Form::kDistances, false>(panel, tile, first, d, options.overDistance);
    } else if (options.differences) {
      options.moment ? WeightRows<kM, Form::kSquares, true>(panel, tile, first, d)
                     : WeightRows<kM, Form::kSquares, false>(panel, tile, first, d);
    } else {
      options.moment ? WeightRows<kM, Form::kProducts, true>(panel, tile, first, d)
                     : WeightRows<kM, Form::kProducts, false>(panel, tile, first, d);
    }
  });
  if (!WithinHeadroom(panel.largest, width)) return false;
  if (options.mean) AddMeans(panel, tile, d);
  return true;
}

template <class T>
void DirectLargest(const QueryPanel<T>& panel, const CentreTile<T>& tile, std::size_t d) {
  DirectForDimension<true>(panel, tile, d);
}

template <class T>
bool DirectAccumulate(const QueryPanel<T>& panel, const CentreTile<T>& tile, std::size_t d) {
  DirectForDimension<false>(panel, tile, d);
  return WithinHeadroom(panel.largest, kDirectVectors * hn::Lanes(Tag<T>()));
}

template <class T>
TileOperations<T> Operations() {
  return {kVectors * hn::Lanes(Tag<T>()),
          kRows,
          kDirectVectors * hn::Lanes(Tag<T>()),
          &Largest<T>,
          &Accumulate<T>,
          &AddMeans<T>,
          &DirectLargest<T>,
          &DirectAccumulate<T>};
}
TileOperations<float> OperationsFloat() { return Operations<float>(); }
TileOperations<double> OperationsDouble() { return Operations<double>(); }

}  // namespace HWY_NAMESPACE
}  // namespace ridgeflow
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ridgeflow {

HWY_EXPORT(OperationsFloat);
HWY_EXPORT(OperationsDouble);

namespace score_tiles {

TileOperations<float> tileOperations(float) { return HWY_DYNAMIC_DISPATCH(OperationsFloat)(); }

TileOperations<double> tileOperations(double) { return HWY_DYNAMIC_DISPATCH(OperationsDouble)(); }

}  // namespace score_tiles
}  // namespace ridgeflow
#endif  // HWY_ONCE
