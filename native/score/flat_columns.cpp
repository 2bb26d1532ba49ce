#include "score/flat_columns.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "runtime/memory.hpp"
#include "runtime/parallel.hpp"

namespace ridgeflow {
namespace {

constexpr std::size_t kLeastDimension = 17;  // below, a column costs little beside the exponential
constexpr double kLeastPairs = 0x1p20;
constexpr double kLeastShare = 1.0 / 32;     // of the columns, that must be flat
constexpr std::size_t kRowsPerTask = 256;

}  // namespace

template <class T>
FlatColumns<T>::FlatColumns(const ScoreProblem<T>& problem) : problem_(problem) {
  const double pairs = static_cast<double>(problem.n) * static_cast<double>(problem.m);
  if (problem.d < kLeastDimension || pairs < kLeastPairs || problem.excludeSelf) return;
  // A query whose weights all vanish is a case of its own, which this does not know.
  if (problem.logWeights != nullptr &&
      !std::all_of(problem.logWeights, problem.logWeights + problem.m, [](T value) { return std::isfinite(value); })) {
    return;
  }
  std::vector<std::size_t> flat(problem.d);
  for (std::size_t k = 0; k < problem.d; ++k) flat[k] = k;
  for (std::size_t j = 1; j < problem.m && !flat.empty(); ++j) {
    const T* row = problem.centres + j * problem.d;
    std::erase_if(flat, [&](std::size_t k) { return row[k] != problem.centres[k]; });
  }
  flat_ = std::move(flat);
  std::size_t next = 0;
  for (std::size_t k = 0; k < problem.d; ++k) {
    if (next < flat_.size() && flat_[next] == k) {
      ++next;
    } else {
      kept_.push_back(k);
    }
  }
}

template <class T>
bool FlatColumns<T>::worthwhile() const {
  return !kept_.empty() && static_cast<double>(flat_.size()) >= kLeastShare * static_cast<double>(problem_.d);
}

template <class T>
std::vector<T> FlatColumns<T>::keptOf(const T* rows, std::size_t count) const {
  const std::size_t d = problem_.d, r = kept_.size();
  std::vector<T> out(count * r);
  parallelFor(ceilDivide(count, kRowsPerTask), [&](std::size_t task) {
    for (std::size_t i = task * kRowsPerTask; i < std::min(count, (task + 1) * kRowsPerTask); ++i) {
      for (std::size_t c = 0; c < r; ++c) out[i * r + c] = rows[i * d + kept_[c]];
    }
  });
  return out;
}

template <class T>
double FlatColumns<T>::flatSquare(const T* query) const {
  double sum = 0.0;
  for (const std::size_t k : flat_) {
    const double difference = static_cast<double>(query[k]) - static_cast<double>(problem_.centres[k]);
    sum += difference * difference;
  }
  return sum;
}

template <class T>
void FlatColumns<T>::solve(void (*solveKept)(const ScoreProblem<T>&, Control&), Control& control) const {
  const std::size_t d = problem_.d, r = kept_.size();
  const bool same = problem_.queries == problem_.centres && problem_.n == problem_.m;
  const std::vector<T> centres = keptOf(problem_.centres, problem_.m);
  const std::vector<T> queries = same ? std::vector<T>() : keptOf(problem_.queries, problem_.n);
  std::vector<T> mean(problem_.mean == nullptr ? 0 : problem_.n * r);
  ScoreProblem<T> kept = problem_;
  kept.d = r;
  kept.centres = centres.data();
  kept.queries = same ? centres.data() : queries.data();
  kept.mean = problem_.mean == nullptr ? nullptr : mean.data();
  solveKept(kept, control);

  const double variance = problem_.variance, dropped = static_cast<double>(d - r);
  const double logNormaliser = dropped / 2 * std::log(2 * std::numbers::pi * variance);
  parallelFor(ceilDivide(problem_.n, kRowsPerTask), [&](std::size_t task) {
    for (std::size_t i = task * kRowsPerTask; i < std::min(problem_.n, (task + 1) * kRowsPerTask); ++i) {
      if (problem_.mean != nullptr) {
        T* out = problem_.mean + i * d;
        for (std::size_t c = 0; c < r; ++c) out[kept_[c]] = mean[i * r + c];
        for (const std::size_t k : flat_) out[k] = problem_.centres[k];
      }
      if (problem_.logDensity != nullptr) {
        const double square = same ? 0.0 : flatSquare(problem_.queries + i * d);
        problem_.logDensity[i] = static_cast<T>(static_cast<double>(problem_.logDensity[i]) - logNormaliser - square / (2 * variance));
      }
      if (problem_.parts != nullptr && !same) problem_.parts[2 * i] -= flatSquare(problem_.queries + i * d) / (2 * variance);
      if (problem_.divergence != nullptr) {
        problem_.divergence[i] = static_cast<T>(static_cast<double>(problem_.divergence[i]) - dropped / variance);
      }
    }
  });
}

template class FlatColumns<float>;
template class FlatColumns<double>;

}  // namespace ridgeflow
