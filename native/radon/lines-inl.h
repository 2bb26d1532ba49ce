// Per-target include: how the vector code of lines.cpp walks along a line, looks samples up, and weighs them.

#if defined(RIDGEFLOW_RADON_LINES_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef RIDGEFLOW_RADON_LINES_INL_H_
#undef RIDGEFLOW_RADON_LINES_INL_H_
#else
#define RIDGEFLOW_RADON_LINES_INL_H_
#endif

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "hwy/highway.h"
#include "radon/lines.hpp"

HWY_BEFORE_NAMESPACE();
namespace ridgeflow {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;
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
struct Weigher;

template <class T>
struct Weigher<WeightKind::kInterpolation, T> {
  Weigher() = default;
  HWY_INLINE explicit Weigher(const Weight&) {}
};

template <class T>
struct Weigher<WeightKind::kHat, T> {
  Vector<T> slope;

  Weigher() = default;
  HWY_INLINE explicit Weigher(const Weight& weight) : slope(hn::Set(Tag<T>(), static_cast<T>(weight.slope))) {}

  HWY_INLINE Vector<T> operator()(Vector<T> distance) const {
    const Tag<T> tag;
    return hn::Max(hn::NegMulAdd(hn::Abs(distance), slope, hn::Set(tag, static_cast<T>(1))), hn::Zero(tag));
  }
};

template <class T>
struct Weigher<WeightKind::kStrip, T> {
  Vector<T> plateau, height, narrow, curvature;

  Weigher() = default;
  HWY_INLINE explicit Weigher(const Weight& weight) {
    const Tag<T> tag;
    plateau = hn::Set(tag, static_cast<T>(0.5 * (weight.wide - weight.narrow)));
    height = hn::Set(tag, static_cast<T>(1.0 / weight.wide));
    narrow = hn::Set(tag, static_cast<T>(weight.narrow));
    curvature = hn::Set(tag, static_cast<T>(weight.narrow > 0 ? 0.5 / weight.narrow : 0.0));
  }

  /// Area of the two boxes' convolution between its centre and t.
  HWY_INLINE Vector<T> Area(Vector<T> t) const {
    const Tag<T> tag;
    const auto size = hn::Abs(t);
    const auto slant = hn::Min(hn::Max(hn::Sub(size, plateau), hn::Zero(tag)), narrow);
    const auto inner = hn::Add(hn::Min(size, plateau), hn::NegMulAdd(hn::Mul(slant, slant), curvature, slant));
    return hn::CopySign(hn::Mul(inner, height), t);
  }
};

template <class T>
struct Weigher<WeightKind::kShortStrip, T> {
  Vector<T> steep, outerLow, outerHigh, innerLow, innerHigh, middle, slope;

  Weigher() = default;
  HWY_INLINE explicit Weigher(const Weight& weight) {
    const Tag<T> tag;
    const double scale = 1.0 / std::sqrt(2 * weight.wide * weight.narrow);
    const double end = 0.5 * (weight.wide + weight.narrow), plateau = 0.5 * (weight.wide - weight.narrow);
    steep = hn::Set(tag, static_cast<T>(scale));
    outerLow = hn::Set(tag, static_cast<T>(scale * (end - 0.5)));
    outerHigh = hn::Set(tag, static_cast<T>(scale * (end - 1.5)));
    innerLow = hn::Set(tag, static_cast<T>(scale * (0.5 - plateau)));
    innerHigh = hn::Set(tag, static_cast<T>(scale * (-0.5 - plateau)));
    middle = hn::Set(tag, static_cast<T>(0.5 + 0.5 / weight.wide));
    slope = hn::Set(tag, static_cast<T>(1.0 / weight.wide));
  }

  /// sum + Σ w(m − r) f_m over samples m = −1 … 2. The area up to an edge at t is that of a box where the convolution is
  /// flat and a parabola on its slopes; the four samples' weights are its differences between edges at −½, ½ and 1½.
  HWY_INLINE Vector<T> Add(Vector<T> sum, Vector<T> r, Vector<T> before, Vector<T> left, Vector<T> right, Vector<T> after) const {
    const auto zero = hn::Zero(Tag<T>());
    const auto first = hn::Max(hn::NegMulAdd(steep, r, outerLow), zero), last = hn::Max(hn::MulAdd(steep, r, outerHigh), zero);
    const auto over = hn::Max(hn::NegMulAdd(steep, r, innerLow), zero), under = hn::Max(hn::MulAdd(steep, r, innerHigh), zero);
    const auto area = hn::MulAdd(under, under, hn::NegMulAdd(over, over, hn::NegMulAdd(slope, r, middle)));
    sum = hn::MulAdd(area, hn::Sub(left, right), hn::Add(sum, right));
    sum = hn::MulAdd(hn::Mul(first, first), hn::Sub(before, left), sum);
    return hn::MulAdd(hn::Mul(last, last), hn::Sub(after, right), sum);
  }
};

/// The four samples from samples − 1 on, at each offset.
template <class T>
struct Four {
  Vector<T> before, left, right, after;

  HWY_INLINE Four(const T* samples, Offsets<T> offset) {
    const Tag<T> tag;
    const hn::RebindToSigned<Tag<T>> signedTag;
    const std::size_t lanes = hn::Lanes(tag);
    const auto one = hn::Set(signedTag, 1), next = hn::Add(offset, one);
    const auto low = hn::LoadU(tag, samples - 1), high = hn::LoadU(tag, samples - 1 + lanes);
    before = LookUp(low, high, offset);
    left = LookUp(low, high, next);
    if constexpr (hn::MaxLanes(tag) >= 8) {  // a step of at most 1.5 leaves room for two more
      const auto third = hn::Add(next, one);
      right = LookUp(low, high, third);
      after = LookUp(low, high, hn::Add(third, one));
    } else {
      const auto lower = hn::LoadU(tag, samples + 1), higher = hn::LoadU(tag, samples + 1 + lanes);
      right = LookUp(lower, higher, offset);
      after = LookUp(lower, higher, next);
    }
  }
};

}  // namespace HWY_NAMESPACE
}  // namespace ridgeflow
HWY_AFTER_NAMESPACE();

#endif  // per-target include guard
