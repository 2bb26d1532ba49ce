#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

#include "score/clustered.hpp"

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

  /// Writes the result of row i, where the rounding of its logits is more than exponentials in T can bear.
  void writeResult(const T* x, std::size_t stride, std::uint32_t self, std::size_t i) {
    const std::size_t d = score_.problem_.d;
    const double best = largestLogit(x, stride, self);
    double weight = 0.0, moment = 0.0, square = 0.0;
    std::vector<double> mean(d, 0.0);
    start();
    while (!candidates_.empty()) {
      const Candidate candidate = take();
      if (candidate.level > 0) {
        addChildren(candidate, x, stride, best - kNegligible);
        continue;
      }
      eachCentre(candidate.node, self, [&](std::size_t j) {
        const double share = std::exp2(score_.logit(j, x, stride) - best);
        weight += share;
        for (std::size_t k = 0; k < d; ++k) {
          const double offset = static_cast<double>(x[k * stride]) - static_cast<double>(score_.rows_[j * d + k]);
          mean[k] += share * offset;
          moment += share * offset * offset;
        }
      });
    }
    for (std::size_t k = 0; k < d; ++k) {
      const double offset = mean[k] / weight / score_.scale_;
      square += offset * offset;
      mean[k] = static_cast<double>(score_.problem_.queries[i * d + k]) - offset;
    }
    const double trace = moment / weight / (score_.scale_ * score_.scale_) - square;
    score_.results_.write(i, best + std::log2(weight), mean.data(), trace);
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
};

}  // namespace ridgeflow
