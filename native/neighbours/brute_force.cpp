#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "neighbours/search.hpp"
#include "neighbours/tiles.hpp"
#include "runtime/centred_rows.hpp"
#include "runtime/memory.hpp"
#include "runtime/query_blocks.hpp"

namespace ridgeflow {
namespace {

using neighbour_tiles::kTile;
using neighbour_tiles::TileOperations;

constexpr std::size_t kSpare = 6;  // candidates kept beyond k, so that rounding seldom forces a second search

/// What is the same for all tasks of one call.
template <class T>
struct Plan {
  const NeighbourProblem<T>& problem;
  TileOperations<T> operations;
  std::size_t stride;
  std::vector<double> origin;
  std::vector<T> halfSquares;  // |p|²/2 of each centred point
  double largestSquare = 0.0;
};

template <class T>
Plan<T> makePlan(const NeighbourProblem<T>& problem) {
  const std::size_t m = problem.m, d = problem.d;
  Plan<T> plan{problem, neighbour_tiles::tileOperations(T()), packedStride<T>(d), meanOfRows(problem.points, m, d), std::vector<T>(m)};
  const CentredRows<T> points(problem.points, d, plan.origin);
  for (std::size_t j = 0; j < m; ++j) {
    const double square = points.square(j);
    plan.halfSquares[j] = static_cast<T>(square / 2);
    plan.largestSquare = std::max(plan.largestSquare, square);
  }
  return plan;
}

template <class T>
bool excluded(const NeighbourProblem<T>& problem, std::size_t query, std::size_t point) {
  return problem.excludeSelf && query == point;
}

template <class T>
class Block {
 public:
  Block(const Plan<T>& plan, std::size_t firstQuery, std::size_t count)
      : plan_(plan),
        firstQuery_(firstQuery),
        count_(count),
        width_(plan.operations.panelWidth),
        panels_(ceilDivide(count, width_)),
        rows_(allocateBuffer<T>(kTile * plan.stride)),
        queries_(allocateBuffer<T>(panels_ * plan.problem.d * width_)),
        values_(allocateBuffer<T>(kTile * width_)),
        thresholds_(allocateBuffer<T>(panels_ * width_)),
        querySquares_(count),
        candidates_(count, Candidates<T>(plan.problem.k + kSpare)) {
    packQueries();
    std::fill_n(thresholds_.get(), panels_ * width_, std::numeric_limits<T>::infinity());
  }

  void run(Control& control) {
    for (std::size_t first = 0; first < plan_.problem.m; first += kTile) {
      const std::size_t tile = std::min(kTile, plan_.problem.m - first);
      packPoints(first, tile);
      for (std::size_t p = 0; p < panels_; ++p) scan(p, first, tile);
      control.check();
    }
    Candidates<double> found(plan_.problem.k);
    for (std::size_t local = 0; local < count_; ++local) refine(local, found, control);
    control.advance(count_);
  }

 private:
  std::size_t lanesOf(std::size_t p) const { return std::min(width_, count_ - p * width_); }

  void packQueries() {
    const CentredRows<T> queries(plan_.problem.queries, plan_.problem.d, plan_.origin);
    std::vector<double> squares(width_);
    for (std::size_t p = 0; p < panels_; ++p) {
      const std::size_t first = p * width_;
      queries.packPanel(firstQuery_ + first, lanesOf(p), width_, queries_.get() + first * plan_.problem.d, squares.data());
      std::copy_n(squares.begin(), lanesOf(p), querySquares_.begin() + static_cast<std::ptrdiff_t>(first));
    }
  }

  void packPoints(std::size_t first, std::size_t tile) {
    const CentredRows<T> points(plan_.problem.points, plan_.problem.d, plan_.origin);
    for (std::size_t j = 0; j < tile; ++j) points.pack(first + j, rows_.get() + j * plan_.stride);
  }

  void scan(std::size_t p, std::size_t first, std::size_t tile) {
    const std::size_t d = plan_.problem.d;
    T* thresholds = thresholds_.get() + p * width_;
    plan_.operations.halfDistances(queries_.get() + p * d * width_, rows_.get(), plan_.stride,
                                   plan_.halfSquares.data() + first, tile, d, values_.get());
    for (std::size_t j = 0; (j = plan_.operations.nextBelow(values_.get(), thresholds, j, tile)) < tile; ++j) {
      for (std::size_t lane = 0; lane < lanesOf(p); ++lane) {
        const T value = values_[j * width_ + lane];
        const std::size_t local = p * width_ + lane;
        if (!(value < thresholds[lane]) || excluded(plan_.problem, firstQuery_ + local, first + j)) continue;
        candidates_[local].offer(value, static_cast<std::int32_t>(first + j));
        thresholds[lane] = candidates_[local].worst();
      }
      // Lanes beyond the last query repeat it, and must not keep the scan busy.
      for (std::size_t lane = lanesOf(p); lane < width_; ++lane) thresholds[lane] = -std::numeric_limits<T>::infinity();
    }
  }

  /// Measures the candidates from differences, and searches again where a point left out could be nearer.
  void refine(std::size_t local, Candidates<double>& found, const Control& control) {
    const NeighbourProblem<T>& problem = plan_.problem;
    const std::size_t query = firstQuery_ + local;
    found.clear();
    for (const auto& candidate : candidates_[local].entries()) {
      const T* point = problem.points + static_cast<std::size_t>(candidate.index) * problem.d;
      found.offer(squaredDistance(problem.queries + query * problem.d, point, problem.d), candidate.index);
    }
    const std::size_t available = problem.m - (problem.excludeSelf ? 1 : 0);
    if (!candidates_[local].full() && candidates_[local].entries().size() < available) {
      // Distances overflowed, and could not be compared.
      searchExactly(problem, query, found, control);
    } else if (candidates_[local].full()) {
      // |computed − true| ≤ ~ε √d (|x|² + |p|²): rounding of the products, of their sum, and of the packed values.
      const double rounding = std::numeric_limits<T>::epsilon() * (4.0 + std::sqrt(static_cast<double>(problem.d))) *
                              (querySquares_[local] + plan_.largestSquare);
      const double leftOut = 2.0 * static_cast<double>(candidates_[local].worst()) + querySquares_[local] - rounding;
      if (!(found.worst() < leftOut)) searchExactly(problem, query, found, control);
    }
    writeNeighbours(problem, query, found);
  }

  const Plan<T>& plan_;
  std::size_t firstQuery_, count_, width_, panels_;
  Buffer<T> rows_, queries_, values_, thresholds_;
  std::vector<double> querySquares_;
  std::vector<Candidates<T>> candidates_;
};

}  // namespace

template <class T>
void searchTiles(const NeighbourProblem<T>& problem, Control& control) {
  const Plan<T> plan = makePlan(problem);
  forQueryBlocks(problem.n, plan.operations.panelWidth, [&](std::size_t first, std::size_t count) {
    Block<T>(plan, first, count).run(control);
  });
}

template void searchTiles<float>(const NeighbourProblem<float>&, Control&);
template void searchTiles<double>(const NeighbourProblem<double>&, Control&);

}  // namespace ridgeflow
