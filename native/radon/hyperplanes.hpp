#pragma once

#include <array>
#include <cstddef>

#include "runtime/control.hpp"

namespace ridgeflow {

inline constexpr std::size_t kLargestGridDimension = 4;

/// Hyperplanes { x : u·x = p } through a grid of up to four dimensions. Cell (i_1, …, i_4) has the position
/// u·x = Σ_a steps[direction][a] · (i_a − (extents[a] − 1)/2); leading extents of 1 fill up lower dimensions.
struct HyperplaneGrid {
  std::array<std::size_t, kLargestGridDimension> extents{};  ///< row-major: the last is contiguous
  const double* steps = nullptr;                             ///< directions × 4
  std::size_t directionCount = 0;
  std::size_t detectorCount = 0;
  double firstDetector = 0.0;  ///< p of detector 0
  double detectorSpacing = 1.0;
  double cellVolume = 1.0;

  std::size_t cells() const { return extents[0] * extents[1] * extents[2] * extents[3]; }
};

/// Cumulative shadows of the cells: for each direction, the share C(t) of a cell's shadow below t, in detectors from its
/// centre. C is 0 below knots[0], 1 above the last knot, and between knots i and i + 1 the polynomial
/// Σ_m coefficients[i][m] zᵐ, z = the place between the two, from −1 to 1.
struct CellShadows {
  const double* knots = nullptr;         ///< directions × knotCount, ascending; intervals of no length have no weight
  const double* coefficients = nullptr;  ///< directions × (knotCount − 1) × (degree + 1)
  std::size_t knotCount = 0;
  std::size_t degree = 0;
};

/// How cells and hyperplanes meet.
enum class HyperplaneKernel {
  kLinear,        ///< integral over the hyperplane of the linear interpolation along the axis nearest to u
  kCell,          ///< mean over the detector's width of cells of constant value: exact
  kInterpolated,  ///< backprojection only: the projections interpolated linearly at the cells' centres
};

/// out (directions × detectors) ← integrals of grid over hyperplanes, in value × length^{d−1}. `shadows` for kCell.
/// O(directions · cells) time; one padded copy of the grid. Sums over lines are carried in float64; the answer does not
/// depend on the number of threads. Throws Aborted.
template <class T>
void projectHyperplanes(const HyperplaneGrid& grid, HyperplaneKernel kernel, const CellShadows& shadows, const T* values,
                        T* out, Control& control);

/// values ← the transpose of `projectHyperplanes` with the same kernel, or for kInterpolated the plain sum over directions
/// of the interpolated projections. O(directions · cells) time; one padded copy of the projections.
template <class T>
void backprojectHyperplanes(const HyperplaneGrid& grid, HyperplaneKernel kernel, const CellShadows& shadows,
                            const T* projections, T* values, Control& control);

}  // namespace ridgeflow
