#pragma once

#include <cstddef>

#include "ridgelet/nonlinearity.hpp"
#include "runtime/control.hpp"

namespace ridgeflow {

/// Sums of ridge functions: out_i = scale · Σ_j w_j f(x_i·c_j + α_i + β_j) v_j. Arrays are row-major.
template <class T>
struct RidgeSumProblem {
  const T* queries = nullptr;  ///< n × d
  std::size_t n = 0;
  const T* centres = nullptr;  ///< m × d
  std::size_t m = 0;
  std::size_t d = 0;
  const T* queryBias = nullptr;   ///< α, n values; null: 0
  const T* centreBias = nullptr;  ///< β, m values; null: 0
  const T* values = nullptr;      ///< m × k
  std::size_t k = 0;
  const T* weights = nullptr;  ///< w, m values; null: 1
  Nonlinearity<T> function;
  double scale = 1.0;
  T* out = nullptr;  ///< n × k
};

/// Two matrix products and the nonlinearity between them, fused: a tile of activations never leaves the cache.
/// O(nm(d + k)) time, memory O(n + m) under 64 MB beside the result. Sums run over at most 1024 centres in T, then in
/// float64. The answer does not depend on the number of threads, to the bit, and the arguments of f are the same bits
/// where queries and centres change places. Throws Aborted.
template <class T>
void ridgeSum(const RidgeSumProblem<T>& problem, Control& control);

/// values[i][j] ← f(values[i][j] + α_i + β_j), rows × columns, in place; either bias may be null. Throws Aborted.
template <class T>
void activate(T* values, std::size_t rows, std::size_t columns, const T* rowBias, const T* columnBias,
              const Nonlinearity<T>& function, Control& control);

}  // namespace ridgeflow
