// Vector code of the Fourier-slice transform, compiled once for every instruction set and chosen at run time.

#include "radon/spectrum.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "radon/spectrum.cpp"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace ridgeflow {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;
using radon_spectrum::kBlock;
using radon_spectrum::kLeft;
using radon_spectrum::kTaps;
using radon_spectrum::Line;
using radon_spectrum::SliceFactor;
using radon_spectrum::Spectrum;
using radon_spectrum::Window;

/// No wider than a window's row of pairs.
template <class T>
using Tag = hn::CappedTag<T, 8 * (8 / sizeof(T))>;
template <class T>
using Vector = hn::Vec<Tag<T>>;
template <class T>
inline constexpr std::size_t kVectors = 2 * kTaps<T> / hn::MaxLanes(Tag<T>());

/// Every tap's weight, twice, at a fraction of a cell.
template <class T>
HWY_INLINE void Weights(const T* polynomials, double fraction, Vector<T>* weights) {
  const Tag<T> tag;
  constexpr std::size_t kRow = 2 * kTaps<T>, kCount = Window<T>::kCoefficients;
  const auto z = hn::Set(tag, static_cast<T>(2 * fraction - 1));
#pragma GCC unroll 16
  for (std::size_t v = 0; v < kVectors<T>; ++v) {
    const T* coefficients = polynomials + v * hn::Lanes(tag);
    auto sum = hn::Load(tag, coefficients + (kCount - 1) * kRow);
#pragma GCC unroll 20
    for (std::size_t i = 1; i < kCount; ++i) sum = hn::MulAdd(sum, z, hn::Load(tag, coefficients + (kCount - 1 - i) * kRow));
    weights[v] = sum;
  }
}

#if HWY_TARGET == HWY_SCALAR
/// out[0], out[1] ← the sums of the products of real and of imaginary parts.
template <class T>
HWY_INLINE void SumPairs(const Vector<T>* a, const Vector<T>* b, T* out) {
  out[0] = out[1] = T(0);
  for (std::size_t v = 0; v < kVectors<T>; ++v) out[v % 2] += hn::GetLane(hn::Mul(a[v], b[v]));
}

/// The part of vector v of a row that is this pair and nothing else.
template <class T>
HWY_INLINE Vector<T> Pair(const T* values, std::size_t v) {
  return hn::Set(Tag<T>(), values[v % 2]);
}
#else
template <class D, class V>
HWY_INLINE void SumHalves(D tag, V v, hn::TFromD<D>* out) {
  if constexpr (hn::MaxLanes(tag) > 2) {
    const hn::Half<D> half;
    SumHalves(half, hn::Add(hn::LowerHalf(half, v), hn::UpperHalf(half, v)), out);
  } else {
    hn::StoreU(v, tag, out);
  }
}

/// out[0], out[1] ← the sums of the products of real and of imaginary parts.
template <class T>
HWY_INLINE void SumPairs(const Vector<T>* a, const Vector<T>* b, T* out) {
  auto total = hn::Mul(a[0], b[0]);
#pragma GCC unroll 16
  for (std::size_t v = 1; v < kVectors<T>; ++v) total = hn::MulAdd(a[v], b[v], total);
  SumHalves(Tag<T>(), total, out);
}

/// A pair in every two lanes.
template <class T>
HWY_INLINE Vector<T> Pair(const T* values, std::size_t) {
  if constexpr (sizeof(T) == 8) {
    return hn::LoadDup128(Tag<T>(), values);
  } else {
    std::uint64_t bits;
    std::memcpy(&bits, values, sizeof(bits));
    return hn::BitCast(Tag<T>(), hn::Set(hn::RepartitionToWide<hn::RebindToUnsigned<Tag<T>>>(), bits));
  }
}
#endif

/// The cells around a point: the column and row of the first, and the fractions within the middle cell.
struct Place {
  std::ptrdiff_t column, row;
  double fractionX, fractionY;
};

template <class T>
HWY_INLINE Place PlaceOf(const Line& line, std::size_t n) {
  const auto q = static_cast<double>(line.first + n);
  const double x = line.stepX * q, y = line.stepY * q, floorX = std::floor(x), floorY = std::floor(y);
  // kLeft columns lie before frequency 0, and as many before the middle cell.
  return {static_cast<std::ptrdiff_t>(floorX), static_cast<std::ptrdiff_t>(floorY) - static_cast<std::ptrdiff_t>(kLeft<T>), x - floorX, y - floorY};
}

template <class T>
void Interpolate(const Spectrum<T>& spectrum, const Window<T>& window, const Line& line, T* values) {
  const Tag<T> tag;
  const std::size_t lanes = hn::Lanes(tag);
  const T* polynomials = window.polynomials();
  const auto rows = static_cast<std::ptrdiff_t>(spectrum.rows);
  for (std::size_t n = 0; n < line.count; ++n) {
    const Place place = PlaceOf<T>(line, n);
    Vector<T> across[kVectors<T>], down[kVectors<T>], sum[kVectors<T>];
    Weights(polynomials, place.fractionX, across);
    Weights(polynomials, place.fractionY, down);
    alignas(64) T weights[2 * kTaps<T>];
#pragma GCC unroll 16
    for (std::size_t v = 0; v < kVectors<T>; ++v) {
      hn::Store(down[v], tag, weights + v * lanes);
      sum[v] = hn::Zero(tag);
    }
    std::ptrdiff_t row = place.row < 0 ? place.row + rows : place.row;
    const T* cells = spectrum.cells + 2 * place.column;
#pragma GCC unroll 12
    for (std::size_t j = 0; j < kTaps<T>; ++j) {
      const T* from = cells + static_cast<std::size_t>(row) * spectrum.stride;
      const auto weight = hn::Set(tag, weights[2 * j]);
#pragma GCC unroll 16
      for (std::size_t v = 0; v < kVectors<T>; ++v) sum[v] = hn::MulAdd(hn::LoadU(tag, from + v * lanes), weight, sum[v]);
      row = row + 1 == rows ? 0 : row + 1;
    }
    SumPairs<T>(sum, across, values + 2 * n);
  }
}

template <class T>
void Spread(const Spectrum<T>& spectrum, const Window<T>& window, const Line& line, const T* values, std::ptrdiff_t low, std::ptrdiff_t high) {
  const Tag<T> tag;
  const std::size_t lanes = hn::Lanes(tag);
  const T* polynomials = window.polynomials();
  const auto rows = static_cast<std::ptrdiff_t>(spectrum.rows);
  T* const bottom = spectrum.cells + static_cast<std::size_t>(low < 0 ? low + rows : low >= rows ? low - rows : low) * spectrum.stride;
  for (std::size_t n = 0; n < line.count; ++n) {
    const Place place = PlaceOf<T>(line, n);
    const std::ptrdiff_t begin = std::max<std::ptrdiff_t>(0, low - place.row);
    const std::ptrdiff_t end = std::min<std::ptrdiff_t>(kTaps<T>, high - place.row);
    if (begin >= end) continue;
    Vector<T> across[kVectors<T>], down[kVectors<T>];
    Weights(polynomials, place.fractionX, across);
    Weights(polynomials, place.fractionY, down);
    alignas(64) T weights[2 * kTaps<T>];
#pragma GCC unroll 16
    for (std::size_t v = 0; v < kVectors<T>; ++v) {
      hn::Store(down[v], tag, weights + v * lanes);
      across[v] = hn::Mul(across[v], Pair(values + 2 * n, v));
    }
    T* cells = bottom + 2 * place.column + (place.row + begin - low) * static_cast<std::ptrdiff_t>(spectrum.stride);
    for (std::ptrdiff_t j = begin; j < end; ++j, cells += spectrum.stride) {
      const auto weight = hn::Set(tag, weights[2 * j]);
#pragma GCC unroll 16
      for (std::size_t v = 0; v < kVectors<T>; ++v) {
        hn::StoreU(hn::MulAdd(across[v], weight, hn::LoadU(tag, cells + v * lanes)), tag, cells + v * lanes);
      }
    }
  }
}

/// sin(x)/x for |x| ≤ π/2, by its power series.
HWY_INLINE double Sinc(double x) {
  const double square = x * x;
  double sum = 1.0;
#pragma GCC unroll 10
  for (int k = 20; k > 0; k -= 2) sum = 1.0 - sum * square * (1.0 / (k * (k + 1)));
  return sum;
}

template <class T>
void SliceFactors(const SliceFactor& factor, std::size_t first, std::size_t count, T* factors) {
  const double begin = factor.phase * static_cast<double>(first);
  const double cosine = std::cos(begin), sine = std::sin(begin);
  double turn[2][kBlock];  // e^{i phase n}, each from that of half its n: the error grows with log n
  turn[0][0] = 1.0;
  turn[1][0] = 0.0;
  for (std::size_t size = 1; size < count; size *= 2) {
    const double angle = factor.phase * static_cast<double>(size), c = std::cos(angle), s = std::sin(angle);
    for (std::size_t n = 0; n < std::min(size, count - size); ++n) {
      turn[0][size + n] = turn[0][n] * c - turn[1][n] * s;
      turn[1][size + n] = turn[0][n] * s + turn[1][n] * c;
    }
  }
  for (std::size_t n = 0; n < count; ++n) {
    const auto q = static_cast<double>(first + n);
    const double size = factor.amplitudes[first + n] * Sinc(q * factor.a) * Sinc(q * factor.b);
    factors[n] = static_cast<T>(size * (cosine * turn[0][n] - sine * turn[1][n]));
    factors[count + n] = static_cast<T>(size * (cosine * turn[1][n] + sine * turn[0][n]));
  }
}

#define RIDGEFLOW_OF(T, Name)                                                                                            \
  void Interpolate##Name(const Spectrum<T>& spectrum, const Window<T>& window, const Line& line, T* values) {            \
    Interpolate(spectrum, window, line, values);                                                                         \
  }                                                                                                                      \
  void Spread##Name(const Spectrum<T>& spectrum, const Window<T>& window, const Line& line, const T* values,             \
                    std::ptrdiff_t low, std::ptrdiff_t high) {                                                           \
    Spread(spectrum, window, line, values, low, high);                                                                   \
  }                                                                                                                      \
  void SliceFactors##Name(const SliceFactor& factor, std::size_t first, std::size_t count, T* factors) {                 \
    SliceFactors(factor, first, count, factors);                                                                         \
  }
RIDGEFLOW_OF(float, Float)
RIDGEFLOW_OF(double, Double)
#undef RIDGEFLOW_OF

}  // namespace HWY_NAMESPACE
}  // namespace ridgeflow
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ridgeflow {

HWY_EXPORT(InterpolateFloat);
HWY_EXPORT(InterpolateDouble);
HWY_EXPORT(SpreadFloat);
HWY_EXPORT(SpreadDouble);
HWY_EXPORT(SliceFactorsFloat);
HWY_EXPORT(SliceFactorsDouble);

namespace radon_spectrum {

template <class T>
void interpolate(const Spectrum<T>& spectrum, const Window<T>& window, const Line& line, T* values) {
  if constexpr (sizeof(T) == 4) HWY_DYNAMIC_DISPATCH(InterpolateFloat)(spectrum, window, line, values);
  else HWY_DYNAMIC_DISPATCH(InterpolateDouble)(spectrum, window, line, values);
}

template <class T>
void spread(const Spectrum<T>& spectrum, const Window<T>& window, const Line& line, const T* values, std::ptrdiff_t low, std::ptrdiff_t high) {
  if constexpr (sizeof(T) == 4) HWY_DYNAMIC_DISPATCH(SpreadFloat)(spectrum, window, line, values, low, high);
  else HWY_DYNAMIC_DISPATCH(SpreadDouble)(spectrum, window, line, values, low, high);
}

template <class T>
void sliceFactors(const SliceFactor& factor, std::size_t first, std::size_t count, T* factors) {
  if constexpr (sizeof(T) == 4) HWY_DYNAMIC_DISPATCH(SliceFactorsFloat)(factor, first, count, factors);
  else HWY_DYNAMIC_DISPATCH(SliceFactorsDouble)(factor, first, count, factors);
}

template void interpolate<float>(const Spectrum<float>&, const Window<float>&, const Line&, float*);
template void interpolate<double>(const Spectrum<double>&, const Window<double>&, const Line&, double*);
template void spread<float>(const Spectrum<float>&, const Window<float>&, const Line&, const float*, std::ptrdiff_t, std::ptrdiff_t);
template void spread<double>(const Spectrum<double>&, const Window<double>&, const Line&, const double*, std::ptrdiff_t, std::ptrdiff_t);
template void sliceFactors<float>(const SliceFactor&, std::size_t, std::size_t, float*);
template void sliceFactors<double>(const SliceFactor&, std::size_t, std::size_t, double*);

}  // namespace radon_spectrum
}  // namespace ridgeflow
#endif  // HWY_ONCE
