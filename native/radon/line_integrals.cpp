#include "radon/line_integrals.hpp"

#include <algorithm>
#include <cmath>
#include <type_traits>
#include <vector>

#include "radon/line_batch.hpp"
#include "radon/samples.hpp"
#include "runtime/memory.hpp"
#include "runtime/parallel.hpp"

namespace ridgeflow {
namespace {

using radon_lines::PaddedLines;
using radon_samples::addFanRow;
using radon_samples::FanRow;
using radon_samples::RowLine;
using radon_samples::Rows;
using radon_samples::spreadAlong;
using radon_samples::sumAlong;

/// Lines that are prepared at a time.
constexpr std::size_t kLinesPerTask = 64;
/// Most lines that one task integrates along, and the tasks below which it takes fewer.
constexpr std::size_t kMostLines = 2048, kManyTasks = 256;
/// Rows that all lines of a task cross before the next: they stay in the second cache.
constexpr std::size_t kStripe = 64;
/// Angles whose projections stay in the second cache, and rows of the image that they are added to meanwhile.
constexpr std::size_t kAngles = 32, kFanRows = 8;
/// Lines whose slopes are known at a time in backprojection.
constexpr std::size_t kChunk = 1U << 16;
/// Rows of the image that one task fills in backprojection.
constexpr std::size_t kBand = 32;

/// A line met at the rows of the image, or at its columns, and those of them at which it may pass within a sample.
struct Crossing {
  RowLine line;
  double scale = 0.0;
  std::size_t from = 0, to = 0;
  bool rows = true;
};

Crossing crossingOf(const ImageLines& geometry, std::size_t number) {
  const double cosine = std::cos(geometry.lines[2 * number]), sine = std::sin(geometry.lines[2 * number]);
  const double middleRow = 0.5 * static_cast<double>(geometry.rows - 1), middleColumn = 0.5 * static_cast<double>(geometry.columns - 1);
  const double place = geometry.lines[2 * number + 1] / geometry.pixelSize;
  Crossing crossing;
  RowLine& line = crossing.line;
  crossing.rows = std::abs(cosine) >= std::abs(sine);
  if (crossing.rows) {
    line.slope = sine / cosine;
    line.intercept = middleColumn + (place - middleRow * sine) / cosine + 1.0;
    crossing.scale = geometry.pixelSize / std::abs(cosine);
  } else {
    line.slope = cosine / sine;
    line.intercept = middleRow - (place + middleColumn * cosine) / sine + 1.0;
    crossing.scale = geometry.pixelSize / std::abs(sine);
  }
  const double high = static_cast<double>((crossing.rows ? geometry.columns : geometry.rows) + 1);
  const auto extent = static_cast<double>(crossing.rows ? geometry.rows : geometry.columns);
  double from = 0.0, to = std::isfinite(line.intercept) ? extent : 0.0;
  if (std::abs(line.slope) > 1e-12) {
    const double a = -line.intercept / line.slope, b = (high - line.intercept) / line.slope;
    from = std::clamp(std::floor(std::min(a, b)), from, to);
    to = std::clamp(std::ceil(std::max(a, b)) + 1.0, from, to);
  }
  crossing.from = static_cast<std::size_t>(from);
  crossing.to = static_cast<std::size_t>(to);
  return crossing;
}

template <class T>
Rows<T> rowsOf(PaddedLines<std::remove_const_t<T>>& lines, std::size_t length) {
  return {lines.line(0) - 1, static_cast<std::size_t>(lines.line(1) - lines.line(0)), length};
}

/// Copies between zeros of the image's rows and of its columns.
template <class T>
void copyLines(const ImageLines& geometry, const T* image, PaddedLines<T>& rows, PaddedLines<T>& columns) {
  parallelFor(ceilDivide(geometry.rows, kBand), [&](std::size_t band) {
    const std::size_t top = band * kBand, bottom = std::min(geometry.rows, top + kBand);
    for (std::size_t i = top; i < bottom; ++i) std::copy_n(image + i * geometry.columns, geometry.columns, rows.line(i));
    for (std::size_t j = 0; j < geometry.columns; ++j) {
      for (std::size_t i = top; i < bottom; ++i) columns.line(j)[i] = image[i * geometry.columns + j];
    }
  });
}

}  // namespace

template <class T>
void integrateLines(const ImageLines& geometry, const T* image, T* out, Control& control) {
  PaddedLines<T> rows(geometry.rows, geometry.columns, 1), columns(geometry.columns, geometry.rows, 1);
  copyLines(geometry, image, rows, columns);
  const Rows<const T> across[] = {rowsOf<const T>(columns, geometry.rows), rowsOf<const T>(rows, geometry.columns)};
  const std::size_t most = std::clamp(geometry.count / kManyTasks, kLinesPerTask, kMostLines);
  const std::size_t tasks = ceilDivide(geometry.count, most), extent = std::max(geometry.rows, geometry.columns);
  control.start(tasks);
  parallelFor(tasks, [&](std::size_t task) {
    const std::size_t begin = task * most, size = std::min(most, geometry.count - begin);
    std::vector<Crossing> crossings;
    std::vector<double> sums(size, 0.0);
    for (std::size_t i = 0; i < size; ++i) crossings.push_back(crossingOf(geometry, begin + i));
    for (std::size_t stripe = 0; stripe < extent; stripe += kStripe) {
      control.check();
      for (std::size_t i = 0; i < size; ++i) {
        const Crossing& crossing = crossings[i];
        const std::size_t from = std::max(stripe, crossing.from), to = std::min(stripe + kStripe, crossing.to);
        if (from < to) sums[i] += sumAlong(across[crossing.rows], crossing.line, from, to);
      }
    }
    for (std::size_t i = 0; i < size; ++i) out[begin + i] = static_cast<T>(sums[i] * crossings[i].scale);
    control.advance(1);
  });
}

template <class T>
void backprojectLineIntegrals(const ImageLines& geometry, const T* values, T* image, Control& control) {
  PaddedLines<double> rowSums(geometry.rows, geometry.columns, 1), columnSums(geometry.columns, geometry.rows, 1);
  const Rows<double> across[] = {rowsOf<double>(columnSums, geometry.rows), rowsOf<double>(rowSums, geometry.columns)};
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
        if (crossings[i].scale == 0.0) crossings[i].to = crossings[i].from;
      }
    });
    parallelFor(rowBands + columnBands, [&](std::size_t task) {
      const bool rows = task < rowBands;
      const std::size_t top = (rows ? task : task - rowBands) * kBand;
      for (std::size_t i = 0; i < size; ++i) {
        if (i % 4096 == 0) control.check();
        const Crossing& crossing = crossings[i];
        const std::size_t from = std::max(top, crossing.from), to = std::min(top + kBand, crossing.to);
        if (crossing.rows == rows && from < to) spreadAlong(across[rows], crossing.line, from, to, crossing.scale);
      }
      control.advance(1);
    });
  }
  parallelFor(rowBands, [&](std::size_t band) {
    const std::size_t top = band * kBand, bottom = std::min(geometry.rows, top + kBand);
    for (std::size_t j = 0; j < geometry.columns; ++j) {
      for (std::size_t i = top; i < bottom; ++i) image[i * geometry.columns + j] = static_cast<T>(rowSums.line(i)[j] + columnSums.line(j)[i]);
    }
  });
}

template <class T>
void backprojectFan(const FanBeam& beam, const T* filtered, T* image, Control& control) {
  const std::size_t tasks = ceilDivide(beam.rows, kFanRows);
  control.start(tasks);
  PaddedLines<T> lines(beam.angleCount, beam.detectorCount, 1);
  std::vector<double> directions;
  for (std::size_t a = 0; a < beam.angleCount; ++a) {
    std::copy_n(filtered + a * beam.detectorCount, beam.detectorCount, lines.line(a));
    directions.push_back(std::cos(beam.angles[a]));
    directions.push_back(std::sin(beam.angles[a]));
  }
  const double unit = beam.pixelSize / beam.sourceDistance, left = -0.5 * static_cast<double>(beam.columns - 1) * unit;
  FanRow geometry;
  geometry.scale = 1.0 / beam.detectorSpacing;
  geometry.shift = 1.0 - beam.firstDetector / beam.detectorSpacing;
  geometry.flat = beam.flat;
  parallelFor(tasks, [&](std::size_t task) {
    const std::size_t top = task * kFanRows, height = std::min(kFanRows, beam.rows - top);
    const Buffer<double> sums = allocateBuffer<double>(2 * height * beam.columns);
    std::fill_n(sums.get(), 2 * height * beam.columns, 0.0);
    for (std::size_t group = 0; group < beam.angleCount; group += kAngles) {
      for (std::size_t i = 0; i < height; ++i) {
        control.check();
        const double y = (0.5 * static_cast<double>(beam.rows - 1) - static_cast<double>(top + i)) * unit;
        FanRow row = geometry;
        for (std::size_t a = group; a < std::min(beam.angleCount, group + kAngles); ++a) {
          const double cosine = directions[2 * a], sine = directions[2 * a + 1];
          row.across = {left * cosine + y * sine, unit * cosine};
          row.along = {1.0 - left * sine + y * cosine, -unit * sine};
          addFanRow(lines.line(a) - 1, beam.detectorCount, row, beam.columns, sums.get() + 2 * i * beam.columns);
        }
      }
    }
    T* target = image + top * beam.columns;
    for (std::size_t j = 0; j < height * beam.columns; ++j) target[j] = static_cast<T>(sums[2 * j] + sums[2 * j + 1]);
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
