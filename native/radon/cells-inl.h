// Per-target include: pairs of neighbouring cells, and the places that rays pass as numbers of cells.

#if defined(RIDGEFLOW_RADON_CELLS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef RIDGEFLOW_RADON_CELLS_INL_H_
#undef RIDGEFLOW_RADON_CELLS_INL_H_
#else
#define RIDGEFLOW_RADON_CELLS_INL_H_
#endif

#include <cstddef>
#include <cstdint>

#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace ridgeflow {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

using Tag = hn::ScalableTag<double>;
using Vector = hn::Vec<Tag>;

#if HWY_TARGET == HWY_SCALAR
struct Pair {
  double left, right;
};
HWY_INLINE Pair zeroPair() { return {0.0, 0.0}; }
template <class T>
HWY_INLINE Pair loadPair(const T* pair) {
  return {static_cast<double>(pair[0]), static_cast<double>(pair[1])};
}
HWY_INLINE void storePair(Pair value, double* pair) {
  pair[0] = value.left;
  pair[1] = value.right;
}
HWY_INLINE Pair multiplyAdd(Pair a, Pair b, Pair c) { return {a.left * b.left + c.left, a.right * b.right + c.right}; }
HWY_INLINE Pair multiply(double a, Pair b) { return {a * b.left, a * b.right}; }
HWY_INLINE Pair add(Pair a, Pair b) { return {a.left + b.left, a.right + b.right}; }
HWY_INLINE double sumOf(Pair a) { return a.left + a.right; }
#else
using PairTag = hn::FixedTag<double, 2>;
using Pair = hn::Vec<PairTag>;
HWY_INLINE Pair zeroPair() { return hn::Zero(PairTag()); }
HWY_INLINE Pair loadPair(const double* pair) { return hn::LoadU(PairTag(), pair); }
HWY_INLINE Pair loadPair(const float* pair) { return hn::PromoteTo(PairTag(), hn::LoadU(hn::FixedTag<float, 2>(), pair)); }
HWY_INLINE void storePair(Pair value, double* pair) { hn::StoreU(value, PairTag(), pair); }
HWY_INLINE Pair multiplyAdd(Pair a, Pair b, Pair c) { return hn::MulAdd(a, b, c); }
HWY_INLINE Pair multiply(double a, Pair b) { return hn::Mul(hn::Set(PairTag(), a), b); }
HWY_INLINE Pair add(Pair a, Pair b) { return hn::Add(a, b); }
HWY_INLINE double sumOf(Pair a) { return hn::GetLane(hn::SumOfLanes(PairTag(), a)); }
#endif
HWY_INLINE void addToPair(double* pair, Pair value) { storePair(add(loadPair(pair), value), pair); }

/// Whole numbers in [0, 2⁵²) as integers.
HWY_INLINE void storeWhole(Vector whole, std::int64_t* out) {
  constexpr double kTwo52 = 4503599627370496.0;
  const Tag tag;
  const hn::RebindToSigned<Tag> integers;
  const auto bits = hn::BitCast(integers, hn::Add(whole, hn::Set(tag, kTwo52)));
  hn::StoreU(hn::And(bits, hn::Set(integers, (std::int64_t{1} << 52) - 1)), integers, out);
}

/// A place within [0, most]. NaN, which the largest of two numbers is on some processors and not on others, is 0: cells are
/// addresses.
HWY_INLINE Vector within(Vector place, Vector most) {
  return hn::Min(hn::IfThenElseZero(hn::Ge(place, hn::Zero(Tag())), place), most);
}

/// start + step · (from + lane), a vector at a time.
class Places {
 public:
  /// Places are kept within [0, most].
  Places(double start, double step, std::size_t from, double most)
      : start_(hn::Set(Tag(), start)), step_(hn::Set(Tag(), step)), most_(hn::Set(Tag(), most)),
        index_(hn::Add(hn::Iota(Tag(), 0.0), hn::Set(Tag(), static_cast<double>(from)))) {}

  HWY_INLINE void next(Vector& below, Vector& fraction) {
    const Tag tag;
    const auto place = within(hn::MulAdd(step_, index_, start_), most_);
    index_ = hn::Add(index_, hn::Set(tag, static_cast<double>(hn::Lanes(tag))));
    below = hn::Floor(place);
    fraction = hn::Sub(place, below);
  }

 private:
  Vector start_, step_, most_, index_;
};

}  // namespace HWY_NAMESPACE
}  // namespace ridgeflow
HWY_AFTER_NAMESPACE();

#endif  // per-target include guard
