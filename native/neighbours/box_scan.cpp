// Vector code of the box tree, compiled once for every instruction set and chosen at run time.

#include "neighbours/box_scan.hpp"

#include <cstring>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "neighbours/box_scan.cpp"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace ridgeflow {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;
using box_scan::kChildren;
using box_scan::kLeaf;

template <class T>
using ScanTag = hn::CappedTag<T, kChildren>;

template <Norm kNorm, class D, class V>
HWY_INLINE V Accumulate(D, V sum, V difference) {
  if constexpr (kNorm == Norm::kMaximum) {
    return hn::Max(sum, difference);
  } else {
    return hn::MulAdd(difference, difference, sum);
  }
}

template <Norm kNorm, class T>
HWY_INLINE void PointsIn(const T* block, const T* query, std::size_t d, T* out) {
  const ScanTag<T> tag;
  const std::size_t lanes = hn::Lanes(tag);
  for (std::size_t j = 0; j < kLeaf; j += 2 * lanes) {
    const bool both = j + lanes < kLeaf;
    const std::size_t other = both ? j + lanes : j;
    auto left = hn::Zero(tag), right = hn::Zero(tag);
    for (std::size_t k = 0; k < d; ++k) {
      const auto x = hn::Set(tag, query[k]);
      left = Accumulate<kNorm>(tag, left, hn::Abs(hn::Sub(x, hn::Load(tag, block + k * kLeaf + j))));
      right = Accumulate<kNorm>(tag, right, hn::Abs(hn::Sub(x, hn::Load(tag, block + k * kLeaf + other))));
    }
    hn::Store(left, tag, out + j);
    hn::Store(right, tag, out + other);
  }
}

template <Norm kNorm, class T>
HWY_INLINE void BoxesIn(const T* lower, const T* upper, const T* query, std::size_t d, T* nearest, T* farthest) {
  const ScanTag<T> tag;
  const std::size_t lanes = hn::Lanes(tag);
  for (std::size_t j = 0; j < kChildren; j += lanes) {
    auto near = hn::Zero(tag), far = hn::Zero(tag);
    for (std::size_t k = 0; k < d; ++k) {
      const auto x = hn::Set(tag, query[k]);
      const auto below = hn::Sub(hn::Load(tag, lower + k * kChildren + j), x);
      const auto above = hn::Sub(x, hn::Load(tag, upper + k * kChildren + j));
      near = Accumulate<kNorm>(tag, near, hn::Max(hn::Max(below, above), hn::Zero(tag)));
      if (farthest != nullptr) far = Accumulate<kNorm>(tag, far, hn::Max(hn::Neg(below), hn::Neg(above)));
    }
    hn::Store(near, tag, nearest + j);
    if (farthest != nullptr) hn::Store(far, tag, farthest + j);
  }
}

template <class T>
void Points(const T* block, const T* query, std::size_t d, Norm norm, T* out) {
  if (norm == Norm::kMaximum) {
    PointsIn<Norm::kMaximum>(block, query, d, out);
  } else {
    PointsIn<Norm::kEuclidean>(block, query, d, out);
  }
}

template <class T>
void Boxes(const T* lower, const T* upper, const T* query, std::size_t d, Norm norm, T* nearest, T* farthest) {
  if (norm == Norm::kMaximum) {
    BoxesIn<Norm::kMaximum>(lower, upper, query, d, nearest, farthest);
  } else {
    BoxesIn<Norm::kEuclidean>(lower, upper, query, d, nearest, farthest);
  }
}

template <class T>
std::uint64_t AtMost(const T* values, std::size_t width, T limit) {
  const ScanTag<T> tag;
  const std::size_t lanes = hn::Lanes(tag);
  const auto most = hn::Set(tag, limit);
  std::uint64_t result = 0;
  for (std::size_t j = 0; j < width; j += lanes) {
    std::uint8_t bits[8] = {};
    hn::StoreMaskBits(tag, hn::Le(hn::Load(tag, values + j), most), bits);
    for (std::size_t byte = 0; byte < (lanes + 7) / 8; ++byte) {
      result |= static_cast<std::uint64_t>(bits[byte]) << (j + 8 * byte);
    }
  }
  return result;
}

box_scan::Operations<float> BoxOperationsFloat() { return {&Points<float>, &Boxes<float>, &AtMost<float>}; }
box_scan::Operations<double> BoxOperationsDouble() { return {&Points<double>, &Boxes<double>, &AtMost<double>}; }

}  // namespace HWY_NAMESPACE
}  // namespace ridgeflow
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ridgeflow {

HWY_EXPORT(BoxOperationsFloat);
HWY_EXPORT(BoxOperationsDouble);

namespace box_scan {

Operations<float> operations(float) { return HWY_DYNAMIC_DISPATCH(BoxOperationsFloat)(); }

Operations<double> operations(double) { return HWY_DYNAMIC_DISPATCH(BoxOperationsDouble)(); }

}  // namespace box_scan
}  // namespace ridgeflow
#endif  // HWY_ONCE
