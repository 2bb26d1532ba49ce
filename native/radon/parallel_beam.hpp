#pragma once

#include <cstddef>

#include "runtime/control.hpp"

namespace ridgeflow {

/// Parallel beam in the plane. Pixel (i, j), row i from the top, lies at x = (j − (columns − 1)/2)·pixelSize,
/// y = ((rows − 1)/2 − i)·pixelSize; the ray of angle θ and detector k is { x cos θ + y sin θ = p_k } with
/// p_k = (k − (detectorCount − 1)/2)·detectorSpacing + detectorOffset.
struct ParallelBeam {
  std::size_t rows = 0;
  std::size_t columns = 0;
  double pixelSize = 1.0;
  const double* angles = nullptr;  ///< radians
  std::size_t angleCount = 0;
  std::size_t detectorCount = 0;
  double detectorSpacing = 1.0;
  double detectorOffset = 0.0;
};

/// How pixels and rays meet.
enum class BeamKernel {
  kJoseph,        ///< line integral of the linear interpolation across the ray's main direction (P. M. Joseph, 1982)
  kStrip,         ///< mean line integral over the detector's width of pixels that are squares of constant value: exact
  kInterpolated,  ///< backprojection only: the sinogram interpolated linearly at the pixel's centre
};

/// sinogram (angles × detectors) ← the line integrals of image (rows × columns), in units of value × length.
/// O(angles · detectors · max(rows, columns)) time; two padded copies of the image beside the arguments. Sums over lines
/// are carried in float64; the answer does not depend on the number of threads. Throws Aborted.
template <class T>
void project(const ParallelBeam& beam, BeamKernel kernel, const T* image, T* sinogram, Control& control);

/// image (rows × columns) ← the transpose of `project` with the same kernel applied to sinogram, or for kInterpolated
/// the plain sum over angles of the interpolated sinogram. Cost as that of `project`, and one padded copy of the sinogram.
template <class T>
void backproject(const ParallelBeam& beam, BeamKernel kernel, const T* sinogram, T* image, Control& control);

}  // namespace ridgeflow
