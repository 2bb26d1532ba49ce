#include "radon/parallel_beam.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <vector>

#include "radon/line_batch.hpp"
#include "radon/lines.hpp"
#include "runtime/memory.hpp"
#include "runtime/parallel.hpp"

namespace ridgeflow {
namespace {

using radon_lines::addLines;
using radon_lines::isShortStrip;
using radon_lines::kOverrun;
using radon_lines::LineBatch;
using radon_lines::moveInto;
using radon_lines::PaddedLines;
using radon_lines::Term;
using radon_lines::Weight;
using radon_lines::WeightKind;

/// Detectors, or pixels of a line, that one task resamples.
constexpr std::size_t kSpan = 1024;
/// Lines that are added up in the element type before the sum goes to float64.
constexpr std::size_t kStripe = 32;
/// Lines of the image that one task of the backprojection fills.
constexpr std::size_t kLines = 16;

/// How an angle sees the lines of the image along which it is resampled: pixel n of line r has the detector coordinate
/// origin + along·n + across·r.
struct View {
  double along = 0.0, across = 0.0, origin = 0.0;
  bool rows = true;  ///< lines are the rows of the image, else its columns
};

/// Along rows where the rays are steep against them, so that |along| is the larger; or wherever `alwaysRows`.
View viewOf(const ParallelBeam& beam, double angle, bool alwaysRows) {
  const double cosine = std::cos(angle) * beam.pixelSize, sine = std::sin(angle) * beam.pixelSize;
  const double origin = 0.5 * (sine * static_cast<double>(beam.rows - 1) - cosine * static_cast<double>(beam.columns - 1));
  if (alwaysRows || std::abs(cosine) >= std::abs(sine)) return {cosine, -sine, origin, true};
  return {-sine, cosine, origin, false};
}

double firstDetector(const ParallelBeam& beam) {
  return beam.detectorOffset - 0.5 * beam.detectorSpacing * static_cast<double>(beam.detectorCount - 1);
}

/// Weights of the image's pixels (`forward`) around a ray, or of the detectors around a pixel.
Weight weightOf(const ParallelBeam& beam, BeamKernel kernel, const View& view, bool forward) {
  Weight weight;
  const double pixel = std::abs(view.along) / beam.detectorSpacing;  // detectors per pixel
  switch (kernel) {
    case BeamKernel::kJoseph:
      if (forward) break;
      weight.kind = WeightKind::kHat;
      weight.slope = 1.0 / pixel;
      weight.reach = std::max<std::ptrdiff_t>(1, static_cast<std::ptrdiff_t>(std::ceil(pixel)));
      break;
    case BeamKernel::kStrip: {
      const double shadow = std::abs(view.across) / beam.detectorSpacing;
      // In pixels the detector is a box as well, in detectors the pixel's longer side.
      const double box = forward ? 1.0 / pixel : pixel, slant = forward ? shadow / pixel : shadow;
      weight.wide = std::max(box, slant);
      weight.narrow = std::min(box, slant);
      weight.kind = isShortStrip(weight.wide, weight.narrow, box) ? WeightKind::kShortStrip : WeightKind::kStrip;
      weight.reach = static_cast<std::ptrdiff_t>(std::ceil(0.5 * (weight.wide + weight.narrow + 1.0)));
      break;
    }
    case BeamKernel::kInterpolated:
      break;
  }
  return weight;
}

/// What the weighted sum of a line must be multiplied by.
double scaleOf(const ParallelBeam& beam, BeamKernel kernel, const View& view, bool forward) {
  const double area = beam.pixelSize * beam.pixelSize;
  if (kernel == BeamKernel::kInterpolated) return 1.0;
  return kernel == BeamKernel::kStrip && !forward ? area / beam.detectorSpacing : area / std::abs(view.along);
}

std::vector<View> viewsOf(const ParallelBeam& beam, BeamKernel kernel) {
  std::vector<View> views;
  for (std::size_t a = 0; a < beam.angleCount; ++a) {
    views.push_back(viewOf(beam, beam.angles[a], kernel == BeamKernel::kInterpolated));
  }
  return views;
}

/// The image's lines of one direction, padded, where some view wants them.
template <class T>
PaddedLines<T> imageLines(const ParallelBeam& beam, const T* image, bool rows, std::ptrdiff_t reach) {
  const std::size_t lines = rows ? beam.rows : beam.columns, length = rows ? beam.columns : beam.rows;
  PaddedLines<T> padded(reach == 0 ? 0 : lines, length, reach);
  if (reach == 0) return padded;
  parallelFor(ceilDivide(lines, kLines), [&](std::size_t block) {
    const std::size_t begin = block * kLines, end = std::min(lines, begin + kLines);
    if (rows) {
      for (std::size_t i = begin; i < end; ++i) std::copy_n(image + i * length, length, padded.line(i));
    } else {
      for (std::size_t n = 0; n < length; ++n) {
        for (std::size_t i = begin; i < end; ++i) padded.line(i)[n] = image[n * lines + i];
      }
    }
  });
  return padded;
}

}  // namespace

template <class T>
void project(const ParallelBeam& beam, BeamKernel kernel, const T* image, T* sinogram, Control& control) {
  const std::vector<View> views = viewsOf(beam, kernel);
  std::array<std::ptrdiff_t, 2> reach{};
  for (const View& view : views) {
    reach[view.rows] = std::max(reach[view.rows], weightOf(beam, kernel, view, true).reach);
  }
  const std::array<PaddedLines<T>, 2> lines = {imageLines(beam, image, false, reach[0]), imageLines(beam, image, true, reach[1])};
  const std::size_t spans = ceilDivide(beam.detectorCount, kSpan);
  control.start(views.size() * spans);
  parallelFor(views.size() * spans, [&](std::size_t task) {
    control.check();
    const FlushDenormals flush;
    const View& view = views[task / spans];
    const std::size_t begin = task % spans * kSpan, extent = std::min(kSpan, beam.detectorCount - begin);
    const std::size_t lineCount = view.rows ? beam.rows : beam.columns, length = view.rows ? beam.columns : beam.rows;
    alignas(64) T partial[kSpan + kOverrun] = {};
    alignas(64) double sum[kSpan] = {};
    Term<T> term;
    term.weight = weightOf(beam, kernel, view, true);
    term.step = beam.detectorSpacing / view.along;
    const double first = firstDetector(beam) + beam.detectorSpacing * static_cast<double>(begin) - view.origin;
    for (std::size_t stripe = 0; stripe < lineCount; stripe += kStripe) {
      control.check();
      LineBatch<T> batch(partial, extent, length);
      for (std::size_t r = stripe; r < std::min(lineCount, stripe + kStripe); ++r) {
        term.source = lines[view.rows].line(r);
        term.position = (first - view.across * static_cast<double>(r)) / view.along;
        batch.add(term);
      }
      batch.flush();
      moveInto(sum, partial, extent);
    }
    const double scale = scaleOf(beam, kernel, view, true);
    T* out = sinogram + task / spans * beam.detectorCount + begin;
    for (std::size_t k = 0; k < extent; ++k) out[k] = static_cast<T>(sum[k] * scale);
    control.advance(1);
  });
}

template <class T>
void backproject(const ParallelBeam& beam, BeamKernel kernel, const T* sinogram, T* image, Control& control) {
  const std::vector<View> views = viewsOf(beam, kernel);
  std::array<std::vector<std::size_t>, 2> chosen;
  std::vector<Weight> weights;
  std::ptrdiff_t reach = 1;
  for (std::size_t a = 0; a < views.size(); ++a) {
    chosen[views[a].rows].push_back(a);
    weights.push_back(weightOf(beam, kernel, views[a], false));
    reach = std::max(reach, weights.back().reach);
  }
  for (Weight& weight : weights) weight.reach = reach;
  PaddedLines<T> lines(views.size(), beam.detectorCount, reach);
  parallelFor(views.size(), [&](std::size_t a) {
    const double scale = scaleOf(beam, kernel, views[a], false);
    const T* source = sinogram + a * beam.detectorCount;
    for (std::size_t k = 0; k < beam.detectorCount; ++k) lines.line(a)[k] = static_cast<T>(static_cast<double>(source[k]) * scale);
  });

  const auto tasksOf = [&](bool rows) {
    return ceilDivide(rows ? beam.rows : beam.columns, kLines) * ceilDivide(rows ? beam.columns : beam.rows, kSpan);
  };
  control.start(tasksOf(true) + (chosen[0].empty() ? 0 : tasksOf(false)));
  const double first = firstDetector(beam);
  for (const bool rows : {true, false}) {
    if (!rows && chosen[0].empty()) continue;
    const std::size_t lineCount = rows ? beam.rows : beam.columns, length = rows ? beam.columns : beam.rows;
    const std::size_t spans = ceilDivide(length, kSpan);
    parallelFor(tasksOf(rows), [&](std::size_t task) {
      control.check();
      const FlushDenormals flush;
      const std::size_t top = task / spans * kLines, height = std::min(kLines, lineCount - top);
      const std::size_t begin = task % spans * kSpan, extent = std::min(kSpan, length - begin);
      alignas(64) T partial[kSpan + kOverrun] = {};
      const Buffer<double> sums = allocateBuffer<double>(kLines * kSpan);
      std::fill_n(sums.get(), height * kSpan, 0.0);
      for (std::size_t group = 0; group < chosen[rows].size(); group += kStripe) {
        control.check();
        for (std::size_t r = 0; r < height; ++r) {
          LineBatch<T> batch(partial, extent, beam.detectorCount);
          for (std::size_t i = group; i < std::min(chosen[rows].size(), group + kStripe); ++i) {
            const View& view = views[chosen[rows][i]];
            Term<T> term;
            term.weight = weights[chosen[rows][i]];
            term.source = lines.line(chosen[rows][i]);
            term.step = view.along / beam.detectorSpacing;
            term.position = (view.origin + view.across * static_cast<double>(top + r) - first) / beam.detectorSpacing +
                            term.step * static_cast<double>(begin);
            batch.add(term);
          }
          batch.flush();
          moveInto(sums.get() + r * kSpan, partial, extent);
        }
      }
      // Rows come first and set the pixels; columns, the transpose, add to them.
      for (std::size_t n = 0; n < extent; ++n) {
        for (std::size_t r = 0; r < height; ++r) {
          const double value = sums[r * kSpan + n];
          if (rows) {
            image[(top + r) * length + begin + n] = static_cast<T>(value);
          } else {
            T& pixel = image[(begin + n) * lineCount + top + r];
            pixel = static_cast<T>(static_cast<double>(pixel) + value);
          }
        }
      }
      control.advance(1);
    });
  }
}

template void project<float>(const ParallelBeam&, BeamKernel, const float*, float*, Control&);
template void project<double>(const ParallelBeam&, BeamKernel, const double*, double*, Control&);
template void backproject<float>(const ParallelBeam&, BeamKernel, const float*, float*, Control&);
template void backproject<double>(const ParallelBeam&, BeamKernel, const double*, double*, Control&);

}  // namespace ridgeflow
