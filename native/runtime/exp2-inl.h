// Per-target include: vector 2^x for the score and transport kernels.

#if defined(RIDGEFLOW_RUNTIME_EXP2_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef RIDGEFLOW_RUNTIME_EXP2_INL_H_
#undef RIDGEFLOW_RUNTIME_EXP2_INL_H_
#else
#define RIDGEFLOW_RUNTIME_EXP2_INL_H_
#endif

#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace ridgeflow {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

/// A vector of equal numbers, made before a loop. Of 16 registers not all constants of an exponential get one, and clang
/// would make the others anew at every use, an instruction each, instead of reading them where they are multiplied.
template <class D, class V = hn::Vec<D>>
HWY_INLINE V Constant(D d, hn::TFromD<D> value) {
  V constant = hn::Set(d, value);
#if defined(__clang__) && (HWY_TARGET == HWY_AVX2 || HWY_TARGET == HWY_SSE4 || HWY_TARGET == HWY_SSSE3)
  asm("" : "+x"(constant.raw));
#endif
  return constant;
}

/// 2^k for integers k, from 0 at the negative bias of the exponent to ∞ at the bias + 1. Beside 1.5 · 2^mantissa the last
/// bits of a number are the integer that was added to it: shifted up they are an exponent. Converting the vector would do
/// as well, but AVX2 has no conversion of float64, which costs as much as the rest of an exponential.
template <class D, class V = hn::Vec<D>>
HWY_INLINE V PowerOfTwoOfWhole(D d, V k) {
  using T = hn::TFromD<D>;
  constexpr int kMantissa = sizeof(T) == 4 ? 23 : 52;
  constexpr int kBias = sizeof(T) == 4 ? 127 : 1023;
  const hn::RebindToSigned<D> di;
  const V beside = hn::Add(k, Constant(d, static_cast<T>(3ULL << (kMantissa - 1)) + static_cast<T>(kBias)));
  return hn::BitCast(d, hn::ShiftLeft<kMantissa>(hn::BitCast(di, beside)));
}

/// 2^f on [0, 1), minimax in relative error by Remez exchange: degree 5 to 7.5e-8 in float32, degree 10 to 2.2e-16 in
/// float64.
template <class D, class V = hn::Vec<D>>
HWY_INLINE V PowerOfTwoFraction(D d, V f) {
  if constexpr (sizeof(hn::TFromD<D>) == 4) {
    V p = Constant(d, 0.0018775767F);
    p = hn::MulAdd(p, f, Constant(d, 0.0089893399F));
    p = hn::MulAdd(p, f, Constant(d, 0.055826318F));
    p = hn::MulAdd(p, f, Constant(d, 0.24015361F));
    p = hn::MulAdd(p, f, Constant(d, 0.69315307F));
    return hn::MulAdd(p, f, Constant(d, 0.99999993F));
  } else {
    V p = Constant(d, 9.9522161543607686514e-9);
    p = hn::MulAdd(p, f, Constant(d, 9.4609446794371023412e-8));
    p = hn::MulAdd(p, f, Constant(d, 1.3312720189434499961e-6));
    p = hn::MulAdd(p, f, Constant(d, 0.000015244659631442627022));
    p = hn::MulAdd(p, f, Constant(d, 0.00015403957492356759349));
    p = hn::MulAdd(p, f, Constant(d, 0.0013333543730881999149));
    p = hn::MulAdd(p, f, Constant(d, 0.0096181294091776281605));
    p = hn::MulAdd(p, f, Constant(d, 0.055504108628244528223));
    p = hn::MulAdd(p, f, Constant(d, 0.24022650696136083583));
    p = hn::MulAdd(p, f, Constant(d, 0.69314718055989127099));
    return hn::MulAdd(p, f, Constant(d, 1.0000000000000002115));
  }
}

/// 2^x for finite x, on every target: results below the smallest normal number are zero (within FlushDenormals), and
/// those above the largest are ∞, which a caller finds in its sums where a shift was rounded otherwise than its logits.
template <class D, class V = hn::Vec<D>>
HWY_INLINE V PowerOfTwo(D d, V x) {
#if (HWY_ARCH_X86 && HWY_TARGET <= HWY_AVX3)
  // x − ⌊x⌋ and the scaling by 2^⌊x⌋ are one instruction each.
  if constexpr (sizeof(hn::TFromD<D>) == 4 && hn::MaxLanes(d) == 16) {
    const V f{_mm512_reduce_ps(x.raw, 0x01)};
    return V{_mm512_scalef_ps(PowerOfTwoFraction(d, f).raw, x.raw)};
  } else if constexpr (sizeof(hn::TFromD<D>) == 8 && hn::MaxLanes(d) == 8) {
    const V f{_mm512_reduce_pd(x.raw, 0x01)};
    return V{_mm512_scalef_pd(PowerOfTwoFraction(d, f).raw, x.raw)};
  } else
#endif
  {
    using T = hn::TFromD<D>;
    constexpr int kBias = sizeof(T) == 4 ? 127 : 1023;
    // Below −bias + 1 the exponent written is 0 and with it the number; 2^(bias + 1) is ∞ already, and without that bound
    // the exponent would run into the sign.
    const V clamped = hn::Min(hn::Max(x, Constant(d, static_cast<T>(-kBias))), Constant(d, static_cast<T>(kBias + 1)));
    const V whole = hn::Floor(clamped);
    return hn::Mul(PowerOfTwoFraction(d, hn::Sub(clamped, whole)), PowerOfTwoOfWhole(d, whole));
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace ridgeflow
HWY_AFTER_NAMESPACE();

#endif  // per-target include guard
