#pragma once

#include <cstdint>
#include <vector>

#include "runtime/control.hpp"
#include "score/grid_plan.hpp"
#include "score/score.hpp"

namespace ridgeflow {

/// The score in up to three dimensions where the kernel is wide: a fast Gauss transform. The weights are spread on a
/// grid with a window, the grid is convolved along one axis after another with a Gaussian sharpened by the window's
/// transform, and sums, gradients and Laplacians are read from it with the window and its derivatives. O(m + n) time
/// and, for the grid, O(extent/σ) time and memory in each dimension.
///
/// No transform of the whole grid is taken: sums are local, so that the error of a query is relative to √(WF), W all
/// weights and F the query's own sum, rather than to W. Every query's error is bounded from what was read for it, and
/// those for which it may exceed the plan's tolerance are left to the caller: their rows are returned, in ascending
/// order of the work.
///
/// Gridding with windows whose transform is known: A. Dutt and V. Rokhlin, Fast Fourier transforms for nonequispaced
/// data, SIAM J. Sci. Comput. 14 (1993); the Gauss transform by gridding: S. Kunis, D. Potts and G. Steidl, Fast Gauss
/// transforms with complex parameters using NFFTs, J. Numer. Math. 14 (2006).
///
/// `control` advances by m for the centres, m + n for the grid and n for the queries.
template <class T>
std::vector<std::uint32_t> scoreGridded(const ScoreProblem<T>& problem, const GridPlan& plan, Control& control);

}  // namespace ridgeflow
