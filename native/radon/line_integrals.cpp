#include "radon/line_integrals.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <utility>
#include <vector>

#include "runtime/memory.hpp"
#include "runtime/parallel.hpp"

namespace ridgeflow {
namespace {

/// Lines that one task integrates along.
constexpr std::size_t kLinesPerTask = 64;
/// Lines whose slopes are known at a time in backprojection.
constexpr std::size_t kChunk = 1U << 16;
/// Rows of the image that one task fills in backprojection.
constexpr std::size_t kBand = 16;

/// A line met at the rows of the image, or at its columns: at row i it is at intercept + slope·i, in columns.
struct Crossing {
  double intercept = 0.0, slope = 0.0, scale = 0.0;
  bool rows = true;
};

Crossing crossingOf(const ImageLines& geometry, std::size_t line) {
  const double cosine = std::cos(geometry.lines[2 * line]), sine = std::sin(geometry.lines[2 * line]);
  const double middleRow = 0.5 * static_cast<double>(geometry.rows - 1), middleColumn = 0.5 * static_cast<double>(geometry.columns - 1);
  const double place = geometry.lines[2 * line + 1] / geometry.pixelSize;
  Crossing crossing;
  crossing.rows = std::abs(cosine) >= std::abs(sine);
  if (crossing.rows) {
    crossing.slope = sine / cosine;
    crossing.intercept = middleColumn + (place - middleRow * sine) / cosine;
    crossing.scale = geometry.pixelSize / std::abs(cosine);
  } else {
    crossing.slope = cosine / sine;
    crossing.intercept = middleRow - (place + middleColumn * cosine) / sine;
    crossing.scale = geometry.pixelSize / std::abs(sine);
  }
  return crossing;
}

/// The i in [begin, end) at which intercept + slope·i may lie in (−1, count).
std::pair<std::size_t, std::size_t> rangeOf(const Crossing& crossing, std::size_t count, std::size_t begin, std::size_t end) {
  const double low = -1.0, high = static_cast<double>(count);
  double from = static_cast<double>(begin), to = static_cast<double>(end);
  if (std::abs(crossing.slope) > 1e-12) {
    const double a = (low - crossing.intercept) / crossing.slope, b = (high - crossing.intercept) / crossing.slope;
    from = std::clamp(std::floor(std::min(a, b)), from, to);
    to = std::clamp(std::ceil(std::max(a, b)) + 1.0, from, to);
  }
  return {static_cast<std::size_t>(from), static_cast<std::size_t>(to)};
}

/// Calls visit(i, column below, fraction above it) where a line lies within a pixel of the row's pixels.
template <class Visit>
void forPlaces(const Crossing& crossing, std::size_t count, std::size_t begin, std::size_t end, const Visit& visit) {
  const auto [from, to] = rangeOf(crossing, count, begin, end);
  const auto high = static_cast<double>(count);
  for (std::size_t i = from; i < to; ++i) {
    const double place = crossing.intercept + crossing.slope * static_cast<double>(i);
    if (!(place > -1.0 && place < high)) continue;
    const auto below = static_cast<std::ptrdiff_t>(place + 1.0) - 1;
    visit(i, below, place - static_cast<double>(below));
  }
}

template <class T>
void transpose(const T* in, std::size_t rows, std::size_t columns, T* out) {
  parallelFor(ceilDivide(columns, kBand), [&](std::size_t block) {
    const std::size_t begin = block * kBand, end = std::min(columns, begin + kBand);
    for (std::size_t i = 0; i < rows; ++i) {
      for (std::size_t j = begin; j < end; ++j) out[j * rows + i] = in[i * columns + j];
    }
  });
}

}  // namespace

template <class T>
void integrateLines(const ImageLines& geometry, const T* image, T* out, Control& control) {
  const Buffer<T> transposed = allocateBuffer<T>(geometry.rows * geometry.columns);
  transpose(image, geometry.rows, geometry.columns, transposed.get());
  const std::size_t tasks = ceilDivide(geometry.count, kLinesPerTask);
  control.start(tasks);
  parallelFor(tasks, [&](std::size_t task) {
    const std::size_t end = std::min(geometry.count, (task + 1) * kLinesPerTask);
    for (std::size_t line = task * kLinesPerTask; line < end; ++line) {
      control.check();
      const Crossing crossing = crossingOf(geometry, line);
      const std::size_t extent = crossing.rows ? geometry.rows : geometry.columns;
      const std::size_t count = crossing.rows ? geometry.columns : geometry.rows;
      const T* source = crossing.rows ? image : transposed.get();
      const auto last = static_cast<std::ptrdiff_t>(count) - 1;
      double sum = 0.0;
      forPlaces(crossing, count, 0, extent, [&](std::size_t i, std::ptrdiff_t below, double fraction) {
        const T* row = source + i * count;
        const double left = below >= 0 ? static_cast<double>(row[below]) : 0.0;
        const double right = below < last ? static_cast<double>(row[below + 1]) : 0.0;
        sum += left + fraction * (right - left);
      });
      out[line] = static_cast<T>(sum * crossing.scale);
    }
    control.advance(1);
  });
}

template <class T>
void backprojectLineIntegrals(const ImageLines& geometry, const T* values, T* image, Control& control) {
  const std::size_t pixels = geometry.rows * geometry.columns;
  const Buffer<double> sums = allocateBuffer<double>(2 * pixels);
  std::fill_n(sums.get(), 2 * pixels, 0.0);
  const std::size_t chunks = ceilDivide(geometry.count, kChunk);
  const std::size_t rowBands = ceilDivide(geometry.rows, kBand), columnBands = ceilDivide(geometry.columns, kBand);
  control.start(chunks * (rowBands + columnBands));
  std::vector<Crossing> crossings(std::min(geometry.count, kChunk));
  for (std::size_t chunk = 0; chunk < chunks; ++chunk) {
    const std::size_t begin = chunk * kChunk, size = std::min(kChunk, geometry.count - begin);
    parallelFor(ceilDivide(size, kLinesPerTask), [&](std::size_t block) {
      for (std::size_t i = block * kLinesPerTask; i < std::min(size, (block + 1) * kLinesPerTask); ++i) {
        crossings[i] = crossingOf(geometry, begin + i);
        crossings[i].scale *= static_cast<double>(values[begin + i]);
      }
    });
    parallelFor(rowBands + columnBands, [&](std::size_t task) {
      const bool rows = task < rowBands;
      const std::size_t extent = rows ? geometry.rows : geometry.columns, count = rows ? geometry.columns : geometry.rows;
      const std::size_t top = (rows ? task : task - rowBands) * kBand, bottom = std::min(extent, top + kBand);
      double* target = sums.get() + (rows ? 0 : pixels);
      const auto last = static_cast<std::ptrdiff_t>(count) - 1;
      for (std::size_t i = 0; i < size; ++i) {
        if (i % 4096 == 0) control.check();
        const Crossing& crossing = crossings[i];
        if (crossing.rows != rows || crossing.scale == 0.0) continue;
        forPlaces(crossing, count, top, bottom, [&](std::size_t r, std::ptrdiff_t below, double fraction) {
          double* row = target + r * count;
          if (below >= 0) row[below] += crossing.scale * (1.0 - fraction);
          if (below < last) row[below + 1] += crossing.scale * fraction;
        });
      }
      control.advance(1);
    });
  }
  parallelFor(rowBands, [&](std::size_t band) {
    for (std::size_t i = band * kBand; i < std::min(geometry.rows, (band + 1) * kBand); ++i) {
      for (std::size_t j = 0; j < geometry.columns; ++j) {
        image[i * geometry.columns + j] = static_cast<T>(sums[i * geometry.columns + j] + sums[pixels + j * geometry.rows + i]);
      }
    }
  });
}

template <class T>
void backprojectFan(const FanBeam& beam, const T* filtered, T* image, Control& control) {
  control.start(beam.rows);
  std::vector<double> directions;
  for (std::size_t a = 0; a < beam.angleCount; ++a) {
    directions.push_back(std::cos(beam.angles[a]));
    directions.push_back(std::sin(beam.angles[a]));
  }
  const double unit = beam.pixelSize / beam.sourceDistance;
  parallelFor(beam.rows, [&](std::size_t i) {
    const double y = (0.5 * static_cast<double>(beam.rows - 1) - static_cast<double>(i)) * unit;
    std::vector<double> sums(beam.columns, 0.0);
    for (std::size_t a = 0; a < beam.angleCount; ++a) {
      if (a % 16 == 0) control.check();
      const double cosine = directions[2 * a], sine = directions[2 * a + 1];
      const T* source = filtered + a * beam.detectorCount;
      for (std::size_t j = 0; j < beam.columns; ++j) {
        const double x = (static_cast<double>(j) - 0.5 * static_cast<double>(beam.columns - 1)) * unit;
        const double across = x * cosine + y * sine, along = 1.0 - x * sine + y * cosine;
        if (!(along > 0.0)) continue;
        const double place = ((beam.flat ? across / along : std::atan(across / along)) - beam.firstDetector) / beam.detectorSpacing;
        if (!(place > -1.0 && place < static_cast<double>(beam.detectorCount))) continue;
        const auto below = static_cast<std::ptrdiff_t>(place + 1.0) - 1;
        const double left = below >= 0 ? static_cast<double>(source[below]) : 0.0;
        const double right = below + 1 < static_cast<std::ptrdiff_t>(beam.detectorCount) ? static_cast<double>(source[below + 1]) : 0.0;
        const double square = beam.flat ? along * along : across * across + along * along;
        sums[j] += (left + (place - static_cast<double>(below)) * (right - left)) / square;
      }
    }
    for (std::size_t j = 0; j < beam.columns; ++j) image[i * beam.columns + j] = static_cast<T>(sums[j]);
    control.advance(1);
  });
}

template void integrateLines<float>(const ImageLines&, const float*, float*, Control&);
template void integrateLines<double>(const ImageLines&, const double*, double*, Control&);
template void backprojectLineIntegrals<float>(const ImageLines&, const float*, float*, Control&);
template void backprojectLineIntegrals<double>(const ImageLines&, const double*, double*, Control&);
template void backprojectFan<float>(const FanBeam&, const float*, float*, Control&);
template void backprojectFan<double>(const FanBeam&, const double*, double*, Control&);

}  // namespace ridgeflow
