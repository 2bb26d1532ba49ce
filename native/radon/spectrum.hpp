#pragma once

#include <cstddef>

#include "runtime/memory.hpp"

// What the driver (fourier_slice.cpp) and the vector code (spectrum.cpp, compiled once per instruction set) share: an
// image's spectrum on a grid, and its values along lines between the grid's points.

namespace ridgeflow::radon_spectrum {

/// Cells on either axis that a value between them is made from.
template <class T>
inline constexpr std::size_t kTaps = sizeof(T) == 4 ? 8 : 12;

/// Columns before frequency 0.
template <class T>
inline constexpr std::size_t kLeft = kTaps<T> / 2 - 1;

/// The Kaiser–Bessel window I₀(β √(1 − (2t/W)²))/I₀(β) for |t| ≤ W/2 = kTaps/2 cells, with
/// the β of P. J. Beatty et al., IEEE Trans. Med. Imaging 24 (2005) 799, for a grid of twice the image's extent.
template <class T>
class Window {
 public:
  Window();
  /// ∫ window(t) cos(2π ξ t) dt, |ξ| ≤ 1/4.
  static double transform(double frequency);
  /// Coefficients of each tap's polynomial in 2·fraction − 1, [power][tap], every tap twice: for the two parts of a pair.
  const T* polynomials() const { return polynomials_.get(); }

  static constexpr std::size_t kCoefficients = kTaps<T> + 5;

 private:
  Buffer<T> polynomials_;
};

/// Half of a real image's spectrum, its values for frequencies kx ≥ 0 in pairs of real and imaginary part, ky modulo the
/// number of rows: (kx, ky) is at cells + row·stride + 2·(kx + kLeft). The columns on either side repeat what symmetry
/// and period make of the others, so that a window fits wherever its centre has 0 ≤ kx ≤ columns/2.
template <class T>
struct Spectrum {
  T* cells = nullptr;
  std::size_t stride = 0, rows = 0;
};

/// Points (stepX·q, stepY·q), q = first … first + count − 1, in cells; stepX ≥ 0.
struct Line {
  double stepX = 0.0, stepY = 0.0;
  std::size_t first = 0, count = 0;
};

/// values (pairs) ← the spectrum at the points of a line.
template <class T>
void interpolate(const Spectrum<T>& spectrum, const Window<T>& window, const Line& line, T* values);

/// The transpose: adds values to those cells whose ky lies in [low, high), |ky| at most one period. Row `low` must be in
/// [0, rows) modulo the period, with the band not crossing its end.
template <class T>
void spread(const Spectrum<T>& spectrum, const Window<T>& window, const Line& line, const T* values, std::ptrdiff_t low, std::ptrdiff_t high);

/// What the samples of a slice are multiplied by: amplitude[q] sinc(q·a) sinc(q·b) e^{i q phase}, sinc(x) = sin(x)/x, for
/// |q·a|, |q·b| ≤ π/2.
struct SliceFactor {
  const double* amplitudes = nullptr;
  double a = 0.0, b = 0.0, phase = 0.0;
};

/// factors (count real parts, then count imaginary parts), q = first … first + count − 1, count ≤ kBlock.
template <class T>
void sliceFactors(const SliceFactor& factor, std::size_t first, std::size_t count, T* factors);

/// Samples of a slice that are worked on at a time.
inline constexpr std::size_t kBlock = 64;

}  // namespace ridgeflow::radon_spectrum
