#include <algorithm>
#include <array>
#include <numbers>

#include <gtest/gtest.h>

#include "beam_cases.hpp"
#include "radon/filter.hpp"

namespace ridgeflow::testing {
namespace {

constexpr std::array kAdjointKernels = {BeamKernel::kJoseph, BeamKernel::kStrip};

template <class T>
class Radon : public ::testing::Test {};
using ElementTypes = ::testing::Types<float, double>;
TYPED_TEST_SUITE(Radon, ElementTypes);

BeamCase randomCase(Random& random, std::size_t round) {
  BeamCase test = randomBeam(random, round, 9, 2, 150);
  test.beam.rows = kSizes[round % 7];
  test.beam.columns = kSizes[(round / 7 + round) % 7];
  return test;
}

template <class T>
BeamKernels<T> kernelsOf(BeamKernel kernel) {
  return {[kernel](const ParallelBeam& beam, const T* image, T* sinogram, Control& control) {
            project(beam, kernel, image, sinogram, control);
          },
          [kernel](const ParallelBeam& beam, const T* sinogram, T* image, Control& control) {
            backproject(beam, kernel, sinogram, image, control);
          }};
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
void compareWithMatrix(BeamCase& test, BeamKernel kernel, Random& random, const char* target) {
  const ParallelBeam& beam = test.attached();
  const auto image = random.normals<T>(test.pixels()), sinogram = random.normals<T>(test.rays());
  std::vector<double> forward(sinogram.size(), 0.0), back(image.size(), 0.0);
  double size = 0.0;
  for (std::size_t ray = 0; ray < sinogram.size(); ++ray) {
    for (std::size_t pixel = 0; pixel < image.size(); ++pixel) {
      const double weight = element(beam, kernel, pixel / beam.columns, pixel % beam.columns,
                                    test.angles[ray / beam.detectorCount], ray % beam.detectorCount);
      forward[ray] += weight * static_cast<double>(image[pixel]);
      back[pixel] += weight * static_cast<double>(sinogram[ray]);
      size = std::max(size, weight);
    }
  }
  // Weights: to rounding; the strips' reference is a sum of slices.
  const double precision = kernel == BeamKernel::kStrip ? 1e-6 : std::is_same_v<T, float> ? 1e-6 : 1e-11;
  const double allowed = precision * size * std::sqrt(static_cast<double>(beam.rows + beam.columns + beam.angleCount)) * 30;
  if (kernel != BeamKernel::kInterpolated) {
    const auto result = kernelsOf<T>(kernel).projected(test, image);
    for (std::size_t ray = 0; ray < sinogram.size(); ++ray) ASSERT_NEAR(result[ray], forward[ray], allowed) << target << " ray " << ray;
  }
  const auto result = kernelsOf<T>(kernel).backprojected(test, sinogram);
  for (std::size_t pixel = 0; pixel < image.size(); ++pixel) ASSERT_NEAR(result[pixel], back[pixel], allowed) << target << " pixel " << pixel;
}

TYPED_TEST(Radon, AgreesWithTheMatrixOnEveryTarget) {
  onEveryTarget([](const char* target) {
    Random random(71);
    for (std::size_t round = 0; round < 35; ++round) {
      BeamCase test = randomCase(random, round);
      test.beam.detectorCount = 1 + test.beam.detectorCount % 40;
      for (const BeamKernel kernel : {BeamKernel::kJoseph, BeamKernel::kInterpolated}) compareWithMatrix<TypeParam>(test, kernel, random, target);
    }
    for (const std::size_t round : {5UL, 6UL, 7UL, 9UL, 10UL, 13UL, 14UL}) {
      BeamCase test = randomCase(random, round);
      test.angles.resize(std::min<std::size_t>(test.angles.size(), 2));
      test.beam.rows = 5;
      test.beam.columns = 4;
      test.beam.detectorCount = 17;
      compareWithMatrix<TypeParam>(test, BeamKernel::kStrip, random, target);
    }
  });
}

TYPED_TEST(Radon, BackprojectionIsTheTranspose) {
  Random random(72);
  for (std::size_t round = 0; round < 49; ++round) {
    SCOPED_TRACE(round);
    BeamCase test = randomCase(random, round);
    // Where there is no fused multiply-add (SSE), each product rounds once more.
    for (const BeamKernel kernel : kAdjointKernels) expectTransposes(kernelsOf<TypeParam>(kernel), test, random, 96);
  }
}

TYPED_TEST(Radon, ResultsDoNotDependOnTheNumberOfThreads) {
  Random random(73);
  BeamCase test = randomCase(random, 0);
  test.beam.rows = 57;
  test.beam.columns = 1100;
  test.beam.detectorCount = 1300;
  for (const BeamKernel kernel : kAdjointKernels) expectSameBits(kernelsOf<TypeParam>(kernel), test, random);
}

TYPED_TEST(Radon, FilterRowsConvolvesEachRow) {
  Random random(75);
  for (const std::size_t rows : {1UL, 2UL, 17UL, 33UL}) {
    for (const auto& [columns, length] : {std::array<std::size_t, 2>{1, 2}, {2, 4}, {31, 64}, {33, 256}}) {
      const auto data = random.normals<TypeParam>(rows * columns);
      const auto response = random.normals<double>(length / 2 + 1), scales = random.normals<double>(rows);
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
  BeamCase test = randomCase(random, 1);
  for (const BeamKernel kernel : kAdjointKernels) expectAborts(kernelsOf<TypeParam>(kernel), test);
}

}  // namespace
}  // namespace ridgeflow::testing
