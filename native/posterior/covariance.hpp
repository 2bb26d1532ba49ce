#pragma once

#include <cstddef>

#include "runtime/control.hpp"

namespace ridgeflow {

/// Weighted centres c_j seen from queries x_i, with the weights r_ij ∝ w_j exp(−|x_i − c_j|²/2σ²), and a vector v_i for each.
template <class T>
struct PosteriorCovarianceProblem {
  const T* queries = nullptr;     // n × d
  const T* vectors = nullptr;     // n × d
  const T* centres = nullptr;     // m × d
  const T* logWeights = nullptr;  // m, or null: all equal
  std::size_t n = 0, m = 0, d = 0;
  double variance = 1.0;
  T* out = nullptr;  // n × d
};

/// out_i ← Cov_r(c)·v_i. In float64 throughout, since distances and covariances are small differences of products; about the
/// mean of the centres; queries so far away that products lose the digits of distances are weighed plainly
/// (score/plain_row.hpp). O(nmd) time, O(md) memory; the same bits for any number of threads. Where all weights of a query
/// vanish, zero.
template <class T>
void posteriorCovarianceProduct(const PosteriorCovarianceProblem<T>& problem, Control& control);

}  // namespace ridgeflow
