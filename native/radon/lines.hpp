#pragma once

#include <cstddef>

// What the driver (parallel_beam.cpp) and the vector code (lines.cpp, compiled once per instruction set) share: sums of
// resampled lines. Projection resamples lines of the image at the rays of an angle, backprojection resamples lines of
// the sinogram at the pixels of a line; both are out[n] += Σ_i w(i − position(n)) source[i], position affine in n.

namespace ridgeflow::radon_lines {

/// Lines that one pass adds up: their sum stays in registers.
inline constexpr std::size_t kTerms = 4;

/// The vector code looks samples up in two registers: consecutive positions may not lie further apart than this.
inline constexpr double kLargestStep = 2.0;

/// Elements past the extent of `out` that the vector code may touch.
inline constexpr std::size_t kOverrun = 16;

enum class WeightKind {
  kInterpolation,  ///< 1 − |r|
  kHat,            ///< (1 − slope·|r|)_+
  kStrip,          ///< mean over [r − ½, r + ½] of the convolution of boxes of unit area and widths wide and narrow
  kShortStrip,     ///< the same where isShortStrip() holds: four samples
};

/// The weight w(r) of a sample at distance r, in samples.
struct Weight {
  WeightKind kind = WeightKind::kInterpolation;
  double slope = 1.0;
  /// Strip: wide ≥ narrow ≥ 0. A pixel's shadow on the detectors is a convolution of two boxes, a detector a third; one of
  /// the three is as wide as a sample.
  double wide = 1.0;
  double narrow = 0.0;
  /// w vanishes for |r| ≥ reach, a whole number of at least 1.
  std::ptrdiff_t reach = 1;
};

/// Whether a strip reaches no further than two samples, its edges at half a sample lie on its slopes, and these are not so
/// steep that float32 loses digits on them.
inline bool isShortStrip(double wide, double narrow, double step) {
  return wide - narrow <= 1.0 && wide + narrow >= 1.0 && wide + narrow <= 3.0 && narrow >= 1.0 / 1024 && step <= 1.5 && step >= -1.5;
}

/// Zeros that must lie before and after the samples of every source line.
inline std::size_t padding(std::ptrdiff_t reach) { return 33 + 2 * static_cast<std::size_t>(reach); }

template <class T>
struct Term {
  const T* source = nullptr;  ///< `count` samples, zero-padded on both sides
  double position = 0.0;      ///< of n = 0, in samples
  double step = 0.0;
  Weight weight;  ///< of the same kind and reach in all terms of a call
};

/// out[n] += Σ over terms, n in [0, extent). May write, and must be able to read, kOverrun elements past the end.
template <class T>
void addLines(T* out, std::size_t extent, const Term<T>* terms, std::size_t termCount, std::size_t sourceCount);

/// Adds `partial` to `sum` and clears it.
template <class T>
void moveInto(double* sum, T* partial, std::size_t count);

}  // namespace ridgeflow::radon_lines
