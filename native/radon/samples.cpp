// Vector code of single rays, compiled once for every instruction set and chosen at run time.
//
// Places, weights and the numbers of the cells are computed in vectors and stored. The cells themselves are then read, or added
// to, as pairs of neighbours: a pair is one register everywhere, while gathers are slow on AVX2 and scatters are not there.

#include "radon/samples.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "radon/samples.cpp"
#include "hwy/foreach_target.h"
#include "hwy/cache_control.h"
#include "hwy/highway.h"
#include "hwy/contrib/math/math-inl.h"
#include "radon/cells-inl.h"

HWY_BEFORE_NAMESPACE();
namespace ridgeflow {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;
using radon_samples::FanRow;
using radon_samples::PlaneRays;
using radon_samples::RowLine;
using radon_samples::Rows;

/// Samples whose places are known at a time: they and their weights stay in the first cache.
constexpr std::size_t kBlock = 256;
/// Rays of a plane that are added to one after the other lie this many apart: neighbours share cells, and a load waits where
/// it needs parts of stores that are still under way.
constexpr std::size_t kApart = 16;

/// Left cells and pairs of weights, multiplied by `value`, of a line at rows [from, from + count).
HWY_INLINE void placeLine(const RowLine& line, std::size_t samples, std::size_t from, std::size_t count, double value, std::int64_t* cells,
                          double* weights) {
  const Tag tag;
  const std::size_t lanes = hn::Lanes(tag);
  Places places(line.intercept, line.slope, from, static_cast<double>(samples + 1));
  const auto whole = hn::Set(tag, value);
  for (std::size_t i = 0; i < count; i += lanes) {
    Vector below, fraction;
    places.next(below, fraction);
    storeWhole(below, cells + i);
    const auto right = hn::Mul(whole, fraction);
    hn::StoreInterleaved2(hn::Sub(whole, right), right, tag, weights + 2 * i);
  }
}

template <class T>
double SumAlong(const Rows<const T>& rows, const RowLine& line, std::size_t from, std::size_t to) {
  HWY_ALIGN std::int64_t cells[kBlock + hn::MaxLanes(Tag())];
  HWY_ALIGN double weights[2 * (kBlock + hn::MaxLanes(Tag()))];
  auto even = zeroPair(), odd = zeroPair();
  for (; from < to; from += kBlock) {
    const std::size_t count = std::min(kBlock, to - from);
    placeLine(line, rows.count, from, count, 1.0, cells, weights);
    const T* row = rows.first + from * rows.stride;
    std::size_t i = 0;
    for (; i + 2 <= count; i += 2, row += 2 * rows.stride) {
      even = multiplyAdd(loadPair(weights + 2 * i), loadPair(row + cells[i]), even);
      odd = multiplyAdd(loadPair(weights + 2 * i + 2), loadPair(row + rows.stride + cells[i + 1]), odd);
    }
    if (i < count) even = multiplyAdd(loadPair(weights + 2 * i), loadPair(row + cells[i]), even);
  }
  return sumOf(add(even, odd));
}

void SpreadAlong(const Rows<double>& rows, const RowLine& line, std::size_t from, std::size_t to, double value) {
  HWY_ALIGN std::int64_t cells[kBlock + hn::MaxLanes(Tag())];
  HWY_ALIGN double weights[2 * (kBlock + hn::MaxLanes(Tag()))];
  for (; from < to; from += kBlock) {
    const std::size_t count = std::min(kBlock, to - from);
    placeLine(line, rows.count, from, count, value, cells, weights);
    double* row = rows.first + from * rows.stride;
    for (std::size_t i = 0; i < count; ++i, row += rows.stride) addToPair(row + cells[i], loadPair(weights + 2 * i));
  }
}

/// Upper left cells of rays [from, from + count), and their four weights: upper left, upper right, lower left, lower right.
HWY_INLINE void placePlane(const PlaneRays& rays, std::size_t from, std::size_t count, std::int64_t* cells, double* weights) {
  const Tag tag;
  // Rays are within the margins but for rounding.
  Places rowPlaces(rays.a.start, rays.a.step, from, rays.a.most), columnPlaces(rays.b.start, rays.b.step, from, rays.b.most);
  const auto width = hn::Set(tag, static_cast<double>(rays.width)), one = hn::Set(tag, 1.0);
  for (std::size_t k = 0; k < count; k += hn::Lanes(tag)) {
    Vector row, column, down, right;
    rowPlaces.next(row, down);
    columnPlaces.next(column, right);
    storeWhole(hn::MulAdd(row, width, column), cells + k);
    const auto up = hn::Sub(one, down), upRight = hn::Mul(up, right), downRight = hn::Mul(down, right);
    hn::StoreInterleaved4(hn::Sub(up, upRight), upRight, hn::Sub(down, downRight), downRight, tag, weights + 4 * k);
  }
}

template <class T>
void GatherPlane(const T* plane, const PlaneRays& rays, std::size_t from, std::size_t to, double* sums) {
  HWY_ALIGN std::int64_t cells[kBlock + hn::MaxLanes(Tag())];
  HWY_ALIGN double weights[4 * (kBlock + hn::MaxLanes(Tag()))];
  for (; from < to; from += kBlock, sums += 2 * kBlock) {
    const std::size_t count = std::min(kBlock, to - from);
    placePlane(rays, from, count, cells, weights);
    for (std::size_t k = 0; k < count; ++k) {
      const T* upper = plane + cells[k];
      hwy::Prefetch(upper + rays.size);  // the next plane is met nearby, and no processor foresees it
      double* sum = sums + 2 * k;
      const auto above = multiplyAdd(loadPair(weights + 4 * k), loadPair(upper), loadPair(sum));
      storePair(multiplyAdd(loadPair(weights + 4 * k + 2), loadPair(upper + rays.width), above), sum);
    }
  }
}

template <class T>
void SpreadPlane(double* plane, const PlaneRays& rays, std::size_t from, std::size_t to, const T* values, double scale) {
  HWY_ALIGN std::int64_t cells[kBlock + hn::MaxLanes(Tag())];
  HWY_ALIGN double weights[4 * (kBlock + hn::MaxLanes(Tag()))];
  for (; from < to; from += kBlock, values += kBlock) {
    const std::size_t count = std::min(kBlock, to - from);
    placePlane(rays, from, count, cells, weights);
    for (std::size_t first = 0; first < std::min(kApart, count); ++first) {
      for (std::size_t k = first; k < count; k += kApart) {
        const double value = static_cast<double>(values[k]) * scale;
        double* upper = plane + cells[k];
        addToPair(upper, multiply(value, loadPair(weights + 4 * k)));
        addToPair(upper + rays.width, multiply(value, loadPair(weights + 4 * k + 2)));
      }
    }
  }
}

template <class T>
void AddFanRow(const T* detectors, std::size_t detectorCount, const FanRow& row, std::size_t pixels, double* sums) {
  const Tag tag;
  HWY_ALIGN std::int64_t cells[kBlock + hn::MaxLanes(Tag())];
  HWY_ALIGN double weights[2 * (kBlock + hn::MaxLanes(Tag()))];
  const auto most = hn::Set(tag, static_cast<double>(detectorCount + 1));
  const auto scale = hn::Set(tag, row.scale), shift = hn::Set(tag, row.shift), one = hn::Set(tag, 1.0), zero = hn::Zero(tag);
  for (std::size_t from = 0; from < pixels; from += kBlock) {
    const std::size_t count = std::min(kBlock, pixels - from);
    for (std::size_t j = 0; j < count; j += hn::Lanes(tag)) {
      const auto index = hn::Add(hn::Iota(tag, 0.0), hn::Set(tag, static_cast<double>(from + j)));
      const auto across = hn::MulAdd(index, hn::Set(tag, row.across.step), hn::Set(tag, row.across.start));
      const auto along = hn::MulAdd(index, hn::Set(tag, row.along.step), hn::Set(tag, row.along.start));
      const auto isBefore = hn::Gt(along, zero);
      const auto inverse = hn::IfThenElseZero(isBefore, hn::Div(one, along));
      const auto tangent = hn::Mul(across, inverse);
      auto weight = hn::Mul(inverse, inverse);
      auto place = tangent;
      if (!row.flat) {
        place = hn::Atan(tag, tangent);
        weight = hn::Div(weight, hn::MulAdd(tangent, tangent, one));
      }
      place = within(hn::MulAdd(place, scale, shift), most);
      const auto below = hn::Floor(place);
      storeWhole(below, cells + j);
      const auto right = hn::Mul(weight, hn::Sub(place, below));
      hn::StoreInterleaved2(hn::Sub(weight, right), right, tag, weights + 2 * j);
    }
    for (std::size_t j = 0; j < count; ++j) {
      double* sum = sums + 2 * (from + j);
      storePair(multiplyAdd(loadPair(weights + 2 * j), loadPair(detectors + cells[j]), loadPair(sum)), sum);
    }
  }
}

double SumAlongFloat(const Rows<const float>& rows, const RowLine& line, std::size_t from, std::size_t to) { return SumAlong(rows, line, from, to); }
double SumAlongDouble(const Rows<const double>& rows, const RowLine& line, std::size_t from, std::size_t to) { return SumAlong(rows, line, from, to); }
void GatherPlaneFloat(const float* plane, const PlaneRays& rays, std::size_t from, std::size_t to, double* sums) {
  GatherPlane(plane, rays, from, to, sums);
}
void GatherPlaneDouble(const double* plane, const PlaneRays& rays, std::size_t from, std::size_t to, double* sums) {
  GatherPlane(plane, rays, from, to, sums);
}
void SpreadPlaneFloat(double* plane, const PlaneRays& rays, std::size_t from, std::size_t to, const float* values, double scale) {
  SpreadPlane(plane, rays, from, to, values, scale);
}
void SpreadPlaneDouble(double* plane, const PlaneRays& rays, std::size_t from, std::size_t to, const double* values, double scale) {
  SpreadPlane(plane, rays, from, to, values, scale);
}
void AddFanRowFloat(const float* detectors, std::size_t count, const FanRow& row, std::size_t pixels, double* sums) {
  AddFanRow(detectors, count, row, pixels, sums);
}
void AddFanRowDouble(const double* detectors, std::size_t count, const FanRow& row, std::size_t pixels, double* sums) {
  AddFanRow(detectors, count, row, pixels, sums);
}

}  // namespace HWY_NAMESPACE
}  // namespace ridgeflow
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ridgeflow {

HWY_EXPORT(SumAlongFloat);
HWY_EXPORT(SumAlongDouble);
HWY_EXPORT(SpreadAlong);
HWY_EXPORT(GatherPlaneFloat);
HWY_EXPORT(GatherPlaneDouble);
HWY_EXPORT(SpreadPlaneFloat);
HWY_EXPORT(SpreadPlaneDouble);
HWY_EXPORT(AddFanRowFloat);
HWY_EXPORT(AddFanRowDouble);

namespace radon_samples {

template <class T>
double sumAlong(const Rows<const T>& rows, const RowLine& line, std::size_t from, std::size_t to) {
  if constexpr (sizeof(T) == 4) return HWY_DYNAMIC_DISPATCH(SumAlongFloat)(rows, line, from, to);
  else return HWY_DYNAMIC_DISPATCH(SumAlongDouble)(rows, line, from, to);
}

void spreadAlong(const Rows<double>& rows, const RowLine& line, std::size_t from, std::size_t to, double value) {
  HWY_DYNAMIC_DISPATCH(SpreadAlong)(rows, line, from, to, value);
}

template <class T>
void gatherPlane(const T* plane, const PlaneRays& rays, std::size_t from, std::size_t to, double* sums) {
  if constexpr (sizeof(T) == 4) HWY_DYNAMIC_DISPATCH(GatherPlaneFloat)(plane, rays, from, to, sums);
  else HWY_DYNAMIC_DISPATCH(GatherPlaneDouble)(plane, rays, from, to, sums);
}

template <class T>
void spreadPlane(double* plane, const PlaneRays& rays, std::size_t from, std::size_t to, const T* values, double scale) {
  if constexpr (sizeof(T) == 4) HWY_DYNAMIC_DISPATCH(SpreadPlaneFloat)(plane, rays, from, to, values, scale);
  else HWY_DYNAMIC_DISPATCH(SpreadPlaneDouble)(plane, rays, from, to, values, scale);
}

template <class T>
void addFanRow(const T* detectors, std::size_t count, const FanRow& row, std::size_t pixels, double* sums) {
  if constexpr (sizeof(T) == 4) HWY_DYNAMIC_DISPATCH(AddFanRowFloat)(detectors, count, row, pixels, sums);
  else HWY_DYNAMIC_DISPATCH(AddFanRowDouble)(detectors, count, row, pixels, sums);
}

template double sumAlong<float>(const Rows<const float>&, const RowLine&, std::size_t, std::size_t);
template double sumAlong<double>(const Rows<const double>&, const RowLine&, std::size_t, std::size_t);
template void gatherPlane<float>(const float*, const PlaneRays&, std::size_t, std::size_t, double*);
template void gatherPlane<double>(const double*, const PlaneRays&, std::size_t, std::size_t, double*);
template void spreadPlane<float>(double*, const PlaneRays&, std::size_t, std::size_t, const float*, double);
template void spreadPlane<double>(double*, const PlaneRays&, std::size_t, std::size_t, const double*, double);
template void addFanRow<float>(const float*, std::size_t, const FanRow&, std::size_t, double*);
template void addFanRow<double>(const double*, std::size_t, const FanRow&, std::size_t, double*);

}  // namespace radon_samples
}  // namespace ridgeflow
#endif  // HWY_ONCE
