#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "runtime/control.hpp"
#include "score/cluster_tiles.hpp"
#include "score/results.hpp"
#include "score/score.hpp"
#include "score/spatial_tree.hpp"

namespace ridgeflow {

/// The score where most centres weigh nothing in most queries: centres and queries are brought into spatial order, and
/// a panel of neighbouring queries leaves out the clusters of centres that are certainly negligible for all of them.
///
/// Bound: let S be a lower bound of a query's sum Σ w e^{−q/2}, q = |x − c|²/σ², and W = Σ w. What is left out must
/// satisfy Σ w e^{−q/2} (1 + q + F) ≤ εS with F = 2 log(W/S). Since log W/S bounds the kept centres' mean q/2 (the
/// relative entropy of posterior and prior weights is not negative), that keeps the log-density within ε nats, the mean
/// within εσ, and the trace of the posterior covariance within 4εσ². Half of εS is shared out over all weights, which
/// makes a distance beyond which a cluster is left out at once; the other half is spent on the clusters that are left,
/// the least first. S comes from the query's own surroundings, or from its heaviest centre where those weigh little.
template <class T>
class ClusteredScore {
 public:
  /// Sorts the centres that have a weight, and those queries. O((m + n) log(m + n)) time, O(m + n) memory. Throws Aborted.
  ClusteredScore(const ScoreProblem<T>& problem, std::vector<std::uint32_t> queries, const Control& control);

  /// Expected number of pairs that run() computes, its other work counted in pairs too; from a sample of the panels.
  double estimatedPairs() const;

  /// Computes and writes the results of the queries. `control` advances by the number of queries.
  void run(Control& control) const;

 private:
  class Panel;
  class Search;
  std::size_t panels() const { return ceilDivide(queries_.size(), operations_.width); }
  void packCentres();
  void weighNodes();

  /// The base-2 logit of the centre at a position, from scaled coordinates x, `stride` apart.
  double logit(std::size_t position, const T* x, std::size_t stride) const {
    double square = 0.0;
    for (std::size_t k = 0; k < problem_.d; ++k) {
      const double difference = static_cast<double>(x[k * stride]) - static_cast<double>(rows_[position * problem_.d + k]);
      square += difference * difference;
    }
    return (bias_ ? static_cast<double>(bias_[position]) : 0.0) - static_cast<double>(centres_.alpha) * square;
  }

  /// The largest base-2 logit that a centre in a node can have.
  double logBound(std::size_t level, std::size_t node, const T* x, std::size_t stride) const {
    constexpr std::size_t kFan = BoxTree<T>::kFan;
    const T* low = boxes_.group(level, node / kFan) + node % kFan;
    double square = 0.0;
    for (std::size_t k = 0; k < problem_.d; ++k, low += kFan) {
      const double coordinate = static_cast<double>(x[k * stride]);
      const double outside = std::max({low[0] - coordinate, coordinate - low[problem_.d * kFan], 0.0});
      square += outside * outside;
    }
    return logTotal_ + nodeWeights_[level][node] - static_cast<double>(centres_.alpha) * square;
  }

  ScoreProblem<T> problem_;
  ScoreResults<T> results_;
  cluster_tiles::ClusterOperations<T> operations_;
  cluster_tiles::Centres<T> centres_;
  double scale_ = 1.0;  // the power of two s
  std::vector<std::uint32_t> order_;      // rows of the centres that have a weight, in spatial order
  std::vector<std::uint32_t> queries_;    // rows of the queries, in spatial order
  bool sameOrder_ = false;                // the queries are the centres, position by position
  std::vector<std::uint32_t> positions_;  // where each row of the centres is; filled where queries leave themselves out
  Buffer<T> rows_, bias_;
  double largestBias_ = 0.0;
  BoxTree<T> boxes_;  // of rows_
  double logTotal_ = 0.0;                         // log₂ of the sum of all weights
  std::vector<std::vector<double>> nodeWeights_;  // log₂ of each node's part of it, level by level
};

}  // namespace ridgeflow
