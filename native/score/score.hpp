#pragma once

#include <cstddef>

#include "runtime/control.hpp"

namespace ridgeflow {

/// The Gaussian kernel density p(x) = Σ_j w_j N(x; c_j, σ²I) seen from queries x_i, with posterior weights
/// r_ij ∝ w_j exp(−|x_i − c_j|²/2σ²). Arrays are row-major; a null result pointer means: not wanted.
template <class T>
struct ScoreProblem {
  const T* queries = nullptr;  ///< n × d
  std::size_t n = 0;
  const T* centres = nullptr;  ///< m × d
  std::size_t m = 0;
  std::size_t d = 0;
  const T* logWeights = nullptr;  ///< m values, −∞ leaves a centre out; null: equal weights 1/m
  double variance = 1.0;          ///< σ² > 0
  bool excludeSelf = false;       ///< query i skips centre i; needs n = m
  T* mean = nullptr;              ///< n × d: Σ_j r_ij c_j
  T* logDensity = nullptr;        ///< n: log p(x_i)
  T* divergence = nullptr;        ///< n: Δ log p(x_i)
};

/// Computes the wanted results in one pass over tiles: O(nmd) time, memory O(m) beside the results plus under 2 MB
/// per thread (for d up to a few thousand). The answer does not depend on the number of threads, to the bit.
///
/// Method: queries lie across SIMD lanes, so that the running maximum, the weights and all sums of the streaming
/// softmax are vertical; sums over centres are carried in float64. Where σ is so small against the extent of the
/// cloud that |x|² − 2x·c + |c|² would lose digits, the differences x − c are formed directly.
///
/// Where every weight of a query vanishes (a single centre, excluded): log-density −∞, mean = the query,
/// divergence 0. Throws Aborted.
template <class T>
void score(const ScoreProblem<T>& problem, Control& control);

}  // namespace ridgeflow
