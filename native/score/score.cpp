#include "score/score.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <numbers>
#include <numeric>
#include <vector>

#include "score/clustered.hpp"
#include "score/dense.hpp"

namespace ridgeflow {
namespace {

constexpr std::size_t kClusteredDimensions = 16;
constexpr double kFewPairs = 0x1p22;     // below this many, sorting takes as long as computing them all
constexpr double kSortingPairs = 40.0;   // pairs that take as long as sorting one point into one half
constexpr double kWorthwhile = 0.7;      // of the cost of all pairs, since the other cost is only estimated
constexpr double kSortingShare = 0.05;   // what may be lost where clusters turn out to overlap, above four dimensions
constexpr std::size_t kSample = 64;      // queries and centres
constexpr double kSampledBits = 8.0;     // log₂(W/S) that the sample takes for granted

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

/// Tries to do without most pairs. Returns false where that would not be faster.
template <class T>
bool scoreClustered(const ScoreProblem<T>& problem, Control& control) {
  const auto n = static_cast<double>(problem.n), m = static_cast<double>(problem.m), pairs = n * m;
  if (problem.d > kClusteredDimensions || pairs < kFewPairs) return false;
  if (std::max(problem.n, problem.m) > std::numeric_limits<std::int32_t>::max()) return false;  // rows are sorted by 32-bit numbers
  const bool sameCloud = problem.queries == problem.centres && problem.n == problem.m;
  const double sorting = kSortingPairs * (m * std::log2(m) + (sameCloud ? 0.0 : n * std::log2(n)));
  if (problem.d > 4 && sorting > kSortingShare * pairs) return false;
  if (sorting + shareOfNearPairs(problem) * pairs > kWorthwhile * pairs) return false;
  if (!squaresFit(problem.centres, problem.m * problem.d, problem.variance)) return false;
  if (!sameCloud && !squaresFit(problem.queries, problem.n * problem.d, problem.variance)) return false;

  std::vector<std::uint32_t> queries(problem.n);
  std::iota(queries.begin(), queries.end(), 0U);
  const ClusteredScore<T> clustered(problem, std::move(queries), control);
  // Above four dimensions the dense kernel spends up to half as much on a pair.
  if (clustered.estimatedPairs() * (problem.d > 4 ? 1.5 : 1.0) > kWorthwhile * pairs) return false;
  control.start(problem.n);
  clustered.run(control);
  return true;
}

}  // namespace

template <class T>
void score(const ScoreProblem<T>& problem, Control& control) {
  if (problem.n == 0 || problem.m == 0) return;
  if (problem.tolerance > 0 && scoreClustered(problem, control)) return;
  scoreDense(problem, control);
}

template void score<float>(const ScoreProblem<float>&, Control&);
template void score<double>(const ScoreProblem<double>&, Control&);

}  // namespace ridgeflow
