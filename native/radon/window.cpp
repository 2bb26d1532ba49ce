#include <array>
#include <cmath>
#include <numbers>

#include "radon/spectrum.hpp"

namespace ridgeflow::radon_spectrum {
namespace {

/// The modified Bessel function I₀ by its power series, whose terms are all positive.
double bessel(double x) {
  double sum = 1.0, term = 1.0;
  for (int k = 1; term > 1e-18 * sum; ++k) {
    term *= 0.25 * x * x / (static_cast<double>(k) * k);
    sum += term;
  }
  return sum;
}

double shape(double taps) { return std::numbers::pi * std::sqrt(0.5625 * taps * taps - 0.8); }

}  // namespace

template <class T>
Window<T>::Window() : polynomials_(allocateBuffer<T>(2 * kTaps<T> * kCoefficients)) {
  constexpr auto kWidth = static_cast<double>(kTaps<T>);
  const double beta = shape(kWidth);
  for (std::size_t tap = 0; tap < kTaps<T>; ++tap) {
    // Chebyshev interpolation on [−1, 1], then the same polynomial in powers.
    std::array<double, kCoefficients> values{}, powers{}, before{}, current{};
    for (std::size_t i = 0; i < kCoefficients; ++i) {
      const double z = std::cos(std::numbers::pi * (static_cast<double>(i) + 0.5) / kCoefficients);
      const double t = static_cast<double>(tap) - (kWidth / 2 - 1) - 0.5 * (z + 1);
      values[i] = bessel(beta * std::sqrt(std::max(0.0, 1 - 4 * t * t / (kWidth * kWidth)))) / bessel(beta);
    }
    current[0] = 1.0;
    for (std::size_t k = 0; k < kCoefficients; ++k) {
      double coefficient = 0.0;
      for (std::size_t i = 0; i < kCoefficients; ++i) {
        coefficient += values[i] * std::cos(std::numbers::pi * static_cast<double>(k) * (static_cast<double>(i) + 0.5) / kCoefficients);
      }
      coefficient *= (k == 0 ? 1.0 : 2.0) / kCoefficients;
      for (std::size_t i = 0; i < kCoefficients; ++i) powers[i] += coefficient * current[i];
      // T_{k+1} = 2 z T_k − T_{k−1}, T_1 = z.
      std::array<double, kCoefficients> next{};
      for (std::size_t i = 0; i < kCoefficients; ++i) {
        next[i] = (i > 0 ? (k == 0 ? 1.0 : 2.0) * current[i - 1] : 0.0) - before[i];
      }
      before = current;
      current = next;
    }
    for (std::size_t i = 0; i < kCoefficients; ++i) {
      T* pair = polynomials_.get() + 2 * (i * kTaps<T> + tap);
      pair[0] = pair[1] = static_cast<T>(powers[i]);
    }
  }
}

template <class T>
double Window<T>::transform(double frequency) {
  constexpr auto kWidth = static_cast<double>(kTaps<T>);
  const double beta = shape(kWidth), turns = std::numbers::pi * kWidth * frequency;
  const double root = std::sqrt(beta * beta - turns * turns);
  return kWidth * std::sinh(root) / root / bessel(beta);
}

template class Window<float>;
template class Window<double>;

}  // namespace ridgeflow::radon_spectrum
