// Per-target include: vector values of the functions of nonlinearity.hpp.

#if defined(RIDGEFLOW_RIDGELET_NONLINEARITY_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef RIDGEFLOW_RIDGELET_NONLINEARITY_INL_H_
#undef RIDGEFLOW_RIDGELET_NONLINEARITY_INL_H_
#else
#define RIDGEFLOW_RIDGELET_NONLINEARITY_INL_H_
#endif

#include <cmath>
#include <cstddef>

#include "hwy/highway.h"
#include "hwy/contrib/math/math-inl.h"
#include "ridgelet/nonlinearity.hpp"
#include "runtime/exp2-inl.h"
#include "runtime/microkernel-inl.h"

HWY_BEFORE_NAMESPACE();
namespace ridgeflow {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

/// e^{−|z|}; 0 where that is not a normal number.
template <class D, class V = hn::Vec<D>>
HWY_INLINE V DecayOf(D d, V z) {
  using T = hn::TFromD<D>;
  const V exponent = hn::Mul(hn::Abs(z), hn::Set(d, static_cast<T>(-1.4426950408889634074)));
  return PowerOfTwo(d, hn::Max(exponent, hn::Set(d, static_cast<T>(-2000))));
}

struct Relu {
  template <class D, class V>
  HWY_INLINE V operator()(D d, V z) const {
    return hn::Max(z, hn::Zero(d));
  }
};

struct Step {
  template <class D, class V>
  HWY_INLINE V operator()(D d, V z) const {
    using T = hn::TFromD<D>;
    return hn::IfThenElseZero(hn::Gt(z, hn::Zero(d)), hn::Set(d, static_cast<T>(1)));
  }
};

struct Tanh {
  template <class D, class V>
  HWY_INLINE V operator()(D d, V z) const {
    return hn::Tanh(d, z);
  }
};

struct Sigmoid {
  template <class D, class V>
  HWY_INLINE V operator()(D d, V z) const {
    using T = hn::TFromD<D>;
    const V one = hn::Set(d, static_cast<T>(1));
    const V e = DecayOf(d, z);
    return hn::Div(hn::IfThenElse(hn::Ge(z, hn::Zero(d)), one, e), hn::Add(one, e));
  }
};

struct Softplus {
  template <class D, class V>
  HWY_INLINE V operator()(D d, V z) const {
    return hn::Add(hn::Max(z, hn::Zero(d)), hn::Log1p(d, DecayOf(d, z)));
  }
};

struct Cosine {
  template <class D, class V>
  HWY_INLINE V operator()(D d, V z) const {
    using T = hn::TFromD<D>;
    constexpr T kReduced = static_cast<T>(39000);  // Highway reduces arguments up to here
    if (HWY_LIKELY(hn::AllTrue(d, hn::Le(hn::Abs(z), hn::Set(d, kReduced))))) return hn::Cos(d, z);
    HWY_ALIGN T lane[hn::MaxLanes(d)];
    hn::Store(z, d, lane);
    for (std::size_t i = 0; i < hn::Lanes(d); ++i) lane[i] = std::cos(lane[i]);
    return hn::Load(d, lane);
  }
};

/// (−1)^k He_k(z) φ(z).
struct GaussianDerivative {
  std::size_t order;

  template <class D, class V>
  HWY_INLINE V operator()(D d, V z) const {
    using T = hn::TFromD<D>;
    // Beyond ±40 the density is 0 in both types, and no power of z overflows here.
    const V bound = hn::Set(d, static_cast<T>(40));
    const V x = hn::Clamp(z, hn::Neg(bound), bound);
    const V exponent = hn::Mul(hn::Mul(x, x), hn::Set(d, static_cast<T>(-0.72134752044448170368)));
    V value = hn::Mul(PowerOfTwo(d, exponent), hn::Set(d, static_cast<T>(0.39894228040143267794)));
    V before = hn::Zero(d);
    for (std::size_t k = 0; k < order; ++k) {
      const V next = hn::NegMulAdd(x, value, hn::Neg(hn::Mul(before, hn::Set(d, static_cast<T>(k)))));
      before = value;
      value = next;
    }
    return value;
  }
};

/// (z + 5) Q(z) e^{z²/2} for z ≥ 0 as a polynomial of t = (z − 5)/(z + 5), where Q(z) is the mass of the standard normal
/// law beyond z: interpolated at Chebyshev points, to 1.3e-9 in float32 and 6e-17 in float64. Source of the substitution:
/// M. M. Shepherd, J. G. Laframboise, Mathematics of Computation 36 (1981).
template <class T>
struct NormalTailSeries;
template <>
struct NormalTailSeries<float> {
  static constexpr float kCoefficients[] = {
    0.76919305F, -0.665382513F, 0.495305635F, -0.313532884F, 0.165020053F, -0.0691208403F, 0.0207969889F,
    -0.00298570885F, -0.000803544948F, 0.000531777093F, -5.05777038e-05F, -3.86915601e-05F, 9.53662547e-06F};
};
template <>
struct NormalTailSeries<double> {
  static constexpr double kCoefficients[] = {
    0.76919304975006294421, -0.66538250289005763828, 0.49530561596998050133, -0.31353315667121715296,
    0.16502036617019517895, -0.06911863870874182804, 0.020795066803234037815, -0.0029933767389359726447,
    -0.00079786942774752964791, 0.00054489883475685959977, -0.000059375588333777669847, -0.00004976178374018789027,
    0.000016680852719925395383, 3.9779382623434262843e-6, -2.7688787836720913552e-6, -3.3110285443318108035e-7,
    4.3347664285137564788e-7, 3.5844546560871598531e-8, -6.7416890518236034276e-8, -5.0272319309669826321e-9,
    9.2750822415373422514e-9, 5.0592974879666956958e-10, -7.8544585832476576328e-10};
};

/// The mass of the standard normal law beyond |z|, and its density at z, of one exponential.
template <class D, class V = hn::Vec<D>>
HWY_INLINE V NormalTail(D d, V z, V& density) {
  using T = hn::TFromD<D>;
  constexpr auto& c = NormalTailSeries<T>::kCoefficients;
  constexpr std::size_t kDegree = sizeof(c) / sizeof(T) - 1;
  // Beyond 40 both are 0 in both types.
  const V x = hn::Min(hn::Abs(z), hn::Set(d, static_cast<T>(40)));
  const V reciprocal = hn::Div(hn::Set(d, static_cast<T>(1)), hn::Add(x, hn::Set(d, static_cast<T>(5))));
  const V t = hn::Mul(hn::Sub(x, hn::Set(d, static_cast<T>(5))), reciprocal);
  V p = hn::Set(d, c[kDegree]);
#pragma GCC unroll 32
  for (std::size_t k = 1; k <= kDegree; ++k) p = hn::MulAdd(p, t, hn::Set(d, c[kDegree - k]));
  const V bell = PowerOfTwo(d, hn::Mul(hn::Mul(x, x), hn::Set(d, static_cast<T>(-0.72134752044448170368))));
  density = hn::Mul(bell, hn::Set(d, static_cast<T>(0.39894228040143267794)));
  return hn::Mul(hn::Mul(p, reciprocal), bell);
}

/// z Φ(z) = max(z, 0) − |z| Q(|z|).
struct Gelu {
  template <class D, class V>
  HWY_INLINE V operator()(D d, V z) const {
    using T = hn::TFromD<D>;
    V density;
    const V tail = NormalTail(d, z, density);
    const V bounded = hn::Min(hn::Abs(z), hn::Set(d, static_cast<T>(40)));
    return hn::NegMulAdd(bounded, tail, hn::Max(z, hn::Zero(d)));
  }
};

/// Piecewise polynomials. kInRegisters: at most two vectors of cells, which are looked up without a gather.
template <class T, int kParity, bool kInRegisters>
struct Piecewise {
  const Nonlinearity<T>& table;

  template <class D, class V>
  HWY_INLINE V operator()(D d, V z) const {
    const hn::RebindToSigned<D> di;
    const T cells = static_cast<T>(table.cells);
    const V from = hn::Set(d, static_cast<T>(table.from));
    const V perCell = hn::Set(d, static_cast<T>(static_cast<double>(table.cells) / (table.to - table.from)));
    const V argument = kParity == 0 ? z : hn::Abs(z);
    const V place = hn::Mul(hn::Sub(argument, from), perCell);
    // False for NaN too: no index is ever beyond the table.
    const auto covered = hn::And(hn::Ge(place, hn::Zero(d)), hn::Lt(place, hn::Set(d, cells)));
    const V cell = hn::Floor(hn::IfThenElseZero(covered, place));
    // Twice the distance from the middle of the cell.
    const V t = hn::Sub(hn::Mul(hn::Sub(place, cell), hn::Set(d, static_cast<T>(2))), hn::Set(d, static_cast<T>(1)));
    const auto index = hn::ConvertTo(di, cell);
    V value = coefficient(d, index, table.degree);
    for (std::size_t k = table.degree; k-- > 0;) value = hn::MulAdd(value, t, coefficient(d, index, k));
    if constexpr (kParity < 0) value = hn::Xor(value, hn::And(z, hn::SignBit(d)));
    return hn::IfThenElseZero(covered, value);
  }

 private:
  template <class D, class VI>
  HWY_INLINE hn::Vec<D> coefficient(D d, VI index, std::size_t k) const {
    const T* row = table.coefficients + k * table.cells;
#if HWY_TARGET <= HWY_AVX3 && HWY_ARCH_X86
    if constexpr (kInRegisters && sizeof(T) == 4 && hn::MaxLanes(D()) == 16) {
      return hn::Vec<D>{_mm512_permutex2var_ps(_mm512_loadu_ps(row), index.raw, _mm512_loadu_ps(row + 16))};
    }
#endif
    return hn::GatherIndex(d, row, index);
  }
};

/// Cells that Piecewise<…, kInRegisters> takes: exactly this many.
inline constexpr std::size_t kRegisterCells = 32;

/// values[i] ← f(values[i]), aligned, a multiple of kVectors vectors.
template <class T, class Function>
HWY_INLINE void ApplyFunction(const Function& function, T* HWY_RESTRICT values, std::size_t count) {
  const Tag<T> tag;
  const std::size_t lanes = hn::Lanes(tag);
  for (std::size_t i = 0; i < count; i += kVectors * lanes) {
#pragma GCC unroll 8
    for (int v = 0; v < kVectors; ++v) {
      T* at = values + i + v * lanes;
      hn::Store(function(tag, hn::Load(tag, at)), tag, at);
    }
  }
}

template <class T, int kParity>
HWY_INLINE void ApplyPiecewise(const Nonlinearity<T>& table, T* HWY_RESTRICT values, std::size_t count) {
  if (table.cells == kRegisterCells) {
    ApplyFunction(Piecewise<T, kParity, true>{table}, values, count);
  } else {
    ApplyFunction(Piecewise<T, kParity, false>{table}, values, count);
  }
}

template <class T>
HWY_NOINLINE void Apply(const Nonlinearity<T>& function, T* values, std::size_t count) {
  switch (function.kind) {
    case NonlinearityKind::kRelu: return ApplyFunction(Relu(), values, count);
    case NonlinearityKind::kTanh: return ApplyFunction(Tanh(), values, count);
    case NonlinearityKind::kSigmoid: return ApplyFunction(Sigmoid(), values, count);
    case NonlinearityKind::kSoftplus: return ApplyFunction(Softplus(), values, count);
    case NonlinearityKind::kStep: return ApplyFunction(Step(), values, count);
    case NonlinearityKind::kGaussian: return ApplyFunction(GaussianDerivative{function.order}, values, count);
    case NonlinearityKind::kCosine: return ApplyFunction(Cosine(), values, count);
    case NonlinearityKind::kGelu: return ApplyFunction(Gelu(), values, count);
    case NonlinearityKind::kPiecewise:
      return function.parity == 0  ? ApplyPiecewise<T, 0>(function, values, count)
             : function.parity > 0 ? ApplyPiecewise<T, 1>(function, values, count)
                                   : ApplyPiecewise<T, -1>(function, values, count);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace ridgeflow
HWY_AFTER_NAMESPACE();

#endif  // per-target include guard
