#include <cmath>
#include <string>

#include "addon.hpp"
#include "radon/hyperplanes.hpp"
#include "radon/line_integrals.hpp"
#include "radon/xray.hpp"
#include "task.hpp"

namespace ridgeflow::bindings {
namespace {

constexpr std::size_t largestExtent = 1U << 20;
// Detectors a cell covers along the axis nearest to the direction, or cells a detector: bounds the zeros around a line.
constexpr double largestRatio = 4096;

/// Extents extent0, extent1, … of a grid, each at most 2²⁰, their product at most 2⁵³.
template <std::size_t kCount>
std::array<std::size_t, kCount> extentsOf(const Arguments& arguments) {
  std::array<std::size_t, kCount> extents{};
  double product = 1;
  for (std::size_t a = 0; a < kCount; ++a) {
    extents[a] = arguments.size(("extent" + std::to_string(a)).c_str(), largestExtent);
    product *= static_cast<double>(extents[a]);
  }
  if (!(product <= 9007199254740991.0)) arguments.fail("the extents", "a product of at most 2⁵³ − 1");
  return extents;
}

HyperplaneGrid gridOf(const Arguments& arguments) {
  HyperplaneGrid grid;
  grid.extents = extentsOf<kLargestGridDimension>(arguments);
  grid.directionCount = arguments.size("directionCount");
  grid.steps = arguments.finiteArray("steps", grid.directionCount, kLargestGridDimension);
  grid.detectorCount = arguments.size("detectorCount", largestExtent);
  grid.firstDetector = arguments.finite("firstDetector");
  grid.detectorSpacing = arguments.positive("detectorSpacing");
  grid.cellVolume = arguments.positive("cellVolume");
  for (std::size_t l = 0; l < grid.directionCount; ++l) {
    double largest = 0;
    for (std::size_t a = 0; a < kLargestGridDimension; ++a) largest = std::max(largest, std::abs(grid.steps[l * kLargestGridDimension + a]));
    const double ratio = largest / grid.detectorSpacing;
    if (!(ratio >= 1 / largestRatio && ratio <= largestRatio)) arguments.fail("steps", "a longest of 1/4096 to 4096 detectors");
  }
  return grid;
}

CellShadows shadowsOf(const Arguments& arguments, HyperplaneKernel kernel, const HyperplaneGrid& grid) {
  CellShadows shadows;
  if (kernel != HyperplaneKernel::kCell) return shadows;
  shadows.knotCount = arguments.size("knotCount", 64);
  shadows.degree = arguments.size("degree", 8);
  if (shadows.knotCount < 2) arguments.fail("knotCount", "at least 2");
  shadows.knots = arguments.finiteArray("knots", grid.directionCount, shadows.knotCount);
  shadows.coefficients = arguments.finiteArray("coefficients", grid.directionCount, (shadows.knotCount - 1) * (shadows.degree + 1));
  for (std::size_t l = 0; l < grid.directionCount; ++l) {
    const double* knots = shadows.knots + l * shadows.knotCount;
    for (std::size_t k = 1; k < shadows.knotCount; ++k) {
      if (knots[k] < knots[k - 1]) arguments.fail("knots", "ascending numbers");
    }
    // The detectors that a shadow covers are visited one by one.
    if (!(std::abs(knots[0]) <= 4 * largestRatio && std::abs(knots[shadows.knotCount - 1]) <= 4 * largestRatio)) {
      arguments.fail("knots", "at most 16384 detectors");
    }
  }
  return shadows;
}

HyperplaneKernel kernelOf(const Arguments& arguments, std::size_t most) {
  switch (arguments.size("kernel", most)) {
    case 1: return HyperplaneKernel::kLinear;
    case 2: return HyperplaneKernel::kCell;
    default: return HyperplaneKernel::kInterpolated;
  }
}

template <class T>
Napi::Value hyperplanesOf(const Arguments& arguments, bool forward) {
  const HyperplaneGrid grid = gridOf(arguments);
  const HyperplaneKernel kernel = kernelOf(arguments, forward ? 2 : 3);
  const CellShadows shadows = shadowsOf(arguments, kernel, grid);
  T* values = arguments.array<T>("values", grid.cells());
  T* projections = arguments.array<T>("projections", grid.directionCount, grid.detectorCount);
  const double work = static_cast<double>(grid.cells()) * static_cast<double>(grid.directionCount);
  return run(arguments, work, [=](Control& control) {
    if (forward) projectHyperplanes(grid, kernel, shadows, values, projections, control);
    else backprojectHyperplanes(grid, kernel, shadows, projections, values, control);
  });
}

template <class T>
Napi::Value linesOf(const Arguments& arguments, bool forward) {
  ImageLines geometry;
  geometry.rows = arguments.size("rows", largestExtent);
  geometry.columns = arguments.size("columns", largestExtent);
  geometry.pixelSize = arguments.positive("pixelSize");
  geometry.count = arguments.size("count");
  geometry.lines = arguments.finiteArray("lines", geometry.count, 2);
  T* image = arguments.array<T>("image", geometry.rows, geometry.columns);
  T* integrals = arguments.array<T>("integrals", geometry.count);
  const double work = 2.0 * static_cast<double>(geometry.count) * static_cast<double>(std::max(geometry.rows, geometry.columns));
  return run(arguments, work, [=](Control& control) {
    if (forward) integrateLines(geometry, image, integrals, control);
    else backprojectLineIntegrals(geometry, integrals, image, control);
  });
}

template <class T>
Napi::Value xrayOf(const Arguments& arguments, bool forward) {
  XrayViews geometry;
  geometry.extents = extentsOf<3>(arguments);
  geometry.cellSize = arguments.positive("cellSize");
  geometry.count = arguments.size("count");
  geometry.views = arguments.finiteArray("views", geometry.count, 12);
  geometry.detectorRows = arguments.size("detectorRows", largestExtent);
  geometry.detectorColumns = arguments.size("detectorColumns", largestExtent);
  for (std::size_t view = 0; view < geometry.count; ++view) {
    const double* direction = geometry.views + 12 * view + 3;
    const double length = std::hypot(direction[0], direction[1], direction[2]);
    if (!(length >= 1e-100 && length <= 1e100)) arguments.fail("views", "directions of length 1e-100 to 1e100");
  }
  T* volume = arguments.array<T>("volume", geometry.extents[0] * geometry.extents[1], geometry.extents[2]);
  std::size_t rows = 0;
  if (__builtin_mul_overflow(geometry.count, geometry.detectorRows, &rows)) arguments.fail("count", "fewer views");
  T* projections = arguments.array<T>("projections", rows, geometry.detectorColumns);
  const double work = 3.0 * static_cast<double>(rows) * static_cast<double>(geometry.detectorColumns) * static_cast<double>(geometry.extents[0]);
  return run(arguments, work, [=](Control& control) {
    if (forward) projectXray(geometry, volume, projections, control);
    else backprojectXray(geometry, projections, volume, control);
  });
}

template <class T>
Napi::Value fanOf(const Arguments& arguments) {
  FanBeam beam;
  beam.rows = arguments.size("rows", largestExtent);
  beam.columns = arguments.size("columns", largestExtent);
  beam.pixelSize = arguments.positive("pixelSize");
  beam.angleCount = arguments.size("angleCount");
  beam.angles = arguments.finiteArray("angles", beam.angleCount);
  beam.detectorCount = arguments.size("detectorCount", largestExtent);
  beam.sourceDistance = arguments.positive("sourceDistance");
  beam.firstDetector = arguments.finite("firstDetector");
  beam.detectorSpacing = arguments.positive("detectorSpacing");
  beam.flat = arguments.flag("flat");
  const T* filtered = arguments.array<T>("filtered", beam.angleCount, beam.detectorCount);
  T* image = arguments.array<T>("image", beam.rows, beam.columns);
  const double work = 4.0 * static_cast<double>(beam.rows) * static_cast<double>(beam.columns) * static_cast<double>(beam.angleCount);
  return run(arguments, work, [=](Control& control) { backprojectFan(beam, filtered, image, control); });
}

}  // namespace

Napi::Value projectHyperplanesKernel(const Napi::CallbackInfo& info) {
  return byElementType(info, "values", []<class T>(const Arguments& arguments) { return hyperplanesOf<T>(arguments, true); });
}

Napi::Value backprojectHyperplanesKernel(const Napi::CallbackInfo& info) {
  return byElementType(info, "values", []<class T>(const Arguments& arguments) { return hyperplanesOf<T>(arguments, false); });
}

Napi::Value integrateLinesKernel(const Napi::CallbackInfo& info) {
  return byElementType(info, "image", []<class T>(const Arguments& arguments) { return linesOf<T>(arguments, true); });
}

Napi::Value backprojectLineIntegralsKernel(const Napi::CallbackInfo& info) {
  return byElementType(info, "image", []<class T>(const Arguments& arguments) { return linesOf<T>(arguments, false); });
}

Napi::Value projectXrayKernel(const Napi::CallbackInfo& info) {
  return byElementType(info, "volume", []<class T>(const Arguments& arguments) { return xrayOf<T>(arguments, true); });
}

Napi::Value backprojectXrayKernel(const Napi::CallbackInfo& info) {
  return byElementType(info, "volume", []<class T>(const Arguments& arguments) { return xrayOf<T>(arguments, false); });
}

Napi::Value backprojectFanKernel(const Napi::CallbackInfo& info) {
  return byElementType(info, "filtered", []<class T>(const Arguments& arguments) { return fanOf<T>(arguments); });
}

}  // namespace ridgeflow::bindings
