#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <vector>

#include <gtest/gtest.h>

#include "radon/hyperplanes.hpp"
#include "radon/line_integrals.hpp"
#include "radon/xray.hpp"
#include "support.hpp"

namespace ridgeflow::testing {
namespace {

template <class T>
class RadonGeometry : public ::testing::Test {};
using GeometryTypes = ::testing::Types<float, double>;
TYPED_TEST_SUITE(RadonGeometry, GeometryTypes);

template <class T>
constexpr double kPrecision = std::is_same_v<T, float> ? 2e-5 : 1e-11;

/// A grid of awkward extents with directions of which some steps vanish; shadows are uniform densities of width `wide`.
struct Planes {
  std::vector<double> steps, knots, coefficients;
  HyperplaneGrid grid;
  CellShadows shadows;
  double wide = 1.3;

  Planes(Random& random, std::size_t round) {
    for (std::size_t a = 0; a < 4; ++a) grid.extents[a] = a < round % 4 ? 1 : 1 + random.below(round % 4 == 3 ? 300 : 7);
    grid.directionCount = 1 + random.below(5);
    for (std::size_t i = 0; i < 4 * grid.directionCount; ++i) steps.push_back(random.below(4) == 0 ? 0.0 : random.normal());
    for (std::size_t l = 0; l < grid.directionCount; ++l) {
      if (steps[4 * l + 3] == 0.0) steps[4 * l + 3] = 0.7;
      knots.insert(knots.end(), {-0.5 * wide, 0.5 * wide});
      coefficients.insert(coefficients.end(), {0.5, 0.5});
    }
    grid.steps = steps.data();
    grid.detectorCount = 1 + random.below(round % 3 == 0 ? 1500 : 40);
    grid.firstDetector = -0.4 * static_cast<double>(grid.detectorCount) + random.normal();
    grid.detectorSpacing = 0.3 + random.uniform();
    grid.cellVolume = 0.5 + random.uniform();
    shadows = {knots.data(), coefficients.data(), 2, 1};
  }

  std::size_t main(std::size_t l) const {
    std::size_t best = 3;
    for (const std::size_t a : {2UL, 1UL, 0UL}) {
      if (std::abs(steps[4 * l + a]) > std::abs(steps[4 * l + best])) best = a;
    }
    return best;
  }

  /// The matrix element of a cell and a detector, from its definition.
  double element(HyperplaneKernel kernel, std::size_t l, std::size_t cell, std::size_t k) const {
    double position = 0.0;
    for (std::size_t a = 4; a-- > 0; cell /= grid.extents[a]) {
      position += steps[4 * l + a] * (static_cast<double>(cell % grid.extents[a]) - 0.5 * static_cast<double>(grid.extents[a] - 1));
      if (a == 0) break;
    }
    const double distance = (position - grid.firstDetector) / grid.detectorSpacing - static_cast<double>(k);
    if (kernel == HyperplaneKernel::kInterpolated) return std::max(0.0, 1.0 - std::abs(distance));
    if (kernel == HyperplaneKernel::kLinear) {
      const double size = std::abs(steps[4 * l + main(l)]);
      return grid.cellVolume / size * std::max(0.0, 1.0 - std::abs(distance) * grid.detectorSpacing / size);
    }
    const double low = std::max(-0.5, distance - 0.5 * wide), high = std::min(0.5, distance + 0.5 * wide);
    return grid.cellVolume / grid.detectorSpacing * std::max(0.0, high - low) / wide;
  }
};

TYPED_TEST(RadonGeometry, HyperplanesAgreeWithTheMatrixOnEveryTarget) {
  onEveryTarget([](const char* target) {
    Random random(201);
    for (std::size_t round = 0; round < 16; ++round) {
      const Planes planes(random, round);
      const HyperplaneGrid& grid = planes.grid;
      const auto values = random.normals<TypeParam>(grid.cells());
      const auto data = random.normals<TypeParam>(grid.directionCount * grid.detectorCount);
      for (const auto kernel : {HyperplaneKernel::kLinear, HyperplaneKernel::kCell, HyperplaneKernel::kInterpolated}) {
        std::vector<double> forward(data.size(), 0.0), back(values.size(), 0.0);
        double size = 0.0;
        for (std::size_t l = 0; l < grid.directionCount; ++l) {
          for (std::size_t cell = 0; cell < values.size(); ++cell) {
            for (std::size_t k = 0; k < grid.detectorCount; ++k) {
              const double weight = planes.element(kernel, l, cell, k);
              forward[l * grid.detectorCount + k] += weight * static_cast<double>(values[cell]);
              back[cell] += weight * static_cast<double>(data[l * grid.detectorCount + k]);
              size = std::max(size, weight);
            }
          }
        }
        Control control;
        const double allowed = kPrecision<TypeParam> * size * std::sqrt(static_cast<double>(values.size() + data.size()));
        if (kernel != HyperplaneKernel::kInterpolated) {
          std::vector<TypeParam> out(data.size(), TypeParam(-77));
          projectHyperplanes(grid, kernel, planes.shadows, values.data(), out.data(), control);
          for (std::size_t i = 0; i < out.size(); ++i) ASSERT_NEAR(out[i], forward[i], allowed) << target << " round " << round;
        }
        std::vector<TypeParam> out(values.size(), TypeParam(-77));
        backprojectHyperplanes(grid, kernel, planes.shadows, data.data(), out.data(), control);
        for (std::size_t i = 0; i < out.size(); ++i) ASSERT_NEAR(out[i], back[i], allowed) << target << " round " << round;
      }
    }
  });
}

TYPED_TEST(RadonGeometry, LinesAgreeWithTheMatrixOnEveryTarget) {
  onEveryTarget([](const char* target) {
    Random random(202);
    for (std::size_t round = 0; round < 20; ++round) {
      ImageLines geometry;
      geometry.rows = 1 + random.below(40);
      geometry.columns = 1 + random.below(40);
      geometry.pixelSize = 0.3 + random.uniform();
      geometry.count = 1 + random.below(200);
      std::vector<double> lines;
      for (std::size_t i = 0; i < geometry.count; ++i) {
        lines.push_back(i % 5 == 0 ? 0.25 * std::numbers::pi * static_cast<double>(random.below(9)) : 7 * random.normal());
        lines.push_back(10 * random.normal() * (i % 11 == 0 ? 1e9 : 1.0));
      }
      geometry.lines = lines.data();
      const auto image = random.normals<TypeParam>(geometry.rows * geometry.columns);
      const auto data = random.normals<TypeParam>(geometry.count);
      std::vector<double> forward(data.size(), 0.0), back(image.size(), 0.0);
      for (std::size_t line = 0; line < geometry.count; ++line) {
        const double cosine = std::cos(lines[2 * line]), sine = std::sin(lines[2 * line]);
        const double wide = geometry.pixelSize * std::max(std::abs(cosine), std::abs(sine));
        for (std::size_t pixel = 0; pixel < image.size(); ++pixel) {
          const double x = (static_cast<double>(pixel % geometry.columns) - 0.5 * static_cast<double>(geometry.columns - 1)) * geometry.pixelSize;
          const double y = (0.5 * static_cast<double>(geometry.rows - 1) - static_cast<double>(pixel / geometry.columns)) * geometry.pixelSize;
          const double distance = x * cosine + y * sine - lines[2 * line + 1];
          const double weight = geometry.pixelSize * geometry.pixelSize / wide * std::max(0.0, 1.0 - std::abs(distance) / wide);
          forward[line] += weight * static_cast<double>(image[pixel]);
          back[pixel] += weight * static_cast<double>(data[line]);
        }
      }
      Control control;
      const double allowed = kPrecision<TypeParam> * 200;
      std::vector<TypeParam> out(data.size(), TypeParam(-77)), pixels(image.size(), TypeParam(-77));
      integrateLines(geometry, image.data(), out.data(), control);
      for (std::size_t i = 0; i < out.size(); ++i) ASSERT_NEAR(out[i], forward[i], allowed) << target << " round " << round;
      backprojectLineIntegrals(geometry, data.data(), pixels.data(), control);
      for (std::size_t i = 0; i < pixels.size(); ++i) ASSERT_NEAR(pixels[i], back[i], allowed) << target << " round " << round;
    }
  });
}

/// Views of random directions, some along axes, onto detectors that partly miss the volume.
struct Volume {
  std::vector<double> views;
  XrayViews geometry;

  explicit Volume(Random& random) {
    for (std::size_t& extent : geometry.extents) extent = 1 + random.below(12);
    geometry.cellSize = 0.4 + random.uniform();
    geometry.count = 1 + random.below(6);
    geometry.detectorRows = 1 + random.below(20);
    geometry.detectorColumns = 1 + random.below(random.below(4) == 0 ? 1100 : 25);
    for (std::size_t view = 0; view < geometry.count; ++view) {
      for (std::size_t i = 0; i < 12; ++i) views.push_back(view % 3 == 1 && i >= 3 ? (i == 4 || i == 8 || i == 9 ? 1.0 : 0.0) : random.normal());
      views[12 * view] -= view % 4 == 3 ? 1e12 : 0.0;
    }
    geometry.views = views.data();
  }

  double element(std::size_t view, std::size_t l, std::size_t k, std::size_t cell) const {
    const double* v = views.data() + 12 * view;
    std::size_t m = 0;
    for (const std::size_t axis : {1UL, 2UL}) {
      if (std::abs(v[3 + axis]) > std::abs(v[3 + m])) m = axis;
    }
    const std::array<double, 3> index = {static_cast<double>(cell / (geometry.extents[1] * geometry.extents[2])),
                                         static_cast<double>(cell / geometry.extents[2] % geometry.extents[1]),
                                         static_cast<double>(cell % geometry.extents[2])};
    const auto at = [&](std::size_t axis) { return v[axis] + static_cast<double>(k) * v[6 + axis] + static_cast<double>(l) * v[9 + axis]; };
    const double time = (index[m] - at(m)) / v[3 + m];
    double weight = geometry.cellSize * std::hypot(v[3], v[4], v[5]) / std::abs(v[3 + m]);
    for (std::size_t axis = 0; axis < 3; ++axis) {
      if (axis != m) weight *= std::max(0.0, 1.0 - std::abs(at(axis) + time * v[3 + axis] - index[axis]));
    }
    return weight;
  }
};

TYPED_TEST(RadonGeometry, XrayAgreesWithTheMatrixOnEveryTarget) {
  onEveryTarget([](const char* target) {
    Random random(203);
    for (std::size_t round = 0; round < 12; ++round) {
      const Volume volume(random);
      const XrayViews& geometry = volume.geometry;
      const std::size_t rays = geometry.detectorRows * geometry.detectorColumns;
      const auto values = random.normals<TypeParam>(geometry.extents[0] * geometry.extents[1] * geometry.extents[2]);
      const auto data = random.normals<TypeParam>(geometry.count * rays);
      std::vector<double> forward(data.size(), 0.0), back(values.size(), 0.0);
      for (std::size_t i = 0; i < data.size(); ++i) {
        const std::size_t view = i / rays, l = i % rays / geometry.detectorColumns, k = i % geometry.detectorColumns;
        for (std::size_t cell = 0; cell < values.size(); ++cell) {
          const double weight = volume.element(view, l, k, cell);
          forward[i] += weight * static_cast<double>(values[cell]);
          back[cell] += weight * static_cast<double>(data[i]);
        }
      }
      Control control;
      const double allowed = kPrecision<TypeParam> * 1000;
      std::vector<TypeParam> out(data.size(), TypeParam(-77)), cells(values.size(), TypeParam(-77));
      projectXray(geometry, values.data(), out.data(), control);
      for (std::size_t i = 0; i < out.size(); ++i) ASSERT_NEAR(out[i], forward[i], allowed) << target << " round " << round;
      backprojectXray(geometry, data.data(), cells.data(), control);
      for (std::size_t i = 0; i < cells.size(); ++i) ASSERT_NEAR(cells[i], back[i], allowed) << target << " round " << round;
    }
  });
}

TYPED_TEST(RadonGeometry, ResultsDoNotDependOnTheNumberOfThreads) {
  Random random(204);
  Planes planes(random, 1);
  planes.grid.extents = {1, 40, 30, 20};
  const Volume volume(random);
  const std::size_t rays = volume.geometry.count * volume.geometry.detectorRows * volume.geometry.detectorColumns;
  const std::size_t cells = volume.geometry.extents[0] * volume.geometry.extents[1] * volume.geometry.extents[2];
  std::vector<double> lines;
  for (std::size_t i = 0; i < 400; ++i) lines.push_back(5 * random.normal());
  const ImageLines image = {33, 44, 1.0, lines.data(), 200};
  const auto values = random.normals<TypeParam>(33 * 44 + planes.grid.cells() + cells + rays);
  std::vector<std::vector<TypeParam>> first;
  withThreadCounts({1, 2, 5}, [&](int threads) {
    Control control;
    std::vector<std::vector<TypeParam>> all;
    const auto result = [&](std::size_t size) { return all.emplace_back(size, TypeParam(-77)).data(); };
    const std::size_t detectors = planes.grid.directionCount * planes.grid.detectorCount;
    for (const auto kernel : {HyperplaneKernel::kLinear, HyperplaneKernel::kCell}) {
      projectHyperplanes(planes.grid, kernel, planes.shadows, values.data(), result(detectors), control);
      backprojectHyperplanes(planes.grid, kernel, planes.shadows, values.data(), result(planes.grid.cells()), control);
    }
    integrateLines(image, values.data(), result(200), control);
    backprojectLineIntegrals(image, values.data(), result(33 * 44), control);
    projectXray(volume.geometry, values.data(), result(rays), control);
    backprojectXray(volume.geometry, values.data(), result(cells), control);
    if (first.empty()) first = all;
    EXPECT_EQ(all, first) << threads << " threads";
  });
}

TEST(RadonGeometryAbort, StopsWhenAborted) {
  Random random(205);
  const Planes planes(random, 2);
  const Volume volume(random);
  std::vector<double> angles = {0.3};
  const FanBeam fan = {4, 5, 1.0, angles.data(), 1, 6, 20.0, -0.1, 0.05, true};
  std::vector<double> lines = {0.1, 0.2};
  const ImageLines image = {4, 5, 1.0, lines.data(), 1};
  std::vector<double> in(1U << 20, 1.0), out(1U << 20);
  std::array<std::int32_t, 2> cells = {1, 0};
  Control control(cells.data());
  EXPECT_THROW(projectHyperplanes(planes.grid, HyperplaneKernel::kLinear, planes.shadows, in.data(), out.data(), control), Aborted);
  EXPECT_THROW(backprojectHyperplanes(planes.grid, HyperplaneKernel::kCell, planes.shadows, in.data(), out.data(), control), Aborted);
  EXPECT_THROW(integrateLines(image, in.data(), out.data(), control), Aborted);
  EXPECT_THROW(backprojectLineIntegrals(image, in.data(), out.data(), control), Aborted);
  EXPECT_THROW(projectXray(volume.geometry, in.data(), out.data(), control), Aborted);
  EXPECT_THROW(backprojectXray(volume.geometry, in.data(), out.data(), control), Aborted);
  EXPECT_THROW(backprojectFan(fan, in.data(), out.data(), control), Aborted);
}

TYPED_TEST(RadonGeometry, FansInterpolateAtEveryPixelOnEveryTarget) {
  static constexpr double kRounding = std::is_same_v<TypeParam, float> ? 2e-5 : 1e-13;
  onEveryTarget([](const char* target) {
    Random random(206);
    for (std::size_t round = 0; round < 12; ++round) {
      const bool flat = round % 2 == 0;
      std::vector<double> angles = {0.3, 2.0, -1.1, 0.0};
      const std::size_t rows = 1 + random.below(12), columns = 1 + random.below(round % 3 == 0 ? 600 : 20), detectors = 1 + random.below(40);
      // Some sources lie within the image: pixels behind them see nothing.
      const double distance = round % 4 == 3 ? 2.0 : 12.0 + static_cast<double>(columns), spacing = 0.01 + 0.05 * random.uniform();
      const double first = -0.5 * spacing * static_cast<double>(detectors) + 0.02 * random.normal();
      const FanBeam fan = {rows, columns, 0.7, angles.data(), angles.size(), detectors, distance, first, spacing, flat};
      const auto filtered = random.normals<TypeParam>(angles.size() * detectors);
      std::vector<TypeParam> out(rows * columns, TypeParam(-77));
      Control control;
      backprojectFan(fan, filtered.data(), out.data(), control);
      for (std::size_t pixel = 0; pixel < out.size(); ++pixel) {
        const double x = (static_cast<double>(pixel % columns) - 0.5 * static_cast<double>(columns - 1)) * 0.7;
        const double y = (0.5 * static_cast<double>(rows - 1) - static_cast<double>(pixel / columns)) * 0.7;
        double expected = 0.0, size = 1.0;
        for (std::size_t a = 0; a < angles.size(); ++a) {
          const double across = x * std::cos(angles[a]) + y * std::sin(angles[a]);
          const double along = distance - x * std::sin(angles[a]) + y * std::cos(angles[a]);
          if (!(along > 0.0)) continue;
          const double place = ((flat ? across / along : std::atan2(across, along)) - first) / spacing;
          const double square = (flat ? along * along : across * across + along * along) / (distance * distance);
          // Near the source a place is known to the rounding of its coordinates over its distance from it.
          size += (1.0 + std::abs(place)) / square / std::min(1.0, along);
          for (std::size_t k = 0; k < detectors; ++k) {
            expected += std::max(0.0, 1.0 - std::abs(place - static_cast<double>(k))) * static_cast<double>(filtered[a * detectors + k]) / square;
          }
        }
        ASSERT_NEAR(out[pixel], expected, kRounding * size) << target << " round " << round << " pixel " << pixel;
      }
    }
  });
}

}  // namespace
}  // namespace ridgeflow::testing
