#include "score/symmetric.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numbers>
#include <numeric>
#include <utility>
#include <vector>

#include "runtime/centred_rows.hpp"
#include "runtime/memory.hpp"
#include "runtime/parallel.hpp"
#include "score/dense_plan.hpp"
#include "score/finer.hpp"
#include "score/results.hpp"
#include "score/tiles.hpp"

namespace ridgeflow {
namespace {

using namespace score_tiles;

constexpr std::size_t kLeastDimension = 64;   // below, sums of columns cost what distances save
constexpr std::size_t kLeastPoints = 4096;    // for rounds that keep several threads busy
constexpr std::size_t kBlockRows = 192;       // or so: a whole number of panels and of groups of centres
constexpr std::size_t kMostBytes = 1U << 30;  // MNIST's 60 000 images are within
constexpr std::size_t kRowsPerTask = 256;
constexpr double kShare = 0.8;                // of the time of all pairs, as measured
constexpr int kMeetingsPerFlush = 5;          // sums in T run over at most 5 × 192 points, then go to float64

/// Sums of weights and moments are products too: every row carries |x|² and 1 behind its coordinates.
constexpr std::size_t kMomentColumns = 2;

/// About `rows`, a multiple of both.
std::size_t wholeBlocks(std::size_t rows, std::size_t width, std::size_t group) {
  const std::size_t whole = std::lcm(width, group);
  return std::max<std::size_t>(1, rows / whole) * whole;
}

template <class T>
class SymmetricSums {
  static constexpr bool kRecent = sizeof(T) < sizeof(double);

 public:
  /// `origin` as in DensePlan.
  SymmetricSums(const ScoreProblem<T>& problem, const std::vector<double>& origin)
      : problem_(problem),
        origin_(origin),
        operations_(tileOperations(T())),
        width_(operations_.panelWidth),
        scale_(std::sqrt(std::numbers::log2e / problem.variance)),
        stride_(packedStride<T>(problem.d + kMomentColumns)),
        rowCount_(ceilDivide(problem.n, width_) * width_),
        blockRows_(wholeBlocks(kBlockRows, width_, operations_.group)),
        firstColumn_(problem.mean != nullptr || problem.divergence != nullptr ? 0 : problem.d),
        columns_(problem.d + kMomentColumns - firstColumn_),
        rows_(allocateBuffer<T>(ceilDivide(rowCount_, operations_.group) * operations_.group * stride_)),
        bias_(allocateBuffer<T>(rowCount_)),
        shift_(allocateBuffer<T>(rowCount_)),
        panels_(allocateBuffer<T>(rowCount_ * problem.d)),
        recent_(allocateBuffer<T>(kRecent ? rowCount_ * columns_ : 1)),
        meetings_(ceilDivide(rowCount_, blockRows_), 0),
        sums_(allocateBuffer<double>(rowCount_ * columns_)) {
    pack();
  }

  void run(Control& control) {
    const std::size_t blocks = ceilDivide(rowCount_, blockRows_);
    control.start(static_cast<std::uint64_t>(blocks) * (blocks + 1) / 2);
    parallelFor(blocks, [&](std::size_t block) {
      Task(*this).meet(block, block);
      countMeeting(block);
      control.advance(1);
    });
    // The circle method: the last place stays, the others turn by one each round.
    const std::size_t turning = blocks + blocks % 2 - 1;
    for (std::size_t round = 0; round < turning; ++round) {
      parallelFor((turning + 1) / 2, [&](std::size_t pair) {
        const std::size_t a = (round + pair) % turning, b = pair == 0 ? turning : (round + turning - pair) % turning;
        if (a >= blocks || b >= blocks) return;  // of an odd number of blocks one rests
        Task(*this).meet(std::min(a, b), std::max(a, b));
        countMeeting(a);
        countMeeting(b);
        control.advance(1);
      });
    }
    if (kRecent) parallelFor(blocks, [&](std::size_t block) { flush(block); });
  }

  /// `again` receives the rows that have to be computed finer.
  void write(std::vector<std::uint32_t>& again) const {
    const ScoreResults<T> results(problem_);
    std::vector<std::vector<std::uint32_t>> lost(ceilDivide(problem_.n, kRowsPerTask));
    parallelFor(lost.size(), [&](std::size_t task) {
      std::vector<double> mean(problem_.d);
      for (std::size_t i = task * kRowsPerTask; i < std::min(problem_.n, (task + 1) * kRowsPerTask); ++i) {
        if (!writeRow(i, results, mean)) lost[task].push_back(static_cast<std::uint32_t>(i));
      }
    });
    again = joined(lost);
  }

 private:
  /// What one thread needs for the meeting of two blocks.
  class Task {
   public:
    explicit Task(SymmetricSums& all)
        : all_(all),
          state_(allocateBuffer<T>(3 * all.width_)),
          weights_(allocateBuffer<T>(all.blockRows_ * all.width_)),
          turned_(allocateBuffer<T>(all.blockRows_ * all.blockRows_)) {}

    /// Adds the points of each of two blocks to the sums of the other, or those of one to its own.
    void meet(std::size_t a, std::size_t b) {
      const FlushDenormals flushDenormals;
      const std::size_t width = all_.width_;
      const CentreTile<T> ofA = tile(a), ofB = tile(b);
      QueryPanel<T> panel;
      panel.largest = state_.get();
      panel.weightSum = state_.get() + width;
      panel.momentSum = state_.get() + 2 * width;
      for (std::size_t p = 0; p < ofA.count / width; ++p) {
        const std::size_t first = a * all_.blockRows_ + p * width;
        panel.transposed = all_.panels_.get() + first * all_.problem_.d;
        panel.maximum = all_.shift_.get() + first;
        panel.weights = weights_.get();
        // The largest logit of a point is that of itself, 0: no shift has to move.
        all_.operations_.accumulate(panel, ofB, all_.problem_.d, {});
        addSums(panel, ofB, first);
        if (a != b) turnWeights(p, ofA.count, ofB.count);
      }
      for (std::size_t p = 0; a != b && p < ofB.count / width; ++p) {
        panel.weights = turned_.get() + p * ofA.count * width;
        addSums(panel, ofA, b * all_.blockRows_ + p * width);
      }
    }

   private:
    CentreTile<T> tile(std::size_t block) const {
      const std::size_t first = block * all_.blockRows_;
      CentreTile<T> result;
      result.rows = all_.rows_.get() + first * all_.stride_;
      result.stride = all_.stride_;
      result.count = std::min(all_.blockRows_, all_.rowCount_ - first);
      result.bias = all_.bias_.get() + first;
      return result;
    }

    /// Weights of panel p of one block, a row for each point of the other, to rows for points of the panel, one panel of
    /// the other block after another.
    void turnWeights(std::size_t p, std::size_t ownRows, std::size_t otherRows) {
      const std::size_t width = all_.width_;
      for (std::size_t first = 0; first < otherRows; first += width) {
        const T* from = weights_.get() + first * width;
        T* to = turned_.get() + first * ownRows + p * width * width;
        for (std::size_t lane = 0; lane < width; ++lane) {
          for (std::size_t row = 0; row < width; ++row) to[lane * width + row] = from[row * width + lane];
        }
      }
    }

    /// The sums of the panel that starts at row `first` over a tile, from its weights.
    void addSums(QueryPanel<T>& panel, CentreTile<T> tile, std::size_t first) {
      tile.rows += all_.firstColumn_ * all_.operations_.group;
      if constexpr (kRecent) {
        panel.meanSum = all_.recent_.get() + first * all_.columns_;
      } else {
        panel.meanSum = all_.sums_.get() + first * all_.columns_;
      }
      all_.operations_.addMeans(panel, tile, all_.columns_);
    }

    SymmetricSums& all_;
    Buffer<T> state_, weights_, turned_;
  };

  void countMeeting(std::size_t block) {
    if (kRecent && ++meetings_[block] == kMeetingsPerFlush) flush(block);
  }

  void flush(std::size_t block) {
    const std::size_t first = block * blockRows_, end = std::min(rowCount_, first + blockRows_);
    for (std::size_t k = first * columns_; k < end * columns_; ++k) {
      sums_[k] += static_cast<double>(recent_[k]);
      recent_[k] = T(0);
    }
    meetings_[block] = 0;
  }

  void pack() {
    const std::size_t d = problem_.d, n = problem_.n, group = operations_.group;
    const CentredRows<T> points(problem_.centres, d, origin_);
    parallelFor(ceilDivide(rowCount_, kRowsPerTask), [&](std::size_t task) {
      const std::size_t first = task * kRowsPerTask, end = std::min(rowCount_, first + kRowsPerTask);
      for (std::size_t i = first; i < end; ++i) {
        T* row = rows_.get() + packedRow(i, stride_, group);
        for (std::size_t k = 0; k < stride_; ++k) row[k * group] = T(0);
        bias_[i] = -kExcluded<T>;
        shift_[i] = kExcluded<T>;
        const double square = i < n ? points.pack(i, row, group, scale_) * scale_ * scale_ : 0.0;
        T* panel = panels_.get() + i / width_ * width_ * d + i % width_;
        for (std::size_t k = 0; k < d; ++k) panel[k * width_] = row[k * group];
        if (i >= n) continue;
        row[d * group] = static_cast<T>(square);
        row[(d + 1) * group] = T(1);
        shift_[i] = static_cast<T>(square / 2);
        bias_[i] = -shift_[i];
      }
      std::fill_n(sums_.get() + first * columns_, (end - first) * columns_, 0.0);
      if (kRecent) std::fill_n(recent_.get() + first * columns_, (end - first) * columns_, T(0));
    });
  }

  bool writeRow(std::size_t i, const ScoreResults<T>& results, std::vector<double>& mean) const {
    const std::size_t d = problem_.d;
    const double* sums = sums_.get() + i / width_ * width_ * columns_ + i % width_;
    const auto sum = [&](std::size_t column) { return sums[(column - firstColumn_) * width_]; };
    const double weight = sum(d + 1), moment = sum(d) / weight;
    // A point's own weight is 1, up to the rounding of its logit.
    if (!(weight >= 0.5 && std::isfinite(weight) && std::isfinite(moment))) return false;
    double square = 0.0, meanSquare = 0.0;
    for (std::size_t k = firstColumn_; k < d; ++k) {
      const double centred = sum(k) / weight;
      if (!std::isfinite(centred)) return false;
      meanSquare += centred * centred;
      mean[k] = origin_[k] + centred / scale_;
    }
    const T* x = problem_.queries + i * d;
    for (std::size_t k = 0; k < d; ++k) square += (x[k] - origin_[k]) * (x[k] - origin_[k]);
    const double base2 = static_cast<double>(shift_[i]) + std::log2(weight) - scale_ * scale_ / 2 * square;
    results.write(i, base2, mean.data(), firstColumn_ > 0 ? 0.0 : (moment - meanSquare) / (scale_ * scale_));
    return true;
  }

  const ScoreProblem<T>& problem_;
  const std::vector<double>& origin_;
  TileOperations<T> operations_;
  std::size_t width_;
  double scale_;  // √(log₂(e)/σ²): rows are scale × (x − origin)
  std::size_t stride_;
  std::size_t rowCount_;   // whole panels: rows beyond the last point weigh nothing
  std::size_t blockRows_;
  std::size_t firstColumn_, columns_;  // of the rows, that are summed
  Buffer<T> rows_, bias_, shift_;
  Buffer<T> panels_;           // the rows' coordinates, panel by panel, d × width
  Buffer<T> recent_;           // float32's sums of the last meetings, as sums_
  std::vector<int> meetings_;  // of each block since its last flush
  Buffer<double> sums_;        // panel by panel, columns × width
};

template <class T>
bool applies(const ScoreProblem<T>& problem) {
  return problem.queries == problem.centres && problem.n == problem.m && !problem.excludeSelf && problem.logWeights == nullptr;
}

}  // namespace

template <class T>
double symmetricShare(const ScoreProblem<T>& problem) {
  const std::size_t n = problem.n, d = problem.d;
  if (!applies(problem) || d < kLeastDimension || n < kLeastPoints) return 1.0;
  const std::size_t bytes = (sizeof(T) < sizeof(double) ? 3 : 2) * sizeof(T) + sizeof(double);
  return n * (d + 16) > kMostBytes / bytes ? 1.0 : kShare;
}

template <class T>
bool scoreSymmetric(const ScoreProblem<T>& problem, Control& control) {
  if (!applies(problem)) return false;
  const std::vector<double> origin = medianOfRows(problem.centres, problem.m, problem.d);
  if (needsDifferences(problem, origin)) return false;
  std::vector<std::uint32_t> again;
  {
    SymmetricSums<T> sums(problem, origin);
    sums.run(control);
    sums.write(again);
  }
  scoreFiner(problem, again, control);
  return true;
}

template bool scoreSymmetric<float>(const ScoreProblem<float>&, Control&);
template bool scoreSymmetric<double>(const ScoreProblem<double>&, Control&);
template double symmetricShare<float>(const ScoreProblem<float>&);
template double symmetricShare<double>(const ScoreProblem<double>&);

}  // namespace ridgeflow
