#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <vector>

#include "runtime/memory.hpp"
#include "runtime/parallel.hpp"
#include "transport/pair_plan.hpp"

namespace ridgeflow {
namespace {

using namespace score_tiles;

constexpr std::size_t kPanelsPerBlock = 8;     // panels of points that share one tile of targets in cache
constexpr std::size_t kBlockBytes = 1U << 20;  // of packed points: half of a second-level cache
constexpr std::size_t kFewBlocks = 16;         // below this many panels the targets are cut in segments too
constexpr std::size_t kSegment = 4096;         // smallest segment of targets
constexpr std::size_t kMaximumSegments = 64;

/// Sums of base-2 exponentials of some points, relative to 2^maximum.
struct Sums {
  std::vector<double> maximum, sum, square;
  explicit Sums(std::size_t points)
      : maximum(points, -std::numeric_limits<double>::infinity()), sum(points), square(points) {}
};

/// The working memory of a block of panels.
template <class T>
class Block {
 public:
  Block(const PairPlan<T>& plan, std::size_t first, std::size_t count, std::vector<double>& square)
      : plan_(plan),
        width_(plan.width()),
        count_(count),
        panels_(ceilDivide(count, width_)),
        transposed_(allocateBuffer<T>(panels_ * plan.pairs().d * width_)),
        shift_(allocateBuffer<T>(panels_ * width_)),
        state_(allocateBuffer<T>(3 * width_)),
        weights_(allocateBuffer<T>(kTile * width_)) {
    std::vector<double> squares(width_);
    for (std::size_t p = 0; p < panels_; ++p) {
      plan.packPoints(first + p * width_, lanesOf(p), transposed_.get() + p * plan.pairs().d * width_, squares.data());
      std::copy_n(squares.begin(), lanesOf(p), square.begin() + static_cast<std::ptrdiff_t>(p * width_));
    }
    std::fill_n(shift_.get(), panels_ * width_, T(0));
    // Lanes beyond the last point must never ask for the maximum to move.
    std::fill_n(shift_.get() + count, panels_ * width_ - count, kExcluded<T>);
  }

  std::size_t panels() const { return panels_; }
  std::size_t lanesOf(std::size_t p) const { return std::min(width_, count_ - p * width_); }
  T* shift(std::size_t p) const { return shift_.get() + p * width_; }

  QueryPanel<T> panel(std::size_t p) const {
    QueryPanel<T> panel;
    panel.transposed = transposed_.get() + p * plan_.pairs().d * width_;
    panel.maximum = shift(p);
    panel.largest = state_.get();
    panel.weightSum = state_.get() + width_;
    panel.momentSum = state_.get() + 2 * width_;
    panel.weights = weights_.get();
    return panel;
  }

 private:
  const PairPlan<T>& plan_;
  std::size_t width_, count_, panels_;
  Buffer<T> transposed_, shift_, state_, weights_;
};

/// Moves the shift of a panel to the largest logits seen, and rescales its sums. Returns whether a point has yet met
/// only targets that are left out.
template <class T>
bool moveMaximum(const QueryPanel<T>& panel, std::size_t lanes, double* maximum, double* sum) {
  bool unset = false;
  for (std::size_t lane = 0; lane < lanes; ++lane) {
    const bool first = std::isinf(maximum[lane]);
    if (first && panel.largest[lane] < -kExcluded<T> / 2) {
      unset = true;
      continue;
    }
    const T old = panel.maximum[lane];
    const T moved = old + (first ? panel.largest[lane] : std::max(panel.largest[lane], T(0)));
    panel.maximum[lane] = moved;
    maximum[lane] = moved;
    if (!first) sum[lane] *= std::exp2(static_cast<double>(old) - static_cast<double>(moved));
  }
  return unset;
}

/// Adds targets [from, to) to the sums of the points from row `first`.
template <class T>
void addTargets(const PairPlan<T>& plan, std::size_t first, std::size_t from, std::size_t to, Sums& sums, Control& control) {
  const std::size_t d = plan.pairs().d, count = sums.sum.size();
  const Block<T> block(plan, first, count, sums.square);
  std::vector<bool> unset(block.panels(), true);
  for (std::size_t begin = from; begin < to; begin += kTile) {
    const CentreTile<T> tile = plan.tile(begin, std::min(kTile, to - begin));
    for (std::size_t p = 0; p < block.panels(); ++p) {
      const QueryPanel<T> panel = block.panel(p);
      const std::size_t lanes = block.lanesOf(p);
      double* maximum = sums.maximum.data() + p * plan.width();
      double* sum = sums.sum.data() + p * plan.width();
      if (unset[p]) {
        plan.operations().largest(panel, tile, d, plan.pass());
        unset[p] = moveMaximum(panel, lanes, maximum, sum);
      }
      if (!plan.operations().accumulate(panel, tile, d, plan.pass())) {
        unset[p] = moveMaximum(panel, lanes, maximum, sum);
        plan.operations().accumulate(panel, tile, d, plan.pass());
      }
      for (std::size_t lane = 0; lane < lanes; ++lane) sum[lane] += panel.weightSum[lane];
    }
    control.advance(count * tile.count);
  }
}

void merge(Sums& into, const Sums& from) {
  for (std::size_t i = 0; i < into.maximum.size(); ++i) {
    if (std::isinf(from.maximum[i])) continue;
    const double maximum = std::max(into.maximum[i], from.maximum[i]);
    into.sum[i] = std::exp2(into.maximum[i] - maximum) * into.sum[i] + std::exp2(from.maximum[i] - maximum) * from.sum[i];
    into.maximum[i] = maximum;
  }
}

/// Panels per block: few enough to stay in cache and to give every thread several blocks.
template <class T>
std::size_t panelsPerBlock(const PairPlan<T>& plan) {
  const std::size_t fitting = std::max<std::size_t>(1, kBlockBytes / (plan.width() * plan.pairs().d * sizeof(T)));
  const std::size_t sharedOut = ceilDivide(ceilDivide(plan.pairs().n, plan.width()), 4 * static_cast<std::size_t>(threadCount()));
  return std::min({kPanelsPerBlock, fitting, sharedOut});
}

}  // namespace

template <class T>
void softmin(const PointPairs<T>& pairs, double* out, Control& control) {
  control.start(static_cast<std::uint64_t>(pairs.n) * pairs.m);
  const PairPlan<T> plan(pairs, control);
  // Panels start at multiples of their width and segments depend on the sizes alone, so that the arithmetic of a point
  // is the same however the work is shared out.
  const std::size_t block = panelsPerBlock(plan) * plan.width();
  const std::size_t blocks = ceilDivide(pairs.n, block);
  const std::size_t segments = ceilDivide(pairs.n, plan.width()) >= kFewBlocks
                                   ? 1
                                   : std::min(kMaximumSegments, ceilDivide(pairs.m, kSegment));
  const std::size_t segmentSize = ceilDivide(ceilDivide(pairs.m, segments), kTile) * kTile;
  const auto write = [&](std::size_t first, const Sums& sums) {
    const double scale = -pairs.epsilon * std::numbers::ln2;
    for (std::size_t i = 0; i < sums.sum.size(); ++i) {
      out[first + i] = std::isinf(sums.maximum[i])
                           ? std::numeric_limits<double>::infinity()
                           : scale * (sums.maximum[i] + std::log2(sums.sum[i]) + plan.offset() - sums.square[i]);
    }
  };
  std::vector<std::vector<Sums>> partial(segments > 1 ? blocks : 0, std::vector<Sums>(segments, Sums(0)));
  parallelFor(blocks * segments, [&](std::size_t task) {
    const FlushDenormals flushDenormals;
    const std::size_t first = task / segments * block, segment = task % segments;
    Sums sums(std::min(block, pairs.n - first));
    const std::size_t from = std::min(pairs.m, segment * segmentSize), to = std::min(pairs.m, from + segmentSize);
    addTargets(plan, first, from, to, sums, control);
    if (segments == 1) {
      write(first, sums);
    } else {
      partial[task / segments][segment] = std::move(sums);
    }
  });
  for (std::size_t b = 0; b < partial.size(); ++b) {
    for (std::size_t segment = 1; segment < segments; ++segment) merge(partial[b][0], partial[b][segment]);
    write(b * block, partial[b][0]);
  }
}

namespace {

/// Passes over the weights e^{r_i + h_j − c_ij/ε} themselves: each(panel, tile, begin, first, count) for every tile of
/// targets from `begin` and every panel of points.
template <class T, class Each>
void forWeights(const PairPlan<T>& plan, const PassOptions& pass, const double* rowLogWeights, Control& control, const Each& each) {
  const PointPairs<T>& pairs = plan.pairs();
  const std::size_t width = plan.width();
  parallelFor(ceilDivide(pairs.n, width), [&](std::size_t task) {
    const FlushDenormals flushDenormals;
    const std::size_t first = task * width, count = std::min(width, pairs.n - first);
    std::vector<double> square(count);
    const Block<T> block(plan, first, count, square);
    const QueryPanel<T> panel = block.panel(0);
    for (std::size_t lane = 0; lane < count; ++lane) {
      const double shift = square[lane] - rowLogWeights[first + lane] * std::numbers::log2e - plan.offset();
      block.shift(0)[lane] = static_cast<T>(std::min(shift, static_cast<double>(kExcluded<T>)));
    }
    for (std::size_t begin = 0; begin < pairs.m; begin += kTile) {
      const CentreTile<T> tile = plan.tile(begin, std::min(kTile, pairs.m - begin));
      plan.operations().accumulate(panel, tile, pairs.d, pass);
      each(panel, tile, begin, first, count);
      control.advance(count * tile.count);
    }
  });
}

}  // namespace

template <class T>
void planRows(const PointPairs<T>& pairs, const double* rowLogWeights, bool overDistance, T* out, Control& control) {
  control.start(static_cast<std::uint64_t>(pairs.n) * pairs.m);
  const PairPlan<T> plan(pairs, control);
  PassOptions pass = plan.pass();
  pass.overDistance = overDistance && pass.distances;
  const double unit = pass.overDistance ? plan.kappa() : 1.0;  // distances are in units of 1/κ
  forWeights(plan, pass, rowLogWeights, control,
             [&](const QueryPanel<T>& panel, const CentreTile<T>& tile, std::size_t begin, std::size_t first, std::size_t count) {
               for (std::size_t lane = 0; lane < count; ++lane) {
                 T* row = out + (first + lane) * pairs.m + begin;
                 for (std::size_t j = 0; j < tile.count; ++j) row[j] = static_cast<T>(panel.weights[j * plan.width() + lane] * unit);
               }
             });
}

template <class T>
void planCosts(const PointPairs<T>& pairs, const double* rowLogWeights, double* out, Control& control) {
  control.start(static_cast<std::uint64_t>(pairs.n) * pairs.m);
  const PairPlan<T> plan(pairs, control, true);
  PassOptions pass = plan.pass();
  pass.moment = true;
  std::fill_n(out, pairs.n, 0.0);
  forWeights(plan, pass, rowLogWeights, control,
             [&](const QueryPanel<T>& panel, const CentreTile<T>&, std::size_t, std::size_t first, std::size_t count) {
               for (std::size_t lane = 0; lane < count; ++lane) out[first + lane] += panel.momentSum[lane] / plan.kappa();
             });
}

template void softmin<float>(const PointPairs<float>&, double*, Control&);
template void softmin<double>(const PointPairs<double>&, double*, Control&);
template void planRows<float>(const PointPairs<float>&, const double*, bool, float*, Control&);
template void planRows<double>(const PointPairs<double>&, const double*, bool, double*, Control&);
template void planCosts<float>(const PointPairs<float>&, const double*, double*, Control&);
template void planCosts<double>(const PointPairs<double>&, const double*, double*, Control&);

}  // namespace ridgeflow
