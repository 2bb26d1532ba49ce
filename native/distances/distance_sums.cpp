#include "distances/distance_sums.hpp"

#include <algorithm>
#include <vector>

#include "distances/tiles.hpp"
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
  Plan<T> plan{problem, distance_tiles::tileOperations(T()), packedStride<T>(d), std::vector<double>(d, 0.0), std::vector<std::size_t>(m), {}};
  for (std::size_t j = 0; j < m; ++j) {
    for (std::size_t k = 0; k < d; ++k) plan.origin[k] += problem.points[j * d + k];
  }
  for (double& value : plan.origin) value /= static_cast<double>(m);

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
  /// |x − origin|², its coordinates going to out[0], out[step], …
  double centre(const T* x, T* out, std::size_t step) const {
    double square = 0.0;
    for (std::size_t k = 0; k < plan_.problem.d; ++k) {
      const double centred = x[k] - plan_.origin[k];
      square += centred * centred;
      out[k * step] = static_cast<T>(centred);
    }
    return square;
  }

  void packQueries() {
    const std::size_t d = plan_.problem.d;
    for (std::size_t at = 0; at < panels_ * width_; ++at) {
      const std::size_t p = at / width_, lane = at % width_;
      const T* x = plan_.problem.queries + (firstQuery_ + std::min(at, count_ - 1)) * d;
      querySquares_[at] = static_cast<T>(centre(x, queries_.get() + p * d * width_ + lane, width_));
    }
  }

  void packPoints(const Tile& tile) {
    for (std::size_t j = 0; j < tile.count; ++j) {
      const T* point = plan_.problem.points + plan_.order[tile.first + j] * plan_.problem.d;
      rowSquares_[j] = static_cast<T>(centre(point, rows_.get() + j * plan_.stride, 1));
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
