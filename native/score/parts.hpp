#pragma once

#include <cstddef>

#include "runtime/control.hpp"
#include "score/score.hpp"

// Sums over a cloud that comes in parts.

namespace ridgeflow {

/// What the parts of a cloud so far make of n queries in d dimensions, in float64. A null pointer means: not wanted.
struct ScoreSums {
  std::size_t n = 0;
  std::size_t d = 0;
  double* logs = nullptr;   ///< n: log Σ_j w_j exp(−|x_i − c_j|²/2σ²), −∞ before the first part
  double* mean = nullptr;   ///< n × d: Σ_j r_ij c_j
  double* trace = nullptr;  ///< n: Σ_j r_ij |c_j − mean_i|²; needs the mean
};

/// sums ← those with one more part, of which `mean` (n × d) and `parts` (n × 2) are as `score` writes them. Of two parts with
/// sums of weights S and T, means a and b and traces A and B, the whole has the weight S + T, the mean pa + qb and the trace
/// pA + qB + pq|a − b|², where p = S/(S + T) and q = 1 − p (T. F. Chan, G. H. Golub, R. J. LeVeque, 1982, for weights). The
/// same bits for any number of threads. O(nd) time. Throws Aborted: some rows then have the part, others not.
template <class T>
void addScorePart(const ScoreSums& sums, const T* mean, const double* parts, Control& control);

/// The results that `problem` wants, of sums over all parts. Of its centres only their number m is looked at, which counts
/// where they have no log-weights. Throws Aborted.
template <class T>
void writeScoreSums(const ScoreProblem<T>& problem, const ScoreSums& sums, Control& control);

}  // namespace ridgeflow
