// Per-target include: the trainer's activations, each with its slope.

#if defined(RIDGEFLOW_TRAINING_ACTIVATIONS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef RIDGEFLOW_TRAINING_ACTIVATIONS_INL_H_
#undef RIDGEFLOW_TRAINING_ACTIVATIONS_INL_H_
#else
#define RIDGEFLOW_TRAINING_ACTIVATIONS_INL_H_
#endif

#include "hwy/highway.h"
#include "ridgelet/nonlinearity-inl.h"
#include "runtime/exp2-inl.h"

HWY_BEFORE_NAMESPACE();
namespace ridgeflow {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

/// A function and its slope, one by one.
template <class Function, class Slope>
struct WithSlope {
  Function function;
  Slope slopeOf;

  template <class D, class V>
  HWY_INLINE V operator()(D d, V z, V& slope) const {
    slope = slopeOf(d, z);
    return function(d, z);
  }
};

struct Flat {
  template <class D, class V>
  HWY_INLINE V operator()(D d, V) const {
    return hn::Zero(d);
  }
};

/// cos′ = −sin, as a cosine a quarter turn on.
struct CosineSlope {
  template <class D, class V>
  HWY_INLINE V operator()(D d, V z) const {
    return Cosine()(d, hn::Add(z, hn::Set(d, static_cast<hn::TFromD<D>>(1.57079632679489661923))));
  }
};

/// z Φ(z) and its slope Φ(z) + z φ(z), of one exponential.
struct GeluWithSlope {
  template <class D, class V>
  HWY_INLINE V operator()(D d, V z, V& slope) const {
    using T = hn::TFromD<D>;
    V density;
    const V tail = NormalTail(d, z, density);
    const V bound = hn::Set(d, static_cast<T>(40));
    const V x = hn::Clamp(z, hn::Neg(bound), bound);
    const V below = hn::IfThenElse(hn::Gt(z, hn::Zero(d)), hn::Sub(hn::Set(d, static_cast<T>(1)), tail), tail);
    slope = hn::MulAdd(x, density, below);
    return hn::NegMulAdd(hn::Abs(x), tail, hn::Max(z, hn::Zero(d)));
  }
};

/// 1/y for y in [1, 2], to about a rounding: where a vector division keeps the processor for as long as all the rest, by
/// Newton's step from an estimate of 14 bits.
template <class D, class V = hn::Vec<D>>
HWY_INLINE V ReciprocalNearOne(D d, V y) {
#if HWY_ARCH_X86 && HWY_TARGET <= HWY_AVX3
  if constexpr (sizeof(hn::TFromD<D>) == 4) {
    const V estimate = hn::ApproximateReciprocal(y);
    return hn::MulAdd(estimate, hn::NegMulAdd(y, estimate, hn::Set(d, 1.0F)), estimate);
  }
#endif
  return hn::Div(hn::Set(d, static_cast<hn::TFromD<D>>(1)), y);
}

/// (2^f − 1)/f on [−½, ½], minimax: degree 5 to 1.2e-8 in float32, degree 10 to 2e-17 in float64.
template <class D, class V = hn::Vec<D>>
HWY_INLINE V Exp2MinusOneQuotient(D d, V f) {
  if constexpr (sizeof(hn::TFromD<D>) == 4) {
    V p = hn::Set(d, 0.0001545316295F);
    p = hn::MulAdd(p, f, hn::Set(d, 0.001339086336F));
    p = hn::MulAdd(p, f, hn::Set(d, 0.009618082557F));
    p = hn::MulAdd(p, f, hn::Set(d, 0.05550357114F));
    p = hn::MulAdd(p, f, hn::Set(d, 0.2402265076F));
    return hn::MulAdd(p, f, hn::Set(d, 0.693147188F));
  } else {
    V p = hn::Set(d, 4.454960598186518393779e-10);
    p = hn::MulAdd(p, f, hn::Set(d, 7.072585949269223699857e-9));
    p = hn::MulAdd(p, f, hn::Set(d, 1.017806244584577352068e-7));
    p = hn::MulAdd(p, f, hn::Set(d, 0.000001321544258792168965296));
    p = hn::MulAdd(p, f, hn::Set(d, 0.00001525273382983611839438));
    p = hn::MulAdd(p, f, hn::Set(d, 0.0001540353044173605015492));
    p = hn::MulAdd(p, f, hn::Set(d, 0.001333355814641693531041));
    p = hn::MulAdd(p, f, hn::Set(d, 0.009618129107606888527278));
    p = hn::MulAdd(p, f, hn::Set(d, 0.05550410866482159433869));
    p = hn::MulAdd(p, f, hn::Set(d, 0.2402265069591009822004));
    return hn::MulAdd(p, f, hn::Set(d, 0.6931471805599453094172));
  }
}

/// tanh |z| = (1 − e)/(1 + e) and 1/cosh² z = 4e/(1 + e)², which 1 − tanh² would lose in the tails, of one e = e^{−2|z|}.
struct TanhWithSlope {
  template <class D, class V>
  HWY_INLINE V operator()(D d, V z, V& slope) const {
    using T = hn::TFromD<D>;
    const V one = hn::Set(d, static_cast<T>(1));
    // Beyond, e is far below a rounding of 1, and 2^x would not be a normal number. NaN stays NaN.
    const V least = hn::Set(d, static_cast<T>(sizeof(T) == 4 ? -120 : -1000));
    const V exponent = hn::Mul(hn::Abs(z), hn::Set(d, static_cast<T>(-2.8853900817779268147)));
    const V x = hn::IfThenElse(hn::Lt(exponent, least), least, exponent);
    const V whole = hn::Round(x);
    const V f = hn::Sub(x, whole);
    const V scale = PowerOfTwoOfWhole(d, whole);
    // e = scale + rest; 1 − e is exact to the last digits also where e is about 1, since scale is 1 there.
    const V rest = hn::Mul(scale, hn::Mul(f, Exp2MinusOneQuotient(d, f)));
    const V e = hn::Add(scale, rest);
    const V inverse = ReciprocalNearOne(d, hn::Add(one, e));
    slope = hn::Mul(hn::Mul(hn::Set(d, static_cast<T>(4)), e), hn::Mul(inverse, inverse));
    return hn::CopySign(hn::Mul(hn::Sub(hn::Sub(one, scale), rest), inverse), z);
  }
};

/// σ(z), and σ′ = e/(1 + e)² with e = e^{−|z|}.
struct SigmoidWithSlope {
  template <class D, class V>
  HWY_INLINE V operator()(D d, V z, V& slope) const {
    const V one = hn::Set(d, static_cast<hn::TFromD<D>>(1));
    const V e = DecayOf(d, z);
    const V inverse = ReciprocalNearOne(d, hn::Add(one, e));
    slope = hn::Mul(e, hn::Mul(inverse, inverse));
    return hn::Mul(hn::IfThenElse(hn::Ge(z, hn::Zero(d)), one, e), inverse);
  }
};

}  // namespace HWY_NAMESPACE
}  // namespace ridgeflow
HWY_AFTER_NAMESPACE();

#endif  // per-target include guard
