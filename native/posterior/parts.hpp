#pragma once

#include <cstddef>

#include "runtime/control.hpp"

namespace ridgeflow {

/// What the parts of a cloud so far make of n queries in d dimensions with a vector v_i each, in float64.
struct CovarianceSums {
  std::size_t n = 0;
  std::size_t d = 0;
  const double* vectors = nullptr;  ///< n × d
  double* logs = nullptr;           ///< n: log Σ_j w_j exp(−|x_i − c_j|²/2σ²), −∞ before the first part
  double* mean = nullptr;           ///< n × d: Σ_j r_ij c_j
  double* products = nullptr;       ///< n × d: Cov_r(c)·v_i
};

/// sums ← those with one more part, of which `mean` (n × d) and `parts` (n × 2, of which the first of each two is looked at) are
/// as `score` writes them, and `products` (n × d) as `posteriorCovarianceProduct` does. Of two parts with shares p and q of the
/// weight, means a and b and covariances A and B, the whole has the covariance pA + qB + pq(a − b)(a − b)ᵀ. The same bits for
/// any number of threads. O(nd) time. Throws Aborted: some rows then have the part, others not.
void addCovariancePart(const CovarianceSums& sums, const double* mean, const double* parts, const double* products,
                       Control& control);

}  // namespace ridgeflow
