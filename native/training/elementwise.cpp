// Vector code of the trainer, compiled once for every instruction set and chosen at run time.

#include "training/elementwise.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "training/elementwise.cpp"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"
#include "ridgelet/nonlinearity-inl.h"

HWY_BEFORE_NAMESPACE();
namespace ridgeflow {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;
using training::ElementwiseOperations;

struct Zero {
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

struct TanhSlope {
  template <class D, class V>
  HWY_INLINE V operator()(D d, V z) const {
    using T = hn::TFromD<D>;
    // 1/cosh², which 1 − tanh² would lose in the tails.
    const V e = DecayOf(d, hn::Add(z, z));
    const V sum = hn::Add(hn::Set(d, static_cast<T>(1)), e);
    return hn::Div(hn::Mul(hn::Set(d, static_cast<T>(4)), e), hn::Mul(sum, sum));
  }
};

struct SigmoidSlope {
  template <class D, class V>
  HWY_INLINE V operator()(D d, V z) const {
    using T = hn::TFromD<D>;
    const V e = DecayOf(d, z);
    const V sum = hn::Add(hn::Set(d, static_cast<T>(1)), e);
    return hn::Div(e, hn::Mul(sum, sum));
  }
};

/// Calls step(d, i, first) for vectors that cover [0, count), the last of them a part.
template <class T, class Full, class Part>
HWY_INLINE void Cover(std::size_t count, const Full& full, const Part& part) {
  const std::size_t lanes = hn::Lanes(Tag<T>());
  std::size_t i = 0;
  for (; i + lanes <= count; i += lanes) full(i);
  if (i < count) part(i, count - i);
}

template <class T, class Function, class Slope>
void ActivateWith(const Function& function, const Slope& slope, const T* bias, T* HWY_RESTRICT values,
                  T* HWY_RESTRICT slopes, std::size_t rows, std::size_t columns) {
  const Tag<T> tag;
  for (std::size_t r = 0; r < rows; ++r) {
    T* row = values + r * columns;
    T* out = slopes == nullptr ? nullptr : slopes + r * columns;
    Cover<T>(
        columns,
        [&](std::size_t i) {
          const Vector<T> z = hn::Add(hn::LoadU(tag, row + i), hn::LoadU(tag, bias + i));
          hn::StoreU(function(tag, z), tag, row + i);
          if (out != nullptr) hn::StoreU(slope(tag, z), tag, out + i);
        },
        [&](std::size_t i, std::size_t rest) {
          HWY_ALIGN T lane[hn::MaxLanes(tag)] = {};
          for (std::size_t k = 0; k < rest; ++k) lane[k] = row[i + k] + bias[i + k];
          const Vector<T> z = hn::Load(tag, lane);
          hn::Store(function(tag, z), tag, lane);
          for (std::size_t k = 0; k < rest; ++k) row[i + k] = lane[k];
          if (out == nullptr) return;
          hn::Store(slope(tag, z), tag, lane);
          for (std::size_t k = 0; k < rest; ++k) out[i + k] = lane[k];
        });
  }
}

template <class T>
void Activate(const DenseLayer& layer, const T* bias, T* values, T* slopes, std::size_t rows, std::size_t columns) {
  const auto with = [&](const auto& function, const auto& slope) {
    ActivateWith<T>(function, slope, bias, values, slopes, rows, columns);
  };
  switch (layer.kind) {
    case NonlinearityKind::kRelu: return with(Relu(), Step());
    case NonlinearityKind::kTanh: return with(Tanh(), TanhSlope());
    case NonlinearityKind::kSigmoid: return with(Sigmoid(), SigmoidSlope());
    case NonlinearityKind::kSoftplus: return with(Softplus(), Sigmoid());
    case NonlinearityKind::kStep: return with(Step(), Zero());
    case NonlinearityKind::kGaussian: return with(GaussianDerivative{layer.order}, GaussianDerivative{layer.order + 1});
    case NonlinearityKind::kCosine: return with(Cosine(), CosineSlope());
    case NonlinearityKind::kPiecewise: return;  // no layer has one
  }
}

template <class T>
void Multiply(T* HWY_RESTRICT a, const T* HWY_RESTRICT b, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) a[i] *= b[i];
}

template <class T>
void Update(const Optimiser& optimiser, double correction1, double correction2, T* HWY_RESTRICT parameters,
            const T* HWY_RESTRICT gradient, T* HWY_RESTRICT first, T* HWY_RESTRICT second, std::size_t count) {
  const Tag<T> tag;
  const auto rate = static_cast<T>(optimiser.rate), beta1 = static_cast<T>(optimiser.beta1);
  if (!optimiser.adam) {
    for (std::size_t i = 0; i < count; ++i) {
      first[i] = beta1 * first[i] + gradient[i];
      parameters[i] -= rate * first[i];
    }
    return;
  }
  const T rest1 = static_cast<T>(1.0 - optimiser.beta1), rest2 = static_cast<T>(1.0 - optimiser.beta2);
  const auto beta2 = static_cast<T>(optimiser.beta2), epsilon = static_cast<T>(optimiser.epsilon);
  const auto size1 = static_cast<T>(optimiser.rate * correction1), size2 = static_cast<T>(correction2);
  const auto step = [&](auto load, auto store) {
    const Vector<T> g = load(gradient);
    const Vector<T> m = hn::MulAdd(hn::Set(tag, beta1), load(first), hn::Mul(hn::Set(tag, rest1), g));
    const Vector<T> v = hn::MulAdd(hn::Set(tag, beta2), load(second), hn::Mul(hn::Set(tag, rest2), hn::Mul(g, g)));
    store(m, first);
    store(v, second);
    const Vector<T> root = hn::Add(hn::Sqrt(hn::Mul(v, hn::Set(tag, size2))), hn::Set(tag, epsilon));
    store(hn::Sub(load(parameters), hn::Div(hn::Mul(hn::Set(tag, size1), m), root)), parameters);
  };
  Cover<T>(
      count,
      [&](std::size_t i) {
        step([&](const T* from) { return hn::LoadU(tag, from + i); },
             [&](Vector<T> value, T* to) { hn::StoreU(value, tag, to + i); });
      },
      [&](std::size_t i, std::size_t rest) {
        HWY_ALIGN T lane[hn::MaxLanes(tag)] = {};
        step(
            [&](const T* from) {
              for (std::size_t k = 0; k < rest; ++k) lane[k] = from[i + k];
              return hn::Load(tag, lane);
            },
            [&](Vector<T> value, T* to) {
              hn::Store(value, tag, lane);
              for (std::size_t k = 0; k < rest; ++k) to[i + k] = lane[k];
            });
      });
}

template <class T>
ElementwiseOperations<T> Elementwise() {
  return {&Activate<T>, &Multiply<T>, &Update<T>};
}
ElementwiseOperations<float> ElementwiseFloat() { return Elementwise<float>(); }
ElementwiseOperations<double> ElementwiseDouble() { return Elementwise<double>(); }

}  // namespace HWY_NAMESPACE
}  // namespace ridgeflow
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ridgeflow {

HWY_EXPORT(ElementwiseFloat);
HWY_EXPORT(ElementwiseDouble);

namespace training {

ElementwiseOperations<float> elementwiseOperations(float) { return HWY_DYNAMIC_DISPATCH(ElementwiseFloat)(); }

ElementwiseOperations<double> elementwiseOperations(double) { return HWY_DYNAMIC_DISPATCH(ElementwiseDouble)(); }

}  // namespace training
}  // namespace ridgeflow
#endif  // HWY_ONCE
