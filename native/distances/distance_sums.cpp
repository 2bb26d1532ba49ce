#include "distances/distance_sums.hpp"

#include <algorithm>
#include <vector>

#include "distances/tiles.hpp"
#include "runtime/centred_rows.hpp"
#include "runtime/memory.hpp"
#include "runtime/query_blocks.hpp"

namespace ridgeflow {
namespace {

using distance_tiles::kTile;
using distance_tiles::TileOperations;

/// Points first … first + count − 1 of the order by groups, all of one group.
struct Tile {
  std::size_t first, count, group;
};

/// What is the same for all tasks of one call.
template <class T>
struct Plan {
  const DistanceSumProblem<T>& problem;
  TileOperations<T> operations;
  std::size_t stride;
  std::vector<double> origin;
  std::vector<std::size_t> order;  ///< row numbers of the points, group by group
  std::vector<Tile> tiles;
};

template <class T>
Plan<T> makePlan(const DistanceSumProblem<T>& problem) {
  const std::size_t m = problem.m, d = problem.d;
  Plan<T> plan{problem, distance_tiles::tileOperations(T()), packedStride<T>(d), meanOfRows(problem.points, m, d), std::vector<std::size_t>(m), {}};
  std::vector<std::size_t> starts(problem.groupCount + 1, 0);
  for (std::size_t j = 0; j < m; ++j) ++starts[static_cast<std::size_t>(problem.groups[j]) + 1];
  for (std::size_t g = 0; g < problem.groupCount; ++g) starts[g + 1] += starts[g];
  std::vector<std::size_t> next(starts.begin(), starts.end() - 1);
  for (std::size_t j = 0; j < m; ++j) plan.order[next[static_cast<std::size_t>(problem.groups[j])]++] = j;
  for (std::size_t g = 0; g < problem.groupCount; ++g) {
    for (std::size_t first = starts[g]; first < starts[g + 1]; first += kTile) {
      plan.tiles.push_back({first, std::min(kTile, starts[g + 1] - first), g});
    }
  }
  return plan;
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
        rowSquares_(allocateBuffer<T>(kTile)),
        queries_(allocateBuffer<T>(panels_ * plan.problem.d * width_)),
        querySquares_(allocateBuffer<T>(panels_ * width_)),
        partial_(allocateBuffer<T>(width_)) {
    packQueries();
  }

  void run(Control& control) {
    const std::size_t d = plan_.problem.d, groups = plan_.problem.groupCount;
    std::fill_n(plan_.problem.sums + firstQuery_ * groups, count_ * groups, 0.0);
    for (const Tile& tile : plan_.tiles) {
      packPoints(tile);
      for (std::size_t p = 0; p < panels_; ++p) {
        plan_.operations.sums(queries_.get() + p * d * width_, querySquares_.get() + p * width_, rows_.get(),
                              plan_.stride, rowSquares_.get(), tile.count, d, partial_.get());
        const std::size_t lanes = std::min(width_, count_ - p * width_);
        for (std::size_t lane = 0; lane < lanes; ++lane) {
          plan_.problem.sums[(firstQuery_ + p * width_ + lane) * groups + tile.group] += partial_[lane];
        }
      }
      control.check();
    }
    control.advance(count_);
  }

 private:
  void packQueries() {
    const std::size_t d = plan_.problem.d;
    const CentredRows<T> queries(plan_.problem.queries, d, plan_.origin);
    std::vector<double> squares(width_);
    for (std::size_t p = 0; p < panels_; ++p) {
      const std::size_t first = p * width_;
      queries.packPanel(firstQuery_ + first, std::min(width_, count_ - first), width_, queries_.get() + first * d, squares.data());
      std::transform(squares.begin(), squares.end(), querySquares_.get() + first, [](double square) { return static_cast<T>(square); });
    }
  }

  void packPoints(const Tile& tile) {
    const CentredRows<T> points(plan_.problem.points, plan_.problem.d, plan_.origin);
    for (std::size_t j = 0; j < tile.count; ++j) {
      rowSquares_[j] = static_cast<T>(points.pack(plan_.order[tile.first + j], rows_.get() + j * plan_.stride));
    }
  }

  const Plan<T>& plan_;
  std::size_t firstQuery_, count_, width_, panels_;
  Buffer<T> rows_, rowSquares_, queries_, querySquares_, partial_;
};

}  // namespace

template <class T>
void distanceSums(const DistanceSumProblem<T>& problem, Control& control) {
  control.start(problem.n);
  const Plan<T> plan = makePlan(problem);
  forQueryBlocks(problem.n, plan.operations.panelWidth, [&](std::size_t first, std::size_t count) {
    Block<T>(plan, first, count).run(control);
  });
}

template void distanceSums<float>(const DistanceSumProblem<float>&, Control&);
template void distanceSums<double>(const DistanceSumProblem<double>&, Control&);

}  // namespace ridgeflow
