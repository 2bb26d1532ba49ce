#pragma once

#include <cstddef>
#include <cstdint>

#include "runtime/control.hpp"

namespace ridgeflow {

/// c(x_i, y_j) of every pair, n × m, in float64 from differences: |x − y|² or |x − y|. O(nmd) time. Throws Aborted.
template <class T>
void pairCosts(const T* from, std::size_t n, const T* to, std::size_t m, std::size_t d, bool euclidean, double* out,
               Control& control);

/// The assignment of least cost: column columns[i] of the n × n costs for each row i, and duals u_i + v_j ≤ c_ij with
/// equality on the assignment. O(n³) time at worst, O(n) memory. Source: R. Jonker, A. Volgenant, A shortest augmenting
/// path algorithm for dense and sparse linear assignment problems, Computing 38 (1987). Costs of ∞ forbid a pair; false
/// where every assignment uses one. Throws Aborted.
bool assign(const double* costs, std::size_t n, std::int32_t* columns, double* u, double* v, Control& control);

/// A plan as a list of at most n + m − 1 entries.
struct SparsePlan {
  std::int32_t* rows = nullptr;
  std::int32_t* columns = nullptr;
  double* masses = nullptr;
  std::size_t count = 0;
};

/// The transport plan of least cost between weights that sum to 1 each, n × m costs, of which those that are ∞ forbid a
/// pair; and duals as of assign. False where every plan uses a forbidden pair. `plan` has room for n + m entries. Masses
/// are whole multiples of 2⁻¹²⁵, of 1/nm where all weights are equal, so that no rounding accumulates and the method
/// ends; the signs of reduced costs that rounding could hide come from exact sums, so that an arc is judged by its own
/// cost and not by the largest. Exponential at worst, in practice about O((n + m)·n·m/√(nm)); O(n + m) memory. The
/// network simplex method on a strongly feasible tree with block pricing: W. H. Cunningham (1976); N. Bonneel et al., ACM
/// Trans. Graph. 30 (2011). Throws Aborted.
bool networkSimplex(const double* costs, std::size_t n, std::size_t m, const double* supplies, const double* demands,
                    SparsePlan& plan, double* u, double* v, Control& control);

}  // namespace ridgeflow
