// Vector code of the pruned score, compiled once for every instruction set and chosen at run time.

#include "score/pruned_tiles.hpp"

#include <limits>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "score/pruned_tiles.cpp"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"
#include "runtime/exp2-inl.h"

HWY_BEFORE_NAMESPACE();
namespace ridgeflow {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;
using pruned_tiles::kHeadroom;
using pruned_tiles::kPadding;
using pruned_tiles::kTile;
using pruned_tiles::Operations;
using pruned_tiles::Panel;
using pruned_tiles::Rows;
using pruned_tiles::Sums;

template <class T>
using PrunedTag = hn::ScalableTag<T>;
template <class T>
using PrunedVector = hn::Vec<PrunedTag<T>>;

// Panels are narrow, since a centre is summed for all lanes as soon as one needs it. Where one vector is a panel, two
// sums are kept for every row, so that enough of them are under way.
constexpr int kWide = HWY_MAX_BYTES >= 64 ? 1 : 2;
constexpr int kSplit = HWY_MAX_BYTES >= 64 ? 2 : 1;
constexpr int kNumbered = HWY_MAX_BYTES >= 64 ? 12 : 6;   // rows at a time
constexpr int kCoordinates = HWY_MAX_BYTES >= 64 ? 16 : 4;  // of means at a time
constexpr std::size_t kSummedApart = 64;  // coordinates: narrow kernels need every digit of the distance

/// sum[r][v] ← Σ_k x_k·row_r[k], or Σ_k (x_k − row_r[k])².
template <bool kDifferences, class T>
HWY_INLINE void SumRows(const T* x, const T* const (&row)[kNumbered], std::size_t d, PrunedVector<T> (&sum)[kNumbered][kWide]) {
  const PrunedTag<T> tag;
  const std::size_t lanes = hn::Lanes(tag);
  using V = PrunedVector<T>;
#pragma GCC unroll 16
  for (int r = 0; r < kNumbered; ++r) {
#pragma GCC unroll 2
    for (int v = 0; v < kWide; ++v) sum[r][v] = hn::Zero(tag);
  }
  for (std::size_t first = 0; first < d; first += kSummedApart) {
    const std::size_t end = HWY_MIN(d, first + kSummedApart);
    V part[kSplit][kNumbered][kWide];
#pragma GCC unroll 2
    for (int s = 0; s < kSplit; ++s) {
#pragma GCC unroll 16
      for (int r = 0; r < kNumbered; ++r) {
#pragma GCC unroll 2
        for (int v = 0; v < kWide; ++v) part[s][r][v] = hn::Zero(tag);
      }
    }
    for (std::size_t k = first; k < end; k += kSplit) {
#pragma GCC unroll 2
      for (int s = 0; s < kSplit; ++s) {
        V query[kWide];
#pragma GCC unroll 2
        for (int v = 0; v < kWide; ++v) query[v] = hn::Load(tag, x + ((k + s) * kWide + v) * lanes);
#pragma GCC unroll 16
        for (int r = 0; r < kNumbered; ++r) {
          const V value = hn::Set(tag, row[r][k + s]);
#pragma GCC unroll 2
          for (int v = 0; v < kWide; ++v) {
            if constexpr (kDifferences) {
              const V difference = hn::Sub(query[v], value);
              part[s][r][v] = hn::MulAdd(difference, difference, part[s][r][v]);
            } else {
              part[s][r][v] = hn::MulAdd(query[v], value, part[s][r][v]);
            }
          }
        }
      }
    }
#pragma GCC unroll 2
    for (int s = 0; s < kSplit; ++s) {
#pragma GCC unroll 16
      for (int r = 0; r < kNumbered; ++r) {
#pragma GCC unroll 2
        for (int v = 0; v < kWide; ++v) sum[r][v] = hn::Add(sum[r][v], part[s][r][v]);
      }
    }
  }
}

/// Calls take(i, v, logit, sum) for vector v of the logits of row i, and of the sum that they were made of.
template <bool kDifferences, class T, class Take>
HWY_INLINE void ForLogits(const Panel<T>& panel, const Rows<T>& rows, const std::uint32_t* numbers, std::size_t count,
                          const Take& take) {
  const PrunedTag<T> tag;
  const std::size_t lanes = hn::Lanes(tag);
  using V = PrunedVector<T>;
  for (std::size_t first = 0; first < count; first += kNumbered) {
    const int valid = static_cast<int>(HWY_MIN(count - first, static_cast<std::size_t>(kNumbered)));
    const T* row[kNumbered];
    for (int r = 0; r < kNumbered; ++r) row[r] = rows.rows + numbers[first + HWY_MIN(r, valid - 1)] * rows.stride;
    V sum[kNumbered][kWide];
    SumRows<kDifferences>(panel.transposed, row, rows.stride, sum);
#pragma GCC unroll 16
    for (int r = 0; r < kNumbered; ++r) {
      if (r >= valid) continue;
      const V bias = hn::Set(tag, rows.bias[numbers[first + r]]);
#pragma GCC unroll 2
      for (int v = 0; v < kWide; ++v) {
        const V base = hn::Add(bias, hn::Load(tag, panel.base + v * lanes));
        take(first + r, v, kDifferences ? hn::Sub(base, sum[r][v]) : hn::Add(base, sum[r][v]), sum[r][v]);
      }
    }
  }
}

template <bool kDifferences, class T>
HWY_NOINLINE void LargestOf(const Panel<T>& panel, const Rows<T>& rows, const std::uint32_t* numbers, std::size_t count, T* out) {
  const PrunedTag<T> tag;
  using V = PrunedVector<T>;
  ForLogits<kDifferences>(panel, rows, numbers, count, [&](std::size_t i, int v, V logit, V) HWY_ATTR {
    const T largest = hn::GetLane(hn::MaxOfLanes(tag, logit));
    out[i] = v == 0 ? largest : HWY_MAX(out[i], largest);
  });
}

template <bool kDifferences, class T>
HWY_NOINLINE void AllLogits(const Panel<T>& panel, const Rows<T>& rows, const std::uint32_t* numbers, std::size_t count, T* out) {
  const PrunedTag<T> tag;
  const std::size_t lanes = hn::Lanes(tag);
  using V = PrunedVector<T>;
  ForLogits<kDifferences>(panel, rows, numbers, count, [&](std::size_t i, int v, V logit, V) HWY_ATTR {
    hn::Store(logit, tag, out + (i * kWide + v) * lanes);
  });
}

template <class T>
void LargestLogits(const Panel<T>& panel, const Rows<T>& rows, bool differences, const std::uint32_t* numbers, std::size_t count,
                   T* out) {
  differences ? LargestOf<true>(panel, rows, numbers, count, out) : LargestOf<false>(panel, rows, numbers, count, out);
}

template <class T>
void LogitsOf(const Panel<T>& panel, const Rows<T>& rows, bool differences, const std::uint32_t* numbers, std::size_t count, T* out) {
  differences ? AllLogits<true>(panel, rows, numbers, count, out) : AllLogits<false>(panel, rows, numbers, count, out);
}

/// The weights of a tile of centres, from their logits, with the sums of weights and of moments.
template <bool kDifferences, class T>
HWY_NOINLINE T WeighTile(const Panel<T>& panel, const Rows<T>& rows, const T* squares, const std::uint32_t* numbers,
                         std::size_t count, const Sums<T>& sums) {
  const PrunedTag<T> tag;
  const std::size_t lanes = hn::Lanes(tag);
  using V = PrunedVector<T>;
  V largest = hn::Set(tag, -std::numeric_limits<T>::infinity());
  V weightSum[kWide], momentSum[kWide];
#pragma GCC unroll 2
  for (int v = 0; v < kWide; ++v) weightSum[v] = momentSum[v] = hn::Zero(tag);
  ForLogits<kDifferences>(panel, rows, numbers, count, [&](std::size_t i, int v, V logit, V sum) HWY_ATTR {
    V weight = PowerOfTwo(tag, logit);
    if (sums.self != nullptr) {
      const auto isSelf = hn::Eq(hn::Load(tag, sums.self + v * lanes), hn::Set(tag, static_cast<T>(i)));
      weight = hn::IfThenZeroElse(isSelf, weight);
      logit = hn::IfThenElse(isSelf, hn::Set(tag, -std::numeric_limits<T>::infinity()), logit);
    }
    largest = hn::Max(largest, logit);
    weightSum[v] = hn::Add(weightSum[v], weight);
    const V moment = kDifferences ? sum : hn::Set(tag, squares[numbers[i]]);
    momentSum[v] = hn::MulAdd(weight, moment, momentSum[v]);
    hn::Store(weight, tag, sums.weights + (i * kWide + v) * lanes);
  });
#pragma GCC unroll 2
  for (int v = 0; v < kWide; ++v) {
    hn::Store(weightSum[v], tag, sums.weightSum + v * lanes);
    hn::Store(momentSum[v], tag, sums.momentSum + v * lanes);
  }
  return hn::GetLane(hn::MaxOfLanes(tag, largest));
}

template <class T>
HWY_NOINLINE void AddMeans(const Rows<T>& rows, const std::uint32_t* numbers, std::size_t count, const Sums<T>& sums) {
  const PrunedTag<T> tag;
  const std::size_t lanes = hn::Lanes(tag), width = kWide * lanes;
  using V = PrunedVector<T>;
  const T* row[kTile];
  for (std::size_t j = 0; j < count; ++j) row[j] = rows.rows + numbers[j] * rows.stride;
  for (std::size_t k = 0; k < rows.stride; k += kCoordinates) {
    T* out = sums.meanSum + k * width;
    V sum[kCoordinates][kWide];
#pragma GCC unroll 16
    for (int r = 0; r < kCoordinates; ++r) {
#pragma GCC unroll 2
      for (int v = 0; v < kWide; ++v) sum[r][v] = hn::Load(tag, out + r * width + v * lanes);
    }
    const T* weights = sums.weights;
    for (std::size_t j = 0; j < count; ++j, weights += width) {
      V weight[kWide];
#pragma GCC unroll 2
      for (int v = 0; v < kWide; ++v) weight[v] = hn::Load(tag, weights + v * lanes);
#pragma GCC unroll 16
      for (int r = 0; r < kCoordinates; ++r) {
        const V value = hn::Set(tag, row[j][k + r]);
#pragma GCC unroll 2
        for (int v = 0; v < kWide; ++v) sum[r][v] = hn::MulAdd(weight[v], value, sum[r][v]);
      }
    }
#pragma GCC unroll 16
    for (int r = 0; r < kCoordinates; ++r) {
#pragma GCC unroll 2
      for (int v = 0; v < kWide; ++v) hn::Store(sum[r][v], tag, out + r * width + v * lanes);
    }
  }
}

template <class T>
T AccumulateTile(const Panel<T>& panel, const Rows<T>& rows, const T* squares, bool differences, bool mean,
                 const std::uint32_t* numbers, std::size_t count, const Sums<T>& sums) {
  const T largest = differences ? WeighTile<true>(panel, rows, squares, numbers, count, sums)
                                : WeighTile<false>(panel, rows, squares, numbers, count, sums);
  if (mean && !(largest > static_cast<T>(kHeadroom))) AddMeans(rows, numbers, count, sums);
  return largest;
}

template <class T>
Operations<T> PrunedOperations() {
  static_assert(kPadding % kCoordinates == 0 && kPadding % kSplit == 0 && kSummedApart % kPadding == 0);
  return {kWide * hn::Lanes(PrunedTag<T>()), &LargestLogits<T>, &LogitsOf<T>, &AccumulateTile<T>};
}
Operations<float> PrunedOperationsFloat() { return PrunedOperations<float>(); }
Operations<double> PrunedOperationsDouble() { return PrunedOperations<double>(); }

}  // namespace HWY_NAMESPACE
}  // namespace ridgeflow
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ridgeflow {

HWY_EXPORT(PrunedOperationsFloat);
HWY_EXPORT(PrunedOperationsDouble);

namespace pruned_tiles {

Operations<float> operations(float) { return HWY_DYNAMIC_DISPATCH(PrunedOperationsFloat)(); }
Operations<double> operations(double) { return HWY_DYNAMIC_DISPATCH(PrunedOperationsDouble)(); }

}  // namespace pruned_tiles
}  // namespace ridgeflow
#endif  // HWY_ONCE
