#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <numbers>
#include <vector>

#include "score/results.hpp"

namespace ridgeflow {

/// The posterior weights of some centres for one query, in float64 and two passes over them, however far the query is: O(md).
///
/// Logits are differences to that of the nearest centre o, 2κ(c − o)·(x − (o + c)/2), κ = log₂(e)/2σ², which have the
/// digits that squares of distances would lose.
template <class T>
class PlainWeights {
 public:
  /// `logWeights` may be null; −∞ leaves a centre out. What it is made from must outlive it.
  PlainWeights(const T* centres, const T* logWeights, std::size_t m, std::size_t d, double variance)
      : centres_(centres), logWeights_(logWeights), m_(m), d_(d), kappa_(std::numbers::log2e / 2 / variance) {}

  /// Weighs all centres but `skipped`; or those of the rows in `some`, where it is not null, which do not hold `skipped`.
  /// Returns false where there is none.
  bool weigh(const T* x, std::size_t skipped, const std::vector<std::uint32_t>* some = nullptr) {
    rows_.clear();
    const std::size_t count = some == nullptr ? m_ : some->size();
    double most = -std::numeric_limits<double>::infinity();
    std::size_t nearest = 0;
    for (std::size_t at = 0; at < count; ++at) {
      const std::size_t j = some == nullptr ? at : (*some)[at];
      if (j == skipped || (logWeights_ != nullptr && logWeights_[j] == -std::numeric_limits<T>::infinity())) continue;
      double square = 0.0;
      for (std::size_t k = 0; k < d_; ++k) square += (x[k] - centre(j, k)) * (x[k] - centre(j, k));
      const double logit = bias(j) - kappa_ * square;
      if (rows_.empty() || logit > most) most = logit, nearest = j;
      rows_.push_back(static_cast<std::uint32_t>(j));
    }
    if (rows_.empty()) return false;
    share(x, nearest, !std::isfinite(most));
    logSum_ = std::isfinite(most) ? most + excess_ + std::log2(mass_) : -std::numeric_limits<double>::infinity();
    return true;
  }

  /// log₂ Σ w 2^(−κ|x − c|²); −∞ where that leaves the range of float64.
  double logSum() const { return logSum_; }
  /// What the shares of the centres add up to: that of the heaviest is 1.
  double mass() const { return mass_; }
  /// A centre in the middle of those that matter, for moments to be taken about.
  std::size_t heaviest() const { return heaviest_; }

  /// visit(j, share) for every centre that has one.
  template <class Visit>
  void each(const Visit& visit) const {
    for (std::size_t at = 0; at < rows_.size(); ++at) {
      if (shares_[at] > 0.0) visit(static_cast<std::size_t>(rows_[at]), shares_[at]);
    }
  }

 private:
  double centre(std::size_t j, std::size_t k) const { return static_cast<double>(centres_[j * d_ + k]); }
  double bias(std::size_t j) const { return logWeights_ == nullptr ? 0.0 : logWeights_[j] * std::numbers::log2e; }

  /// Fills the shares. Where squares overflow, factors of products are taken in units of the largest of their kind.
  void share(const T* x, std::size_t nearest, bool overflow) {
    const auto offset = [&](std::size_t j, std::size_t k) { return centre(j, k) - centre(nearest, k); };
    const auto reach = [&](std::size_t j, std::size_t k) { return x[k] - (centre(nearest, k) / 2 + centre(j, k) / 2); };
    double offsetUnit = 1.0, reachUnit = 1.0;
    if (overflow) {
      offsetUnit = reachUnit = std::numeric_limits<double>::min();
      for (const std::uint32_t j : rows_) {
        for (std::size_t k = 0; k < d_; ++k) {
          offsetUnit = std::max(offsetUnit, std::abs(offset(j, k)));
          reachUnit = std::max(reachUnit, std::abs(reach(j, k)));
        }
      }
    }
    const double factor = 2 * kappa_ * offsetUnit * reachUnit;  // may be ∞
    const auto excess = [&](std::size_t j, double product, std::size_t than, double other) {
      return bias(j) - bias(than) + (product == other ? 0.0 : factor * (product - other));
    };
    shares_.resize(rows_.size());
    heaviest_ = nearest;
    double heaviest = 0.0;
    for (std::size_t at = 0; at < rows_.size(); ++at) {
      const std::size_t j = rows_[at];
      double product = 0.0;
      for (std::size_t k = 0; k < d_; ++k) product += offset(j, k) / offsetUnit * (reach(j, k) / reachUnit);
      shares_[at] = product;
      if (excess(j, product, heaviest_, heaviest) > 0.0) heaviest_ = j, heaviest = product;
    }
    excess_ = excess(heaviest_, heaviest, nearest, 0.0);
    mass_ = 0.0;
    for (std::size_t at = 0; at < rows_.size(); ++at) {
      shares_[at] = std::exp2(excess(rows_[at], shares_[at], heaviest_, heaviest));
      mass_ += shares_[at];
    }
  }

  const T* centres_;
  const T* logWeights_;
  std::size_t m_, d_, heaviest_ = 0;
  double kappa_, logSum_ = 0.0, mass_ = 0.0, excess_ = 0.0;
  std::vector<std::uint32_t> rows_;  // the centres that have a weight
  std::vector<double> shares_;       // of each of them
};

/// Writes the result of query i from its plain weights, those of all centres or of the rows in `some`.
template <class T>
void writePlainRow(const ScoreProblem<T>& problem, const ScoreResults<T>& results, std::size_t i,
                   const std::vector<std::uint32_t>* some = nullptr) {
  const std::size_t d = problem.d;
  PlainWeights<T> weights(problem.centres, problem.logWeights, problem.m, d, problem.variance);
  if (!weights.weigh(problem.queries + i * d, problem.excludeSelf ? i : problem.m, some)) {
    results.writeNothing(i);
    return;
  }
  const T* origin = problem.centres + weights.heaviest() * d;
  double moment = 0.0, square = 0.0;
  std::vector<double> mean(d, 0.0);
  weights.each([&](std::size_t j, double share) {
    for (std::size_t k = 0; k < d; ++k) {
      const double offset = static_cast<double>(problem.centres[j * d + k]) - static_cast<double>(origin[k]);
      mean[k] += share * offset;
      moment += share * offset * offset;
    }
  });
  for (std::size_t k = 0; k < d; ++k) {
    const double offset = mean[k] / weights.mass();
    square += offset * offset;
    mean[k] = static_cast<double>(origin[k]) + offset;
  }
  results.write(i, weights.logSum(), mean.data(), moment / weights.mass() - square);
}

}  // namespace ridgeflow
