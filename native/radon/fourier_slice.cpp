#include "radon/fourier_slice.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>
#include <vector>

#include "radon/image_spectrum.hpp"
#include "radon/spectrum.hpp"
#include "runtime/fft.hpp"
#include "runtime/parallel.hpp"
#include "runtime/scratch.hpp"

namespace ridgeflow {
namespace {

using radon_spectrum::ImageSpectrum;
using radon_spectrum::kBlock;
using radon_spectrum::kTaps;
using radon_spectrum::Line;
using radon_spectrum::SliceFactor;

/// Rows of the spectrum that one task of the backprojection adds to.
constexpr std::size_t kBand = 32;
/// Slices whose samples the backprojection holds at a time.
constexpr std::size_t kSlices = 512;

/// How a slice lies in the spectrum.
struct Slice {
  Line line;           ///< of all its samples, q = 0 … count − 1
  bool mirrored;       ///< the line runs against the slice, so that kx ≥ 0: its values are the conjugates
  SliceFactor factor;  ///< turns the spectrum's values into those of the projection's
};

/// The frequencies of a slice are q/period, those of the detectors' samples q modulo `length`.
template <class T>
class SlicePlan {
 public:
  SlicePlan(const ParallelBeam& beam, const ImageSpectrum<T>& spectrum)
      : beam_(beam),
        radius_(0.5 * beam.pixelSize * std::hypot(static_cast<double>(beam.rows), static_cast<double>(beam.columns)) +
                beam.pixelSize + 0.5 * beam.detectorSpacing),
        fft_(goodLength(static_cast<std::size_t>(std::ceil(2 * radius_ / beam.detectorSpacing)))),
        period_(static_cast<double>(fft_.length()) * beam.detectorSpacing),
        cellsX_(static_cast<double>(spectrum.columnLength()) * beam.pixelSize / period_),
        cellsY_(static_cast<double>(spectrum.rowLength()) * beam.pixelSize / period_),
        order_(beam.angleCount) {
    first_ = beam.detectorOffset - 0.5 * beam.detectorSpacing * static_cast<double>(beam.detectorCount - 1);
    // Along the diagonal the image's frequencies reach furthest.
    const auto most = static_cast<std::size_t>(std::numbers::sqrt2 * 0.5 * period_ / beam.pixelSize) + 2;
    const double area = beam.pixelSize * beam.pixelSize / period_;
    for (std::size_t q = 0; q < most; ++q) {
      const double x = std::numbers::pi * static_cast<double>(q) / static_cast<double>(fft_.length());
      amplitudes_.push_back(area * (q == 0 ? 1.0 : std::sin(x) / x));
    }
    const double count = static_cast<double>(beam.detectorCount);
    begin_ = static_cast<std::size_t>(std::clamp(std::ceil((-radius_ - first_) / beam.detectorSpacing), 0.0, count));
    end_ = static_cast<std::size_t>(std::clamp(std::floor((radius_ - first_) / beam.detectorSpacing) + 1, 0.0, count));
    // Neighbours in angle read the same cells: they are worked on together.
    std::iota(order_.begin(), order_.end(), std::size_t{0});
    const auto turn = [&](std::size_t a) { return beam.angles[a] - std::numbers::pi * std::floor(beam.angles[a] / std::numbers::pi); };
    std::stable_sort(order_.begin(), order_.end(), [&](std::size_t a, std::size_t b) { return turn(a) < turn(b); });
  }

  const BatchFft<T>& fft() const { return fft_; }
  /// Angle number i in the order of work.
  std::size_t angle(std::size_t i) const { return order_[i]; }
  std::size_t samples() const { return amplitudes_.size(); }
  /// Detectors within the circle around the image.
  std::size_t begin() const { return begin_; }
  std::size_t end() const { return std::max(begin_, end_); }
  /// Where detector k's sample lies among those of a period.
  std::size_t place(std::size_t k) const { return (k - begin_) % fft_.length(); }

  Slice slice(std::size_t angle) const {
    const double cosine = std::cos(beam_.angles[angle]), sine = std::sin(beam_.angles[angle]);
    const double largest = std::max(std::abs(cosine), std::abs(sine));
    Slice slice;
    slice.mirrored = cosine < 0;
    slice.line.stepX = std::abs(cosine) * cellsX_;
    slice.line.stepY = (slice.mirrored ? sine : -sine) * cellsY_;
    slice.line.count = std::min(samples(), static_cast<std::size_t>(0.5 * period_ / (beam_.pixelSize * largest)) + 1);
    slice.factor.amplitudes = amplitudes_.data();
    slice.factor.a = std::numbers::pi * beam_.pixelSize * std::abs(cosine) / period_;
    slice.factor.b = std::numbers::pi * beam_.pixelSize * std::abs(sine) / period_;
    // The spectrum's origin is a pixel's centre: half a pixel from the image's where an extent is even.
    const double x = beam_.columns % 2 == 0 ? 0.5 : 0.0, y = beam_.rows % 2 == 0 ? 0.5 : 0.0;
    const double origin = first_ + beam_.detectorSpacing * static_cast<double>(begin_);
    slice.factor.phase = 2 * std::numbers::pi / period_ * (origin - beam_.pixelSize * (x * cosine - y * sine));
    return slice;
  }

 private:
  const ParallelBeam& beam_;
  double radius_;
  BatchFft<T> fft_;
  double period_, cellsX_, cellsY_, first_ = 0.0;
  std::vector<std::size_t> order_;
  std::vector<double> amplitudes_;
  std::size_t begin_ = 0, end_ = 0;
};

/// The samples of a line whose windows reach into the rows [low, high).
Line partOf(const Line& line, std::ptrdiff_t low, std::ptrdiff_t high, std::size_t taps) {
  const double from = static_cast<double>(low) - static_cast<double>(taps), to = static_cast<double>(high) + static_cast<double>(taps);
  const auto count = static_cast<double>(line.count);
  double first = 0.0, last = count;
  if (line.stepY != 0.0) {
    const double a = from / line.stepY, b = to / line.stepY;
    first = std::clamp(std::floor(std::min(a, b)), 0.0, count);
    last = std::clamp(std::ceil(std::max(a, b)) + 1, 0.0, count);
  } else if (!(from < 0.0 && to > 0.0)) {
    last = 0.0;
  }
  Line part = line;
  part.first = static_cast<std::size_t>(first);
  part.count = static_cast<std::size_t>(std::max(0.0, last - first));
  return part;
}

/// Two real signals go through a complex transform: angle i of a group is in lane i modulo lanes, in the real parts where
/// i < lanes and in the imaginary parts else.
template <class T>
void addSamples(const T* values, const T* factors, const Line& line, bool mirrored, bool imaginary, std::size_t length, T* batch) {
  const std::size_t element = 2 * BatchFft<T>::lanes(), half = BatchFft<T>::lanes();
  T* const real = batch;
  T* const other = batch + half;
  std::size_t k = line.first % length;
  for (std::size_t n = 0; n < line.count; ++n, k = k + 1 == length ? 0 : k + 1) {
    const T vr = values[2 * n], vi = mirrored ? -values[2 * n + 1] : values[2 * n + 1];
    const T fr = factors[n], fi = factors[line.count + n];
    const T re = vr * fr - vi * fi, im = vr * fi + vi * fr;
    if (line.first + n == 0) {  // the sum of the image, whose imaginary part is the window's error alone
      (imaginary ? other : real)[0] += re;
      continue;
    }
    real[k * element] += imaginary ? -im : re;
    other[k * element] += imaginary ? re : im;
    const std::size_t mirror = k == 0 ? 0 : length - k;
    real[mirror * element] += imaginary ? im : re;
    other[mirror * element] += imaginary ? re : -im;
  }
}

/// The transpose of addSamples.
template <class T>
void takeSamples(const T* batch, const T* factors, const Line& line, bool mirrored, bool imaginary, std::size_t length, T* values) {
  const std::size_t element = 2 * BatchFft<T>::lanes(), half = BatchFft<T>::lanes();
  std::size_t k = line.first % length;
  for (std::size_t n = 0; n < line.count; ++n, k = k + 1 == length ? 0 : k + 1) {
    const T* here = batch + k * element;
    const T* there = batch + (k == 0 ? 0 : length - k) * element;
    T re = imaginary ? here[half] + there[half] : here[0] + there[0];
    T im = imaginary ? there[0] - here[0] : here[half] - there[half];
    if (line.first + n == 0) {
      re *= T(0.5);
      im *= T(0.5);
    }
    const T fr = factors[n], fi = factors[line.count + n];
    values[2 * n] = re * fr + im * fi;
    values[2 * n + 1] = mirrored ? re * fi - im * fr : im * fr - re * fi;
  }
}

}  // namespace

template <class T>
void projectFourier(const ParallelBeam& beam, const T* image, T* sinogram, Control& control) {
  ImageSpectrum<T> spectrum(beam.rows, beam.columns);
  const SlicePlan<T> plan(beam, spectrum);
  if (plan.begin() == plan.end()) {
    std::fill_n(sinogram, beam.angleCount * beam.detectorCount, T(0));
    return;
  }
  const std::size_t lanes = BatchFft<T>::lanes(), length = plan.fft().length();
  const std::size_t groups = ceilDivide(beam.angleCount, 2 * lanes);
  control.start(spectrum.tasks() + groups);
  spectrum.transform(image, control);
  Scratch<T> scratch(2 * plan.fft().batchSize());
  parallelFor(groups, [&](std::size_t group) {
    const FlushDenormals flush;
    T* const batch = scratch.local();
    std::fill_n(batch, plan.fft().batchSize(), T(0));
    const std::size_t top = group * 2 * lanes, height = std::min(2 * lanes, beam.angleCount - top);
    std::vector<Slice> slices;
    for (std::size_t i = 0; i < height; ++i) slices.push_back(plan.slice(plan.angle(top + i)));
    for (std::size_t first = 0; first < plan.samples(); first += kBlock) {
      control.check();
      for (std::size_t i = 0; i < height; ++i) {
        Line line = slices[i].line;
        if (first >= line.count) continue;
        line.count = std::min(kBlock, line.count - first);
        line.first = first;
        alignas(64) T values[2 * kBlock + 8], factors[2 * kBlock];
        interpolate(spectrum.view(), spectrum.window(), line, values);
        sliceFactors(slices[i].factor, first, line.count, factors);
        addSamples(values, factors, line, slices[i].mirrored, i >= lanes, length, batch + i % lanes);
      }
    }
    const T* result = plan.fft().transform(batch, batch + plan.fft().batchSize(), true);
    for (std::size_t i = 0; i < height; ++i) {
      T* out = sinogram + plan.angle(top + i) * beam.detectorCount;
      const T* lane = result + (i >= lanes ? lanes : 0) + i % lanes;
      std::fill(out, out + plan.begin(), T(0));
      for (std::size_t k = plan.begin(); k < plan.end(); ++k) out[k] = lane[plan.place(k) * 2 * lanes];
      std::fill(out + plan.end(), out + beam.detectorCount, T(0));
    }
    control.advance(1);
  });
}

template <class T>
void backprojectFourier(const ParallelBeam& beam, const T* sinogram, T* image, Control& control) {
  ImageSpectrum<T> spectrum(beam.rows, beam.columns);
  const SlicePlan<T> plan(beam, spectrum);
  if (plan.begin() == plan.end()) {
    std::fill_n(image, beam.rows * beam.columns, T(0));
    return;
  }
  const std::size_t lanes = BatchFft<T>::lanes(), length = plan.fft().length();
  const std::size_t bands = ceilDivide(spectrum.rowLength(), kBand);
  const std::size_t chunks = ceilDivide(beam.angleCount, kSlices);
  control.start(spectrum.tasks() + ceilDivide(beam.angleCount, 2 * lanes) + bands * chunks);
  spectrum.clear();
  const std::size_t stride = 2 * plan.samples();
  const Buffer<T> samples = allocateBuffer<T>(std::min(kSlices, beam.angleCount) * stride);
  Scratch<T> scratch(2 * plan.fft().batchSize());
  for (std::size_t chunk = 0; chunk < beam.angleCount; chunk += kSlices) {
    const std::size_t size = std::min(kSlices, beam.angleCount - chunk);
    std::vector<Slice> slices;
    for (std::size_t i = 0; i < size; ++i) slices.push_back(plan.slice(plan.angle(chunk + i)));
    parallelFor(ceilDivide(size, 2 * lanes), [&](std::size_t group) {
      control.check();
      const FlushDenormals flush;
      T* const batch = scratch.local();
      std::fill_n(batch, plan.fft().batchSize(), T(0));
      const std::size_t top = group * 2 * lanes, height = std::min(2 * lanes, size - top);
      for (std::size_t i = 0; i < height; ++i) {
        const T* row = sinogram + plan.angle(chunk + top + i) * beam.detectorCount;
        T* lane = batch + (i >= lanes ? lanes : 0) + i % lanes;
        for (std::size_t k = plan.begin(); k < plan.end(); ++k) lane[plan.place(k) * 2 * lanes] += row[k];
      }
      const T* result = plan.fft().transform(batch, batch + plan.fft().batchSize(), false);
      for (std::size_t i = 0; i < height; ++i) {
        const Slice& slice = slices[top + i];
        for (std::size_t first = 0; first < slice.line.count; first += kBlock) {
          Line line = slice.line;
          line.count = std::min(kBlock, line.count - first);
          line.first = first;
          alignas(64) T factors[2 * kBlock];
          sliceFactors(slice.factor, first, line.count, factors);
          takeSamples(result + i % lanes, factors, line, slice.mirrored, i >= lanes, length, samples.get() + (top + i) * stride + 2 * first);
        }
      }
      control.advance(1);
    });
    parallelFor(bands, [&](std::size_t band) {
      const FlushDenormals flush;
      const auto rows = static_cast<std::ptrdiff_t>(spectrum.rowLength());
      const auto low = static_cast<std::ptrdiff_t>(band * kBand);
      const std::ptrdiff_t high = std::min<std::ptrdiff_t>(low + kBand, rows);
      for (std::size_t i = 0; i < size; ++i) {
        control.check();
        // The band, and what it is by the period.
        for (const std::ptrdiff_t turn : {low, low - rows}) {
          const Line part = partOf(slices[i].line, turn, turn + high - low, kTaps<T>);
          if (part.count > 0) spread(spectrum.view(), spectrum.window(), part, samples.get() + i * stride + 2 * part.first, turn, turn + high - low);
        }
      }
      control.advance(1);
    });
  }
  spectrum.transpose(image, control);
}

template void projectFourier<float>(const ParallelBeam&, const float*, float*, Control&);
template void projectFourier<double>(const ParallelBeam&, const double*, double*, Control&);
template void backprojectFourier<float>(const ParallelBeam&, const float*, float*, Control&);
template void backprojectFourier<double>(const ParallelBeam&, const double*, double*, Control&);

}  // namespace ridgeflow
