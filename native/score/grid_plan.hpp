#pragma once

#include <array>
#include <cstddef>
#include <optional>

#include "score/grid_window.hpp"
#include "score/score.hpp"

namespace ridgeflow {

/// What the path takes that queries are left to, in seconds of one thread: to begin with, and for all queries.
struct OtherPath {
  double start = 0.0, run = 1.0;
};

/// How a score is computed on a grid.
struct GridPlan {
  /// Along one coordinate. The grid of the centres starts at `origin`, that of the queries `offset` steps later.
  struct Axis {
    double origin = 0.0;
    std::ptrdiff_t offset = 0;
    std::size_t sources = 1, queries = 1;   ///< grid points
    double sourceLow = 0.0, sourceHigh = 0.0;  ///< centres beyond are negligible for the queries
    double queryLow = 0.0, queryHigh = 0.0;    ///< queries beyond are left to another path
  };

  GridWindow window;
  double tolerance;  ///< error that is allowed, relative to a query's own sum
  double step;       ///< between grid points
  double reach;      ///< distance in σ beyond which a centre is negligible
  std::array<Axis, 3> axes;
  double seconds;        ///< expected, of one thread, without the queries that are left to another path
  double leftOver;       ///< expected share of those queries

  double secondsWith(const OtherPath& other) const;
};

/// Dimensions that a grid is of use in.
inline constexpr std::size_t kGridDimensions = 3;

/// What the rounding of the grid's own kernel adds to the error, relative to the sum of all weights: in the sum, its
/// derivatives and its second derivatives.
inline constexpr std::array kGridRounding = {2e-15, 1e-14, 2e-13};

/// The cheapest window and box; none where a grid would be larger than the clouds deserve, or no window is exact enough.
/// O(n + m) time.
template <class T>
std::optional<GridPlan> planGrid(const ScoreProblem<T>& problem, const OtherPath& other);

/// Largest errors of a sum F over d dimensions, of the length of its gradient and of its Laplacian (per σ), where the
/// weights have the sum W: `factor` × √(WF).
std::array<double, 3> gridErrors(const GridWindow& window, std::size_t d);

}  // namespace ridgeflow
