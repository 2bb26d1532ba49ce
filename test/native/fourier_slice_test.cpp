#include "radon/fourier_slice.hpp"

#include <algorithm>
#include <complex>
#include <numbers>

#include <gtest/gtest.h>

#include "beam_cases.hpp"
#include "runtime/fft.hpp"

namespace ridgeflow::testing {
namespace {

template <class T>
class FourierSlice : public ::testing::Test {};
using ElementTypes = ::testing::Types<float, double>;
TYPED_TEST_SUITE(FourierSlice, ElementTypes);

BeamCase randomCase(Random& random, std::size_t round) {
  BeamCase test = randomBeam(random, round, 40, 3, 90);
  test.beam.rows = 1 + random.below(round % 2 ? 9 : 50);
  test.beam.columns = 1 + random.below(round % 3 ? 40 : 7);
  return test;
}

template <class T>
BeamKernels<T> fourierKernels() {
  return {[](auto&&... arguments) { projectFourier(arguments...); }, [](auto&&... arguments) { backprojectFourier(arguments...); }};
}

double sinc(double x) { return x == 0 ? 1 : std::sin(x) / x; }

/// The projection by its definition: the image's Fourier sum along the slice, times what pixels and detectors make of each
/// frequency, summed over the frequencies of a period.
template <class T>
std::vector<double> reference(const ParallelBeam& beam, const std::vector<T>& image) {
  using namespace std::complex_literals;
  const double h = beam.pixelSize, spacing = beam.detectorSpacing;
  const double radius = 0.5 * h * std::hypot(static_cast<double>(beam.rows), static_cast<double>(beam.columns)) + h + spacing / 2;
  const double period = spacing * static_cast<double>(goodLength(static_cast<std::size_t>(std::ceil(2 * radius / spacing))));
  std::vector<double> sinogram(beam.angleCount * beam.detectorCount, 0.0);
  for (std::size_t a = 0; a < beam.angleCount; ++a) {
    const double c = std::cos(beam.angles[a]), s = std::sin(beam.angles[a]);
    for (std::size_t q = 0; static_cast<double>(q) <= period / (2 * h * std::max(std::abs(c), std::abs(s))); ++q) {
      const double omega = 2 * std::numbers::pi * static_cast<double>(q) / period;
      std::complex<double> sum;
      for (std::size_t p = 0; p < image.size(); ++p) {
        const double x = (static_cast<double>(p % beam.columns) - 0.5 * static_cast<double>(beam.columns - 1)) * h;
        const double y = (0.5 * static_cast<double>(beam.rows - 1) - static_cast<double>(p / beam.columns)) * h;
        sum += static_cast<double>(image[p]) * std::polar(1.0, -omega * (c * x + s * y));
      }
      sum *= h * h / period * sinc(omega * h * c / 2) * sinc(omega * h * s / 2) * sinc(omega * spacing / 2) * (q == 0 ? 1.0 : 2.0);
      for (std::size_t k = 0; k < beam.detectorCount; ++k) {
        const double place = (static_cast<double>(k) - 0.5 * static_cast<double>(beam.detectorCount - 1)) * spacing + beam.detectorOffset;
        if (std::abs(place) <= radius) sinogram[a * beam.detectorCount + k] += (sum * std::polar(1.0, omega * place)).real();
      }
    }
  }
  return sinogram;
}

TYPED_TEST(FourierSlice, AgreesWithTheDefinitionOnEveryTarget) {
  onEveryTarget([](const char* target) {
    Random random(93);
    for (std::size_t round = 0; round < 15; ++round) {
      BeamCase test = randomCase(random, round);
      const auto image = random.normals<TypeParam>(test.pixels());
      const auto expected = reference(test.attached(), image);
      const auto result = fourierKernels<TypeParam>().projected(test, image);
      double size = 0.0;
      for (const double value : expected) size = std::max(size, std::abs(value));
      const double allowed = (sizeof(TypeParam) == 4 ? 4e-6 : 1e-10) * (size + test.beam.pixelSize);
      for (std::size_t i = 0; i < result.size(); ++i) ASSERT_NEAR(result[i], expected[i], allowed) << target << " round " << round;
    }
  });
}

TYPED_TEST(FourierSlice, BackprojectionIsTheTransposeOnEveryTarget) {
  onEveryTarget([](const char* target) {
    Random random(94);
    for (std::size_t round = 0; round < 30; ++round) {
      SCOPED_TRACE(target + std::string(" round ") + std::to_string(round));
      BeamCase test = randomCase(random, round);
      expectTransposes(fourierKernels<TypeParam>(), test, random, 16);
    }
  });
}

TYPED_TEST(FourierSlice, ResultsDoNotDependOnTheNumberOfThreads) {
  Random random(95);
  BeamCase test = randomCase(random, 0);
  test.beam.rows = 130;
  test.beam.columns = 95;
  test.beam.detectorCount = 200;
  for (std::size_t a = 0; a < 700; ++a) test.angles.push_back(random.uniform());
  expectSameBits(fourierKernels<TypeParam>(), test, random);
}

TYPED_TEST(FourierSlice, DetectorsBesideTheImageReadZero) {
  for (const double offset : {1e3, -1e12, 1e300}) {
    BeamCase test{{0.3}, {3, 2, 1.0, nullptr, 1, 2, 1.0, offset}};
    EXPECT_EQ(fourierKernels<TypeParam>().projected(test, std::vector<TypeParam>(6, 1)), std::vector<TypeParam>(2, 0));
    EXPECT_EQ(fourierKernels<TypeParam>().backprojected(test, std::vector<TypeParam>(2, 1)), std::vector<TypeParam>(6, 0));
  }
}

TYPED_TEST(FourierSlice, StopsWhenAborted) {
  Random random(96);
  BeamCase test = randomCase(random, 1);
  test.beam.detectorOffset = 0;
  expectAborts(fourierKernels<TypeParam>(), test);
}

}  // namespace
}  // namespace ridgeflow::testing
