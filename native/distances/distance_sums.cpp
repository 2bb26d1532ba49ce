#include "distances/distance_sums.hpp"

#include <algorithm>
#include <vector>

#include "distances/group_tiles.hpp"
#include "distances/mutual_sums.hpp"
#include "distances/tiles.hpp"
#include "runtime/centred_rows.hpp"
#include "runtime/memory.hpp"
#include "runtime/query_blocks.hpp"

namespace ridgeflow {
namespace {

using distance_tiles::kTile;
using distance_tiles::Rows;
using distance_tiles::TileOperations;

/// What is the same for all tasks of one call.
template <class T>
struct Plan {
  const DistanceSumProblem<T>& problem;
  TileOperations<T> operations;
  std::size_t stride;
  std::vector<double> origin;
  GroupTiles groups;
};

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
    for (const GroupTile& tile : plan_.groups.tiles) {
      packPoints(tile);
      const Rows<T> rows{rows_.get(), plan_.stride, 1, rowSquares_.get(), tile.count};
      for (std::size_t p = 0; p < panels_; ++p) {
        plan_.operations.sums(queries_.get() + p * d * width_, querySquares_.get() + p * width_, rows, d, partial_.get());
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

  void packPoints(const GroupTile& tile) {
    const CentredRows<T> points(plan_.problem.points, plan_.problem.d, plan_.origin);
    for (std::size_t j = 0; j < tile.count; ++j) {
      rowSquares_[j] = static_cast<T>(points.pack(plan_.groups.order[tile.first + j], rows_.get() + j * plan_.stride));
    }
  }

  const Plan<T>& plan_;
  std::size_t firstQuery_, count_, width_, panels_;
  Buffer<T> rows_, rowSquares_, queries_, querySquares_, partial_;
};

}  // namespace

template <class T>
void distanceSums(const DistanceSumProblem<T>& problem, Control& control) {
  const bool mutual = problem.queries == problem.points && problem.n == problem.m;
  if (mutual && mutualDistanceSums(problem, control)) return;
  control.start(problem.n);
  const Plan<T> plan{problem, distance_tiles::tileOperations(T()), packedStride<T>(problem.d),
                     meanOfRows(problem.points, problem.m, problem.d),
                     GroupTiles(problem.groups, problem.m, problem.groupCount, kTile)};
  forQueryBlocks(problem.n, plan.operations.panelWidth, [&](std::size_t first, std::size_t count) {
    Block<T>(plan, first, count).run(control);
  });
}

template void distanceSums<float>(const DistanceSumProblem<float>&, Control&);
template void distanceSums<double>(const DistanceSumProblem<double>&, Control&);

}  // namespace ridgeflow
