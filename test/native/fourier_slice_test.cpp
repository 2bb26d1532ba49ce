#include "radon/fourier_slice.hpp"

#include <algorithm>
#include <array>
#include <complex>
#include <numbers>

#include <gtest/gtest.h>

#include "runtime/fft.hpp"
#include "support.hpp"

namespace ridgeflow::testing {
namespace {

template <class T>
class FourierSlice : public ::testing::Test {};
using ElementTypes = ::testing::Types<float, double>;
TYPED_TEST_SUITE(FourierSlice, ElementTypes);

struct Setup {
  std::vector<double> angles;
  ParallelBeam beam;
};

Setup randomSetup(Random& random, std::size_t round) {
  Setup setup;
  const std::array<double, 6> special = {0.0, 0.5, 0.25, 0.75, 1.0, -0.5};
  for (std::size_t a = 0; a < 1 + random.below(40); ++a) {
    setup.angles.push_back(std::numbers::pi * (a % 3 == 0 ? special[random.below(6)] : 8 * random.uniform() - 4));
  }
  setup.beam.rows = 1 + random.below(round % 2 ? 9 : 50);
  setup.beam.columns = 1 + random.below(round % 3 ? 40 : 7);
  setup.beam.pixelSize = 0.2 + 2 * random.uniform();
  setup.beam.detectorCount = 1 + random.below(90);
  setup.beam.detectorSpacing = setup.beam.pixelSize * (round % 5 == 4 ? 3.1 : round % 5 == 3 ? 0.21 : 0.6 + random.uniform());
  setup.beam.detectorOffset = 3 * random.normal();
  return setup;
}

void attach(Setup& setup) {
  setup.beam.angles = setup.angles.data();
  setup.beam.angleCount = setup.angles.size();
}

template <class T>
std::vector<T> projected(const ParallelBeam& beam, const std::vector<T>& image) {
  std::vector<T> out(beam.angleCount * beam.detectorCount, T(-77));
  Control control;
  projectFourier(beam, image.data(), out.data(), control);
  return out;
}

template <class T>
std::vector<T> backprojected(const ParallelBeam& beam, const std::vector<T>& sinogram) {
  std::vector<T> out(beam.rows * beam.columns, T(-77));
  Control control;
  backprojectFourier(beam, sinogram.data(), out.data(), control);
  return out;
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
      Setup setup = randomSetup(random, round);
      attach(setup);
      const auto image = random.cloud<TypeParam>(CloudKind::kNormal, setup.beam.rows * setup.beam.columns, 1);
      const auto expected = reference(setup.beam, image);
      const auto result = projected(setup.beam, image);
      double size = 0.0;
      for (const double value : expected) size = std::max(size, std::abs(value));
      const double allowed = (sizeof(TypeParam) == 4 ? 4e-6 : 1e-10) * (size + setup.beam.pixelSize);
      for (std::size_t i = 0; i < result.size(); ++i) ASSERT_NEAR(result[i], expected[i], allowed) << target << " round " << round;
    }
  });
}

TYPED_TEST(FourierSlice, BackprojectionIsTheTransposeOnEveryTarget) {
  onEveryTarget([](const char* target) {
    Random random(94);
    for (std::size_t round = 0; round < 30; ++round) {
      Setup setup = randomSetup(random, round);
      attach(setup);
      const auto image = random.cloud<TypeParam>(CloudKind::kNormal, setup.beam.rows * setup.beam.columns, 1);
      const auto sinogram = random.cloud<TypeParam>(CloudKind::kNormal, setup.beam.angleCount * setup.beam.detectorCount, 1);
      const auto forward = projected(setup.beam, image), back = backprojected(setup.beam, sinogram);
      double left = 0.0, right = 0.0, size = 0.0;
      for (std::size_t i = 0; i < sinogram.size(); ++i) {
        left += static_cast<double>(forward[i]) * static_cast<double>(sinogram[i]);
        size += std::abs(static_cast<double>(forward[i]) * static_cast<double>(sinogram[i]));
      }
      for (std::size_t i = 0; i < image.size(); ++i) {
        right += static_cast<double>(image[i]) * static_cast<double>(back[i]);
        size += std::abs(static_cast<double>(image[i]) * static_cast<double>(back[i]));
      }
      EXPECT_NEAR(left, right, 16 * std::numeric_limits<TypeParam>::epsilon() * (size + setup.beam.pixelSize)) << target << " round " << round;
    }
  });
}

TYPED_TEST(FourierSlice, ResultsDoNotDependOnTheNumberOfThreads) {
  Random random(95);
  Setup setup = randomSetup(random, 0);
  setup.beam.rows = 130;
  setup.beam.columns = 95;
  setup.beam.detectorCount = 200;
  for (std::size_t a = 0; a < 700; ++a) setup.angles.push_back(random.uniform());
  attach(setup);
  const auto image = random.cloud<TypeParam>(CloudKind::kNormal, setup.beam.rows * setup.beam.columns, 1);
  const auto sinogram = random.cloud<TypeParam>(CloudKind::kNormal, setup.beam.angleCount * setup.beam.detectorCount, 1);
  std::vector<TypeParam> forward, back;
  withThreadCounts({1, 2, 3, 7}, [&](int threads) {
    const auto thisForward = projected(setup.beam, image), thisBack = backprojected(setup.beam, sinogram);
    if (threads == 1) {
      forward = thisForward;
      back = thisBack;
    }
    EXPECT_EQ(forward, thisForward);
    EXPECT_EQ(back, thisBack);
  });
}

TYPED_TEST(FourierSlice, DetectorsBesideTheImageReadZero) {
  for (const double offset : {1e3, -1e12, 1e300}) {
    const std::vector<double> angles = {0.3};
    ParallelBeam beam{3, 2, 1.0, angles.data(), 1, 2, 1.0, offset};
    EXPECT_EQ(projected(beam, std::vector<TypeParam>(6, 1)), std::vector<TypeParam>(2, 0));
    EXPECT_EQ(backprojected(beam, std::vector<TypeParam>(2, 1)), std::vector<TypeParam>(6, 0));
  }
}

TYPED_TEST(FourierSlice, StopsWhenAborted) {
  Random random(96);
  Setup setup = randomSetup(random, 1);
  setup.beam.detectorOffset = 0;
  attach(setup);
  std::array<std::int32_t, 2> cells = {1, 0};
  Control control(cells.data());
  std::vector<TypeParam> image(setup.beam.rows * setup.beam.columns), sinogram(setup.beam.angleCount * setup.beam.detectorCount);
  EXPECT_THROW(projectFourier(setup.beam, image.data(), sinogram.data(), control), Aborted);
  EXPECT_THROW(backprojectFourier(setup.beam, sinogram.data(), image.data(), control), Aborted);
}

}  // namespace
}  // namespace ridgeflow::testing
