#include <string>

#include "addon.hpp"
#include "radon/filter.hpp"
#include "radon/fourier_slice.hpp"
#include "radon/parallel_beam.hpp"
#include "task.hpp"

namespace ridgeflow::bindings {
namespace {

// Positions along a line are counted in 40 fractional bits of a 64-bit integer.
constexpr std::size_t largestExtent = 1U << 20;
constexpr std::size_t largestTransform = 1U << 24;
// How many pixels a detector covers, or detectors a pixel: bounds the zeros around a line.
constexpr double largestRatio = 1024;

ParallelBeam beamOf(const Arguments& arguments) {
  ParallelBeam beam;
  beam.rows = arguments.size("rows", largestExtent);
  beam.columns = arguments.size("columns", largestExtent);
  beam.angleCount = arguments.size("angleCount");
  beam.angles = arguments.finiteArray("angles", beam.angleCount);
  beam.detectorCount = arguments.size("detectorCount", largestExtent);
  beam.pixelSize = arguments.positive("pixelSize");
  beam.detectorSpacing = arguments.number("detectorSpacing");
  beam.detectorOffset = arguments.finite("detectorOffset");
  const double ratio = beam.detectorSpacing / beam.pixelSize;
  if (!(ratio >= 1 / largestRatio && ratio <= largestRatio)) arguments.fail("detectorSpacing", "1/1024 to 1024 pixels");
  return beam;
}

/// As ts/kernel/native/radon.ts counts them.
enum : std::size_t { kJosephNumber = 1, kStripNumber = 2, kFourierNumber = 3, kInterpolatedNumber = 4 };

BeamKernel kernelOf(std::size_t number) {
  switch (number) {
    case kJosephNumber: return BeamKernel::kJoseph;
    case kStripNumber: return BeamKernel::kStrip;
    default: return BeamKernel::kInterpolated;
  }
}

double workOf(const ParallelBeam& beam) {
  return static_cast<double>(beam.rows) * static_cast<double>(beam.columns) * static_cast<double>(beam.angleCount);
}

template <class T>
Napi::Value projectOf(const Arguments& arguments) {
  const ParallelBeam beam = beamOf(arguments);
  const std::size_t kernel = arguments.size("kernel", kFourierNumber);
  const T* image = arguments.array<T>("image", beam.rows, beam.columns);
  T* sinogram = arguments.array<T>("sinogram", beam.angleCount, beam.detectorCount);
  return run(arguments, workOf(beam), [=](Control& control) {
    if (kernel == kFourierNumber) projectFourier(beam, image, sinogram, control);
    else project(beam, kernelOf(kernel), image, sinogram, control);
  });
}

template <class T>
Napi::Value backprojectOf(const Arguments& arguments) {
  const ParallelBeam beam = beamOf(arguments);
  const std::size_t kernel = arguments.size("kernel", kInterpolatedNumber);
  const T* sinogram = arguments.array<T>("sinogram", beam.angleCount, beam.detectorCount);
  T* image = arguments.array<T>("image", beam.rows, beam.columns);
  return run(arguments, workOf(beam), [=](Control& control) {
    if (kernel == kFourierNumber) backprojectFourier(beam, sinogram, image, control);
    else backproject(beam, kernelOf(kernel), sinogram, image, control);
  });
}

template <class T>
Napi::Value filterRowsOf(const Arguments& arguments) {
  const std::size_t rows = arguments.size("rows"), columns = arguments.size("columns", largestTransform);
  const std::size_t length = arguments.size("length", largestTransform);
  if (length < columns || length < 2 || (length & (length - 1)) != 0) {
    arguments.fail("length", "a power of two of at least " + std::to_string(columns));
  }
  const T* data = arguments.array<T>("data", rows, columns);
  const double* response = arguments.array<double>("response", length / 2 + 1);
  const double* scales = arguments.array<double>("scales", rows);
  T* out = arguments.array<T>("out", rows, columns);
  const double work = 30.0 * static_cast<double>(rows) * static_cast<double>(length);
  return run(arguments, work, [=](Control& control) { filterRows(data, rows, columns, response, length, scales, out, control); });
}

}  // namespace

Napi::Value projectBeamKernel(const Napi::CallbackInfo& info) {
  return byElementType(info, "image", []<class T>(const Arguments& arguments) { return projectOf<T>(arguments); });
}

Napi::Value backprojectBeamKernel(const Napi::CallbackInfo& info) {
  return byElementType(info, "sinogram", []<class T>(const Arguments& arguments) { return backprojectOf<T>(arguments); });
}

Napi::Value filterRowsKernel(const Napi::CallbackInfo& info) {
  return byElementType(info, "data", []<class T>(const Arguments& arguments) { return filterRowsOf<T>(arguments); });
}

}  // namespace ridgeflow::bindings
