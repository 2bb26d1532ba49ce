// Densities and extents of a cloud's projections: what is compiled once for every instruction set and chosen at run time,
// and the driver, for which a projection is there for the length of a tile.

#include "radon/projections.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "radon/projections.cpp"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"

#include "radon/projection_tile.hpp"
#include "runtime/memory.hpp"
#include "runtime/parallel.hpp"

HWY_BEFORE_NAMESPACE();
namespace ridgeflow {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

template <class T>
using Tag = hn::ScalableTag<T>;

/// Values whose bins are looked up at a time.
constexpr std::size_t kChunk = 256;

/// Each value's place among the bins; −1 where it lies before them, is not a number or is beyond `width`. Loops that the
/// compiler turns into vectors of the target.
template <bool kRest, class T>
void Places(const T* values, std::size_t count, double scale, double shift, double width, std::int32_t* whole, double* rest) {
  for (std::size_t i = 0; i < count; ++i) {
    const double place = static_cast<double>(values[i]) * scale + shift;
    const double inside = place >= 0.0 && place < width ? place : -1.0;
    const auto below = static_cast<std::int32_t>(inside);
    whole[i] = below;
    if constexpr (kRest) rest[i] = inside - static_cast<double>(below);
  }
}

template <class T>
void Count(const T* values, const double* weights, std::size_t count, const ProjectionBins& bins, double* sums) {
  alignas(64) std::int32_t whole[kChunk];
  const double scale = 1.0 / bins.spacing, shift = 0.5 - bins.first / bins.spacing;
  for (std::size_t start = 0; start < count; start += kChunk) {
    const std::size_t size = std::min(kChunk, count - start);
    Places<false>(values + start, size, scale, shift, static_cast<double>(bins.width), whole, nullptr);
    if (weights == nullptr) {
      for (std::size_t i = 0; i < size; ++i) {
        if (whole[i] >= 0) sums[whole[i]] += 1.0;
      }
    } else {
      for (std::size_t i = 0; i < size; ++i) {
        if (whole[i] >= 0) sums[whole[i]] += weights[start + i];
      }
    }
  }
}

template <class T>
void Spline(const T* values, const double* weights, std::size_t count, const ProjectionBins& bins, double* sums) {
  alignas(64) std::int32_t whole[kChunk];
  alignas(64) double rest[kChunk], shares[4][kChunk];
  const double scale = 1.0 / bins.spacing, shift = -bins.first / bins.spacing;
  const auto last = static_cast<std::int32_t>(bins.width) - 3;
  for (std::size_t start = 0; start < count; start += kChunk) {
    const std::size_t size = std::min(kChunk, count - start);
    Places<true>(values + start, size, scale, shift, static_cast<double>(bins.width), whole, rest);
    for (std::size_t i = 0; i < size; ++i) {
      const double weight = weights == nullptr ? 1.0 / 6 : weights[start + i] * (1.0 / 6);
      const double t = rest[i], u = 1.0 - t;
      shares[0][i] = weight * (u * u * u);
      shares[1][i] = weight * (4.0 + t * t * (3.0 * t - 6.0));
      shares[2][i] = weight * (4.0 + u * u * (3.0 * u - 6.0));
      shares[3][i] = weight * (t * t * t);
    }
    for (std::size_t i = 0; i < size; ++i) {
      if (whole[i] < 1 || whole[i] > last) continue;
      double* at = sums + whole[i] - 1;
      for (std::size_t k = 0; k < 4; ++k) at[k] += shares[k][i];
    }
  }
}

template <class T>
void Deposit(const T* values, const double* weights, std::size_t count, const ProjectionBins& bins, double* sums) {
  if (bins.smooth) Spline(values, weights, count, bins, sums);
  else Count(values, weights, count, bins, sums);
}

template <class T>
void Extend(const T* values, std::size_t count, double* extent) {
  const Tag<T> tag;
  const std::size_t lanes = hn::Lanes(tag);
  auto least = hn::Set(tag, values[0]), greatest = least;
  std::size_t i = 0;
  for (; i + lanes <= count; i += lanes) {
    const auto here = hn::LoadU(tag, values + i);
    least = hn::Min(least, here);
    greatest = hn::Max(greatest, here);
  }
  for (; i < count; ++i) {
    const auto here = hn::Set(tag, values[i]);
    least = hn::Min(least, here);
    greatest = hn::Max(greatest, here);
  }
  extent[0] = std::min(extent[0], static_cast<double>(hn::GetLane(hn::MinOfLanes(tag, least))));
  extent[1] = std::max(extent[1], static_cast<double>(hn::GetLane(hn::MaxOfLanes(tag, greatest))));
}

void ExtendFloat(const float* values, std::size_t count, double* extent) { Extend(values, count, extent); }
void ExtendDouble(const double* values, std::size_t count, double* extent) { Extend(values, count, extent); }
void DepositFloat(const float* values, const double* weights, std::size_t count, const ProjectionBins& bins, double* sums) {
  Deposit(values, weights, count, bins, sums);
}
void DepositDouble(const double* values, const double* weights, std::size_t count, const ProjectionBins& bins, double* sums) {
  Deposit(values, weights, count, bins, sums);
}

}  // namespace HWY_NAMESPACE
}  // namespace ridgeflow
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ridgeflow {

HWY_EXPORT(DepositFloat);
HWY_EXPORT(DepositDouble);
HWY_EXPORT(ExtendFloat);
HWY_EXPORT(ExtendDouble);

namespace {

/// Pieces of work that are enough for the threads there are.
constexpr std::size_t kTasks = 32;
/// Sums that all parts of the points together may hold.
constexpr std::size_t kPartialSums = std::size_t{1} << 24;

/// Calls body(part, direction, values, first, count) for the projections of points first … first + count − 1 on every
/// direction, in the order of the points; those of a part and a direction on one thread.
template <class T, class Body>
void forEachProjection(const ProjectedCloud<T>& cloud, std::size_t parts, Control& control, const Body& body) {
  const std::size_t size = ProjectionTile<T>::pointsOf(cloud.d), tiles = ceilDivide(cloud.n, size);
  const std::size_t groups = std::min(ceilDivide(kTasks, parts), cloud.count);
  control.start(tiles * groups);
  parallelFor(parts * groups, [&](std::size_t task) {
    const FlushDenormals flush;
    const std::size_t part = task / groups, group = task % groups, end = cloud.count * (group + 1) / groups;
    ProjectionTile<T> tile(cloud.d);
    for (std::size_t i = tiles * part / parts; i < tiles * (part + 1) / parts; ++i) {
      const std::size_t start = i * size, count = std::min(size, cloud.n - start);
      tile.load(cloud.points + start * cloud.d, count);
      for (std::size_t first = cloud.count * group / groups; first < end; first += kTileDirections) {
        control.check();
        const std::size_t rows = std::min(kTileDirections, end - first);
        tile.project(cloud.directions + first * cloud.d, rows);
        for (std::size_t r = 0; r < rows; ++r) body(part, first + r, tile.row(r), start, count);
      }
      control.advance(1);
    }
  });
}

}  // namespace

template <class T>
void binProjections(const ProjectedCloud<T>& cloud, const ProjectionBins& bins, double* sums, Control& control) {
  // Parts of the points have sums of their own. How many there are follows from the problem alone.
  const std::size_t size = cloud.count * bins.width;
  const std::size_t parts = std::max<std::size_t>(1, std::min({ceilDivide(cloud.n, kTilePoints), kTasks, kPartialSums / size}));
  std::vector<double> partial(parts > 1 ? parts * size : 0);
  forEachProjection(cloud, parts, control, [&](std::size_t part, std::size_t direction, const T* values, std::size_t first, std::size_t count) {
    double* out = (parts > 1 ? partial.data() + part * size : sums) + direction * bins.width;
    const double* weights = cloud.weights == nullptr ? nullptr : cloud.weights + first;
    if constexpr (sizeof(T) == 4) HWY_DYNAMIC_DISPATCH(DepositFloat)(values, weights, count, bins, out);
    else HWY_DYNAMIC_DISPATCH(DepositDouble)(values, weights, count, bins, out);
  });
  if (parts == 1) return;
  parallelFor(cloud.count, [&](std::size_t row) {
    for (std::size_t part = 0; part < parts; ++part) {
      const double* from = partial.data() + part * size + row * bins.width;
      for (std::size_t k = 0; k < bins.width; ++k) sums[row * bins.width + k] += from[k];
    }
  });
}

template <class T>
void projectionExtents(const ProjectedCloud<T>& cloud, double* extents, Control& control) {
  const std::size_t parts = std::min(ceilDivide(cloud.n, kTilePoints), kTasks);
  std::vector<double> partial(2 * parts * cloud.count);
  for (std::size_t part = 0; part < parts; ++part) std::copy_n(extents, 2 * cloud.count, partial.data() + 2 * part * cloud.count);
  forEachProjection(cloud, parts, control, [&](std::size_t part, std::size_t direction, const T* values, std::size_t, std::size_t count) {
    double* extent = partial.data() + 2 * (part * cloud.count + direction);
    if constexpr (sizeof(T) == 4) HWY_DYNAMIC_DISPATCH(ExtendFloat)(values, count, extent);
    else HWY_DYNAMIC_DISPATCH(ExtendDouble)(values, count, extent);
  });
  for (std::size_t i = 0; i < parts * cloud.count; ++i) {
    double* extent = extents + 2 * (i % cloud.count);
    extent[0] = std::min(extent[0], partial[2 * i]);
    extent[1] = std::max(extent[1], partial[2 * i + 1]);
  }
}

template void binProjections<float>(const ProjectedCloud<float>&, const ProjectionBins&, double*, Control&);
template void binProjections<double>(const ProjectedCloud<double>&, const ProjectionBins&, double*, Control&);
template void projectionExtents<float>(const ProjectedCloud<float>&, double*, Control&);
template void projectionExtents<double>(const ProjectedCloud<double>&, double*, Control&);

}  // namespace ridgeflow
#endif  // HWY_ONCE
