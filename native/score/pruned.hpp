#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "runtime/centred_rows.hpp"
#include "runtime/control.hpp"
#include "runtime/memory.hpp"
#include "score/cluster_tiles.hpp"
#include "score/leading_basis.hpp"
#include "score/pruned_tiles.hpp"
#include "score/results.hpp"
#include "score/score.hpp"
#include "score/spatial_tree.hpp"

namespace ridgeflow {

/// The score in many dimensions where most centres weigh nothing in most queries. A panel of neighbouring queries bounds
/// its distances to the centres by their leading principal coordinates y and the lengths ρ of what is left,
/// |x − c|² ≥ |y_x − y_c|² + (ρ_x − ρ_c)²: first boxes of centres, then centres by few coordinates, then by more. What
/// may matter is summed in full, the nearest first, until the rest is certainly negligible.
///
/// What is left out satisfies Σ w e^{−q/2} (1 + q + F) ≤ εS, as in clustered.hpp, S ≥ the sum of what was kept: a
/// sixteenth of ε is spent on boxes, a quarter on the first coordinates, the rest on the last.
template <class T>
class PrunedScore {
 public:
  /// Sorts the centres that have a weight, and the queries. O((n + m)(d·r + log(n + m))) time for r ≤ 127 coordinates,
  /// a copy of the centres and O((n + m)r) memory. Throws Aborted.
  PrunedScore(const ScoreProblem<T>& problem, const Control& control);

  /// What that takes, in pairs of the dense path.
  static double preparationPairs(const ScoreProblem<T>& problem);

  /// Expected number of pairs that run() computes, its other work counted in pairs too; from a sample of the panels.
  double estimatedPairs(const Control& control) const;

  /// Computes and writes the results. `control` advances by the number of queries.
  void run(Control& control) const;

 private:
  class Panel;

  /// Rows in spatial order by their leading coordinates, ρ the last of them.
  struct Leading {
    std::vector<std::uint32_t> order;
    Buffer<T> few, more;          // rows × fewStride_, rows × moreStride_
    std::vector<double> squares;  // |x|², scaled
  };

  std::size_t panels() const { return ceilDivide(queries().order.size(), operations_.width); }
  const Leading& queries() const { return sameOrder_ ? centres_ : otherQueries_; }
  Leading lead(const CentredRows<T>& cloud, std::vector<std::uint32_t> rows, std::size_t run, std::size_t leaf, const Control& control);
  void packCentres();

  /// What rounding may take off a squared distance of `square` that was summed over coordinates: in bits.
  double slack(double square) const;

  ScoreProblem<T> problem_;
  ScoreResults<T> results_;
  pruned_tiles::Operations<T> operations_;
  cluster_tiles::ClusterOperations<T> boxOperations_;
  std::vector<double> origin_;
  double scale_;       // √(log₂(e)/2σ²)
  bool differences_;   // else distances come from products
  double radius_ = 0;  // largest scaled length of a row
  double centreRadius_ = 0;  // largest length of a centre, in σ
  std::size_t few_ = 0, more_ = 0;  // leading coordinates at most, without ρ; `more_` may be 0
  std::size_t fewStride_ = 0, moreStride_ = 0;
  LeadingBasis basis_;
  bool sameOrder_ = false;  // the queries are the centres, position by position
  Leading centres_, otherQueries_;
  std::vector<std::uint32_t> positions_;  // where each row of the centres is; filled where queries leave themselves out
  std::size_t stride_ = 0;
  Buffer<T> rows_, bias_, centreSquares_;
  double largestBias_ = 0.0, logTotal_ = 0.0;  // log₂ of the largest weight and of the sum of all
  BoxTree<T> boxes_;  // of the few leading coordinates
};

}  // namespace ridgeflow
