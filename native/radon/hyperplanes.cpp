#include "radon/hyperplanes.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "radon/cell_shadow.hpp"
#include "radon/grid_lines.hpp"
#include "radon/line_batch.hpp"
#include "radon/lines.hpp"
#include "runtime/memory.hpp"
#include "runtime/parallel.hpp"

namespace ridgeflow {
namespace {

using radon_lines::kOverrun;
using radon_lines::LineBatch;
using radon_lines::moveInto;
using radon_lines::PaddedLines;
using radon_lines::Term;
using radon_lines::WeightKind;

constexpr std::size_t kAxes = kLargestGridDimension;
/// Detectors, or cells of a line, that one task fills.
constexpr std::size_t kSpan = 1024;
/// GridLines, or directions, that are added up in the element type before the sum goes to float64.
constexpr std::size_t kStripe = 32;
/// GridLines that one task of the backprojection fills.
constexpr std::size_t kLines = 16;
/// Below this number of directions the lines of the grid are shared out too, at least so many to a part.
constexpr std::size_t kFewDirections = 64;
constexpr std::size_t kLinesPerPart = 256;
constexpr std::size_t kMostParts = 64;

const double* stepsOf(const HyperplaneGrid& grid, std::size_t direction) { return grid.steps + direction * kAxes; }

std::size_t mainAxis(const double* steps) {
  std::size_t best = kAxes - 1;
  for (std::size_t a = kAxes - 1; a-- > 0;) {
    if (std::abs(steps[a]) > std::abs(steps[best])) best = a;
  }
  return best;
}

std::size_t partsOf(std::size_t directions, std::size_t lines) {
  if (directions >= kFewDirections) return 1;
  return std::clamp<std::size_t>(lines / kLinesPerPart, 1, kMostParts);
}

/// Runs work(direction, first line, last line, first detector, detectors, sums) over all directions of a list, with the
/// lines in parts where directions are few; adds the parts up in their order and writes out.
template <class T, class Work>
void forParts(const HyperplaneGrid& grid, const std::vector<std::size_t>& directions, std::size_t lineCount,
              const std::vector<double>& scales, T* out, Control& control, const Work& work) {
  const std::size_t spans = ceilDivide(grid.detectorCount, kSpan), parts = partsOf(directions.size(), lineCount);
  const std::size_t width = std::min(grid.detectorCount, kSpan), perPart = ceilDivide(lineCount, parts);
  // All parts of one span of a direction are one task's, or as many tasks as parts: their sums lie side by side.
  const std::size_t groups = directions.size() * spans;
  const Buffer<double> sums = allocateBuffer<double>(parts == 1 ? 1 : groups * parts * width);
  const auto write = [&](std::size_t group, const double* sum) {
    const std::size_t direction = directions[group / spans], begin = group % spans * kSpan;
    const std::size_t extent = std::min(kSpan, grid.detectorCount - begin);
    T* target = out + direction * grid.detectorCount + begin;
    for (std::size_t k = 0; k < extent; ++k) target[k] = static_cast<T>(sum[k] * scales[direction]);
  };
  parallelFor(groups * parts, [&](std::size_t task) {
    control.check();
    const FlushDenormals flush;
    const std::size_t group = task / parts, part = task % parts, begin = group % spans * kSpan;
    alignas(64) double own[kSpan];
    double* sum = parts == 1 ? own : sums.get() + task * width;
    const std::size_t extent = std::min(kSpan, grid.detectorCount - begin);
    std::fill_n(sum, extent, 0.0);
    work(directions[group / spans], part * perPart, std::min(lineCount, (part + 1) * perPart), begin, extent, sum);
    if (parts == 1) write(group, sum);
    control.advance(1);
  });
  if (parts == 1) return;
  for (std::size_t group = 0; group < groups; ++group) {
    double* sum = sums.get() + group * parts * width;
    for (std::size_t part = 1; part < parts; ++part) {
      for (std::size_t k = 0; k < width; ++k) sum[k] += sum[part * width + k];
    }
    write(group, sum);
  }
}

template <class T>
PaddedLines<T> padded(const GridLines& lines, const T* values) {
  PaddedLines<T> copy(lines.count(), lines.length(), 1);
  const std::size_t stride = lines.stride(lines.axis), length = lines.length();
  parallelFor(ceilDivide(lines.count(), kLines), [&](std::size_t block) {
    const std::size_t begin = block * kLines, end = std::min(lines.count(), begin + kLines);
    std::array<std::size_t, kLines> starts{};
    for (std::size_t i = begin; i < end; ++i) starts[i - begin] = lines.start(i);
    for (std::size_t n = 0; n < length; ++n) {
      for (std::size_t i = begin; i < end; ++i) copy.line(i)[n] = values[starts[i - begin] + n * stride];
    }
  });
  return copy;
}

template <class T>
void projectLinear(const HyperplaneGrid& grid, const T* values, T* out, Control& control) {
  std::array<std::vector<std::size_t>, kAxes> chosen;
  std::vector<double> scales(grid.directionCount);
  std::uint64_t tasks = 0;
  for (std::size_t l = 0; l < grid.directionCount; ++l) {
    const std::size_t axis = mainAxis(stepsOf(grid, l));
    chosen[axis].push_back(l);
    scales[l] = grid.cellVolume / std::abs(stepsOf(grid, l)[axis]);
  }
  for (std::size_t axis = 0; axis < kAxes; ++axis) {
    tasks += chosen[axis].size() * ceilDivide(grid.detectorCount, kSpan) * partsOf(chosen[axis].size(), GridLines{grid, axis}.count());
  }
  control.start(tasks);
  for (std::size_t axis = 0; axis < kAxes; ++axis) {
    if (chosen[axis].empty()) continue;
    const GridLines lines{grid, axis};
    const PaddedLines<T> sources = padded(lines, values);
    const auto work = [&](std::size_t direction, std::size_t from, std::size_t to, std::size_t begin, std::size_t extent, double* sum) {
      const double* steps = stepsOf(grid, direction);
      const double first = grid.firstDetector + grid.detectorSpacing * static_cast<double>(begin);
      alignas(64) T partial[kSpan + kOverrun] = {};
      Term<T> term;
      term.step = grid.detectorSpacing / steps[axis];
      for (std::size_t stripe = from; stripe < to; stripe += kStripe) {
        if ((stripe - from) % 1024 == 0) control.check();
        LineBatch<T> batch(partial, extent, lines.length());
        for (std::size_t i = stripe; i < std::min(to, stripe + kStripe); ++i) {
          term.source = sources.line(i);
          term.position = (first - lines.origin(steps, i)) / steps[axis];
          batch.add(term);
        }
        batch.flush();
        moveInto(sum, partial, extent);
      }
    };
    forParts(grid, chosen[axis], lines.count(), scales, out, control, work);
  }
}

template <class T>
void projectCells(const HyperplaneGrid& grid, const CellShadows& shadows, const T* values, T* out, Control& control) {
  const GridLines lines{grid, kAxes - 1};
  std::vector<std::size_t> all(grid.directionCount);
  for (std::size_t l = 0; l < all.size(); ++l) all[l] = l;
  control.start(all.size() * ceilDivide(grid.detectorCount, kSpan) * partsOf(all.size(), lines.count()));
  const std::vector<double> scales(all.size(), grid.cellVolume / grid.detectorSpacing);
  const auto work = [&](std::size_t direction, std::size_t from, std::size_t to, std::size_t begin, std::size_t extent, double* sum) {
    const double* steps = stepsOf(grid, direction);
    const CellShadow shadow(shadows, direction);
    const double first = grid.firstDetector + grid.detectorSpacing * static_cast<double>(begin);
    const double step = steps[kAxes - 1] / grid.detectorSpacing;
    for (std::size_t i = from; i < to; ++i) {
      if ((i - from) % 64 == 0) control.check();
      const T* line = values + i * lines.length();
      const double place = (lines.origin(steps, i) - first) / grid.detectorSpacing;
      for (std::size_t n = 0; n < lines.length(); ++n) {
        const auto value = static_cast<double>(line[n]);
        if (value == 0.0) continue;
        shadow.forShares(place + step * static_cast<double>(n), extent, [&](std::size_t k, double share) { sum[k] += share * value; });
      }
    }
  };
  forParts(grid, all, lines.count(), scales, out, control, work);
}

/// Runs work(line, first cell, cells, sums) over all lines along the last axis and writes the sums.
template <class T, class Work>
void forCells(const HyperplaneGrid& grid, T* values, Control& control, const Work& work) {
  const GridLines lines{grid, kAxes - 1};
  const std::size_t spans = ceilDivide(lines.length(), kSpan), blocks = ceilDivide(lines.count(), kLines);
  control.start(blocks * spans);
  parallelFor(blocks * spans, [&](std::size_t task) {
    control.check();
    const FlushDenormals flush;
    const std::size_t begin = task % spans * kSpan, extent = std::min(kSpan, lines.length() - begin);
    const std::size_t top = task / spans * kLines, height = std::min(kLines, lines.count() - top);
    const Buffer<double> sums = allocateBuffer<double>(kLines * kSpan);
    std::fill_n(sums.get(), height * kSpan, 0.0);
    work(lines, top, height, begin, extent, sums.get());
    for (std::size_t r = 0; r < height; ++r) {
      T* target = values + (top + r) * lines.length() + begin;
      for (std::size_t n = 0; n < extent; ++n) target[n] = static_cast<T>(sums[r * kSpan + n]);
    }
    control.advance(1);
  });
}

template <class T>
void backprojectLines(const HyperplaneGrid& grid, HyperplaneKernel kernel, const T* projections, T* values, Control& control) {
  std::vector<radon_lines::Weight> weights(grid.directionCount);
  std::vector<double> scales(grid.directionCount, 1.0);
  std::ptrdiff_t reach = 1;
  if (kernel == HyperplaneKernel::kLinear) {
    for (std::size_t l = 0; l < grid.directionCount; ++l) {
      const double size = std::abs(stepsOf(grid, l)[mainAxis(stepsOf(grid, l))]);
      weights[l].kind = WeightKind::kHat;
      weights[l].slope = grid.detectorSpacing / size;
      reach = std::max(reach, static_cast<std::ptrdiff_t>(std::ceil(size / grid.detectorSpacing)));
      scales[l] = grid.cellVolume / size;
    }
  }
  for (auto& weight : weights) weight.reach = reach;
  PaddedLines<T> sources(grid.directionCount, grid.detectorCount, reach);
  parallelFor(grid.directionCount, [&](std::size_t l) {
    const T* source = projections + l * grid.detectorCount;
    for (std::size_t k = 0; k < grid.detectorCount; ++k) sources.line(l)[k] = static_cast<T>(static_cast<double>(source[k]) * scales[l]);
  });
  forCells(grid, values, control, [&](const GridLines& lines, std::size_t top, std::size_t height, std::size_t begin, std::size_t extent, double* sums) {
    alignas(64) T partial[kSpan + kOverrun] = {};
    for (std::size_t group = 0; group < grid.directionCount; group += kStripe) {
      control.check();
      for (std::size_t r = 0; r < height; ++r) {
        LineBatch<T> batch(partial, extent, grid.detectorCount);
        for (std::size_t l = group; l < std::min(grid.directionCount, group + kStripe); ++l) {
          const double* steps = stepsOf(grid, l);
          Term<T> term;
          term.weight = weights[l];
          term.source = sources.line(l);
          term.step = steps[kAxes - 1] / grid.detectorSpacing;
          term.position = (lines.origin(steps, top + r) - grid.firstDetector) / grid.detectorSpacing + term.step * static_cast<double>(begin);
          batch.add(term);
        }
        batch.flush();
        moveInto(sums + r * kSpan, partial, extent);
      }
    }
  });
}

template <class T>
void backprojectCells(const HyperplaneGrid& grid, const CellShadows& shadows, const T* projections, T* values, Control& control) {
  const double scale = grid.cellVolume / grid.detectorSpacing;
  forCells(grid, values, control, [&](const GridLines& lines, std::size_t top, std::size_t height, std::size_t begin, std::size_t extent, double* sums) {
    for (std::size_t l = 0; l < grid.directionCount; ++l) {
      control.check();
      const double* steps = stepsOf(grid, l);
      const CellShadow shadow(shadows, l);
      const T* source = projections + l * grid.detectorCount;
      const double step = steps[kAxes - 1] / grid.detectorSpacing;
      for (std::size_t r = 0; r < height; ++r) {
        const double place = (lines.origin(steps, top + r) - grid.firstDetector) / grid.detectorSpacing + step * static_cast<double>(begin);
        double* sum = sums + r * kSpan;
        for (std::size_t n = 0; n < extent; ++n) {
          double total = 0.0;
          shadow.forShares(place + step * static_cast<double>(n), grid.detectorCount,
                           [&](std::size_t k, double share) { total += share * static_cast<double>(source[k]); });
          sum[n] += scale * total;
        }
      }
    }
  });
}

}  // namespace

template <class T>
void projectHyperplanes(const HyperplaneGrid& grid, HyperplaneKernel kernel, const CellShadows& shadows, const T* values,
                        T* out, Control& control) {
  if (kernel == HyperplaneKernel::kCell) projectCells(grid, shadows, values, out, control);
  else projectLinear(grid, values, out, control);
}

template <class T>
void backprojectHyperplanes(const HyperplaneGrid& grid, HyperplaneKernel kernel, const CellShadows& shadows,
                            const T* projections, T* values, Control& control) {
  if (kernel == HyperplaneKernel::kCell) backprojectCells(grid, shadows, projections, values, control);
  else backprojectLines(grid, kernel, projections, values, control);
}

template void projectHyperplanes<float>(const HyperplaneGrid&, HyperplaneKernel, const CellShadows&, const float*, float*, Control&);
template void projectHyperplanes<double>(const HyperplaneGrid&, HyperplaneKernel, const CellShadows&, const double*, double*, Control&);
template void backprojectHyperplanes<float>(const HyperplaneGrid&, HyperplaneKernel, const CellShadows&, const float*, float*, Control&);
template void backprojectHyperplanes<double>(const HyperplaneGrid&, HyperplaneKernel, const CellShadows&, const double*, double*, Control&);

}  // namespace ridgeflow
