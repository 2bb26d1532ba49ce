#pragma once

#include <cstddef>
#include <vector>

#include "runtime/control.hpp"
#include "score/score.hpp"

namespace ridgeflow {

/// Columns in which all centres agree: the border of images, one-hot codes that never occur. They add the same to all
/// distances of a query, hence nothing to its posterior weights: the mean has the centres' value there, and log-density
/// and divergence what a single Gaussian would. The sums run over the other columns alone.
template <class T>
class FlatColumns {
 public:
  /// O(md) time at most.
  explicit FlatColumns(const ScoreProblem<T>& problem);

  /// Whether there are so many that copies without them pay.
  bool worthwhile() const;

  /// Has a problem without these columns solved, and writes the results of the whole. A copy of both clouds without them.
  void solve(void (*solveKept)(const ScoreProblem<T>&, Control&), Control& control) const;

 private:
  std::vector<T> keptOf(const T* rows, std::size_t count) const;
  double flatSquare(const T* query) const;

  ScoreProblem<T> problem_;
  std::vector<std::size_t> kept_, flat_;
};

}  // namespace ridgeflow
