// Vector code of the batched Fourier transform, compiled once for every instruction set and chosen at run time.

#include "runtime/fft.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <utility>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "runtime/fft.cpp"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace ridgeflow {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

template <class T>
using Tag = hn::ScalableTag<T>;

template <class T>
struct Complex {
  hn::Vec<Tag<T>> re, im;
};

template <class T>
HWY_INLINE Complex<T> operator+(Complex<T> a, Complex<T> b) {
  return {hn::Add(a.re, b.re), hn::Add(a.im, b.im)};
}
template <class T>
HWY_INLINE Complex<T> operator-(Complex<T> a, Complex<T> b) {
  return {hn::Sub(a.re, b.re), hn::Sub(a.im, b.im)};
}
/// −i·a
template <class T>
HWY_INLINE Complex<T> turned(Complex<T> a) {
  return {a.im, hn::Neg(a.re)};
}
template <class T>
HWY_INLINE Complex<T> scaled(Complex<T> a, double factor) {
  const auto f = hn::Set(Tag<T>(), static_cast<T>(factor));
  return {hn::Mul(a.re, f), hn::Mul(a.im, f)};
}
template <class T>
HWY_INLINE Complex<T> times(Complex<T> a, Complex<T> w) {
  return {hn::NegMulAdd(a.im, w.im, hn::Mul(a.re, w.re)), hn::MulAdd(a.re, w.im, hn::Mul(a.im, w.re))};
}

/// The transform of kRadix numbers, in place.
template <std::size_t kRadix, class T>
HWY_INLINE void Butterfly(Complex<T>* a) {
  if constexpr (kRadix == 2) {
    const auto sum = a[0] + a[1];
    a[1] = a[0] - a[1];
    a[0] = sum;
  } else if constexpr (kRadix == 4) {
    const auto s02 = a[0] + a[2], d02 = a[0] - a[2], s13 = a[1] + a[3], d13 = turned(a[1] - a[3]);
    a[0] = s02 + s13;
    a[1] = d02 + d13;
    a[2] = s02 - s13;
    a[3] = d02 - d13;
  } else if constexpr (kRadix == 3) {
    const auto sum = a[1] + a[2], turn = scaled(turned(a[1] - a[2]), 0.5 * std::numbers::sqrt3);
    const auto middle = a[0] - scaled(sum, 0.5);
    a[0] = a[0] + sum;
    a[1] = middle + turn;
    a[2] = middle - turn;
  } else {
    constexpr double kC1 = 0.30901699437494742410, kC2 = -0.80901699437494742410;
    constexpr double kS1 = 0.95105651629515357212, kS2 = 0.58778525229247312917;
    const auto s1 = a[1] + a[4], d1 = turned(a[1] - a[4]), s2 = a[2] + a[3], d2 = turned(a[2] - a[3]);
    const auto m1 = a[0] + scaled(s1, kC1) + scaled(s2, kC2), m2 = a[0] + scaled(s1, kC2) + scaled(s2, kC1);
    const auto t1 = scaled(d1, kS1) + scaled(d2, kS2), t2 = scaled(d1, kS2) - scaled(d2, kS1);
    a[0] = a[0] + s1 + s2;
    a[1] = m1 + t1;
    a[4] = m1 - t1;
    a[2] = m2 + t2;
    a[3] = m2 - t2;
  }
}

/// One step of the autosort: m·kRadix·stride elements of `in` to `out`. `re` and `im` are where the parts of an element
/// are; to exchange them is to exchange the sign of the transform.
template <std::size_t kRadix, class T>
HWY_NOINLINE void Pass(const T* in, T* out, std::size_t m, std::size_t stride, const T* roots, std::size_t re, std::size_t im) {
  const Tag<T> tag;
  const std::size_t element = 2 * hn::Lanes(tag);
  for (std::size_t p = 0; p < m; ++p) {
    Complex<T> root[kRadix];
#pragma GCC unroll 8
    for (std::size_t k = 1; k < kRadix; ++k) {
      root[k] = {hn::Set(tag, roots[2 * p * k * stride]), hn::Set(tag, roots[2 * p * k * stride + 1])};
    }
    for (std::size_t q = 0; q < stride; ++q) {
      Complex<T> a[kRadix];
#pragma GCC unroll 8
      for (std::size_t k = 0; k < kRadix; ++k) {
        const T* from = in + (q + stride * (p + k * m)) * element;
        a[k] = {hn::Load(tag, from + re), hn::Load(tag, from + im)};
      }
      Butterfly<kRadix>(a);
#pragma GCC unroll 8
      for (std::size_t k = 0; k < kRadix; ++k) {
        if (k > 0 && m > 1) a[k] = times(a[k], root[k]);
        T* to = out + (q + stride * (kRadix * p + k)) * element;
        hn::Store(a[k].re, tag, to + re);
        hn::Store(a[k].im, tag, to + im);
      }
    }
  }
}

template <class T>
bool Transform(T* data, T* scratch, std::size_t length, const std::size_t* radices, std::size_t count, const T* roots, bool inverse) {
  const std::size_t re = inverse ? hn::Lanes(Tag<T>()) : 0, im = inverse ? 0 : hn::Lanes(Tag<T>());
  std::size_t stride = 1;
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t m = length / (stride * radices[i]);
    switch (radices[i]) {
      case 2: Pass<2>(data, scratch, m, stride, roots, re, im); break;
      case 3: Pass<3>(data, scratch, m, stride, roots, re, im); break;
      case 4: Pass<4>(data, scratch, m, stride, roots, re, im); break;
      default: Pass<5>(data, scratch, m, stride, roots, re, im); break;
    }
    stride *= radices[i];
    std::swap(data, scratch);
  }
  return count % 2 != 0;
}

template <class T>
void PairsToLanes(const T* pairs, std::size_t stride, std::size_t rows, T* batch) {
  const Tag<T> tag;
  const std::size_t lanes = hn::Lanes(tag);
  for (std::size_t i = 0; i < rows; ++i) {
    hn::Vec<Tag<T>> re, im;
    hn::LoadInterleaved2(tag, pairs + i * stride, re, im);
    hn::Store(re, tag, batch + 2 * i * lanes);
    hn::Store(im, tag, batch + (2 * i + 1) * lanes);
  }
}

template <class T>
void LanesToPairs(const T* batch, std::size_t rows, T* pairs, std::size_t stride) {
  const Tag<T> tag;
  const std::size_t lanes = hn::Lanes(tag);
  for (std::size_t i = 0; i < rows; ++i) {
    hn::StoreInterleaved2(hn::Load(tag, batch + 2 * i * lanes), hn::Load(tag, batch + (2 * i + 1) * lanes), tag, pairs + i * stride);
  }
}

std::size_t LanesFloat() { return hn::Lanes(Tag<float>()); }
std::size_t LanesDouble() { return hn::Lanes(Tag<double>()); }
bool TransformFloat(float* data, float* scratch, std::size_t length, const std::size_t* radices, std::size_t count,
                    const float* roots, bool inverse) {
  return Transform(data, scratch, length, radices, count, roots, inverse);
}
bool TransformDouble(double* data, double* scratch, std::size_t length, const std::size_t* radices, std::size_t count,
                     const double* roots, bool inverse) {
  return Transform(data, scratch, length, radices, count, roots, inverse);
}
void PairsToLanesFloat(const float* pairs, std::size_t stride, std::size_t rows, float* batch) { PairsToLanes(pairs, stride, rows, batch); }
void PairsToLanesDouble(const double* pairs, std::size_t stride, std::size_t rows, double* batch) { PairsToLanes(pairs, stride, rows, batch); }
void LanesToPairsFloat(const float* batch, std::size_t rows, float* pairs, std::size_t stride) { LanesToPairs(batch, rows, pairs, stride); }
void LanesToPairsDouble(const double* batch, std::size_t rows, double* pairs, std::size_t stride) { LanesToPairs(batch, rows, pairs, stride); }

}  // namespace HWY_NAMESPACE
}  // namespace ridgeflow
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ridgeflow {

HWY_EXPORT(LanesFloat);
HWY_EXPORT(LanesDouble);
HWY_EXPORT(TransformFloat);
HWY_EXPORT(TransformDouble);
HWY_EXPORT(PairsToLanesFloat);
HWY_EXPORT(PairsToLanesDouble);
HWY_EXPORT(LanesToPairsFloat);
HWY_EXPORT(LanesToPairsDouble);

template <class T>
BatchFft<T>::BatchFft(std::size_t length) : length_(length), roots_(2 * length) {
  std::size_t rest = length;
  for (const std::size_t radix : {5, 3, 4, 2}) {
    for (; rest % radix == 0 && rest > 1; rest /= radix) radices_.push_back(radix);
  }
  for (std::size_t k = 0; k < length; ++k) {
    const double angle = 2 * std::numbers::pi * static_cast<double>(k) / static_cast<double>(length);
    roots_[2 * k] = static_cast<T>(std::cos(angle));
    roots_[2 * k + 1] = static_cast<T>(-std::sin(angle));
  }
}

template <class T>
std::size_t BatchFft<T>::lanes() {
  if constexpr (sizeof(T) == 4) return HWY_DYNAMIC_DISPATCH(LanesFloat)();
  else return HWY_DYNAMIC_DISPATCH(LanesDouble)();
}

template <class T>
T* BatchFft<T>::transform(T* data, T* scratch, bool inverse) const {
  bool inScratch = false;
  if constexpr (sizeof(T) == 4) {
    inScratch = HWY_DYNAMIC_DISPATCH(TransformFloat)(data, scratch, length_, radices_.data(), radices_.size(), roots_.data(), inverse);
  } else {
    inScratch = HWY_DYNAMIC_DISPATCH(TransformDouble)(data, scratch, length_, radices_.data(), radices_.size(), roots_.data(), inverse);
  }
  return inScratch ? scratch : data;
}

std::size_t goodLength(std::size_t atLeast) {
  std::size_t best = 2;
  while (best < atLeast) best *= 2;
  for (const std::size_t odd : {3, 5}) {
    std::size_t candidate = 2 * odd;
    while (candidate < atLeast) candidate *= 2;
    best = std::min(best, candidate);
  }
  return best;
}

template <class T>
void pairsToLanes(const T* pairs, std::size_t stride, std::size_t rows, T* batch) {
  if constexpr (sizeof(T) == 4) HWY_DYNAMIC_DISPATCH(PairsToLanesFloat)(pairs, stride, rows, batch);
  else HWY_DYNAMIC_DISPATCH(PairsToLanesDouble)(pairs, stride, rows, batch);
}

template <class T>
void lanesToPairs(const T* batch, std::size_t rows, T* pairs, std::size_t stride) {
  if constexpr (sizeof(T) == 4) HWY_DYNAMIC_DISPATCH(LanesToPairsFloat)(batch, rows, pairs, stride);
  else HWY_DYNAMIC_DISPATCH(LanesToPairsDouble)(batch, rows, pairs, stride);
}

template class BatchFft<float>;
template class BatchFft<double>;
template void pairsToLanes<float>(const float*, std::size_t, std::size_t, float*);
template void pairsToLanes<double>(const double*, std::size_t, std::size_t, double*);
template void lanesToPairs<float>(const float*, std::size_t, float*, std::size_t);
template void lanesToPairs<double>(const double*, std::size_t, double*, std::size_t);

}  // namespace ridgeflow
#endif  // HWY_ONCE
