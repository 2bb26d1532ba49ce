// Vector code of the ridgelet transform's fast path, compiled once for every instruction set and chosen at run time.

#include "ridgelet/spread.hpp"

#include <algorithm>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ridgelet/spread.cpp"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace ridgeflow {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;
using ridge_spread::Spread;

constexpr std::size_t kChunk = 512;

/// place[i] ← position of a point on the grid, in elements.
template <class T>
void Places(const Spread<T>& spread, const T* direction, std::size_t from, std::size_t count, double* HWY_RESTRICT place) {
  for (std::size_t i = 0; i < count; ++i) place[i] = -spread.first;
  for (std::size_t k = 0; k < spread.d; ++k) {
    const T* HWY_RESTRICT x = spread.transposed + k * spread.n + from;
    const auto a = static_cast<double>(direction[k]);
    for (std::size_t i = 0; i < count; ++i) place[i] += a * static_cast<double>(x[i]);
  }
  for (std::size_t i = 0; i < count; ++i) place[i] *= spread.perCell;
}

template <std::size_t kTaps, class T>
void Add(const Spread<T>& spread, const T* direction, const T* values, std::size_t stride, const T* weights,
         std::size_t from, std::size_t to, T* grid) {
  const hn::CappedTag<T, 8> tag;
  const std::size_t lanes = hn::Lanes(tag);
  const auto half = static_cast<double>(kTaps / 2);
  const auto end = static_cast<double>(spread.length) - half;
  double place[kChunk];
  for (std::size_t start = from; start < to; start += kChunk) {
    const std::size_t count = std::min(kChunk, to - start);
    Places(spread, direction, start, count, place);
    for (std::size_t i = 0; i < count; ++i) {
      const double p = place[i];
      if (!(p >= half && p < end)) continue;  // NaN too
      const auto cell = static_cast<std::size_t>(p);
      const auto s = hn::Set(tag, static_cast<T>(2.0 * (p - static_cast<double>(cell)) - 1.0));
      T value = values[(start + i) * stride];
      if (weights != nullptr) value *= weights[start + i];
      const auto v = hn::Set(tag, value);
      T* out = grid + cell - kTaps / 2 + 1;
      for (std::size_t c = 0; c < kTaps; c += lanes) {
        const T* coefficient = spread.coefficients + spread.degree * kTaps + c;
        auto tap = hn::LoadU(tag, coefficient);
        for (std::size_t k = 0; k < spread.degree; ++k) {
          coefficient -= kTaps;
          tap = hn::MulAdd(tap, s, hn::LoadU(tag, coefficient));
        }
        hn::StoreU(hn::MulAdd(tap, v, hn::LoadU(tag, out + c)), tag, out + c);
      }
    }
  }
}

template <class T>
void AddProjections(const Spread<T>& spread, const T* direction, const T* values, std::size_t stride, const T* weights,
                    std::size_t from, std::size_t to, T* grid) {
  if (spread.taps == 8) Add<8>(spread, direction, values, stride, weights, from, to, grid);
  else Add<16>(spread, direction, values, stride, weights, from, to, grid);
}
void AddFloat(const Spread<float>& spread, const float* direction, const float* values, std::size_t stride,
              const float* weights, std::size_t from, std::size_t to, float* grid) {
  AddProjections(spread, direction, values, stride, weights, from, to, grid);
}
void AddDouble(const Spread<double>& spread, const double* direction, const double* values, std::size_t stride,
               const double* weights, std::size_t from, std::size_t to, double* grid) {
  AddProjections(spread, direction, values, stride, weights, from, to, grid);
}

}  // namespace HWY_NAMESPACE
}  // namespace ridgeflow
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ridgeflow {

HWY_EXPORT(AddFloat);
HWY_EXPORT(AddDouble);

namespace ridge_spread {

template <>
void addProjections<float>(const Spread<float>& spread, const float* direction, const float* values, std::size_t stride,
                           const float* weights, std::size_t from, std::size_t to, float* grid) {
  HWY_DYNAMIC_DISPATCH(AddFloat)(spread, direction, values, stride, weights, from, to, grid);
}
template <>
void addProjections<double>(const Spread<double>& spread, const double* direction, const double* values,
                            std::size_t stride, const double* weights, std::size_t from, std::size_t to, double* grid) {
  HWY_DYNAMIC_DISPATCH(AddDouble)(spread, direction, values, stride, weights, from, to, grid);
}

}  // namespace ridge_spread
}  // namespace ridgeflow
#endif  // HWY_ONCE
