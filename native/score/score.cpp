#include "score/score.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <numbers>
#include <numeric>
#include <optional>
#include <type_traits>
#include <vector>

#include "score/clustered.hpp"
#include "score/dense.hpp"
#include "score/flat_columns.hpp"
#include "score/grid_plan.hpp"
#include "score/gridded.hpp"
#include "score/pruned.hpp"
#include "score/symmetric.hpp"

namespace ridgeflow {
namespace {

constexpr std::size_t kClusteredDimensions = 16;
constexpr double kFewPairs = 0x1p20;     // below this many, any preparation takes as long as computing them all
constexpr double kSortingPairs = 40.0;   // pairs that take as long as sorting one point into one half
constexpr double kWorthwhile = 0.7;      // of the cost of all pairs, since the other cost is only estimated
constexpr double kSortingShare = 0.05;   // what may be lost where clusters turn out to overlap, above four dimensions
constexpr double kPreparation = 0.05;    // of the cost of all pairs, that may be lost in many dimensions
constexpr std::size_t kSample = 64;      // queries and centres
constexpr double kSampledBits = 8.0;     // log₂(W/S) that the sample takes for granted

/// Seconds that one thread takes for a pair.
template <class T>
double pairSeconds(std::size_t d) {
  const double pair = 1.15e-10 + 0.44e-10 * static_cast<double>(d);
  return std::is_same_v<T, float> ? pair : 2.7 * pair;
}

/// The share of pairs that matter, from a sample: a lower bound of what clusters can reach.
template <class T>
double shareOfNearPairs(const ScoreProblem<T>& problem) {
  const std::size_t n = std::min(problem.n, kSample), m = std::min(problem.m, kSample);
  const double limit = 2 * problem.variance * std::numbers::ln2 * (kSampledBits - std::log2(problem.tolerance));
  std::size_t near = 0;
  for (std::size_t a = 0; a < n; ++a) {
    const T* x = problem.queries + (2 * a + 1) * problem.n / (2 * n) * problem.d;
    for (std::size_t b = 0; b < m; ++b) {
      const T* c = problem.centres + (2 * b + 1) * problem.m / (2 * m) * problem.d;
      double square = 0.0;
      for (std::size_t k = 0; k < problem.d; ++k) {
        const double difference = static_cast<double>(x[k]) - static_cast<double>(c[k]);
        square += difference * difference;
      }
      near += square < limit ? 1 : 0;
    }
  }
  return static_cast<double>(near) / static_cast<double>(n * m);
}

/// Whether squares of coordinates in σ stay far from overflow.
template <class T>
bool squaresFit(const T* rows, std::size_t count, double variance) {
  const double limit = std::sqrt(static_cast<double>(std::numeric_limits<T>::max()) * variance) * 1e-3;
  return std::all_of(rows, rows + count, [limit](T value) { return std::abs(static_cast<double>(value)) < limit; });
}

/// One score within a tolerance: the cheapest of four paths by their estimated costs, in pairs of the dense path.
template <class T>
class Approximation {
 public:
  Approximation(const ScoreProblem<T>& problem, Control& control)
      : problem_(problem),
        control_(control),
        pairs_(static_cast<double>(problem.n) * static_cast<double>(problem.m)),
        sameCloud_(problem.queries == problem.centres && problem.n == problem.m) {}

  /// Returns false where nothing would be faster than all pairs.
  bool run() {
    if (pairs_ < kFewPairs) return false;
    if (std::max(problem_.n, problem_.m) > std::numeric_limits<std::int32_t>::max()) return false;  // rows are sorted by 32-bit numbers
    if (!squaresFit(problem_.centres, problem_.m * problem_.d, problem_.variance)) return false;
    if (!sameCloud_ && !squaresFit(problem_.queries, problem_.n * problem_.d, problem_.variance)) return false;

    control_.check();
    if (problem_.d > kClusteredDimensions) return runPruned();
    const double least = leastClusteredPairs(), pair = pairSeconds<T>(problem_.d);
    const OtherPath other{sorting() * pair, std::min(pairs_, least) * pair};
    const std::optional<GridPlan> plan = planGrid(problem_, other);
    control_.check();
    const double gridded = plan ? plan->secondsWith(other) / pair : pairs_;
    if (plan && gridded < std::min(least, kWorthwhile * pairs_)) return runGridded(*plan);
    if (least > kWorthwhile * pairs_) return false;
    const ClusteredScore<T> clustered(problem_, allQueries(), control_);
    // Above four dimensions the dense kernel spends up to half as much on a pair.
    const double estimated = clustered.estimatedPairs() * (problem_.d > 4 ? 1.5 : 1.0);
    if (plan && gridded < std::min(estimated, kWorthwhile * pairs_)) return runGridded(*plan);
    if (estimated > kWorthwhile * pairs_) return false;
    control_.start(problem_.n);
    clustered.run(control_);
    return true;
  }

 private:
  double sorting() const {
    const auto n = static_cast<double>(problem_.n), m = static_cast<double>(problem_.m);
    return kSortingPairs * (m * std::log2(m) + (sameCloud_ ? 0.0 : n * std::log2(n)));
  }

  /// What the clustered path takes at least.
  double leastClusteredPairs() const {
    if (problem_.d > 4 && sorting() > kSortingShare * pairs_) return pairs_;
    return sorting() + shareOfNearPairs(problem_) * pairs_;
  }

  bool runPruned() {
    const double preparation = PrunedScore<T>::preparationPairs(problem_) / pairs_, near = shareOfNearPairs(problem_);
    const double worthwhile = kWorthwhile * symmetricShare(problem_);
    if (preparation > kPreparation || preparation + near > worthwhile) return false;
    const PrunedScore<T> pruned(problem_, control_);
    if (pruned.estimatedPairs(control_) > worthwhile * pairs_) return false;
    control_.start(problem_.n);
    pruned.run(control_);
    return true;
  }

  std::vector<std::uint32_t> allQueries() const {
    std::vector<std::uint32_t> queries(problem_.n);
    std::iota(queries.begin(), queries.end(), 0U);
    return queries;
  }

  bool runGridded(const GridPlan& plan) {
    const std::uint64_t n = problem_.n;
    control_.start(2 * problem_.m + 3 * n);
    std::vector<std::uint32_t> left = scoreGridded(problem_, plan, control_);
    control_.advance(n - left.size());
    if (!left.empty()) ClusteredScore<T>(problem_, std::move(left), control_).run(control_);
    return true;
  }

  const ScoreProblem<T>& problem_;
  Control& control_;
  double pairs_;
  bool sameCloud_;
};

template <class T>
void scoreInAllColumns(const ScoreProblem<T>& problem, Control& control) {
  if (problem.tolerance > 0 && Approximation<T>(problem, control).run()) return;
  if (symmetricShare(problem) < 1 && scoreSymmetric(problem, control)) return;
  scoreDense(problem, control);
}

}  // namespace

template <class T>
void score(const ScoreProblem<T>& problem, Control& control) {
  if (problem.n == 0 || problem.m == 0) return;
  const FlatColumns<T> flat(problem);
  if (flat.worthwhile()) {
    flat.solve(&scoreInAllColumns<T>, control);
  } else {
    scoreInAllColumns(problem, control);
  }
}

template void score<float>(const ScoreProblem<float>&, Control&);
template void score<double>(const ScoreProblem<double>&, Control&);

}  // namespace ridgeflow
