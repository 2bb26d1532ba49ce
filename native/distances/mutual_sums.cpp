#include "distances/mutual_sums.hpp"

#include <algorithm>
#include <vector>

#include "distances/group_tiles.hpp"
#include "distances/tiles.hpp"
#include "runtime/centred_rows.hpp"
#include "runtime/memory.hpp"

namespace ridgeflow {
namespace {

using distance_tiles::Rows;
using distance_tiles::TileOperations;

constexpr double kMostEmpty = 0.25;     // of the lanes of all panels
constexpr std::size_t kMostPanels = 8;  // of a block
constexpr std::size_t kBlocks = 64;     // at least, where there are panels for them

/// All points in panels of one group, lanes across. The same panel is read as vectors of points and as single ones.
template <class T>
class Panels {
 public:
  Panels(const DistanceSumProblem<T>& problem, const TileOperations<T>& operations, const GroupTiles& tiles, const Control& control)
      : problem_(problem),
        operations_(operations),
        tiles_(tiles),
        width_(operations.panelWidth),
        coordinates_(allocateBuffer<T>(count() * width_ * problem.d)),
        squares_(allocateBuffer<T>(count() * width_)),
        weights_(allocateBuffer<T>(count() * width_)) {
    const std::vector<double> origin = meanOfRows(problem.points, problem.m, problem.d);
    const CentredRows<T> points(problem.points, problem.d, origin);
    parallelFor(count(), [&](std::size_t p) {
      control.check();
      const GroupTile& tile = tiles_.tiles[p];
      for (std::size_t lane = 0; lane < width_; ++lane) {
        // Lanes beyond the last point repeat it, and weigh nothing.
        const std::size_t row = tiles_.order[tile.first + std::min(lane, tile.count - 1)];
        const double square = points.pack(row, coordinates_.get() + p * width_ * problem.d + lane, width_);
        squares_[p * width_ + lane] = static_cast<T>(square);
        weights_[p * width_ + lane] = lane < tile.count ? T(1) : T(0);
      }
    });
  }

  std::size_t count() const { return tiles_.tiles.size(); }

  /// Adds the distances between two panels to the sums of both; within one, of all its pairs.
  void add(std::size_t a, std::size_t b, T* columnSums, T* rowSums) const {
    const T* panel = coordinates_.get() + b * width_ * problem_.d;
    const Rows<T> rows{coordinates_.get() + a * width_ * problem_.d, 1, width_, squares_.get() + a * width_, tiles_.tiles[a].count};
    if (a == b) {
      operations_.sums(panel, squares_.get() + b * width_, rows, problem_.d, columnSums);
    } else {
      operations_.mutualSums(panel, squares_.get() + b * width_, weights_.get() + b * width_, rows, problem_.d, columnSums, rowSums);
      give(a, tiles_.tiles[b].group, rowSums);
    }
    give(b, tiles_.tiles[a].group, columnSums);
  }

 private:
  void give(std::size_t p, std::size_t group, const T* sums) const {
    const GroupTile& tile = tiles_.tiles[p];
    for (std::size_t j = 0; j < tile.count; ++j) {
      problem_.sums[tiles_.order[tile.first + j] * problem_.groupCount + group] += sums[j];
    }
  }

  const DistanceSumProblem<T>& problem_;
  const TileOperations<T>& operations_;
  const GroupTiles& tiles_;
  std::size_t width_;
  Buffer<T> coordinates_, squares_, weights_;
};

}  // namespace

template <class T>
bool mutualDistanceSums(const DistanceSumProblem<T>& problem, Control& control) {
  const TileOperations<T> operations = distance_tiles::tileOperations(T());
  const GroupTiles tiles(problem.groups, problem.m, problem.groupCount, operations.panelWidth);
  const auto lanes = static_cast<double>(tiles.tiles.size() * operations.panelWidth);
  if (lanes > (1.0 + kMostEmpty) * static_cast<double>(problem.m)) return false;

  const Panels<T> panels(problem, operations, tiles, control);
  const std::size_t size = std::clamp<std::size_t>(panels.count() / kBlocks, 1, kMostPanels);
  const std::size_t blocks = ceilDivide(panels.count(), size);
  std::fill_n(problem.sums, problem.m * problem.groupCount, 0.0);
  control.start(static_cast<std::uint64_t>(blocks) * blocks);
  // In round r block i meets block r − i, modulo their number: every two blocks meet once, and in a round a block has one
  // task at most. So the sums of a point grow in the order of the rounds, whatever the number of threads.
  std::vector<std::size_t> first;
  for (std::size_t round = 0; round < blocks; ++round) {
    first.clear();
    for (std::size_t i = 0; i < blocks; ++i) {
      if (i <= (round + blocks - i) % blocks) first.push_back(i);
    }
    parallelFor(first.size(), [&](std::size_t task) {
      const std::size_t i = first[task], j = (round + blocks - i) % blocks;
      const Buffer<T> columnSums = allocateBuffer<T>(operations.panelWidth), rowSums = allocateBuffer<T>(operations.panelWidth);
      const std::size_t endA = std::min(panels.count(), (i + 1) * size), endB = std::min(panels.count(), (j + 1) * size);
      for (std::size_t a = i * size; a < endA; ++a) {
        for (std::size_t b = i == j ? a : j * size; b < endB; ++b) panels.add(a, b, columnSums.get(), rowSums.get());
        control.check();
      }
      control.advance(i == j ? 1 : 2);
    });
  }
  return true;
}

template bool mutualDistanceSums<float>(const DistanceSumProblem<float>&, Control&);
template bool mutualDistanceSums<double>(const DistanceSumProblem<double>&, Control&);

}  // namespace ridgeflow
