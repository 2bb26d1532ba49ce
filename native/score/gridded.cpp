#include "score/gridded.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <utility>

#include "runtime/memory.hpp"
#include "runtime/parallel.hpp"
#include "score/grid_points.hpp"
#include "score/grid_tiles.hpp"
#include "score/results.hpp"

namespace ridgeflow {
namespace {

using namespace grid_tiles;

constexpr std::size_t kPointsPerTask = 4096;
constexpr std::size_t kPointsAtATime = 64;
constexpr std::size_t kPrivateCells = 1U << 15;  // grids up to this are summed up from copies
constexpr std::size_t kCopies = 32;
constexpr std::size_t kTilesPerTask = 4;

/// A grid that owns its points. Rows are odd multiples of kColumns apart, and there is an odd number of them, so that the
/// rows and planes of a window do not fall on the same cache sets; they have kRowPadding elements beyond the last point.
class OwnGrid {
 public:
  OwnGrid(std::size_t x, std::size_t y, std::size_t z)
      : row_((ceilDivide(x + kRowPadding, kColumns) | 1) * kColumns), rows_(y | 1), planes_(z) {
    data_ = allocateBuffer<double>(size());
  }
  std::size_t size() const { return row_ * rows_ * planes_; }
  std::size_t row() const { return row_; }
  std::size_t rows() const { return rows_; }
  std::size_t planes() const { return planes_; }
  std::size_t plane() const { return row_ * rows_; }
  double* data() { return data_.get(); }
  void clear() {
    constexpr std::size_t kShare = 1U << 16;
    parallelFor(ceilDivide(size(), kShare), [this](std::size_t task) {
      std::fill(data() + task * kShare, data() + std::min(size(), (task + 1) * kShare), 0.0);
    });
  }

 private:
  std::size_t row_, rows_, planes_;
  Buffer<double> data_;
};

template <class T>
class GriddedScore {
 public:
  GriddedScore(const ScoreProblem<T>& problem, const GridPlan& plan, Control& control)
      : problem_(problem),
        plan_(plan),
        control_(control),
        operations_(gridOperations()),
        taps_(gridTaps(plan.window)),
        window_{taps_.coefficients.get(), taps_.width, taps_.degree, taps_.padded},
        weights_(problem) {}

  std::vector<std::uint32_t> run() {
    OwnGrid sources(plan_.axes[0].sources, plan_.axes[1].sources, plan_.axes[2].sources);
    sources.clear();
    spread(sources);
    OwnGrid sums = convolve(std::move(sources));
    return read(sums);
  }

 private:
  void spread(OwnGrid& grid) {
    if (grid.size() <= kPrivateCells) return spreadCopies(grid);
    const GridOrder order(problem_, plan_, GridSide::kCentres, control_);
    for (std::size_t colour = 0; colour < order.colours(); ++colour) {
      parallelFor(order.blocks(colour), [&](std::size_t task) {
        const auto [begin, end] = order.block(colour, task);
        spreadRange(order.rows().data() + begin, end - begin, grid.data(), grid);
      });
    }
  }

  /// Each share of the centres on a grid of its own; the grids are added in order.
  void spreadCopies(OwnGrid& grid) {
    const std::vector<std::uint32_t> rows = gridRows(problem_, plan_, GridSide::kCentres, control_);
    const std::size_t share = std::max(kPointsPerTask, ceilDivide(rows.size(), kCopies));
    const std::size_t copies = ceilDivide(rows.size(), share);
    auto storage = allocateBuffer<double>(copies * grid.size());
    parallelFor(copies, [&](std::size_t copy) {
      double* own = storage.get() + copy * grid.size();
      std::fill_n(own, grid.size(), 0.0);
      spreadRange(rows.data() + copy * share, std::min(share, rows.size() - copy * share), own, grid);
    });
    for (std::size_t copy = 0; copy < copies; ++copy) {
      for (std::size_t i = 0; i < grid.size(); ++i) grid.data()[i] += storage[copy * grid.size() + i];
    }
  }

  void spreadRange(const std::uint32_t* rows, std::size_t count, double* data, const OwnGrid& grid) {
    const std::size_t d = problem_.d;
    double positions[3 * kPointsAtATime], weights[kPointsAtATime];
    for (std::size_t first = 0; first < count; first += kPointsAtATime) {
      const std::size_t some = std::min(kPointsAtATime, count - first);
      for (std::size_t p = 0; p < some; ++p) {
        const std::size_t j = rows[first + p];
        for (std::size_t k = 0; k < d; ++k) {
          positions[p * d + k] = (static_cast<double>(problem_.centres[j * d + k]) - plan_.axes[k].origin) / plan_.step;
        }
        weights[p] = weights_.of(j);
      }
      operations_.spread(window_, d, positions, weights, some, {data, grid.row(), grid.plane()});
      if ((first / kPointsAtATime) % 64 == 63) control_.check();
    }
    control_.advance(count);
  }

  /// One axis after another, the last coordinate first.
  OwnGrid convolve(OwnGrid grid) {
    const auto reach = static_cast<std::size_t>(std::ceil(plan_.reach * plan_.window.density)) + plan_.window.width / 2;
    const std::vector<double> half = gridKernel(plan_.window, reach);
    std::vector<double> kernel(2 * (reach + kKernelPadding) + 1, 0.0);
    double* middle = kernel.data() + reach + kKernelPadding;
    for (std::size_t k = 0; k <= reach; ++k) middle[k] = middle[-static_cast<std::ptrdiff_t>(k)] = half[k];
    const std::size_t d = problem_.d;
    const std::uint64_t share = (problem_.n + problem_.m) / d;
    for (std::size_t k = d; k-- > 1;) {
      const GridPlan::Axis& axis = plan_.axes[k];
      OwnGrid next(plan_.axes[0].sources, k == 1 ? axis.queries : plan_.axes[1].sources, plan_.axes[2].queries);
      const Convolution convolution{middle, reach, axis.offset, axis.sources, axis.queries};
      // Along the last coordinate of three, a plane is one long row.
      const bool planes = k == 2;
      const std::size_t stride = planes ? grid.plane() : grid.row();
      const std::size_t outer = planes ? 1 : grid.planes(), tiles = ceilDivide(stride / kColumns, kTilesPerTask);
      parallelFor(outer * tiles, [&](std::size_t task) {
        control_.check();
        const std::size_t plane = task / tiles, first = task % tiles * kTilesPerTask;
        const double* in = grid.data() + plane * grid.plane();
        double* out = next.data() + plane * next.plane();
        for (std::size_t tile = first; tile < std::min(stride / kColumns, first + kTilesPerTask); ++tile) {
          operations_.convolveColumns(convolution, in + tile * kColumns, out + tile * kColumns, stride);
        }
      });
      grid = std::move(next);
      control_.advance(share);
    }
    const GridPlan::Axis& axis = plan_.axes[0];
    OwnGrid next(axis.queries, plan_.axes[1].queries, grid.planes());
    next.clear();
    const Convolution convolution{middle, reach, axis.offset, axis.sources, axis.queries};
    const std::size_t rows = grid.rows() * grid.planes();
    parallelFor(ceilDivide(rows, kRows * kTilesPerTask), [&](std::size_t task) {
      control_.check();
      const std::size_t end = std::min(rows, (task + 1) * kRows * kTilesPerTask);
      for (std::size_t first = task * kRows * kTilesPerTask; first < end; first += kRows) {
        const double* in[kRows];
        double* out[kRows];
        for (std::size_t a = 0; a < kRows; ++a) {
          const std::size_t row = std::min(first + a, end - 1);  // the last one again where there are fewer
          in[a] = grid.data() + row * grid.row();
          out[a] = next.data() + row * next.row();
        }
        operations_.convolveRows(convolution, in, out);
      }
    });
    control_.advance(problem_.n + problem_.m - (d - 1) * share);
    return next;
  }

  std::vector<std::uint32_t> read(OwnGrid& grid) {
    std::vector<std::uint32_t> rows, left;
    if (grid.size() <= kPrivateCells) {
      rows = gridRows(problem_, plan_, GridSide::kQueries, control_, &left);
    } else {
      rows = GridOrder(problem_, plan_, GridSide::kQueries, control_, &left).takeRows();
    }
    control_.advance(left.size());
    const std::size_t tasks = ceilDivide(rows.size(), kPointsPerTask);
    std::vector<std::vector<std::uint32_t>> rejected(tasks);
    parallelFor(tasks, [&](std::size_t task) {
      const std::size_t begin = task * kPointsPerTask, end = std::min(rows.size(), begin + kPointsPerTask);
      readRange(rows.data() + begin, end - begin, grid, rejected[task]);
      control_.advance(end - begin);
    });
    for (const auto& some : rejected) left.insert(left.end(), some.begin(), some.end());
    return left;
  }

  void readRange(const std::uint32_t* rows, std::size_t count, OwnGrid& grid, std::vector<std::uint32_t>& rejected) const {
    const std::size_t d = problem_.d;
    const ScoreResults<T> results(problem_);
    const GridErrors errors(plan_, d, weights_.total());
    double positions[3 * kPointsAtATime], values[kValues * kPointsAtATime];
    for (std::size_t first = 0; first < count; first += kPointsAtATime) {
      const std::size_t some = std::min(kPointsAtATime, count - first);
      for (std::size_t p = 0; p < some; ++p) {
        for (std::size_t k = 0; k < d; ++k) {
          const GridPlan::Axis& axis = plan_.axes[k];
          const double x = problem_.queries[rows[first + p] * d + k];
          positions[p * d + k] = (x - axis.origin) / plan_.step - static_cast<double>(axis.offset);
        }
      }
      operations_.interpolate(window_, d, positions, some, {grid.data(), grid.row(), grid.plane()},
                              problem_.divergence != nullptr, values);
      for (std::size_t p = 0; p < some; ++p) {
        if (!write(rows[first + p], values + p * kValues, errors, results)) rejected.push_back(rows[first + p]);
      }
    }
  }

  /// Writes the results of query i, unless its error may be too large.
  bool write(std::size_t i, double* values, const GridErrors& errors, const ScoreResults<T>& results) const {
    const std::size_t d = problem_.d;
    const double all = values[0];
    if (problem_.excludeSelf) subtractSelf(i, values);
    const double sum = values[0];
    if (!(sum > 0)) return false;
    const double sigma = std::sqrt(problem_.variance);
    double mean[3] = {0, 0, 0}, square = 0.0;
    for (std::size_t k = 0; k < d; ++k) {
      const double offset = values[1 + k] / sum;
      square += offset * offset;
      mean[k] = static_cast<double>(problem_.queries[i * d + k]) + sigma * offset;
    }
    const bool second = problem_.divergence != nullptr;
    const double laplacian = second ? values[kLaplacian] / sum : 0.0;
    if (!errors.within(all, sum, square, laplacian, second)) return false;
    results.write(i, std::log2(sum) + weights_.shift(), mean, (laplacian + static_cast<double>(d) - square) * problem_.variance);
    return true;
  }

  void subtractSelf(std::size_t i, double* values) const {
    const std::size_t d = problem_.d;
    double square = 0.0, offset[3] = {0, 0, 0};
    const double sigma = std::sqrt(problem_.variance);
    for (std::size_t k = 0; k < d; ++k) {
      offset[k] = (static_cast<double>(problem_.centres[i * d + k]) - static_cast<double>(problem_.queries[i * d + k])) / sigma;
      square += offset[k] * offset[k];
    }
    const double weight = weights_.of(i) * std::exp(-square / 2);
    values[0] -= weight;
    for (std::size_t k = 0; k < d; ++k) values[1 + k] -= weight * offset[k];
    values[kLaplacian] -= weight * (square - static_cast<double>(d));
  }

  const ScoreProblem<T>& problem_;
  const GridPlan& plan_;
  Control& control_;
  GridOperations operations_;
  const GridTaps& taps_;
  Window window_;
  RelativeWeights<T> weights_;
};

}  // namespace

template <class T>
std::vector<std::uint32_t> scoreGridded(const ScoreProblem<T>& problem, const GridPlan& plan, Control& control) {
  return GriddedScore<T>(problem, plan, control).run();
}

template std::vector<std::uint32_t> scoreGridded(const ScoreProblem<float>&, const GridPlan&, Control&);
template std::vector<std::uint32_t> scoreGridded(const ScoreProblem<double>&, const GridPlan&, Control&);

}  // namespace ridgeflow
