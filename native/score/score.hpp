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
  double tolerance = 0.0;         ///< error that is allowed, relative to the kernel sums; 0: exact to rounding
  T* mean = nullptr;              ///< n × d: Σ_j r_ij c_j
  T* logDensity = nullptr;        ///< n: log p(x_i)
  T* divergence = nullptr;        ///< n: Δ log p(x_i)
  /// For sums over parts of a cloud, which are put together later: n × (log Σ_j w_j exp(−|x_i − c_j|²/2σ²) and Σ_j r_ij
  /// |c_j − mean_i|²), w_j = 1 each where there are no log-weights. Where every weight vanishes −∞ and 0.
  double* parts = nullptr;
};

/// Computes the wanted results in one pass: O(nmd) time, memory O(m) beside the results plus under 2 MB per thread (for
/// d up to a few thousand). The answer does not depend on the number of threads, to the bit.
///
/// With a tolerance ε > 0 (at most 0.1 is taken) the cheapest of four paths by their estimated costs is taken. Errors
/// then stay, beside rounding, within ε nats in the log-density, εσ in the mean and 4ε/σ² in the divergence, for every
/// query, however far from the centres:
/// - all pairs;
/// - d ≤ 16 and a narrow kernel: centres that are negligible for a query are left out (clustered.hpp). O((n + m)
///   log(n + m)) time where σ is near the distance of neighbours, O(n + m) memory;
/// - d > 16 and a narrow kernel: the same for centres whose leading principal coordinates are far (pruned.hpp). A copy of
///   the centres, O((n + m)·160) memory;
/// - d ≤ 3 and a wide kernel: a fast Gauss transform on a grid (gridded.hpp). O(n + m) time, and time and memory for a
///   grid of at most 2²¹ + 4(n + m) points. Queries whose sum is too small against the weight of all centres to be read
///   from the grid within ε take the clustered path.
///
/// Where every weight of a query vanishes (a single centre, excluded): log-density −∞, mean = the query,
/// divergence 0. Throws Aborted.
template <class T>
void score(const ScoreProblem<T>& problem, Control& control);

}  // namespace ridgeflow
