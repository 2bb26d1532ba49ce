// Vector code of the radon kernels, compiled once for every instruction set and chosen at run time.

#include "radon/lines.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "radon/lines.cpp"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"
#include "radon/lines-inl.h"

HWY_BEFORE_NAMESPACE();
namespace ridgeflow {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;
using radon_lines::kTerms;
using radon_lines::Term;
using radon_lines::WeightKind;

template <WeightKind kKind, std::size_t kCount, class T>
HWY_NOINLINE void AddLinesOf(T* out, std::size_t extent, const Term<T>* terms, std::size_t sourceCount) {
  const Tag<T> tag;
  const hn::RebindToSigned<Tag<T>> signedTag;
  const std::size_t lanes = hn::Lanes(tag);
  const std::ptrdiff_t reach = terms[0].weight.reach;
  Walk<T> walk[kCount];
  Weigher<kKind, T> weigher[kCount];
#pragma GCC unroll 4
  for (std::size_t t = 0; t < kCount; ++t) {
    walk[t] = Walk<T>(terms[t], -reach - static_cast<std::ptrdiff_t>(2 * lanes), static_cast<std::ptrdiff_t>(sourceCount) + reach - 1);
    weigher[t] = Weigher<kKind, T>(terms[t].weight);
  }
  for (std::size_t n = 0; n < extent; n += lanes) {
    auto sum = hn::LoadU(tag, out + n);
#pragma GCC unroll 4
    for (std::size_t t = 0; t < kCount; ++t) {
      Vector<T> fraction;
      Offsets<T> offset;
      const T* samples = terms[t].source + walk[t].next(fraction, offset);
      if constexpr (kKind == WeightKind::kShortStrip) {
        const Four<T> four(samples, offset);
        sum = weigher[t].Add(sum, fraction, four.before, four.left, four.right, four.after);
      } else if constexpr (kKind == WeightKind::kStrip) {
        const auto at = [&](double edge) { return weigher[t].Area(hn::Sub(hn::Set(tag, static_cast<T>(edge)), fraction)); };
        auto below = at(0.5 - static_cast<double>(reach));
        for (std::ptrdiff_t m = 1 - reach; m <= reach; ++m) {
          const auto above = at(static_cast<double>(m) + 0.5);
          const auto low = hn::LoadU(tag, samples + m), high = hn::LoadU(tag, samples + m + lanes);
          sum = hn::MulAdd(hn::Sub(above, below), LookUp(low, high, offset), sum);
          below = above;
        }
      } else if (kKind == WeightKind::kInterpolation || reach == 1) {
        const auto low = hn::LoadU(tag, samples), high = hn::LoadU(tag, samples + lanes);
        const auto left = LookUp(low, high, offset);
        const auto right = LookUp(low, high, hn::Add(offset, hn::Set(signedTag, 1)));
        if constexpr (kKind == WeightKind::kInterpolation) {
          sum = hn::MulAdd(fraction, hn::Sub(right, left), hn::Add(sum, left));
        } else {
          sum = hn::MulAdd(weigher[t](fraction), left, sum);
          sum = hn::MulAdd(weigher[t](hn::Sub(hn::Set(tag, static_cast<T>(1)), fraction)), right, sum);
        }
      } else if constexpr (kKind == WeightKind::kHat) {
        for (std::ptrdiff_t m = 1 - reach; m <= reach; ++m) {
          const auto weight = weigher[t](hn::Sub(hn::Set(tag, static_cast<T>(m)), fraction));
          const auto low = hn::LoadU(tag, samples + m), high = hn::LoadU(tag, samples + m + lanes);
          sum = hn::MulAdd(weight, LookUp(low, high, offset), sum);
        }
      }
    }
    hn::StoreU(sum, tag, out + n);
  }
}

template <WeightKind kKind, class T>
void AddLinesOfKind(T* out, std::size_t extent, const Term<T>* terms, std::size_t termCount, std::size_t sourceCount) {
  if (termCount == kTerms) return AddLinesOf<kKind, kTerms>(out, extent, terms, sourceCount);
  for (std::size_t t = 0; t < termCount; ++t) AddLinesOf<kKind, 1>(out, extent, terms + t, sourceCount);
}

template <class T>
void AddLines(T* out, std::size_t extent, const Term<T>* terms, std::size_t termCount, std::size_t sourceCount) {
  switch (terms[0].weight.kind) {
    case WeightKind::kInterpolation: return AddLinesOfKind<WeightKind::kInterpolation>(out, extent, terms, termCount, sourceCount);
    case WeightKind::kHat: return AddLinesOfKind<WeightKind::kHat>(out, extent, terms, termCount, sourceCount);
    case WeightKind::kStrip: return AddLinesOfKind<WeightKind::kStrip>(out, extent, terms, termCount, sourceCount);
    case WeightKind::kShortStrip: return AddLinesOfKind<WeightKind::kShortStrip>(out, extent, terms, termCount, sourceCount);
  }
}

template <class T>
void MoveInto(double* sum, T* partial, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) {
    sum[i] += static_cast<double>(partial[i]);
    partial[i] = T(0);
  }
}

void MoveIntoFloat(double* sum, float* partial, std::size_t count) { MoveInto(sum, partial, count); }
void MoveIntoDouble(double* sum, double* partial, std::size_t count) { MoveInto(sum, partial, count); }
void AddLinesFloat(float* out, std::size_t extent, const Term<float>* terms, std::size_t termCount, std::size_t sourceCount) {
  AddLines(out, extent, terms, termCount, sourceCount);
}
void AddLinesDouble(double* out, std::size_t extent, const Term<double>* terms, std::size_t termCount, std::size_t sourceCount) {
  AddLines(out, extent, terms, termCount, sourceCount);
}

}  // namespace HWY_NAMESPACE
}  // namespace ridgeflow
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ridgeflow {

HWY_EXPORT(AddLinesFloat);
HWY_EXPORT(AddLinesDouble);
HWY_EXPORT(MoveIntoFloat);
HWY_EXPORT(MoveIntoDouble);

namespace radon_lines {
namespace {

double areaOf(const Weight& weight, double t) {
  const double plateau = 0.5 * (weight.wide - weight.narrow), size = std::abs(t);
  const double slant = std::clamp(size - plateau, 0.0, weight.narrow);
  const double inner = std::min(size, plateau) + slant - (weight.narrow > 0 ? 0.5 * slant * slant / weight.narrow : 0.0);
  return std::copysign(inner / weight.wide, t);
}

double weightAt(const Weight& weight, double distance) {
  if (weight.kind == WeightKind::kStrip) return areaOf(weight, distance + 0.5) - areaOf(weight, distance - 0.5);
  return std::max(0.0, 1.0 - std::abs(weight.slope * distance));
}

/// Steps that skip samples: any distance between positions, one at a time.
template <class T>
void addSparseLine(T* out, std::size_t extent, const Term<T>& term, std::size_t sourceCount) {
  const auto reach = static_cast<double>(term.weight.reach);
  for (std::size_t n = 0; n < extent; ++n) {
    const double position = term.position + term.step * static_cast<double>(n);
    if (!(position > -reach && position < static_cast<double>(sourceCount) - 1.0 + reach)) continue;
    const double below = std::floor(position);
    const T* samples = term.source + static_cast<std::ptrdiff_t>(below);
    double sum = 0.0;
    for (std::ptrdiff_t m = 1 - term.weight.reach; m <= term.weight.reach; ++m) {
      sum += weightAt(term.weight, static_cast<double>(m) - (position - below)) * static_cast<double>(samples[m]);
    }
    out[n] += static_cast<T>(sum);
  }
}

}  // namespace

template <class T>
void addLines(T* out, std::size_t extent, const Term<T>* terms, std::size_t termCount, std::size_t sourceCount) {
  Term<T> close[kTerms];
  std::size_t closeCount = 0;
  for (std::size_t t = 0; t < termCount; ++t) {
    if (std::abs(terms[t].step) <= kLargestStep) close[closeCount++] = terms[t];
    else addSparseLine(out, extent, terms[t], sourceCount);
  }
  if (closeCount == 0) return;
  if constexpr (sizeof(T) == 4) {
    HWY_DYNAMIC_DISPATCH(AddLinesFloat)(out, extent, close, closeCount, sourceCount);
  } else {
    HWY_DYNAMIC_DISPATCH(AddLinesDouble)(out, extent, close, closeCount, sourceCount);
  }
}

template <class T>
void moveInto(double* sum, T* partial, std::size_t count) {
  if constexpr (sizeof(T) == 4) HWY_DYNAMIC_DISPATCH(MoveIntoFloat)(sum, partial, count);
  else HWY_DYNAMIC_DISPATCH(MoveIntoDouble)(sum, partial, count);
}

template void moveInto<float>(double*, float*, std::size_t);
template void moveInto<double>(double*, double*, std::size_t);
template void addLines<float>(float*, std::size_t, const Term<float>*, std::size_t, std::size_t);
template void addLines<double>(double*, std::size_t, const Term<double>*, std::size_t, std::size_t);

}  // namespace radon_lines
}  // namespace ridgeflow
#endif  // HWY_ONCE
