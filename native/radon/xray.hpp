#pragma once

#include <array>
#include <cstddef>

#include "runtime/control.hpp"

namespace ridgeflow {

/// Parallel rays through a volume onto flat detectors, one per view. All vectors are in cells along the volume's axes;
/// the ray of detector (l, k) is { origin + k·column + l·row + t·direction }.
struct XrayViews {
  std::array<std::size_t, 3> extents{};  ///< row-major
  double cellSize = 1.0;
  const double* views = nullptr;  ///< count × 12: origin, direction, column, row
  std::size_t count = 0;
  std::size_t detectorRows = 0;
  std::size_t detectorColumns = 0;
};

/// out (views × rows × columns) ← line integrals of the volume's bilinear interpolation in the planes of cells that the ray
/// crosses most steeply, zero outside: Joseph's method in space. O(rays · largest extent) time; one copy of the volume
/// beside the arguments. Sums in float64, the same for any number of threads. Throws Aborted.
template <class T>
void projectXray(const XrayViews& geometry, const T* volume, T* out, Control& control);

/// volume ← the transpose of `projectXray`. A plane of float64 per thread beside the arguments. Throws Aborted.
template <class T>
void backprojectXray(const XrayViews& geometry, const T* projections, T* volume, Control& control);

}  // namespace ridgeflow
