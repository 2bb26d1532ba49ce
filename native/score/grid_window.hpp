#pragma once

#include <array>
#include <cstddef>
#include <vector>

#include "runtime/memory.hpp"

namespace ridgeflow {

/// A Kaiser–Bessel window I₀(β√(1 − (2z/w)²))/I₀(β) of w grid steps, with which points are spread on a grid of
/// `density` steps per σ and values are read from it.
///
/// `error[q]`: the Gaussian g(s) = exp(−s²/2) between two points, as spread, convolved and read, is off by at most
/// error[q] √g in one dimension: itself (q = 0), its derivative (1) and its second derivative (2).
struct GridWindow {
  std::size_t width;
  double density;
  double shape;  ///< β/w
  std::array<double, 3> error;
};

/// The windows to choose from. Their errors are measured over all positions in a step and all distances where g is
/// above 1e-16, rounding apart; test/native/gridded_test.cpp measures them again.
inline constexpr std::array kGridWindows = {
    GridWindow{8, 3.0, 2.8, {1.2e-7, 1.1e-6, 4.0e-5}},     GridWindow{8, 4.0, 2.9, {3.0e-8, 4.2e-7, 2.6e-5}},
    GridWindow{10, 3.0, 2.7, {2.4e-9, 2.5e-8, 7.5e-7}},    GridWindow{10, 4.0, 2.8, {3.1e-10, 4.2e-9, 2.8e-7}},
    GridWindow{12, 3.0, 2.7, {7.5e-11, 7.5e-10, 1.4e-8}},  GridWindow{12, 3.5, 2.7, {1.4e-11, 1.8e-10, 5.6e-9}},
    GridWindow{14, 3.0, 2.6, {1.0e-12, 1.2e-11, 3.0e-10}}, GridWindow{14, 3.5, 2.7, {9.0e-14, 1.2e-12, 4.8e-11}},
    GridWindow{16, 3.5, 2.6, {2.0e-14, 2.0e-14, 1.0e-13}}};

/// Coefficients of the polynomials that the taps of a window are, and of its first and second derivative in units of σ:
/// [derivative][power][tap], of τ from −1 to 1 for a grid point that lies (τ + 1)/2 steps inside the window.
struct GridTaps {
  std::size_t width, degree;
  std::size_t padded;  ///< taps rounded up to 8 or 16; the surplus ones are 0
  Buffer<double> coefficients;
};
/// Of one of kGridWindows; made once.
const GridTaps& gridTaps(const GridWindow& window);

/// What the grid is convolved with along each axis between spreading and reading: values at 0 … `reach` steps. The
/// Gaussian of density² steps² divided by the square of the window's transform, cut at the grid's own frequency.
std::vector<double> gridKernel(const GridWindow& window, std::size_t reach);

}  // namespace ridgeflow
