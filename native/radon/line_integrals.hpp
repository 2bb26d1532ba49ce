#pragma once

#include <cstddef>

#include "runtime/control.hpp"

namespace ridgeflow {

/// Any lines { x cos θ + y sin θ = p } through an image. Pixel (i, j), row i from the top, lies at
/// x = (j − (columns − 1)/2)·pixelSize, y = ((rows − 1)/2 − i)·pixelSize.
struct ImageLines {
  std::size_t rows = 0;
  std::size_t columns = 0;
  double pixelSize = 1.0;
  const double* lines = nullptr;  ///< count × 2: θ and p
  std::size_t count = 0;
};

/// out[line] ← the integral along each line of the image's linear interpolation across the line's main direction (P. M.
/// Joseph, 1982), zero outside. O(count · max(rows, columns)) time; two padded copies of the image. Sums in float64.
/// Throws Aborted.
template <class T>
void integrateLines(const ImageLines& geometry, const T* image, T* out, Control& control);

/// image ← the transpose of `integrateLines`. Two images of float64 beside the arguments; the order of every sum is that
/// of the lines, whatever the number of threads. Throws Aborted.
template <class T>
void backprojectLineIntegrals(const ImageLines& geometry, const T* values, T* image, Control& control);

/// How a fan of rays meets pixels: see `backprojectFan`.
struct FanBeam {
  std::size_t rows = 0;
  std::size_t columns = 0;
  double pixelSize = 1.0;
  const double* angles = nullptr;  ///< radians; the source of angle β lies at sourceDistance · (sin β, −cos β)
  std::size_t angleCount = 0;
  std::size_t detectorCount = 0;
  double sourceDistance = 0.0;   ///< from the origin
  double firstDetector = 0.0;    ///< flat: s/sourceDistance of detector 0 on the line through the origin; else its fan angle
  double detectorSpacing = 1.0;  ///< in the same unit
  bool flat = true;
};

/// image ← Σ over angles of the filtered projections interpolated linearly at the ray through each pixel's centre, over
/// the square of the pixel's distance from the source: along the central ray (flat) or straight, in units of
/// sourceDistance; pixels beside or behind the source get nothing from it. The pixel-driven sum of filtered backprojection.
/// O(angles · pixels) time; a padded copy of the projections. Throws Aborted.
template <class T>
void backprojectFan(const FanBeam& beam, const T* filtered, T* image, Control& control);

}  // namespace ridgeflow
