#include "radon/parallel_beam.hpp"

#include <algorithm>
#include <array>
#include <numbers>

#include <gtest/gtest.h>

#include "radon/filter.hpp"
#include "support.hpp"

namespace ridgeflow::testing {
namespace {

constexpr std::array kAdjointKernels = {BeamKernel::kJoseph, BeamKernel::kStrip};

template <class T>
class Radon : public ::testing::Test {};
using ElementTypes = ::testing::Types<float, double>;
TYPED_TEST_SUITE(Radon, ElementTypes);

/// A beam of awkward sizes with its angles, among them those of the axes and diagonals.
struct Setup {
  std::vector<double> angles;
  ParallelBeam beam;
};

Setup randomSetup(Random& random, std::size_t round) {
  Setup setup;
  const std::array<double, 6> special = {0.0, 0.5, 0.25, 0.75, 1.0, -0.5};
  for (std::size_t a = 0; a < 1 + random.below(9); ++a) {
    setup.angles.push_back(std::numbers::pi * (a % 2 ? special[random.below(6)] : 8 * random.uniform() - 4));
  }
  setup.beam.rows = kSizes[round % 7];
  setup.beam.columns = kSizes[(round / 7 + round) % 7];
  setup.beam.pixelSize = 0.2 + 2 * random.uniform();
  setup.beam.detectorCount = 1 + random.below(150);
  setup.beam.detectorSpacing = setup.beam.pixelSize * (round % 5 == 4 ? 3.1 : round % 5 == 3 ? 0.21 : 0.6 + random.uniform());
  setup.beam.detectorOffset = 3 * random.normal();
  return setup;
}

void attach(Setup& setup) {
  setup.beam.angles = setup.angles.data();
  setup.beam.angleCount = setup.angles.size();
}

template <class T>
std::vector<T> values(Random& random, std::size_t count) {
  return random.cloud<T>(CloudKind::kNormal, count, 1);
}

template <class T>
std::vector<T> projected(const ParallelBeam& beam, BeamKernel kernel, const std::vector<T>& image) {
  std::vector<T> out(beam.angleCount * beam.detectorCount, T(-77));
  Control control;
  project(beam, kernel, image.data(), out.data(), control);
  return out;
}

template <class T>
std::vector<T> backprojected(const ParallelBeam& beam, BeamKernel kernel, const std::vector<T>& sinogram) {
  std::vector<T> out(beam.rows * beam.columns, T(-77));
  Control control;
  backproject(beam, kernel, sinogram.data(), out.data(), control);
  return out;
}

/// The share of a unit square at distance t that lies in a bin of width 1 (all in bins), by adding up thin slices.
double stripShare(double wide, double narrow, double t) {
  constexpr int kSlices = 20000;
  double share = 0.0;
  for (int i = 0; i < kSlices; ++i) {
    const double shift = t + narrow * ((i + 0.5) / kSlices - 0.5);
    share += std::max(0.0, std::min(shift + 0.5 * wide, 0.5) - std::max(shift - 0.5 * wide, -0.5)) / wide / kSlices;
  }
  return share;
}

/// The matrix element of pixel (i, j) and ray (a, k), from its definition.
double element(const ParallelBeam& beam, BeamKernel kernel, std::size_t i, std::size_t j, double angle, std::size_t k) {
  const double x = (static_cast<double>(j) - 0.5 * static_cast<double>(beam.columns - 1)) * beam.pixelSize;
  const double y = (0.5 * static_cast<double>(beam.rows - 1) - static_cast<double>(i)) * beam.pixelSize;
  const double p = (static_cast<double>(k) - 0.5 * static_cast<double>(beam.detectorCount - 1)) * beam.detectorSpacing + beam.detectorOffset;
  const double distance = x * std::cos(angle) + y * std::sin(angle) - p;
  const double wide = beam.pixelSize * std::max(std::abs(std::cos(angle)), std::abs(std::sin(angle)));
  const double narrow = beam.pixelSize * std::min(std::abs(std::cos(angle)), std::abs(std::sin(angle)));
  if (kernel == BeamKernel::kInterpolated) return std::max(0.0, 1.0 - std::abs(distance) / beam.detectorSpacing);
  const double area = beam.pixelSize * beam.pixelSize;
  if (kernel == BeamKernel::kJoseph) return area / wide * std::max(0.0, 1.0 - std::abs(distance) / wide);
  return area / beam.detectorSpacing *
         stripShare(wide / beam.detectorSpacing, narrow / beam.detectorSpacing, distance / beam.detectorSpacing);
}

template <class T>
void compareWithMatrix(Setup& setup, BeamKernel kernel, Random& random, const char* target) {
  attach(setup);
  const ParallelBeam& beam = setup.beam;
  const auto image = values<T>(random, beam.rows * beam.columns);
  const auto sinogram = values<T>(random, beam.angleCount * beam.detectorCount);
  std::vector<double> forward(sinogram.size(), 0.0), back(image.size(), 0.0);
  double size = 0.0;
  for (std::size_t ray = 0; ray < sinogram.size(); ++ray) {
    for (std::size_t pixel = 0; pixel < image.size(); ++pixel) {
      const double weight = element(beam, kernel, pixel / beam.columns, pixel % beam.columns,
                                    setup.angles[ray / beam.detectorCount], ray % beam.detectorCount);
      forward[ray] += weight * static_cast<double>(image[pixel]);
      back[pixel] += weight * static_cast<double>(sinogram[ray]);
      size = std::max(size, weight);
    }
  }
  // Weights: to rounding; the strips' reference is a sum of slices.
  const double precision = kernel == BeamKernel::kStrip ? 1e-6 : std::is_same_v<T, float> ? 1e-6 : 1e-11;
  const double allowed = precision * size * std::sqrt(static_cast<double>(beam.rows + beam.columns + beam.angleCount)) * 30;
  if (kernel != BeamKernel::kInterpolated) {
    const auto result = projected(beam, kernel, image);
    for (std::size_t ray = 0; ray < sinogram.size(); ++ray) ASSERT_NEAR(result[ray], forward[ray], allowed) << target << " ray " << ray;
  }
  const auto result = backprojected(beam, kernel, sinogram);
  for (std::size_t pixel = 0; pixel < image.size(); ++pixel) ASSERT_NEAR(result[pixel], back[pixel], allowed) << target << " pixel " << pixel;
}

TYPED_TEST(Radon, AgreesWithTheMatrixOnEveryTarget) {
  onEveryTarget([](const char* target) {
    Random random(71);
    for (std::size_t round = 0; round < 35; ++round) {
      Setup setup = randomSetup(random, round);
      setup.beam.detectorCount = 1 + setup.beam.detectorCount % 40;
      for (const BeamKernel kernel : {BeamKernel::kJoseph, BeamKernel::kInterpolated}) compareWithMatrix<TypeParam>(setup, kernel, random, target);
    }
    for (const std::size_t round : {5UL, 6UL, 7UL, 9UL, 10UL, 13UL, 14UL}) {
      Setup setup = randomSetup(random, round);
      setup.angles.resize(std::min<std::size_t>(setup.angles.size(), 2));
      setup.beam.rows = 5;
      setup.beam.columns = 4;
      setup.beam.detectorCount = 17;
      compareWithMatrix<TypeParam>(setup, BeamKernel::kStrip, random, target);
    }
  });
}

TYPED_TEST(Radon, BackprojectionIsTheTranspose) {
  Random random(72);
  for (std::size_t round = 0; round < 49; ++round) {
    Setup setup = randomSetup(random, round);
    attach(setup);
    for (const BeamKernel kernel : kAdjointKernels) {
      const auto image = values<TypeParam>(random, setup.beam.rows * setup.beam.columns);
      const auto sinogram = values<TypeParam>(random, setup.beam.angleCount * setup.beam.detectorCount);
      const auto forward = projected(setup.beam, kernel, image);
      const auto back = backprojected(setup.beam, kernel, sinogram);
      double left = 0.0, right = 0.0, size = 0.0;
      for (std::size_t i = 0; i < sinogram.size(); ++i) {
        left += static_cast<double>(forward[i]) * static_cast<double>(sinogram[i]);
        size += std::abs(static_cast<double>(forward[i]) * static_cast<double>(sinogram[i]));
      }
      for (std::size_t i = 0; i < image.size(); ++i) {
        right += static_cast<double>(image[i]) * static_cast<double>(back[i]);
        size += std::abs(static_cast<double>(image[i]) * static_cast<double>(back[i]));
      }
      EXPECT_NEAR(left, right, 64 * std::numeric_limits<TypeParam>::epsilon() * (size + setup.beam.pixelSize)) << "round " << round;
    }
  }
}

TYPED_TEST(Radon, ResultsDoNotDependOnTheNumberOfThreads) {
  Random random(73);
  Setup setup = randomSetup(random, 0);
  setup.beam.rows = 57;
  setup.beam.columns = 1100;
  setup.beam.detectorCount = 1300;
  attach(setup);
  const auto image = values<TypeParam>(random, setup.beam.rows * setup.beam.columns);
  const auto sinogram = values<TypeParam>(random, setup.beam.angleCount * setup.beam.detectorCount);
  for (const BeamKernel kernel : kAdjointKernels) {
    std::vector<TypeParam> forward, back;
    withThreadCounts({1, 2, 3, 7}, [&](int threads) {
      const auto thisForward = projected(setup.beam, kernel, image);
      const auto thisBack = backprojected(setup.beam, kernel, sinogram);
      if (threads == 1) {
        forward = thisForward;
        back = thisBack;
      }
      EXPECT_EQ(forward, thisForward);
      EXPECT_EQ(back, thisBack);
    });
  }
}

TYPED_TEST(Radon, FilterRowsConvolvesEachRow) {
  Random random(75);
  for (const std::size_t rows : {1UL, 2UL, 17UL, 33UL}) {
    for (const auto& [columns, length] : {std::array<std::size_t, 2>{1, 2}, {2, 4}, {31, 64}, {33, 256}}) {
      const auto data = values<TypeParam>(random, rows * columns);
      const auto response = values<double>(random, length / 2 + 1), scales = values<double>(random, rows);
      std::vector<double> impulse(length, 0.0);
      for (std::size_t m = 0; m < length; ++m) {
        for (std::size_t k = 0; k < length; ++k) {
          const double phase = 2 * std::numbers::pi * static_cast<double>(k * m % length) / static_cast<double>(length);
          impulse[m] += response[std::min(k, length - k)] * std::cos(phase) / static_cast<double>(length);
        }
      }
      std::vector<double> expected(rows * columns, 0.0);
      for (std::size_t i = 0; i < rows * columns; ++i) {
        const std::size_t row = i / columns, n = i % columns;
        for (std::size_t k = 0; k < columns; ++k) {
          expected[i] += scales[row] * impulse[(n + length - k) % length] * static_cast<double>(data[row * columns + k]);
        }
      }
      std::vector<TypeParam> first;
      withThreadCounts({1, 3}, [&](int threads) {
        auto out = data;  // in place
        Control control;
        filterRows(out.data(), rows, columns, response.data(), length, scales.data(), out.data(), control);
        for (std::size_t i = 0; i < out.size(); ++i) {
          ASSERT_NEAR(out[i], expected[i], 20 * std::numeric_limits<TypeParam>::epsilon() * (1 + std::abs(expected[i])) + 1e-12);
        }
        if (threads == 1) first = out;
        EXPECT_EQ(out, first);
      });
    }
  }
}

TYPED_TEST(Radon, StopsWhenAborted) {
  Random random(74);
  Setup setup = randomSetup(random, 1);
  attach(setup);
  std::array<std::int32_t, 2> cells = {1, 0};
  Control control(cells.data());
  std::vector<TypeParam> image(setup.beam.rows * setup.beam.columns), sinogram(setup.beam.angleCount * setup.beam.detectorCount);
  EXPECT_THROW(project(setup.beam, BeamKernel::kJoseph, image.data(), sinogram.data(), control), Aborted);
  EXPECT_THROW(backproject(setup.beam, BeamKernel::kStrip, sinogram.data(), image.data(), control), Aborted);
}

}  // namespace
}  // namespace ridgeflow::testing
