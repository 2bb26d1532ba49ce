// Vector code of the radon kernels, compiled once for every instruction set and chosen at run time.

#include "radon/lines.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "radon/lines.cpp"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace ridgeflow {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;
using radon_lines::kTerms;
using radon_lines::Term;
using radon_lines::Weight;
using radon_lines::WeightKind;

/// Positions of float32 lines are whole numbers of 2⁻⁴⁰ samples: exact steps, and no floating point per vector.
constexpr int kPositionBits = 40;
/// Within a vector, of 2⁻²⁷: 5 bits remain for the sample's number.
constexpr int kFractionBits = 27;

template <class T>
using Tag = hn::ScalableTag<T>;
template <class T>
using Vector = hn::Vec<Tag<T>>;

/// Walks along a line a vector at a time: gives the number of the lowest sample that the vector's positions need, and
/// for each lane the offset from it and the fraction above that offset.
template <class T>
class Walk;

template <>
class Walk<float> {
 public:
  Walk() = default;
  HWY_INLINE Walk(const Term<float>& term, std::ptrdiff_t lowest, std::ptrdiff_t highest) : lowest_(lowest), highest_(highest) {
    const hn::RebindToSigned<Tag<float>> tag;
    const auto lanes = static_cast<std::int64_t>(hn::Lanes(tag));
    constexpr double kUnit = static_cast<double>(1LL << kPositionBits);
    const auto step = static_cast<std::int64_t>(std::llrint(term.step * kUnit));
    position_ = static_cast<std::int64_t>(std::llrint(term.position * kUnit)) + (step < 0 ? step * (lanes - 1) : 0);
    advance_ = step * lanes;
    const auto size = hn::Set(tag, static_cast<std::int32_t>(static_cast<std::uint32_t>(std::llrint(std::abs(term.step) * (1LL << kFractionBits)))));
    const auto lane = hn::Iota(tag, 0);
    ramp_ = hn::Mul(size, step < 0 ? hn::Sub(hn::Set(tag, static_cast<std::int32_t>(lanes) - 1), lane) : lane);
  }

  HWY_INLINE std::ptrdiff_t next(Vector<float>& fraction, hn::Vec<hn::RebindToSigned<Tag<float>>>& offset) {
    const Tag<float> tag;
    const hn::RebindToSigned<Tag<float>> signedTag;
    const hn::RebindToUnsigned<Tag<float>> unsignedTag;
    const std::ptrdiff_t base = std::clamp<std::ptrdiff_t>(position_ >> kPositionBits, lowest_, highest_);
    const auto start = static_cast<std::int32_t>((position_ >> (kPositionBits - kFractionBits)) & ((1 << kFractionBits) - 1));
    position_ += advance_;
    const auto place = hn::Add(hn::Set(signedTag, start), ramp_);
    offset = hn::BitCast(signedTag, hn::ShiftRight<kFractionBits>(hn::BitCast(unsignedTag, place)));
    const auto rest = hn::And(place, hn::Set(signedTag, (1 << kFractionBits) - 1));
    fraction = hn::Mul(hn::ConvertTo(tag, rest), hn::Set(tag, 1.0F / (1 << kFractionBits)));
    return base;
  }

 private:
  std::int64_t position_ = 0, advance_ = 0;
  std::ptrdiff_t lowest_ = 0, highest_ = 0;
  hn::Vec<hn::RebindToSigned<Tag<float>>> ramp_;
};

template <>
class Walk<double> {
 public:
  Walk() = default;
  HWY_INLINE Walk(const Term<double>& term, std::ptrdiff_t lowest, std::ptrdiff_t highest) : lowest_(lowest), highest_(highest) {
    const Tag<double> tag;
    const auto last = static_cast<double>(hn::Lanes(tag) - 1);
    step_ = term.step;
    start_ = term.position + (term.step < 0 ? term.step * last : 0.0);
    const auto lane = hn::Iota(tag, 0.0);
    ramp_ = hn::Mul(hn::Set(tag, std::abs(term.step)), step_ < 0 ? hn::Sub(hn::Set(tag, last), lane) : lane);
  }

  HWY_INLINE std::ptrdiff_t next(Vector<double>& fraction, hn::Vec<hn::RebindToSigned<Tag<double>>>& offset) {
    const hn::RebindToSigned<Tag<double>> signedTag;
    const double position = start_ + step_ * done_;
    done_ += static_cast<double>(hn::Lanes(signedTag));
    const double whole = std::floor(position);
    const auto place = hn::Add(hn::Set(Tag<double>(), position - whole), ramp_);
    const auto below = hn::Floor(place);
    fraction = hn::Sub(place, below);
    offset = hn::ConvertTo(signedTag, below);
    return std::clamp<std::ptrdiff_t>(static_cast<std::ptrdiff_t>(whole), lowest_, highest_);
  }

 private:
  double start_ = 0.0, step_ = 0.0, done_ = 0.0;
  std::ptrdiff_t lowest_ = 0, highest_ = 0;
  Vector<double> ramp_;
};

template <class T>
using Offsets = hn::Vec<hn::RebindToSigned<Tag<T>>>;

/// Element `offset` of the two vectors low and high put together; 0 ≤ offset < 2 · lanes.
#if HWY_TARGET <= HWY_AVX3 && HWY_ARCH_X86
HWY_INLINE Vector<float> LookUp(Vector<float> low, Vector<float> high, Offsets<float> offset) {
  return Vector<float>{_mm512_permutex2var_ps(low.raw, offset.raw, high.raw)};
}
HWY_INLINE Vector<double> LookUp(Vector<double> low, Vector<double> high, Offsets<double> offset) {
  return Vector<double>{_mm512_permutex2var_pd(low.raw, offset.raw, high.raw)};
}
#else
template <class V, class I>
HWY_INLINE V LookUp(V low, V high, I offset) {
  const hn::DFromV<V> tag;
  const hn::DFromV<I> signedTag;
  const auto lanes = hn::Set(signedTag, static_cast<hn::TFromV<I>>(hn::Lanes(tag)));
  const auto isHigh = hn::Gt(offset, hn::Sub(lanes, hn::Set(signedTag, 1)));
  const auto within = hn::IndicesFromVec(tag, hn::IfThenElse(isHigh, hn::Sub(offset, lanes), offset));
  return hn::IfThenElse(hn::RebindMask(tag, isHigh), hn::TableLookupLanes(high, within), hn::TableLookupLanes(low, within));
}
#endif

/// Constants of a weight as vectors.
template <WeightKind kKind, class T>
struct Weigher {
  Vector<T> slope, plateau, height, narrow, curvature;

  Weigher() = default;
  HWY_INLINE explicit Weigher(const Weight& weight) {
    const Tag<T> tag;
    slope = hn::Set(tag, static_cast<T>(weight.slope));
    if constexpr (kKind == WeightKind::kStrip) {
      plateau = hn::Set(tag, static_cast<T>(0.5 * (weight.wide - weight.narrow)));
      height = hn::Set(tag, static_cast<T>(1.0 / weight.wide));
      narrow = hn::Set(tag, static_cast<T>(weight.narrow));
      curvature = hn::Set(tag, static_cast<T>(weight.narrow > 0 ? 0.5 / weight.narrow : 0.0));
    }
  }

  /// Area of the pixel's shadow between its centre and t.
  HWY_INLINE Vector<T> Area(Vector<T> t) const {
    const Tag<T> tag;
    const auto size = hn::Abs(t);
    const auto slant = hn::Min(hn::Max(hn::Sub(size, plateau), hn::Zero(tag)), narrow);
    const auto inner = hn::Add(hn::Min(size, plateau), hn::NegMulAdd(hn::Mul(slant, slant), curvature, slant));
    return hn::CopySign(hn::Mul(inner, height), t);
  }

  HWY_INLINE Vector<T> operator()(Vector<T> distance) const {
    const Tag<T> tag;
    if constexpr (kKind == WeightKind::kStrip) {
      const auto half = hn::Set(tag, static_cast<T>(0.5));
      const auto t = hn::Mul(distance, slope);
      return hn::Sub(Area(hn::Add(t, half)), Area(hn::Sub(t, half)));
    } else {
      return hn::Max(hn::NegMulAdd(hn::Abs(distance), slope, hn::Set(tag, static_cast<T>(1))), hn::Zero(tag));
    }
  }
};

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
      if (kKind == WeightKind::kInterpolation || reach == 1) {
        const auto low = hn::LoadU(tag, samples), high = hn::LoadU(tag, samples + lanes);
        const auto left = LookUp(low, high, offset);
        const auto right = LookUp(low, high, hn::Add(offset, hn::Set(signedTag, 1)));
        if constexpr (kKind == WeightKind::kInterpolation) {
          sum = hn::MulAdd(fraction, hn::Sub(right, left), hn::Add(sum, left));
        } else {
          sum = hn::MulAdd(weigher[t](fraction), left, sum);
          sum = hn::MulAdd(weigher[t](hn::Sub(hn::Set(tag, static_cast<T>(1)), fraction)), right, sum);
        }
      } else {
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
  }
}

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

namespace radon_lines {
namespace {

double areaOf(const Weight& weight, double t) {
  const double plateau = 0.5 * (weight.wide - weight.narrow), size = std::abs(t);
  const double slant = std::clamp(size - plateau, 0.0, weight.narrow);
  const double inner = std::min(size, plateau) + slant - (weight.narrow > 0 ? 0.5 * slant * slant / weight.narrow : 0.0);
  return std::copysign(inner / weight.wide, t);
}

double weightAt(const Weight& weight, double distance) {
  const double t = weight.slope * distance;
  if (weight.kind == WeightKind::kStrip) return areaOf(weight, t + 0.5) - areaOf(weight, t - 0.5);
  return std::max(0.0, 1.0 - std::abs(t));
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

template void addLines<float>(float*, std::size_t, const Term<float>*, std::size_t, std::size_t);
template void addLines<double>(double*, std::size_t, const Term<double>*, std::size_t, std::size_t);

}  // namespace radon_lines
}  // namespace ridgeflow
#endif  // HWY_ONCE
