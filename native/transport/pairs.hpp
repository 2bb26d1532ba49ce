#pragma once

#include <cstddef>

#include "runtime/control.hpp"

namespace ridgeflow {

enum class PairCost { kSquaredEuclidean, kEuclidean };

/// The entropic kernel of two clouds: weights e^{h_j − c(x_i, y_j)/ε} of targets y_j seen from points x_i, with
/// c = |x − y|² or |x − y|. Arrays are row-major.
template <class T>
struct PointPairs {
  const T* from = nullptr;  ///< x, n × d
  std::size_t n = 0;
  const T* to = nullptr;  ///< y, m × d
  std::size_t m = 0;
  std::size_t d = 0;
  PairCost cost = PairCost::kSquaredEuclidean;
  double epsilon = 1.0;                ///< ε > 0
  const double* logWeights = nullptr;  ///< h, m values; −∞ leaves a target out
};

/// out[i] = −ε log Σ_j e^{h_j − c(x_i, y_j)/ε}; +∞ where every target is left out. Logits and their exponentials in T,
/// about the cloud's mean; potentials and sums over targets in float64. O(nmd) time, O(md + n) memory. The answer does
/// not depend on the number of threads, to the bit. Throws Aborted.
template <class T>
void softmin(const PointPairs<T>& pairs, double* out, Control& control);

/// out[i × m + j] = e^{r_i + h_j − c(x_i, y_j)/ε}, n × m; with `overDistance` and the Euclidean cost divided by
/// |x_i − y_j|, 0 where that is 0. Throws Aborted.
template <class T>
void planRows(const PointPairs<T>& pairs, const double* rowLogWeights, bool overDistance, T* out, Control& control);

/// out[i] = Σ_j e^{r_i + h_j − c(x_i, y_j)/ε} c(x_i, y_j): what the points cost under the plan. Summed in float64, from
/// differences. O(nmd) time, O(md) memory; the same bits for any number of threads. Throws Aborted.
template <class T>
void planCosts(const PointPairs<T>& pairs, const double* rowLogWeights, double* out, Control& control);

}  // namespace ridgeflow
