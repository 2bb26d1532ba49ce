#include "score/grid_window.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace ridgeflow {
namespace {

/// I_ν(x)/x^ν, the modified Bessel function over its leading power, by its series: all terms are positive, so no digit
/// is lost.
double besselRatio(int order, double x) {
  const double quarter = x * x / 4;
  double term = 1.0;
  for (int k = 1; k <= order; ++k) term /= 2.0 * k;
  double sum = term;
  for (double k = 1.0; term > sum * 1e-18; ++k) {
    term *= quarter / (k * (k + order));
    sum += term;
  }
  return sum;
}

/// I₀(β) times the window at z steps from its middle or, by its closed form, a derivative by the point's position in σ: a
/// point that moves on comes nearer to the grid points ahead.
double windowValue(const GridWindow& window, double z, std::size_t derivative) {
  const double width = static_cast<double>(window.width), beta = window.shape * width, u = 2 * z / width;
  const double y = beta * std::sqrt(std::max(0.0, 1 - u * u));
  const double slope = 2 * window.density / width * beta * beta;
  if (derivative == 0) return besselRatio(0, y);
  if (derivative == 1) return slope * u * besselRatio(1, y);
  return slope * (2 * window.density / width) * (beta * beta * u * u * besselRatio(2, y) - besselRatio(1, y));
}

/// The polynomial through these values on one step, by interpolation in Chebyshev nodes.
std::vector<double> tapPolynomial(const GridWindow& window, std::size_t tap, std::size_t derivative, std::size_t degree) {
  const std::size_t count = degree + 1;
  const double unit = besselRatio(0, window.shape * static_cast<double>(window.width));
  std::vector<double> chebyshev(count, 0.0);
  for (std::size_t node = 0; node < count; ++node) {
    const double angle = std::numbers::pi * (static_cast<double>(node) + 0.5) / static_cast<double>(count);
    const double z = static_cast<double>(tap) + (std::cos(angle) + 1) / 2 - static_cast<double>(window.width) / 2;
    const double value = windowValue(window, z, derivative) / unit;
    for (std::size_t k = 0; k < count; ++k) {
      chebyshev[k] += value * std::cos(static_cast<double>(k) * angle) * (k == 0 ? 1.0 : 2.0) / static_cast<double>(count);
    }
  }
  // Σ c_k T_k as powers, by T_{k+1} = 2τT_k − T_{k−1}.
  std::vector<double> powers(count, 0.0), before(count, 0.0), current(count, 0.0);
  current[0] = 1.0;
  for (std::size_t k = 0; k < count; ++k) {
    for (std::size_t i = 0; i <= k; ++i) powers[i] += chebyshev[k] * current[i];
    std::vector<double> next(count, 0.0);
    for (std::size_t i = 0; i + 1 < count; ++i) next[i + 1] = (k == 0 ? 1.0 : 2.0) * current[i];
    for (std::size_t i = 0; i < count; ++i) next[i] -= before[i];
    before = std::move(current);
    current = std::move(next);
  }
  return powers;
}

GridTaps makeTaps(const GridWindow& window) {
  GridTaps taps{window.width, window.width + 1, window.width <= 8 ? 8UL : 16UL, nullptr};
  const std::size_t count = taps.degree + 1;
  taps.coefficients = allocateBuffer<double>(3 * count * taps.padded);
  std::fill_n(taps.coefficients.get(), 3 * count * taps.padded, 0.0);
  for (std::size_t tap = 0; tap < window.width; ++tap) {
    for (std::size_t derivative = 0; derivative < 3; ++derivative) {
      const std::vector<double> powers = tapPolynomial(window, tap, derivative, taps.degree);
      for (std::size_t i = 0; i < count; ++i) taps.coefficients[(derivative * count + i) * taps.padded + tap] = powers[i];
    }
  }
  return taps;
}

}  // namespace

const GridTaps& gridTaps(const GridWindow& window) {
  static const std::vector<GridTaps> all = [] {
    std::vector<GridTaps> taps;
    for (const GridWindow& each : kGridWindows) taps.push_back(makeTaps(each));
    return taps;
  }();
  const auto same = [&](const GridWindow& each) { return each.width == window.width && each.density == window.density; };
  return all[static_cast<std::size_t>(std::find_if(kGridWindows.begin(), kGridWindows.end(), same) - kGridWindows.begin())];
}

std::vector<double> gridKernel(const GridWindow& window, std::size_t reach) {
  const double width = static_cast<double>(window.width), beta = window.shape * width, r = window.density;
  const double unit = besselRatio(0, beta);
  const std::size_t steps = 2 * reach + 64;
  std::vector<double> spectrum(steps + 1);
  for (std::size_t i = 0; i <= steps; ++i) {
    const double omega = std::numbers::pi * static_cast<double>(i) / static_cast<double>(steps);
    const double root = std::sqrt(beta * beta - omega * omega * width * width / 4);
    const double transform = width * std::sinh(root) / root / unit;
    const double gaussian = std::sqrt(2 * std::numbers::pi) * r * std::exp(-omega * omega * r * r / 2);
    spectrum[i] = gaussian / (transform * transform) / static_cast<double>(steps) * (i == 0 || i == steps ? 0.5 : 1.0);
  }
  // cos(kω) by the angle's index, so that no rounding of k · ω grows with k.
  std::vector<double> cosines(2 * steps);
  for (std::size_t i = 0; i < 2 * steps; ++i) cosines[i] = std::cos(std::numbers::pi * static_cast<double>(i) / static_cast<double>(steps));
  std::vector<double> kernel(reach + 1);
  for (std::size_t k = 0; k <= reach; ++k) {
    double sum = 0.0;
    for (std::size_t i = steps + 1; i-- > 0;) sum += spectrum[i] * cosines[i * k % (2 * steps)];
    kernel[k] = sum;
  }
  return kernel;
}

}  // namespace ridgeflow
