// Per-target include: the register-blocked inner loop that score and neighbours share. Queries lie across lanes, a
// panel being kVectors vectors wide; kM rows (centres, points) are taken at a time.

#if defined(RIDGEFLOW_RUNTIME_MICROKERNEL_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef RIDGEFLOW_RUNTIME_MICROKERNEL_INL_H_
#undef RIDGEFLOW_RUNTIME_MICROKERNEL_INL_H_
#else
#define RIDGEFLOW_RUNTIME_MICROKERNEL_INL_H_
#endif

#include <cstddef>

#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace ridgeflow {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

template <class T>
using Tag = hn::ScalableTag<T>;
template <class T>
using Vector = hn::Vec<Tag<T>>;

// Three by eight accumulators leave room, in 32 registers, for the operands of each step; three by four in 16.
constexpr int kVectors = 3;
#if HWY_TARGET == HWY_AVX2 || HWY_TARGET == HWY_SSE4 || HWY_TARGET == HWY_SSSE3 || HWY_TARGET == HWY_SCALAR
constexpr int kRows = 4;
#else
constexpr int kRows = 8;
#endif

/// Says that a sum is needed as it is here, before what follows. Of 16 registers sums and operands take all (see kRows), and
/// clang, which would load the elements of several rows ahead, then keeps sums in memory: half the speed on AVX2.
template <class V>
HWY_INLINE void InTurn([[maybe_unused]] V& sum) {
#if defined(__clang__) && (HWY_TARGET == HWY_AVX2 || HWY_TARGET == HWY_SSE4 || HWY_TARGET == HWY_SSSE3)
  asm volatile("" : "+x"(sum.raw));
#endif
}

/// sum[r][v] += Σ_k x_k · row_r[k], or Σ_k (x_k − row_r[k])². x_k is kV vectors at x + k · strideX, aligned; row_r[k] is
/// rows[r · stride + k · step].
template <int kM, bool kDifferences, int kV, class T>
HWY_INLINE void AddStridedProducts(const T* x, std::size_t strideX, const T* rows, std::size_t stride, std::size_t step,
                                   std::size_t d, Vector<T> (&sum)[kM][kV]) {
  const Tag<T> tag;
  const std::size_t lanes = hn::Lanes(tag);
  for (std::size_t k = 0; k < d; ++k, x += strideX, rows += step) {
    Vector<T> query[kV];
#pragma GCC unroll 8
    for (int v = 0; v < kV; ++v) query[v] = hn::Load(tag, x + v * lanes);
#pragma GCC unroll 8
    for (int r = 0; r < kM; ++r) {
      const Vector<T> row = hn::Set(tag, rows[r * stride]);
#pragma GCC unroll 8
      for (int v = 0; v < kV; ++v) {
        if constexpr (kDifferences) {
          const Vector<T> difference = hn::Sub(query[v], row);
          sum[r][v] = hn::MulAdd(difference, difference, sum[r][v]);
        } else {
          sum[r][v] = hn::MulAdd(query[v], row, sum[r][v]);
          InTurn(sum[r][v]);
        }
      }
    }
  }
}

/// The same for a panel `x`, d × (kVectors · lanes), and rows without gaps between their elements.
template <int kM, bool kDifferences, class T>
HWY_INLINE void AddProducts(const T* x, const T* rows, std::size_t stride, std::size_t d,
                            Vector<T> (&sum)[kM][kVectors]) {
  AddStridedProducts<kM, kDifferences>(x, kVectors * hn::Lanes(Tag<T>()), rows, stride, 1, d, sum);
}

template <int kM, class Function>
HWY_INLINE void ForRest(std::size_t rest, std::size_t first, const Function& body) {
  if constexpr (kM > 0) {
    if (rest == kM) {
      body.template operator()<kM>(first);
    } else {
      ForRest<kM - 1>(rest, first, body);
    }
  }
}

/// Calls body<kRows>(first) for whole blocks of `count` rows, then body<kM>(first) once for the rest.
template <class Function>
HWY_INLINE void ForRowBlocks(std::size_t count, const Function& body) {
  std::size_t first = 0;
  for (; first + kRows <= count; first += kRows) body.template operator()<kRows>(first);
  ForRest<kRows - 1>(count - first, first, body);
}

}  // namespace HWY_NAMESPACE
}  // namespace ridgeflow
HWY_AFTER_NAMESPACE();

#endif  // per-target include guard
