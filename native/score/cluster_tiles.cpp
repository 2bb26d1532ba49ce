// Vector code of the clustered score, compiled once for every instruction set and chosen at run time.

#include "score/cluster_tiles.hpp"

#include "score/spatial_tree.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "score/cluster_tiles.cpp"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"
#include "runtime/exp2-inl.h"

HWY_BEFORE_NAMESPACE();
namespace ridgeflow {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;
using cluster_tiles::Centres;
using cluster_tiles::ClusterOperations;
using cluster_tiles::Panel;

template <class T>
using ClusterTag = hn::ScalableTag<T>;
template <class T>
using ClusterVector = hn::Vec<ClusterTag<T>>;

constexpr std::size_t kFan = BoxTree<float>::kFan;
// Panels of few queries are compact and need few centres; below 16 float32 queries the search for them costs more.
constexpr int kClusterVectors = HWY_MAX_BYTES >= 64 ? 1 : 2;

// Centres taken at a time where sums over coordinates do not stay in registers.
#if HWY_TARGET == HWY_AVX2 || HWY_TARGET == HWY_SSE4 || HWY_TARGET == HWY_SSSE3 || HWY_TARGET == HWY_SSE2 || \
    HWY_TARGET == HWY_SCALAR
constexpr int kClusterRows = 3;
#else
constexpr int kClusterRows = 8;
#endif

/// The weights of one centre: kCommonBias ⇒ `base` is the common bias less the shifts, else the shifts alone.
template <bool kCommonBias, class T>
HWY_INLINE ClusterVector<T> Weight(const Panel<T>& panel, const Centres<T>& centres, std::size_t begin, std::size_t j, int v,
                                   ClusterVector<T> base, ClusterVector<T> alpha, ClusterVector<T> square) {
  const ClusterTag<T> tag;
  if constexpr (!kCommonBias) base = hn::Sub(hn::Set(tag, centres.bias[j]), base);
  const ClusterVector<T> weight = PowerOfTwo(tag, hn::NegMulAdd(alpha, square, base));
  if (panel.self == nullptr) return weight;
  const auto self = hn::Load(tag, panel.self + static_cast<std::size_t>(v) * hn::Lanes(tag));
  return hn::IfThenZeroElse(hn::Eq(self, hn::Set(tag, static_cast<T>(j - begin))), weight);
}

template <bool kCommonBias, class T>
HWY_INLINE ClusterVector<T> Base(const Panel<T>& panel, const Centres<T>& centres, int v) {
  const ClusterTag<T> tag;
  const auto shift = hn::Load(tag, panel.shift + static_cast<std::size_t>(v) * hn::Lanes(tag));
  return kCommonBias ? hn::Sub(hn::Set(tag, centres.commonBias), shift) : shift;
}

template <class T>
HWY_INLINE void AddTo(T* sum, ClusterVector<T> value) {
  const ClusterTag<T> tag;
  hn::Store(hn::Add(hn::Load(tag, sum), value), tag, sum);
}

/// In up to four dimensions everything but the centres stays in registers.
template <int kD, bool kCommonBias, class T>
HWY_NOINLINE void AccumulateLow(const Panel<T>& panel, const Centres<T>& centres, std::size_t begin, std::size_t end) {
  const ClusterTag<T> tag;
  const std::size_t lanes = hn::Lanes(tag);
  const std::size_t width = kClusterVectors * lanes;
  using V = ClusterVector<T>;
  const V alpha = hn::Set(tag, centres.alpha);
  V query[kD][kClusterVectors], offsetSum[kD][kClusterVectors];
  V base[kClusterVectors], weightSum[kClusterVectors], momentSum[kClusterVectors];
#pragma GCC unroll 8
  for (int v = 0; v < kClusterVectors; ++v) {
    base[v] = Base<kCommonBias>(panel, centres, v);
    weightSum[v] = momentSum[v] = hn::Zero(tag);
#pragma GCC unroll 8
    for (int k = 0; k < kD; ++k) {
      query[k][v] = hn::Load(tag, panel.transposed + k * width + v * lanes);
      offsetSum[k][v] = hn::Zero(tag);
    }
  }
  const T* row = centres.rows + begin * kD;
  for (std::size_t j = begin; j < end; ++j, row += kD) {
#pragma GCC unroll 8
    for (int v = 0; v < kClusterVectors; ++v) {
      V difference[kD];
      difference[0] = hn::Sub(query[0][v], hn::Set(tag, row[0]));
      V square = hn::Mul(difference[0], difference[0]);
#pragma GCC unroll 8
      for (int k = 1; k < kD; ++k) {
        difference[k] = hn::Sub(query[k][v], hn::Set(tag, row[k]));
        square = hn::MulAdd(difference[k], difference[k], square);
      }
      const V weight = Weight<kCommonBias>(panel, centres, begin, j, v, base[v], alpha, square);
      weightSum[v] = hn::Add(weightSum[v], weight);
      momentSum[v] = hn::MulAdd(weight, square, momentSum[v]);
#pragma GCC unroll 8
      for (int k = 0; k < kD; ++k) offsetSum[k][v] = hn::MulAdd(weight, difference[k], offsetSum[k][v]);
    }
  }
#pragma GCC unroll 8
  for (int v = 0; v < kClusterVectors; ++v) {
    AddTo(panel.weightSum + v * lanes, weightSum[v]);
    AddTo(panel.momentSum + v * lanes, momentSum[v]);
#pragma GCC unroll 8
    for (int k = 0; k < kD; ++k) AddTo(panel.offsetSum + k * width + v * lanes, offsetSum[k][v]);
  }
}

/// kM centres at once, in any dimension.
template <int kM, bool kCommonBias, class T>
HWY_INLINE void AccumulateRows(const Panel<T>& panel, const Centres<T>& centres, std::size_t begin, std::size_t j) {
  const ClusterTag<T> tag;
  const std::size_t lanes = hn::Lanes(tag), d = centres.d;
  using V = ClusterVector<T>;
  const V alpha = hn::Set(tag, centres.alpha);
  const T* row = centres.rows + j * d;
  V weight[kM][kClusterVectors];
#pragma GCC unroll 8
  for (int r = 0; r < kM; ++r) {
#pragma GCC unroll 8
    for (int v = 0; v < kClusterVectors; ++v) weight[r][v] = hn::Zero(tag);
  }
  for (std::size_t k = 0; k < d; ++k) {
    const T* query = panel.transposed + k * kClusterVectors * lanes;
#pragma GCC unroll 8
    for (int r = 0; r < kM; ++r) {
      const V centre = hn::Set(tag, row[r * d + k]);
#pragma GCC unroll 8
      for (int v = 0; v < kClusterVectors; ++v) {
        const V difference = hn::Sub(hn::Load(tag, query + v * lanes), centre);
        weight[r][v] = hn::MulAdd(difference, difference, weight[r][v]);
      }
    }
  }
#pragma GCC unroll 8
  for (int v = 0; v < kClusterVectors; ++v) {
    V weightSum = hn::Load(tag, panel.weightSum + v * lanes), momentSum = hn::Load(tag, panel.momentSum + v * lanes);
    const V base = Base<kCommonBias>(panel, centres, v);
#pragma GCC unroll 8
    for (int r = 0; r < kM; ++r) {
      const V square = weight[r][v];
      weight[r][v] = Weight<kCommonBias>(panel, centres, begin, j + r, v, base, alpha, square);
      weightSum = hn::Add(weightSum, weight[r][v]);
      momentSum = hn::MulAdd(weight[r][v], square, momentSum);
    }
    hn::Store(weightSum, tag, panel.weightSum + v * lanes);
    hn::Store(momentSum, tag, panel.momentSum + v * lanes);
  }
  for (std::size_t k = 0; k < d; ++k) {
    const T* query = panel.transposed + k * kClusterVectors * lanes;
    T* out = panel.offsetSum + k * kClusterVectors * lanes;
    V sum[kClusterVectors];
#pragma GCC unroll 8
    for (int v = 0; v < kClusterVectors; ++v) sum[v] = hn::Load(tag, out + v * lanes);
#pragma GCC unroll 8
    for (int r = 0; r < kM; ++r) {
      const V centre = hn::Set(tag, row[r * d + k]);
#pragma GCC unroll 8
      for (int v = 0; v < kClusterVectors; ++v) {
        sum[v] = hn::MulAdd(weight[r][v], hn::Sub(hn::Load(tag, query + v * lanes), centre), sum[v]);
      }
    }
#pragma GCC unroll 8
    for (int v = 0; v < kClusterVectors; ++v) hn::Store(sum[v], tag, out + v * lanes);
  }
}

template <bool kCommonBias, class T>
HWY_NOINLINE void AccumulateHigh(const Panel<T>& panel, const Centres<T>& centres, std::size_t begin, std::size_t end) {
  std::size_t j = begin;
  for (; j + kClusterRows <= end; j += kClusterRows) AccumulateRows<kClusterRows, kCommonBias>(panel, centres, begin, j);
  for (; j < end; ++j) AccumulateRows<1, kCommonBias>(panel, centres, begin, j);
}

template <bool kCommonBias, class T>
HWY_INLINE void AccumulateForDimension(const Panel<T>& panel, const Centres<T>& centres, std::size_t begin, std::size_t end) {
  switch (centres.d) {
    case 1: return AccumulateLow<1, kCommonBias>(panel, centres, begin, end);
    case 2: return AccumulateLow<2, kCommonBias>(panel, centres, begin, end);
    case 3: return AccumulateLow<3, kCommonBias>(panel, centres, begin, end);
    case 4: return AccumulateLow<4, kCommonBias>(panel, centres, begin, end);
    default: return AccumulateHigh<kCommonBias>(panel, centres, begin, end);
  }
}

template <class T>
void ClusterAccumulate(const Panel<T>& panel, const Centres<T>& centres, std::size_t begin, std::size_t end) {
  if (centres.bias == nullptr) {
    AccumulateForDimension<true>(panel, centres, begin, end);
  } else {
    AccumulateForDimension<false>(panel, centres, begin, end);
  }
}

template <class T>
std::uint32_t Near(const T* low, const T* high, const T* group, T limit, std::size_t d) {
  const hn::CappedTag<T, kFan> tag;
  const std::size_t lanes = hn::Lanes(tag);
  std::uint32_t result = 0;
  for (std::size_t box = 0; box < kFan; box += lanes) {
    auto square = hn::Zero(tag);
    for (std::size_t k = 0; k < d; ++k) {
      const auto below = hn::Sub(hn::LoadU(tag, group + k * kFan + box), hn::Set(tag, high[k]));
      const auto above = hn::Sub(hn::Set(tag, low[k]), hn::LoadU(tag, group + (d + k) * kFan + box));
      const auto outside = hn::Max(hn::Max(below, above), hn::Zero(tag));
      square = hn::MulAdd(outside, outside, square);
    }
    std::uint8_t bytes[8] = {};
    hn::StoreMaskBits(tag, hn::Lt(square, hn::Set(tag, limit)), bytes);
    result |= static_cast<std::uint32_t>(bytes[0] | bytes[1] << 8) << box;
  }
  return result;
}

template <class T>
void Excess(const T* transposed, const T* threshold, const T* group, std::uint32_t which, T alpha, std::size_t d, T* out) {
  const ClusterTag<T> tag;
  const std::size_t lanes = hn::Lanes(tag);
  using V = ClusterVector<T>;
  const V factor = hn::Set(tag, alpha);
  for (; which != 0; which &= which - 1) {
    const auto box = static_cast<std::size_t>(hwy::Num0BitsBelowLS1Bit_Nonzero32(which));
    V square[kClusterVectors];
#pragma GCC unroll 8
    for (int v = 0; v < kClusterVectors; ++v) square[v] = hn::Zero(tag);
    for (std::size_t k = 0; k < d; ++k) {
      const V low = hn::Set(tag, group[k * kFan + box]), high = hn::Set(tag, group[(d + k) * kFan + box]);
#pragma GCC unroll 8
      for (int v = 0; v < kClusterVectors; ++v) {
        const V query = hn::Load(tag, transposed + (k * kClusterVectors + v) * lanes);
        const V outside = hn::Max(hn::Max(hn::Sub(low, query), hn::Sub(query, high)), hn::Zero(tag));
        square[v] = hn::MulAdd(outside, outside, square[v]);
      }
    }
    V least = hn::MulSub(square[0], factor, hn::Load(tag, threshold));
#pragma GCC unroll 8
    for (int v = 1; v < kClusterVectors; ++v) {
      least = hn::Min(least, hn::MulSub(square[v], factor, hn::Load(tag, threshold + v * lanes)));
    }
    out[box] = hn::GetLane(hn::MinOfLanes(tag, least));
  }
}

template <class T>
ClusterOperations<T> Operations() {
  return {kClusterVectors * hn::Lanes(ClusterTag<T>()), &ClusterAccumulate<T>, &Near<T>, &Excess<T>};
}
ClusterOperations<float> ClusterOperationsFloat() { return Operations<float>(); }
ClusterOperations<double> ClusterOperationsDouble() { return Operations<double>(); }

}  // namespace HWY_NAMESPACE
}  // namespace ridgeflow
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ridgeflow {

HWY_EXPORT(ClusterOperationsFloat);
HWY_EXPORT(ClusterOperationsDouble);

namespace cluster_tiles {

ClusterOperations<float> clusterOperations(float) { return HWY_DYNAMIC_DISPATCH(ClusterOperationsFloat)(); }
ClusterOperations<double> clusterOperations(double) { return HWY_DYNAMIC_DISPATCH(ClusterOperationsDouble)(); }

}  // namespace cluster_tiles
}  // namespace ridgeflow
#endif  // HWY_ONCE
