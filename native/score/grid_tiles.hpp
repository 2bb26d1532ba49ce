#pragma once

#include <cstddef>

namespace ridgeflow::grid_tiles {

/// A grid of up to three axes: coordinate 0 contiguous, the next ones `row` and `plane` elements apart.
template <class Pointer>
struct Grid {
  Pointer data;
  std::size_t row, plane;
};

/// The taps of a window, as GridTaps has them.
struct Window {
  const double* coefficients;
  std::size_t width, degree, padded;
};

/// Values read at one point: v, its d derivatives and the sum of its second derivatives, per σ.
constexpr std::size_t kValues = 5;
constexpr std::size_t kLaplacian = 4;

/// One axis of a convolution out[i] = Σ_k kernel[i + offset − k] in[k].
struct Convolution {
  const double* kernel;  // at lag 0; zeros beyond `reach` on both sides, kKernelPadding of them
  std::size_t reach;
  std::ptrdiff_t offset;
  std::size_t inputs, outputs;
};
constexpr std::size_t kKernelPadding = 32;
constexpr std::size_t kRowPadding = 32;  // elements that a row needs beyond its last grid point
constexpr std::size_t kColumns = 16;     // columns that are convolved at a time; rows and planes are multiples
constexpr std::size_t kRows = 4;         // rows that are convolved at a time

struct GridOperations {
  /// Adds weight × window around each point. `positions`: count × d, in grid steps, the window within the grid.
  void (*spread)(const Window& window, std::size_t d, const double* positions, const double* weights, std::size_t count,
                 const Grid<double*>& grid);
  /// Reads `kValues` values at each point; second derivatives only where `second`.
  void (*interpolate)(const Window& window, std::size_t d, const double* positions, std::size_t count,
                      const Grid<const double*>& grid, bool second, double* values);
  /// Convolves kColumns columns whose elements are `stride` apart.
  void (*convolveColumns)(const Convolution& axis, const double* in, double* out, std::size_t stride);
  /// Convolves kRows contiguous rows.
  void (*convolveRows)(const Convolution& axis, const double* const* in, double* const* out);
};

GridOperations gridOperations();

}  // namespace ridgeflow::grid_tiles
