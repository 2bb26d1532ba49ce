#pragma once

#include <vector>

#include "radon/spectrum.hpp"
#include "runtime/control.hpp"
#include "runtime/fft.hpp"

namespace ridgeflow::radon_spectrum {

/// The spectrum of an image whose pixel (⌊rows/2⌋, ⌊columns/2⌋) is the origin, divided by the window's transform, on a grid
/// of at least twice the image's extents: what `interpolate` needs to give Σ f(i, j) e^{−2πi (x·n/L + y·m/L')} at (x, y),
/// n and m counted along the columns and rows from the origin.
template <class T>
class ImageSpectrum {
 public:
  ImageSpectrum(std::size_t rows, std::size_t columns);

  /// Periods of the grid along kx and ky.
  std::size_t columnLength() const { return across_.length(); }
  std::size_t rowLength() const { return down_.length(); }
  const Spectrum<T>& view() const { return view_; }
  const Window<T>& window() const { return window_; }

  /// Units by which each of the two transforms advances the control.
  std::size_t tasks() const;
  /// Fills the spectrum with an image's.
  void transform(const T* image, Control& control);
  /// Fills the spectrum with zeros, for `spread`.
  void clear();
  /// image ← the transpose of `transform` applied to the spectrum, which is lost.
  void transpose(T* image, Control& control);

 private:
  void columns(bool inverse, Control& control);
  void mirror(bool transposed);

  std::size_t rows_, columns_;
  BatchFft<T> across_, down_;
  Window<T> window_;
  std::vector<T> scaleX_, scaleY_;
  Buffer<T> cells_;
  Spectrum<T> view_;
};

}  // namespace ridgeflow::radon_spectrum
