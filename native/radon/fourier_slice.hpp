#pragma once

#include "radon/parallel_beam.hpp"

namespace ridgeflow {

/// sinogram ← what `project` gives with the strip kernel for the image's interpolation by its own frequencies, those of
/// at most half a cycle per pixel on either axis: the slices of the image's spectrum, times what the square pixels and
/// the detectors' width make of each frequency. By gridding (J. A. Fessler, B. P. Sutton, IEEE Trans. Signal Process. 51
/// (2003) 560) with a Kaiser–Bessel window of 8 cells (float32; relative error about 10⁻⁶) or 12 (float64; about 10⁻¹⁰).
///
/// O(N² log N + angles · (N + detectors) log N) time for N = max(rows, columns), in the spectrum's 4 N² elements of
/// memory beside the arguments. Detectors beyond the circle around the image read 0. The answer does not depend on the
/// number of threads. Throws Aborted, std::bad_alloc.
template <class T>
void projectFourier(const ParallelBeam& beam, const T* image, T* sinogram, Control& control);

/// image ← the transpose of projectFourier applied to sinogram. Cost as that of projectFourier.
template <class T>
void backprojectFourier(const ParallelBeam& beam, const T* sinogram, T* image, Control& control);

}  // namespace ridgeflow
