#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

#include "score/clustered.hpp"
#include "score/plain_row.hpp"

namespace ridgeflow {

/// Branch and bound over all centres for one query at a time, in float64. For queries so far out that the sums of a panel
/// say nothing of them. Queries are given by their scaled coordinates, `stride` apart, and the position of their own centre.
template <class T>
class ClusteredScore<T>::Search {
 public:
  explicit Search(const ClusteredScore& score) : score_(score) {}

  /// The largest base-2 logit; −∞ where there is no centre but its own.
  double largestLogit(const T* x, std::size_t stride, std::uint32_t self) {
    double best = -std::numeric_limits<double>::infinity();
    start();
    while (!candidates_.empty()) {
      const Candidate candidate = take();
      if (candidate.bound <= best) continue;
      if (candidate.level == 0) {
        eachCentre(candidate.node, self, [&](std::size_t j) { best = std::max(best, score_.logit(j, x, stride)); });
        continue;
      }
      const auto sorted = static_cast<std::ptrdiff_t>(candidates_.size());
      addChildren(candidate, x, stride, best);
      std::sort(candidates_.begin() + sorted, candidates_.end());  // the most promising on top
    }
    return best;
  }

  /// Writes the result of row i, where the rounding of T shows in it: the plain result of the centres that may matter.
  void writeResult(const T* x, std::size_t stride, std::uint32_t self, std::size_t i) {
    const double best = largestLogit(x, stride, self);
    // What rounding may take off a logit, of squares in float64.
    const double size = std::abs(score_.largestBias_) + std::abs(score_.logTotal_) + std::abs(best);
    const double rounding = static_cast<double>(score_.problem_.d + 4) * std::numeric_limits<double>::epsilon() * size;
    const double least = best - kNegligible - 2 * rounding;
    rows_.clear();
    start();
    while (!candidates_.empty()) {
      const Candidate candidate = take();
      if (candidate.level > 0) {
        addChildren(candidate, x, stride, least);
        continue;
      }
      eachCentre(candidate.node, self, [&](std::size_t j) {
        if (!(score_.logit(j, x, stride) < least)) rows_.push_back(score_.order_[j]);
      });
    }
    writePlainRow(score_.problem_, score_.results_, i, &rows_);
  }

 private:
  struct Candidate {
    double bound;
    std::size_t level, node;  // level 0 the leaves
    bool operator<(const Candidate& other) const { return bound < other.bound; }
  };
  static constexpr std::size_t kFan = BoxTree<T>::kFan;
  static constexpr double kNegligible = 100.0;  // bits below the largest logit

  void start() { candidates_.assign(1, {std::numeric_limits<double>::infinity(), score_.boxes_.levels(), 0}); }

  Candidate take() {
    const Candidate candidate = candidates_.back();
    candidates_.pop_back();
    return candidate;
  }

  /// The children that may hold a logit above `least`.
  void addChildren(const Candidate& parent, const T* x, std::size_t stride, double least) {
    const std::size_t level = parent.level - 1, first = parent.node * kFan;
    for (std::size_t child = first; child < std::min(first + kFan, score_.boxes_.nodes(level)); ++child) {
      const double bound = score_.logBound(level, child, x, stride);
      if (bound > least) candidates_.push_back({bound, level, child});
    }
  }

  template <class Visit>
  void eachCentre(std::size_t leaf, std::uint32_t self, const Visit& visit) const {
    for (std::size_t j = score_.boxes_.begin(0, leaf); j < score_.boxes_.end(0, leaf); ++j) {
      if (j != self) visit(j);
    }
  }

  const ClusteredScore& score_;
  std::vector<Candidate> candidates_;
  std::vector<std::uint32_t> rows_;
};

}  // namespace ridgeflow
