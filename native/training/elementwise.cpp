// Vector code of the trainer, compiled once for every instruction set and chosen at run time.

#include "training/elementwise.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "training/elementwise.cpp"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"
#include "training/activations-inl.h"

HWY_BEFORE_NAMESPACE();
namespace ridgeflow {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;
using training::ElementwiseOperations;
using training::Extent;
using training::ParameterBlock;

/// Calls full(i) for the vectors that cover [0, count), and part(i, rest) where the last of them would go beyond.
template <class T, class Full, class Part>
HWY_INLINE void Cover(std::size_t count, const Full& full, const Part& part) {
  const std::size_t lanes = hn::Lanes(Tag<T>());
  std::size_t i = 0;
  for (; i + lanes <= count; i += lanes) full(i);
  if (i < count) part(i, count - i);
}

template <class T, class Activation>
void ActivateWith(const Activation& activation, T* HWY_RESTRICT values, T* HWY_RESTRICT slopes, const Extent& extent) {
  const Tag<T> tag;
  const std::size_t lanes = hn::Lanes(tag);
  for (std::size_t r = 0; r < extent.rows; ++r) {
    T* row = values + r * extent.stride;
    T* out = slopes == nullptr ? nullptr : slopes + r * extent.stride;
    for (std::size_t i = 0; i < extent.columns; i += lanes) {
      Vector<T> slope;
      hn::StoreU(activation(tag, hn::LoadU(tag, row + i), slope), tag, row + i);
      if (out != nullptr) hn::StoreU(slope, tag, out + i);
    }
  }
}

template <class T>
void Activate(const DenseLayer& layer, T* values, T* slopes, const Extent& extent) {
  const auto with = [&](const auto& activation) { ActivateWith<T>(activation, values, slopes, extent); };
  using Derivative = GaussianDerivative;
  switch (layer.kind) {
    case NonlinearityKind::kRelu: return with(WithSlope<Relu, Step>());
    case NonlinearityKind::kTanh: return with(TanhWithSlope());
    case NonlinearityKind::kSigmoid: return with(SigmoidWithSlope());
    case NonlinearityKind::kSoftplus: return with(WithSlope<Softplus, Sigmoid>());
    case NonlinearityKind::kStep: return with(WithSlope<Step, Flat>());
    case NonlinearityKind::kGaussian:
      return with(WithSlope<Derivative, Derivative>{{layer.order}, {layer.order + 1}});
    case NonlinearityKind::kCosine: return with(WithSlope<Cosine, CosineSlope>());
    case NonlinearityKind::kGelu: return with(GeluWithSlope());
    case NonlinearityKind::kPiecewise: return;  // no layer has one
  }
}

template <class T>
void Multiply(T* HWY_RESTRICT a, const T* HWY_RESTRICT b, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) a[i] *= b[i];
}

template <class T>
void Add(T* HWY_RESTRICT a, const T* HWY_RESTRICT b, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) a[i] += b[i];
}

using Sums = hn::ScalableTag<double>;

/// As many numbers as a vector of sums holds.
template <class T>
using Terms = hn::Rebind<T, Sums>;

template <class T>
HWY_INLINE Vector<double> InFloat64(hn::Vec<Terms<T>> values) {
  if constexpr (sizeof(T) == 4) {
    return hn::PromoteTo(Sums(), values);
  } else {
    return values;
  }
}

template <class T>
double SquaredError(const T* values, const T* targets, T factor, T* delta, std::size_t count) {
  const Terms<T> tag;
  const std::size_t lanes = hn::Lanes(tag);
  Vector<double> sum = hn::Zero(Sums());
  std::size_t i = 0;
  for (; i + lanes <= count; i += lanes) {
    const auto error = hn::Sub(hn::LoadU(tag, values + i), hn::LoadU(tag, targets + i));
    if (delta != nullptr) hn::StoreU(hn::Mul(hn::Set(tag, factor), error), tag, delta + i);
    const Vector<double> term = InFloat64<T>(error);
    sum = hn::MulAdd(term, term, sum);
  }
  double total = hn::GetLane(hn::SumOfLanes(Sums(), sum));
  for (; i < count; ++i) {
    const T error = values[i] - targets[i];
    if (delta != nullptr) delta[i] = factor * error;
    total += static_cast<double>(error) * error;
  }
  return total;
}

/// Sums of kSums vectors of columns side by side: additions would wait for each other.
template <std::size_t kSums, class T>
HWY_INLINE void SumColumns(const T* values, const Extent& extent, double* sums) {
  const Terms<T> tag;
  const std::size_t lanes = hn::Lanes(tag);
  Vector<double> sum[kSums];
  for (auto& value : sum) value = hn::Zero(Sums());
  for (std::size_t i = 0; i < extent.rows; ++i) {
    const T* row = values + i * extent.stride;
#pragma GCC unroll 8
    for (std::size_t v = 0; v < kSums; ++v) sum[v] = hn::Add(sum[v], InFloat64<T>(hn::LoadU(tag, row + v * lanes)));
  }
#pragma GCC unroll 8
  for (std::size_t v = 0; v < kSums; ++v) hn::StoreU(sum[v], Sums(), sums + v * lanes);
}

template <class T>
void ColumnSums(const T* values, const Extent& extent, double* sums) {
  constexpr std::size_t kSums = 4;
  const std::size_t lanes = hn::Lanes(Sums());
  std::size_t j = 0;
  for (; j + kSums * lanes <= extent.columns; j += kSums * lanes) SumColumns<kSums>(values + j, extent, sums + j);
  for (; j < extent.columns; j += lanes) SumColumns<1>(values + j, extent, sums + j);
}

/// Steps of SGD with momentum on `count` parameters in a row.
template <class T>
void Descend(const Optimiser& optimiser, T* HWY_RESTRICT parameters, const T* HWY_RESTRICT gradient,
             T* HWY_RESTRICT velocity, std::size_t count) {
  const auto rate = static_cast<T>(optimiser.rate), momentum = static_cast<T>(optimiser.beta1);
  for (std::size_t i = 0; i < count; ++i) {
    velocity[i] = momentum * velocity[i] + gradient[i];
    parameters[i] -= rate * velocity[i];
  }
}

/// Steps of Adam on `count` parameters in a row.
template <class T>
HWY_INLINE void Adam(const Optimiser& optimiser, double correction1, double correction2, T* HWY_RESTRICT parameters,
                     const T* HWY_RESTRICT gradient, T* HWY_RESTRICT first, T* HWY_RESTRICT second,
                     std::size_t count) {
  const Tag<T> tag;
  const auto beta1 = static_cast<T>(optimiser.beta1), beta2 = static_cast<T>(optimiser.beta2);
  const auto rest1 = static_cast<T>(1.0 - optimiser.beta1), rest2 = static_cast<T>(1.0 - optimiser.beta2);
  const auto epsilon = static_cast<T>(optimiser.epsilon);
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
void Update(const Optimiser& optimiser, double correction1, double correction2, const ParameterBlock<T>& block) {
  for (std::size_t r = 0; r < block.extent.rows; ++r) {
    const std::size_t at = r * block.extent.stride;
    const T* gradient = block.gradient + r * block.gradientStride;
    T* parameters = block.parameters + at;
    T* first = block.first + at;
    if (optimiser.adam) {
      Adam(optimiser, correction1, correction2, parameters, gradient, first, block.second + at, block.extent.columns);
    } else {
      Descend(optimiser, parameters, gradient, first, block.extent.columns);
    }
  }
}

template <class T>
ElementwiseOperations<T> Elementwise() {
  return {&Activate<T>, &Multiply<T>, &Add<T>, &SquaredError<T>, &ColumnSums<T>, &Update<T>};
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
