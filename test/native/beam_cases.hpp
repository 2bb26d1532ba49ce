#pragma once

#include <array>
#include <functional>
#include <limits>
#include <numbers>
#include <vector>

#include <gtest/gtest.h>

#include "radon/parallel_beam.hpp"
#include "support.hpp"

// What the tests of parallel beams share, whichever kernel projects.

namespace ridgeflow::testing {

/// A beam that owns its angles.
class BeamCase {
 public:
  std::vector<double> angles;
  ParallelBeam beam;

  std::size_t pixels() const { return beam.rows * beam.columns; }
  std::size_t rays() const { return angles.size() * beam.detectorCount; }
  const ParallelBeam& attached() {
    beam.angles = angles.data();
    beam.angleCount = angles.size();
    return beam;
  }
};

/// Up to `most` angles, every `period`-th of them along an axis or a diagonal, and detectors of any width beside any
/// number of pixels; the caller sets the extents of the image.
inline BeamCase randomBeam(Random& random, std::size_t round, std::size_t mostAngles, std::size_t period, std::size_t mostDetectors) {
  BeamCase test;
  constexpr std::array special = {0.0, 0.5, 0.25, 0.75, 1.0, -0.5};
  const std::size_t count = 1 + random.below(mostAngles);
  for (std::size_t a = 0; a < count; ++a) {
    test.angles.push_back(std::numbers::pi * (a % period == 0 ? special[random.below(special.size())] : 8 * random.uniform() - 4));
  }
  test.beam.pixelSize = 0.2 + 2 * random.uniform();
  test.beam.detectorCount = 1 + random.below(mostDetectors);
  test.beam.detectorSpacing = test.beam.pixelSize * (round % 5 == 4 ? 3.1 : round % 5 == 3 ? 0.21 : 0.6 + random.uniform());
  test.beam.detectorOffset = 3 * random.normal();
  return test;
}

/// Projects an image, and the other way a sinogram.
template <class T>
struct BeamKernels {
  std::function<void(const ParallelBeam&, const T*, T*, Control&)> project, backproject;

  std::vector<T> projected(BeamCase& test, const std::vector<T>& image) const {
    std::vector<T> sinogram(test.rays(), T(-77));
    Control control;
    project(test.attached(), image.data(), sinogram.data(), control);
    return sinogram;
  }
  std::vector<T> backprojected(BeamCase& test, const std::vector<T>& sinogram) const {
    std::vector<T> image(test.pixels(), T(-77));
    Control control;
    backproject(test.attached(), sinogram.data(), image.data(), control);
    return image;
  }
};

/// Σ (Pf)·g = Σ f·(P*g) for random f and g, to some roundings.
template <class T>
void expectTransposes(const BeamKernels<T>& kernels, BeamCase& test, Random& random, double roundings) {
  const auto image = random.normals<T>(test.pixels()), sinogram = random.normals<T>(test.rays());
  const auto forward = kernels.projected(test, image), back = kernels.backprojected(test, sinogram);
  double size = 0.0;
  const auto inner = [&](const std::vector<T>& a, const std::vector<T>& b) {
    double sum = 0.0;
    for (std::size_t i = 0; i < a.size(); ++i) {
      const double product = static_cast<double>(a[i]) * static_cast<double>(b[i]);
      sum += product;
      size += std::abs(product);
    }
    return sum;
  };
  const double left = inner(forward, sinogram), right = inner(image, back);
  EXPECT_NEAR(left, right, roundings * std::numeric_limits<T>::epsilon() * (size + test.beam.pixelSize));
}

/// The same bits both ways for any number of threads.
template <class T>
void expectSameBits(const BeamKernels<T>& kernels, BeamCase& test, Random& random) {
  const auto image = random.normals<T>(test.pixels()), sinogram = random.normals<T>(test.rays());
  std::vector<T> forward, back;
  withThreadCounts({1, 2, 3, 7}, [&](int threads) {
    const auto thisForward = kernels.projected(test, image), thisBack = kernels.backprojected(test, sinogram);
    if (threads == 1) {
      forward = thisForward;
      back = thisBack;
    }
    EXPECT_EQ(forward, thisForward);
    EXPECT_EQ(back, thisBack);
  });
}

template <class T>
void expectAborts(const BeamKernels<T>& kernels, BeamCase& test) {
  std::array<std::int32_t, 2> cells = {1, 0};
  Control control(cells.data());
  std::vector<T> image(test.pixels()), sinogram(test.rays());
  EXPECT_THROW(kernels.project(test.attached(), image.data(), sinogram.data(), control), Aborted);
  EXPECT_THROW(kernels.backproject(test.attached(), sinogram.data(), image.data(), control), Aborted);
}

}  // namespace ridgeflow::testing
