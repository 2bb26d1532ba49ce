#include "score/dense.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <numbers>
#include <vector>

#include "runtime/centred_rows.hpp"
#include "runtime/memory.hpp"
#include "runtime/parallel.hpp"
#include "score/dense_plan.hpp"
#include "score/finer.hpp"
#include "score/results.hpp"
#include "score/rounding.hpp"
#include "score/tiles.hpp"

namespace ridgeflow {
namespace {

using namespace score_tiles;

constexpr std::size_t kPanelsPerBlock = 8;       // query panels that share one packed tile of centres
constexpr std::size_t kBlockBytes = 1U << 21;    // of queries and their sums: a second-level cache
constexpr std::size_t kTilesPerFlush = 8;        // float32 sums run over at most 8 × 128 centres, then go to float64
constexpr std::size_t kFewBlocks = 16;           // below this many query blocks the centres are cut in segments too
constexpr std::size_t kSegment = 4096;           // smallest segment of centres
constexpr std::size_t kMaximumSegments = 64;

/// Running sums of some queries, in float64, relative to 2^maximum.
struct Sums {
  std::vector<double> maximum, weight, moment, mean;
  Sums(std::size_t queries, std::size_t d)
      : maximum(queries, -std::numeric_limits<double>::infinity()), weight(queries), moment(queries), mean(queries * d) {}
};

/// One block of query panels against one segment of centres.
template <class T>
class Block {
 public:
  Block(const DensePlan<T>& plan, std::size_t firstQuery, std::size_t count)
      : plan_(plan),
        firstQuery_(firstQuery),
        count_(count),
        panels_(ceilDivide(count, plan.width)),
        unset_(panels_, true),
        centres_(allocateBuffer<T>(plan.tile * plan.stride + 16)),
        transposed_(allocateBuffer<T>(panels_ * plan.problem.d * plan.width)),
        state_(allocateBuffer<T>(4 * plan.width)),
        shift_(allocateBuffer<T>(panels_ * plan.width)),
        weights_(allocateBuffer<T>(plan.direct ? 1 : plan.tile * plan.width)),
        meanSum_(allocateBuffer<T>(plan.problem.d * plan.width * (plan.direct ? 1 : panels_))) {
    packQueries();
    std::fill_n(shift_.get(), panels_ * plan.width, T(0));
    // Lanes beyond the last query get a shift above any logit: they must never ask for the maximum to move.
    std::fill_n(shift_.get() + count, panels_ * plan.width - count, kExcluded<T>);
    if (!plan.direct) std::fill_n(meanSum_.get(), plan.problem.d * plan.width * panels_, T(0));
  }

  /// Adds centres [from, to) to the sums.
  void run(std::size_t from, std::size_t to, Sums& sums, Control& control) {
    const std::size_t d = plan_.problem.d;
    std::size_t sinceFlush = 0;
    for (std::size_t first = from; first < to; first += plan_.tile) {
      const std::size_t count = std::min(plan_.tile, to - first);
      packCentres(first, count);
      for (std::size_t p = 0; p < panels_; ++p) {
        CentreTile<T> tile{centres_.get(), plan_.stride, count, plan_.bias.data() + first,
                           plan_.square.empty() ? nullptr : plan_.square.data() + first, 0, false};
        tile.self = static_cast<std::ptrdiff_t>(firstQuery_ + p * plan_.width) - static_cast<std::ptrdiff_t>(first);
        tile.excludeSelf = plan_.problem.excludeSelf && tile.self < static_cast<std::ptrdiff_t>(count) &&
                           tile.self + static_cast<std::ptrdiff_t>(plan_.width) > 0;
        addTile(p, tile, sums);
      }
      if (++sinceFlush == kTilesPerFlush) {
        flush(sums);
        sinceFlush = 0;
      }
      control.advance(count_ * count * d);
    }
    flush(sums);
  }

 private:
  std::size_t lanesOf(std::size_t p) const { return std::min(plan_.width, count_ - p * plan_.width); }

  void packQueries() {
    const std::size_t d = plan_.problem.d;
    const double scale = plan_.pass.differences ? plan_.scale : plan_.kappa;
    const CentredRows<T> queries(plan_.problem.queries, d, plan_.origin);
    for (std::size_t p = 0; p < panels_; ++p) {
      queries.packPanel(firstQuery_ + p * plan_.width, lanesOf(p), plan_.width, transposed_.get() + p * d * plan_.width,
                        nullptr, scale);
    }
  }

  void packCentres(std::size_t first, std::size_t count) {
    const CentredRows<T> centres(plan_.problem.centres, plan_.problem.d, plan_.origin);
    const std::size_t group = plan_.direct ? 1 : plan_.operations.group;
    for (std::size_t j = 0; j < count; ++j) {
      centres.pack(first + j, centres_.get() + packedRow(j, plan_.stride, group), group, plan_.scale);
    }
  }

  void addTile(std::size_t p, const CentreTile<T>& tile, Sums& sums) {
    const std::size_t d = plan_.problem.d;
    const std::size_t width = plan_.width;
    QueryPanel<T> panel;
    panel.transposed = transposed_.get() + p * d * width;
    panel.maximum = shift_.get() + p * width;
    panel.largest = state_.get();
    panel.weightSum = state_.get() + width;
    panel.momentSum = state_.get() + 2 * width;
    panel.weights = weights_.get();
    panel.meanSum = meanSum_.get() + (plan_.direct ? 0 : p * d * width);
    if (unset_[p]) {
      plan_.direct ? plan_.operations.directLargest(panel, tile, d)
                   : plan_.operations.largest(panel, tile, d, plan_.pass);
      moveMaximum(p, panel, sums);
    }
    const auto pass = [&] {
      return plan_.direct ? plan_.operations.directAccumulate(panel, tile, d)
                          : plan_.operations.accumulate(panel, tile, d, plan_.pass);
    };
    if (!pass()) {
      moveMaximum(p, panel, sums);
      pass();
    }
    for (std::size_t lane = 0; lane < lanesOf(p); ++lane) {
      const std::size_t i = p * width + lane;
      sums.weight[i] += panel.weightSum[lane];
      sums.moment[i] += panel.momentSum[lane];
    }
    if (plan_.direct) addMean(p, panel.meanSum, sums);
  }

  /// Shifts the exponentials of a panel to the largest logit seen, and rescales what has been summed. A query that has
  /// met only excluded centres stays unset: its shift is 0, its sums are 0, its maximum is −∞.
  void moveMaximum(std::size_t p, const QueryPanel<T>& panel, Sums& sums) {
    const std::size_t d = plan_.problem.d;
    bool unset = false;
    for (std::size_t lane = 0; lane < lanesOf(p); ++lane) {
      const std::size_t i = p * plan_.width + lane;
      const bool first = std::isinf(sums.maximum[i]);
      if (first && panel.largest[lane] < -kExcluded<T> / 2) {
        unset = true;
        continue;
      }
      const T old = panel.maximum[lane];
      const T moved = old + (first ? panel.largest[lane] : std::max(panel.largest[lane], T(0)));
      panel.maximum[lane] = moved;
      sums.maximum[i] = moved;
      if (first || moved == old) continue;
      const double factor = std::exp2(static_cast<double>(old) - static_cast<double>(moved));
      sums.weight[i] *= factor;
      sums.moment[i] *= factor;
      for (std::size_t k = 0; k < d; ++k) sums.mean[i * d + k] *= factor;
      if (plan_.direct) continue;
      for (std::size_t k = 0; k < d; ++k) panel.meanSum[k * plan_.width + lane] *= static_cast<T>(factor);
    }
    unset_[p] = unset;
  }

  void addMean(std::size_t p, const T* meanSum, Sums& sums) {
    const std::size_t d = plan_.problem.d;
    for (std::size_t lane = 0; lane < lanesOf(p); ++lane) {
      double* out = sums.mean.data() + (p * plan_.width + lane) * d;
      for (std::size_t k = 0; k < d; ++k) out[k] += meanSum[k * plan_.width + lane];
    }
  }

  void flush(Sums& sums) {
    if (plan_.direct || !plan_.pass.mean) return;
    const std::size_t size = plan_.problem.d * plan_.width;
    for (std::size_t p = 0; p < panels_; ++p) addMean(p, meanSum_.get() + p * size, sums);
    std::fill_n(meanSum_.get(), size * panels_, T(0));
  }

  const DensePlan<T>& plan_;
  std::size_t firstQuery_, count_, panels_;
  std::vector<bool> unset_;  // panels with a query that has no maximum yet
  Buffer<T> centres_, transposed_, state_, shift_, weights_, meanSum_;
};

/// Adds the sums of another segment of centres.
void merge(Sums& into, const Sums& from, std::size_t d) {
  for (std::size_t i = 0; i < into.maximum.size(); ++i) {
    if (std::isinf(from.maximum[i])) continue;
    const double maximum = std::max(into.maximum[i], from.maximum[i]);
    const double a = std::exp2(into.maximum[i] - maximum);
    const double b = std::exp2(from.maximum[i] - maximum);
    into.maximum[i] = maximum;
    into.weight[i] = a * into.weight[i] + b * from.weight[i];
    into.moment[i] = a * into.moment[i] + b * from.moment[i];
    for (std::size_t k = 0; k < d; ++k) into.mean[i * d + k] = a * into.mean[i * d + k] + b * from.mean[i * d + k];
  }
}

/// Whether the sums of a query are what they stand for: the largest logit, which they are relative to, counts 1 in them.
/// Where that is lost, the rounding of the logits in T is more than an exponential bears, or they overflowed.
bool trusted(const Sums& sums, std::size_t local, std::size_t d) {
  if (!(sums.weight[local] >= 0.5 && std::isfinite(sums.weight[local]) && std::isfinite(sums.moment[local]))) return false;
  const double* mean = sums.mean.data() + local * d;
  return std::all_of(mean, mean + d, [](double value) { return std::isfinite(value); });
}

/// Writes the results of the queries from the first on; `again` receives the rows of those that have to be computed finer.
template <class T>
void writeResults(const DensePlan<T>& plan, const Sums& sums, std::size_t firstQuery, double allowed, std::vector<std::uint32_t>& again) {
  const ScoreProblem<T>& problem = plan.problem;
  const ScoreResults<T> results(problem);
  const std::size_t d = problem.d;
  std::vector<double> mean(d);
  for (std::size_t local = 0; local < sums.maximum.size(); ++local) {
    const std::size_t i = firstQuery + local;
    if (std::isinf(sums.maximum[local]) || !trusted(sums, local, d)) {
      again.push_back(static_cast<std::uint32_t>(i));
      continue;
    }
    const T* x = problem.queries + i * d;
    const double weight = sums.weight[local];
    double querySquare = 0.0, meanSquare = 0.0, distance = 0.0;
    for (std::size_t k = 0; k < d; ++k) {
      const double query = x[k] - plan.origin[k];
      const double centred = plan.pass.mean ? sums.mean[local * d + k] / weight / plan.scale : 0.0;
      querySquare += query * query;
      meanSquare += centred * centred;
      distance += (query - centred) * (query - centred);
      mean[k] = plan.origin[k] + centred;
    }
    double base2 = sums.maximum[local] + std::log2(weight);
    if (!plan.pass.differences) base2 -= plan.kappa / 2 * querySquare;
    // The trace of the posterior covariance, from whichever second moment was summed.
    const double moment = sums.moment[local] / weight;
    const double trace = plan.pass.differences ? moment / (plan.scale * plan.scale) - distance : moment - meanSquare;
    if (plan.pass.differences) {
      const double extent = (std::sqrt(querySquare) + plan.radius) / std::sqrt(problem.variance);
      if (roundingShows(problem, {2 * std::numbers::ln2 * moment, trace / problem.variance, extent}, allowed)) {
        again.push_back(static_cast<std::uint32_t>(i));
        continue;
      }
    }
    results.write(i, base2, mean.data(), trace);
  }
}

}  // namespace

template <class T>
void scoreDense(const ScoreProblem<T>& problem, Control& control, double allowed) {
  const DensePlan<T> plan = makeDensePlan(problem);
  const std::size_t d = problem.d;

  // Panels always start at multiples of the panel width, and segments depend on the sizes alone, so that the
  // arithmetic of a query is the same however the work is shared out.
  const std::size_t panels = ceilDivide(problem.n, plan.width);
  const std::size_t fitting = std::max<std::size_t>(1, kBlockBytes / (plan.width * d * 2 * sizeof(T)));
  const std::size_t sharedOut = ceilDivide(panels, 4 * static_cast<std::size_t>(threadCount()));
  const std::size_t panelsPerBlock = std::min({kPanelsPerBlock, fitting, sharedOut});
  const std::size_t blocks = ceilDivide(panels, panelsPerBlock);
  const std::size_t segments =
      panels >= kFewBlocks ? 1 : std::min(kMaximumSegments, ceilDivide(problem.m, kSegment));
  const std::size_t segmentSize = ceilDivide(problem.m, segments);

  control.start(static_cast<std::uint64_t>(problem.n) * problem.m * d);
  std::vector<std::vector<std::uint32_t>> again(blocks);
  std::vector<std::vector<Sums>> partial(segments > 1 ? blocks : 0);
  for (auto& sums : partial) sums.resize(segments, Sums(0, 0));
  parallelFor(blocks * segments, [&](std::size_t task) {
    const FlushDenormals flushDenormals;
    const std::size_t block = task / segments, segment = task % segments;
    const std::size_t first = block * panelsPerBlock * plan.width;
    const std::size_t count = std::min(panelsPerBlock * plan.width, problem.n - first);
    Sums sums(count, d);
    const std::size_t from = segment * segmentSize;
    const std::size_t to = std::min(problem.m, from + segmentSize);
    if (from < to) Block<T>(plan, first, count).run(from, to, sums, control);
    if (segments == 1) {
      writeResults(plan, sums, first, allowed, again[block]);
    } else {
      partial[block][segment] = std::move(sums);
    }
  });
  for (std::size_t block = 0; block < partial.size(); ++block) {
    Sums& sums = partial[block][0];
    for (std::size_t segment = 1; segment < segments; ++segment) merge(sums, partial[block][segment], d);
    writeResults(plan, sums, block * panelsPerBlock * plan.width, allowed, again[block]);
  }
  scoreFiner(problem, joined(again), control);
}

template void scoreDense<float>(const ScoreProblem<float>&, Control&, double);
template void scoreDense<double>(const ScoreProblem<double>&, Control&, double);

}  // namespace ridgeflow
