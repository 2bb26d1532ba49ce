#include "score/grid_plan.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

namespace ridgeflow {
namespace {

constexpr double kFreeCells = 0x1p21;     // grid points that any call may take
constexpr double kCellsPerPoint = 4.0;    // and for each point
constexpr std::size_t kSampledQueries = 64, kSampledCentres = 256, kSampledCoordinates = 1024;
constexpr std::size_t kCentresPerSample = 128;  // beyond that many of each, so that narrow kernels are seen to meet centres
constexpr std::array kCropped = {0.0, 0.001, 0.005, 0.02};  // share of the queries cut off at each end of an axis
constexpr double kTightest = 1e-11;  // tolerances are not made tighter than this of our own accord

// Measured costs in nanoseconds of one thread.
constexpr double kPointNs = 10.0, kAxisNs = 8.0, kSpreadNs = 0.5, kReadNs = 0.6, kSecondNs = 0.35, kMultiplyNs = 0.055,
                 kCellNs = 3.0, kSetUpNs = 1e5;

struct Interval {
  double low = std::numeric_limits<double>::infinity(), high = -std::numeric_limits<double>::infinity();
  void include(double value) {
    low = std::min(low, value);
    high = std::max(high, value);
  }
};
using Box = std::array<Interval, 3>;

template <class T>
bool counts(const ScoreProblem<T>& problem, std::size_t j) {
  return problem.logWeights == nullptr || !std::isinf(problem.logWeights[j]);
}

std::size_t sampleRow(std::size_t i, std::size_t sample, std::size_t n) { return (2 * i + 1) * n / (2 * sample); }

template <class T>
Box boxOf(const ScoreProblem<T>& problem, bool centres) {
  Box box;
  const T* rows = centres ? problem.centres : problem.queries;
  for (std::size_t i = 0; i < (centres ? problem.m : problem.n); ++i) {
    if (centres && !counts(problem, i)) continue;
    for (std::size_t k = 0; k < problem.d; ++k) box[k].include(static_cast<double>(rows[i * problem.d + k]));
  }
  return box;
}

/// The kernel sums of some queries relative to the sum of all weights, from some of the centres; sorted.
template <class T>
std::vector<double> sampleSums(const ScoreProblem<T>& problem) {
  const std::size_t n = std::min(problem.n, kSampledQueries), m = std::min(problem.m, kSampledCentres + problem.m / kCentresPerSample);
  double largest = -std::numeric_limits<double>::infinity();
  for (std::size_t b = 0; b < m && problem.logWeights; ++b) {
    largest = std::max(largest, static_cast<double>(problem.logWeights[sampleRow(b, m, problem.m)]));
  }
  std::vector<double> sums;
  for (std::size_t a = 0; a < n; ++a) {
    const std::size_t i = sampleRow(a, n, problem.n);
    double sum = 0.0, total = 0.0;
    for (std::size_t b = 0; b < m; ++b) {
      const std::size_t j = sampleRow(b, m, problem.m);
      if (!counts(problem, j)) continue;
      double square = 0.0;
      for (std::size_t k = 0; k < problem.d; ++k) {
        const double difference = static_cast<double>(problem.queries[i * problem.d + k]) - static_cast<double>(problem.centres[j * problem.d + k]);
        square += difference * difference;
      }
      const double weight = problem.logWeights ? std::exp(problem.logWeights[j] - largest) : 1.0;
      total += weight;
      if (!(problem.excludeSelf && i == j)) sum += weight * std::exp(-square / 2 / problem.variance);
    }
    sums.push_back(total > 0 ? sum / total : 0.0);
  }
  std::sort(sums.begin(), sums.end());
  return sums;
}

/// The least sum, relative to all weights, that a window reads within the tolerance.
double leastSum(const GridWindow& window, std::size_t d, double tolerance, bool second) {
  const auto errors = gridErrors(window, d);
  // A query where F/W is small has a long gradient: log-density and offset of up to (2 log W/F)^½ σ share the error.
  double least = 0.0;
  for (int step = 0; step < 3; ++step) {
    const double square = least > 0 ? 2 * std::log(1 / std::min(0.5, least)) : 2.0, length = std::sqrt(square);
    double factor = errors[1] + length * errors[0];
    double rounding = kGridRounding[1] + length * kGridRounding[0];
    if (second) {
      factor = std::max(factor, (errors[2] + 2 * length * errors[1] + 2 * square * errors[0]) / 4);
      rounding = std::max(rounding, (kGridRounding[2] + 2 * length * kGridRounding[1] + 2 * square * kGridRounding[0]) / 4);
    }
    least = std::max(std::pow(2 * factor / tolerance, 2), 4 * rounding / tolerance);
  }
  return least;
}

/// The distance in σ beyond which all weights together add less than `bound` to a sum and its second moments.
double reachOf(double bound) {
  double square = -2 * std::log(bound);
  for (int step = 0; step < 3; ++step) square = 2 * std::log((2 + square) / bound);
  return std::sqrt(square);
}

template <class T>
class Planner {
 public:
  Planner(const ScoreProblem<T>& problem, const OtherPath& other)
      : problem_(problem), other_(other), sigma_(std::sqrt(problem.variance)), centres_(boxOf(problem, true)) {
    const bool same = problem.queries == problem.centres && problem.n == problem.m && problem.logWeights == nullptr;
    queries_ = same ? centres_ : boxOf(problem, false);
    double square = 0.0;
    for (std::size_t k = 0; k < problem.d; ++k) square += std::pow(centres_[k].high - centres_[k].low, 2);
    // Where σ is larger than the cloud, an error of εσ in the mean would be larger than ε of the cloud.
    const double relative = std::min(1.0, std::sqrt(square) / sigma_);
    tolerance_ = std::min(problem.tolerance, std::max(problem.tolerance * relative, kTightest));
  }

  std::optional<GridPlan> plan() {
    std::optional<GridPlan> best;
    if (!(centres_[0].low <= centres_[0].high)) return best;
    std::vector<double> sums;  // only where a grid fits
    for (const double cropped : kCropped) {
      const Box box = cropped > 0 ? crop(cropped) : queries_;
      const double outside = cropped > 0 ? shareOutside(box) : 0.0;
      for (const GridWindow& window : kGridWindows) {
        const double least = leastSum(window, problem_.d, tolerance_, problem_.divergence != nullptr);
        if (!(least < 0.1)) continue;
        std::optional<GridPlan> plan = layOut(box, window, reachOf(0.05 * tolerance_ * least));
        if (!plan) continue;
        if (sums.empty()) sums = sampleSums(problem_);
        // Sums are estimated from few centres, and the sample has few queries: the least ones count as a little less.
        const auto faint = std::lower_bound(sums.begin(), sums.end(), 4 * least) - sums.begin();
        const double doubtful = sums.front() < 1e3 * least ? 0.5 / static_cast<double>(sums.size()) : 0.0;
        plan->leftOver = std::min(1.0, outside + std::max(static_cast<double>(faint) / static_cast<double>(sums.size()), doubtful));
        if (!best || total(*plan) < total(*best)) best = plan;
      }
      if (best && best->leftOver == 0) break;
    }
    return best;
  }

 private:
  Box crop(double share) const {
    const std::size_t sample = std::min(problem_.n, kSampledCoordinates);
    const auto cut = static_cast<std::size_t>(share * static_cast<double>(sample));
    Box box;
    std::vector<double> values(sample);
    for (std::size_t k = 0; k < problem_.d; ++k) {
      for (std::size_t i = 0; i < sample; ++i) values[i] = problem_.queries[sampleRow(i, sample, problem_.n) * problem_.d + k];
      std::sort(values.begin(), values.end());
      // Half a σ more: the sample's ends are not the cloud's.
      box[k] = {std::max(queries_[k].low, values[cut] - sigma_ / 2), std::min(queries_[k].high, values[sample - 1 - cut] + sigma_ / 2)};
    }
    return box;
  }

  double shareOutside(const Box& box) const {
    const std::size_t sample = std::min(problem_.n, kSampledCoordinates);
    std::size_t outside = 0;
    for (std::size_t i = 0; i < sample; ++i) {
      const T* x = problem_.queries + sampleRow(i, sample, problem_.n) * problem_.d;
      bool within = true;
      for (std::size_t k = 0; k < problem_.d; ++k) within = within && x[k] >= box[k].low && x[k] <= box[k].high;
      outside += within ? 0 : 1;
    }
    return (static_cast<double>(outside) + 0.5) / static_cast<double>(sample);
  }

  double total(const GridPlan& plan) const { return plan.secondsWith(other_); }

  /// None where the grid would be too large, or no centre is near.
  std::optional<GridPlan> layOut(const Box& box, const GridWindow& window, double reach) const {
    GridPlan plan{window, tolerance_, sigma_ / window.density, reach, {}, 0.0, 0.0};
    const double width = static_cast<double>(window.width);
    double sourceCells = 1.0, queryCells = 1.0;
    std::array<double, 3> sources{1, 1, 1}, queries{1, 1, 1};
    for (std::size_t k = 0; k < problem_.d; ++k) {
      GridPlan::Axis& axis = plan.axes[k];
      axis.queryLow = box[k].low;
      axis.queryHigh = box[k].high;
      axis.sourceLow = std::max(centres_[k].low, box[k].low - reach * sigma_);
      axis.sourceHigh = std::min(centres_[k].high, box[k].high + reach * sigma_);
      if (!(axis.sourceLow <= axis.sourceHigh)) return std::nullopt;
      sources[k] = std::ceil((axis.sourceHigh - axis.sourceLow) / plan.step) + width + 3;
      queries[k] = std::ceil((axis.queryHigh - axis.queryLow) / plan.step) + width + 3;
      sourceCells *= sources[k] + (k == 0 ? 32 : 0);
      queryCells *= queries[k] + (k == 0 ? 32 : 0);
    }
    const auto n = static_cast<double>(problem_.n), m = static_cast<double>(problem_.m);
    const double intermediate = problem_.d == 3 ? queries[2] * std::max(sources[1], queries[1]) * (sources[0] + 32) : 0.0;
    if (!(std::max({sourceCells, queryCells, intermediate}) <= kFreeCells + kCellsPerPoint * (n + m))) return std::nullopt;
    for (std::size_t k = 0; k < problem_.d; ++k) {
      GridPlan::Axis& axis = plan.axes[k];
      axis.origin = axis.sourceLow - (width / 2 + 1) * plan.step;
      axis.offset = static_cast<std::ptrdiff_t>(std::floor((axis.queryLow - axis.origin) / plan.step - width / 2)) - 1;
      axis.sources = static_cast<std::size_t>(sources[k]);
      axis.queries = static_cast<std::size_t>(queries[k]);
    }
    const double d = static_cast<double>(problem_.d);
    const double vectors = std::pow(width, d - 1) * (width > 8 ? 3 : 2);
    const double reading = kReadNs + (problem_.divergence ? kSecondNs : 0.0);
    double ns = kSetUpNs + (m + n) * (kPointNs + kAxisNs * d) + m * vectors * kSpreadNs + n * vectors * reading;
    // Axes are convolved from the last to the first.
    double before = sourceCells, after = sourceCells;
    for (std::size_t k = problem_.d; k-- > 0;) {
      after = before / sources[k] * queries[k];
      ns += after * kCellNs + std::max(before, after) * kMultiplyNs * std::min(sources[k], 2 * reach * window.density + width);
      before = after;
    }
    plan.seconds = ns * 1e-9;
    return plan;
  }

  const ScoreProblem<T>& problem_;
  OtherPath other_;
  double sigma_, tolerance_;
  Box centres_, queries_;
};

}  // namespace

double GridPlan::secondsWith(const OtherPath& other) const {
  // A few queries that may turn out to be left over will perhaps not.
  constexpr double kCertain = 0.02;
  return seconds + leftOver * other.run + std::min(1.0, leftOver / kCertain) * other.start;
}

std::array<double, 3> gridErrors(const GridWindow& window, std::size_t d) {
  // The error of a product of one-dimensional factors is at most the sum of theirs, each beside the other factors;
  // |s| e^{−s²/4} and |s² − 1| e^{−s²/4} are at most 0.86 and 1.15.
  const auto [value, first, second] = window.error;
  const auto axes = static_cast<double>(d);
  return {axes * value, std::sqrt(axes) * (first + (axes - 1) * 0.86 * value), axes * (second + (axes - 1) * 1.15 * value)};
}

template <class T>
std::optional<GridPlan> planGrid(const ScoreProblem<T>& problem, const OtherPath& other) {
  if (problem.d > kGridDimensions) return std::nullopt;
  return Planner<T>(problem, other).plan();
}

template std::optional<GridPlan> planGrid(const ScoreProblem<float>&, const OtherPath&);
template std::optional<GridPlan> planGrid(const ScoreProblem<double>&, const OtherPath&);

}  // namespace ridgeflow
