#include "score/pruned.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <numeric>

#include "runtime/parallel.hpp"
#include "score/dense_plan.hpp"
#include "score/finer.hpp"
#include "score/pruned_panel.hpp"

namespace ridgeflow {
namespace {

constexpr std::size_t kLeaf = 16;            // centres per smallest box
constexpr std::size_t kPanelsPerTask = 4;
constexpr std::size_t kSampledPanels = 16;
constexpr std::size_t kPanelsPerSample = 96;  // the sample's panels are computed twice
constexpr std::size_t kShare = 256;          // rows per task
constexpr double kLargestTolerance = 0.1;    // what is left out must stay less than what is kept
constexpr double kNarrowPair = 1.3;          // a pair summed in a narrow panel, in pairs of the dense path
constexpr double kBoundPair = 1.6;           // a bound from as many coordinates as a pair has
constexpr double kBoundOverhead = 12.0;      // coordinates that take as long as what a bound needs beside them

std::size_t padded(std::size_t d) { return ceilDivide(d, pruned_tiles::kPadding) * pruned_tiles::kPadding; }

/// Leading coordinates of the second bound; 0: none.
std::size_t moreCoordinates(std::size_t d, std::size_t m) {
  if (d < 128) return 0;
  return d < 256 || m < 16384 ? 63 : 127;
}

}  // namespace

template <class T>
PrunedScore<T>::PrunedScore(const ScoreProblem<T>& problem, const Control& control)
    : problem_(problem),
      results_(problem),
      operations_(pruned_tiles::operations(T())),
      boxOperations_(cluster_tiles::clusterOperations(T())),
      origin_(medianOfRows(problem.centres, problem.m, problem.d)),
      scale_(std::sqrt(std::numbers::log2e / 2 / problem.variance)),
      differences_(needsDifferences(problem, origin_)),
      few_(std::clamp<std::size_t>(problem.d / 4, 7, 31)),
      more_(moreCoordinates(problem.d, problem.m)),
      basis_(CentredRows<T>(problem.centres, problem.d, origin_), {}, 0) {
  problem_.tolerance = std::min(problem_.tolerance, kLargestTolerance);
  const CentredRows<T> centres(problem.centres, problem.d, origin_), queries(problem.queries, problem.d, origin_);
  std::vector<std::uint32_t> rows;
  for (std::size_t j = 0; j < problem.m; ++j) {
    if (problem.logWeights == nullptr || std::isfinite(problem.logWeights[j])) rows.push_back(static_cast<std::uint32_t>(j));
  }
  basis_ = LeadingBasis(centres, rows, std::max(few_, more_));
  control.check();
  few_ = std::min(few_, basis_.count());
  more_ = basis_.count() > few_ + 8 ? std::min(more_, basis_.count()) : 0;
  fewStride_ = padded(few_ + 1);
  moreStride_ = more_ == 0 ? 0 : padded(more_ + 1);
  sameOrder_ = problem.queries == problem.centres && rows.size() == problem.n;
  const double centreSquare = centres.largestSquare(problem.m);
  centreRadius_ = std::sqrt(centreSquare / problem.variance);
  radius_ = scale_ * std::sqrt(std::max(centreSquare, sameOrder_ ? 0.0 : queries.largestSquare(problem.n)));
  const std::size_t width = operations_.width;
  centres_ = lead(centres, std::move(rows), std::min(width, kLeaf), kLeaf, control);
  if (!sameOrder_) {
    std::vector<std::uint32_t> all(problem.n);
    std::iota(all.begin(), all.end(), 0U);
    otherQueries_ = lead(queries, std::move(all), width, width, control);
  }
  packCentres();
}

template <class T>
typename PrunedScore<T>::Leading PrunedScore<T>::lead(const CentredRows<T>& cloud, std::vector<std::uint32_t> rows,
                                                      std::size_t run, std::size_t leaf, const Control& control) {
  const std::size_t n = rows.size(), count = basis_.count();
  Buffer<T> few = allocateBuffer<T>(n * fewStride_), more = allocateBuffer<T>(n * moreStride_);
  std::vector<double> squares(n);
  parallelFor(ceilDivide(n, kShare), [&](std::size_t task) {
    control.check();
    const std::size_t first = task * kShare, share = std::min(kShare, n - first);
    std::vector<double> coordinates(share * count);
    basis_.project(cloud, rows.data() + first, share, coordinates.data(), squares.data() + first);
    for (std::size_t i = 0; i < share; ++i) {
      double& square = squares[first + i];
      square *= scale_ * scale_;
      const auto write = [&](T* out, std::size_t kept, std::size_t stride) {
        double rest = square;
        for (std::size_t k = 0; k < kept; ++k) {
          const double y = coordinates[i * count + k] * scale_;
          rest -= y * y;
          out[k] = static_cast<T>(y);
        }
        out[kept] = static_cast<T>(std::sqrt(std::max(rest, 0.0)));
        std::fill(out + kept + 1, out + stride, T(0));
      };
      write(few.get() + (first + i) * fewStride_, few_, fewStride_);
      if (more_ > 0) write(more.get() + (first + i) * moreStride_, more_, moreStride_);
    }
  });
  std::vector<std::uint32_t> places(n);
  std::iota(places.begin(), places.end(), 0U);
  places = spatialOrder(few.get(), fewStride_, std::move(places), run, leaf, control, HalvedSide::kMostVaried);
  Leading result{std::vector<std::uint32_t>(n), allocateBuffer<T>(n * fewStride_), allocateBuffer<T>(n * moreStride_), std::vector<double>(n)};
  for (std::size_t i = 0; i < n; ++i) {
    const std::size_t from = places[i];
    result.order[i] = rows[from];
    result.squares[i] = squares[from];
    std::copy_n(few.get() + from * fewStride_, fewStride_, result.few.get() + i * fewStride_);
    std::copy_n(more.get() + from * moreStride_, moreStride_, result.more.get() + i * moreStride_);
  }
  return result;
}

template <class T>
void PrunedScore<T>::packCentres() {
  const std::size_t d = problem_.d, m = centres_.order.size();
  stride_ = padded(d);
  rows_ = allocateBuffer<T>(m * stride_);
  bias_ = allocateBuffer<T>(m);
  centreSquares_ = allocateBuffer<T>(m);
  if (problem_.excludeSelf) positions_.assign(problem_.m, std::numeric_limits<std::uint32_t>::max());
  const CentredRows<T> centres(problem_.centres, d, origin_);
  parallelFor(ceilDivide(m, kShare), [&](std::size_t task) {
    for (std::size_t i = task * kShare; i < std::min(m, (task + 1) * kShare); ++i) {
      const std::size_t j = centres_.order[i];
      T* row = rows_.get() + i * stride_;
      centres.pack(j, row, 1, scale_);
      std::fill(row + d, row + stride_, T(0));
      const double bias = problem_.logWeights == nullptr ? 0.0 : problem_.logWeights[j] * std::numbers::log2e;
      bias_[i] = static_cast<T>(differences_ ? bias : bias - centres_.squares[i]);
      centreSquares_[i] = static_cast<T>(centres_.squares[i]);
      if (!positions_.empty()) positions_[j] = static_cast<std::uint32_t>(i);
    }
  });
  if (m == 0) return;
  if (problem_.logWeights == nullptr) {
    logTotal_ = std::log2(static_cast<double>(m));
  } else {
    double sum = 0.0;
    largestBias_ = -std::numeric_limits<double>::infinity();
    for (const std::uint32_t j : centres_.order) largestBias_ = std::max(largestBias_, problem_.logWeights[j] * std::numbers::log2e);
    for (const std::uint32_t j : centres_.order) sum += std::exp2(problem_.logWeights[j] * std::numbers::log2e - largestBias_);
    logTotal_ = largestBias_ + std::log2(sum);
  }
  boxes_ = BoxTree<T>(centres_.few.get(), m, fewStride_, kLeaf);
}

template <class T>
double PrunedScore<T>::slack(double square) const {
  const double rounding = std::numeric_limits<T>::epsilon(), d = static_cast<double>(stride_);
  // ρ is the root of a difference in float64, and every coordinate is rounded once.
  const double shift = 2 * radius_ * (rounding + 1e-7);
  const double sums = differences_ ? rounding * (d / 8 + 8) * square : rounding * (8 + 2 * std::sqrt(d)) * 2 * radius_ * radius_;
  return 2 * shift * std::sqrt(std::max(square, 0.0)) + sums;
}

template <class T>
double PrunedScore<T>::preparationPairs(const ScoreProblem<T>& problem) {
  // Of products in float64, a basis from some rows and the coordinates of all; a pair is 4d operations.
  const auto r = static_cast<double>(std::max<std::size_t>(31, moreCoordinates(problem.d, problem.m)));
  const double rows = static_cast<double>(problem.m) + (problem.queries == problem.centres ? 0.0 : static_cast<double>(problem.n));
  return (8 * static_cast<double>(LeadingBasis::sampleRows(problem.m)) * (r + 8) + 2 * rows * r) / 4 * (sizeof(T) == 4 ? 2.0 : 1.0) + 4 * rows;
}

template <class T>
double PrunedScore<T>::estimatedPairs(const Control& control) const {
  const FlushDenormals flushDenormals;
  const std::size_t sample = std::min(kSampledPanels, ceilDivide(panels(), kPanelsPerSample));
  std::vector<double> pairs(sample);
  const auto d = static_cast<double>(problem_.d);
  parallelFor(sample, [&](std::size_t i) {
    Panel panel(*this);
    control.check();
    panel.select((2 * i + 1) * panels() / (2 * sample));
    panel.accumulate(control);
    pairs[i] = kNarrowPair * static_cast<double>(panel.summedCentres()) +
               kBoundPair * (static_cast<double>(fewStride_) + kBoundOverhead) / (2 * d) * static_cast<double>(panel.boundedByFew()) +
               kBoundPair * (static_cast<double>(moreStride_) + kBoundOverhead) / (2 * d) * static_cast<double>(panel.boundedByMore());
  });
  const double each = std::accumulate(pairs.begin(), pairs.end(), 0.0) / static_cast<double>(sample);
  return each * static_cast<double>(operations_.width) * static_cast<double>(panels());
}

template <class T>
void PrunedScore<T>::run(Control& control) const {
  std::vector<std::vector<std::uint32_t>> again(ceilDivide(panels(), kPanelsPerTask));
  parallelFor(again.size(), [&](std::size_t task) {
    const FlushDenormals flushDenormals;
    Panel panel(*this);
    const std::size_t end = std::min(panels(), (task + 1) * kPanelsPerTask);
    for (std::size_t p = task * kPanelsPerTask; p < end; ++p) {
      panel.select(p);
      panel.accumulate(control);
      panel.write(again[task]);
      control.advance(panel.count());
    }
  });
  scoreFiner(problem_, joined(again), control);
}

template class PrunedScore<float>;
template class PrunedScore<double>;

}  // namespace ridgeflow
