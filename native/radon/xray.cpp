#include "radon/xray.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "radon/samples.hpp"
#include "runtime/memory.hpp"
#include "runtime/parallel.hpp"

namespace ridgeflow {
namespace {

using radon_samples::gatherPlane;
using radon_samples::PlaneRays;
using radon_samples::spreadPlane;

/// Rows and columns of the detectors that one task fills: at every plane their rays share cells, in the first cache.
constexpr std::size_t kRows = 16, kSpan = 64;

/// The volume as planes across one of its axes.
struct Planes {
  std::size_t axis, a, b;  ///< `a` and `b` span a plane, `b` the one whose cells lie closer in memory
  std::array<std::size_t, 3> extents, strides;
  double mostA, mostB;  ///< the largest places within the margins

  Planes(const XrayViews& geometry, std::size_t axis)
      : axis(axis), a(axis == 0 ? 1 : 0), b(axis == 2 ? 1 : 2), extents(geometry.extents),
        strides{geometry.extents[1] * geometry.extents[2], geometry.extents[2], 1},
        mostA(std::nextafter(static_cast<double>(extents[a] + 1), 0.0)), mostB(std::nextafter(static_cast<double>(extents[b] + 1), 0.0)) {}

  /// Planes are held with a margin of one cell.
  std::size_t width() const { return extents[b] + 2; }
  std::size_t size() const { return (extents[a] + 2) * width(); }
};

/// Where the rays of a view cross plane c: at origin + plane·c + column·k + row·l, in cells of the margin.
struct Crossing {
  struct Place {
    double origin, plane, column, row;
    double at(double c, double l) const { return origin + plane * c + row * l; }
  };
  Place a, b;
  double scale;

  Crossing(const XrayViews& geometry, const Planes& planes, std::size_t view) {
    const double* origin = geometry.views + 12 * view;
    const double *direction = origin + 3, *column = origin + 6, *row = origin + 9;
    const std::size_t m = planes.axis;
    const auto place = [&](std::size_t axis) {
      const double slope = direction[axis] / direction[m];
      return Place{origin[axis] - slope * origin[m] + 1.0, slope, column[axis] - slope * column[m], row[axis] - slope * row[m]};
    };
    a = place(planes.a);
    b = place(planes.b);
    scale = geometry.cellSize * std::hypot(direction[0], direction[1], direction[2]) / std::abs(direction[m]);
  }
};

std::size_t mainAxis(const XrayViews& geometry, std::size_t view) {
  const double* direction = geometry.views + 12 * view + 3;
  std::size_t best = 0;
  for (const std::size_t axis : {1UL, 2UL}) {
    if (std::abs(direction[axis]) > std::abs(direction[best])) best = axis;
  }
  return best;
}

/// Narrows [from, to) to the k at which start + step·k lies in [0, limit).
void narrow(double start, double step, double limit, std::size_t& from, std::size_t& to) {
  const auto inside = [&](std::size_t k) {
    const double place = start + step * static_cast<double>(k);
    return place >= 0.0 && place < limit;
  };
  if (!std::isfinite(start)) from = to;
  if (from < to && inside(from) && inside(to - 1)) return;  // places are monotone in k, so that the ends decide
  if (step != 0.0) {
    const double p = -start / step, q = (limit - start) / step;
    const double low = std::clamp(std::floor(std::min(p, q)), static_cast<double>(from), static_cast<double>(to));
    const double high = std::clamp(std::ceil(std::max(p, q)) + 1.0, low, static_cast<double>(to));
    from = static_cast<std::size_t>(low);
    to = static_cast<std::size_t>(high);
  }
  while (from < to && !inside(from)) ++from;
  while (from < to && !inside(to - 1)) --to;
}

/// The rays of detector row l at plane c; narrows [from, to) to those that pass within a cell of it.
PlaneRays raysOf(const Crossing& crossing, const Planes& planes, double c, double l, std::size_t& from, std::size_t& to) {
  PlaneRays rays;
  rays.a = {crossing.a.at(c, l), crossing.a.column, planes.mostA};
  rays.b = {crossing.b.at(c, l), crossing.b.column, planes.mostB};
  rays.width = planes.width();
  rays.size = planes.size();
  narrow(rays.a.start, rays.a.step, static_cast<double>(planes.extents[planes.a] + 1), from, to);
  narrow(rays.b.start, rays.b.step, static_cast<double>(planes.extents[planes.b] + 1), from, to);
  return rays;
}

template <class T>
Buffer<T> withMargin(const Planes& planes, const T* volume) {
  const std::size_t count = planes.extents[planes.axis];
  Buffer<T> copy = allocateBuffer<T>(count * planes.size());
  parallelFor(count, [&](std::size_t c) {
    T* plane = copy.get() + c * planes.size();
    std::fill_n(plane, planes.size(), T(0));
    const T* source = volume + c * planes.strides[planes.axis];
    for (std::size_t i = 0; i < planes.extents[planes.a]; ++i) {
      for (std::size_t j = 0; j < planes.extents[planes.b]; ++j) {
        plane[(i + 1) * planes.width() + j + 1] = source[i * planes.strides[planes.a] + j * planes.strides[planes.b]];
      }
    }
  });
  return copy;
}

std::array<std::vector<std::size_t>, 3> byAxis(const XrayViews& geometry) {
  std::array<std::vector<std::size_t>, 3> chosen;
  for (std::size_t view = 0; view < geometry.count; ++view) chosen[mainAxis(geometry, view)].push_back(view);
  return chosen;
}

}  // namespace

template <class T>
void projectXray(const XrayViews& geometry, const T* volume, T* out, Control& control) {
  const auto chosen = byAxis(geometry);
  const std::size_t blocks = ceilDivide(geometry.detectorRows, kRows), spans = ceilDivide(geometry.detectorColumns, kSpan);
  control.start(geometry.count * blocks * spans);
  for (std::size_t axis = 0; axis < 3; ++axis) {
    if (chosen[axis].empty()) continue;
    const Planes planes(geometry, axis);
    const Buffer<T> copy = withMargin(planes, volume);
    parallelFor(chosen[axis].size() * blocks * spans, [&](std::size_t task) {
      const std::size_t view = chosen[axis][task / (blocks * spans)];
      const Crossing crossing(geometry, planes, view);
      const std::size_t top = task / spans % blocks * kRows, bottom = std::min(geometry.detectorRows, top + kRows);
      const std::size_t begin = task % spans * kSpan, end = std::min(geometry.detectorColumns, begin + kSpan);
      alignas(64) double sums[kRows][2 * kSpan] = {};
      for (std::size_t c = 0; c < planes.extents[axis]; ++c) {
        control.check();
        for (std::size_t l = top; l < bottom; ++l) {
          std::size_t from = begin, to = end;
          const PlaneRays rays = raysOf(crossing, planes, static_cast<double>(c), static_cast<double>(l), from, to);
          if (from < to) gatherPlane(copy.get() + c * planes.size(), rays, from, to, sums[l - top] + 2 * (from - begin));
        }
      }
      for (std::size_t l = top; l < bottom; ++l) {
        T* target = out + (view * geometry.detectorRows + l) * geometry.detectorColumns;
        for (std::size_t k = begin; k < end; ++k) {
          const double* pair = sums[l - top] + 2 * (k - begin);
          target[k] = static_cast<T>((pair[0] + pair[1]) * crossing.scale);
        }
      }
      control.advance(1);
    });
  }
}

template <class T>
void backprojectXray(const XrayViews& geometry, const T* projections, T* volume, Control& control) {
  const auto chosen = byAxis(geometry);
  std::fill_n(volume, geometry.extents[0] * geometry.extents[1] * geometry.extents[2], T(0));
  std::uint64_t tasks = 0;
  for (std::size_t axis = 0; axis < 3; ++axis) tasks += chosen[axis].empty() ? 0 : geometry.extents[axis];
  control.start(tasks);
  for (std::size_t axis = 0; axis < 3; ++axis) {
    if (chosen[axis].empty()) continue;
    const Planes planes(geometry, axis);
    parallelFor(planes.extents[axis], [&](std::size_t c) {
      const Buffer<double> sums = allocateBuffer<double>(planes.size());
      std::fill_n(sums.get(), planes.size(), 0.0);
      for (const std::size_t view : chosen[axis]) {
        const Crossing crossing(geometry, planes, view);
        const T* source = projections + view * geometry.detectorRows * geometry.detectorColumns;
        for (std::size_t l = 0; l < geometry.detectorRows; ++l, source += geometry.detectorColumns) {
          if (l % 64 == 0) control.check();
          std::size_t from = 0, to = geometry.detectorColumns;
          const PlaneRays rays = raysOf(crossing, planes, static_cast<double>(c), static_cast<double>(l), from, to);
          if (from < to) spreadPlane(sums.get(), rays, from, to, source + from, crossing.scale);
        }
      }
      T* target = volume + c * planes.strides[axis];
      for (std::size_t i = 0; i < planes.extents[planes.a]; ++i) {
        for (std::size_t j = 0; j < planes.extents[planes.b]; ++j) {
          T& cell = target[i * planes.strides[planes.a] + j * planes.strides[planes.b]];
          cell = static_cast<T>(static_cast<double>(cell) + sums[(i + 1) * planes.width() + j + 1]);
        }
      }
      control.advance(1);
    });
  }
}

template void projectXray<float>(const XrayViews&, const float*, float*, Control&);
template void projectXray<double>(const XrayViews&, const double*, double*, Control&);
template void backprojectXray<float>(const XrayViews&, const float*, float*, Control&);
template void backprojectXray<double>(const XrayViews&, const double*, double*, Control&);

}  // namespace ridgeflow
