#pragma once

#include "score/score.hpp"

namespace ridgeflow {

/// The score of a cloud at its own points in many dimensions, exact to rounding: every distance once, for both of its
/// points, which saves a quarter of the time of all pairs (half, where the log-density alone is wanted). Points of equal
/// weight that see themselves only: no query is then far from all centres, and no running maximum is needed.
///
/// Blocks of points meet in the rounds of a tournament, in which every block plays at most once: no two threads add to the
/// same sums, and the order of additions, hence every bit, depends on the sizes alone. O(n²d) time; a centred copy of the
/// points and sums in float64, O(nd) memory. Throws Aborted.
///
/// Returns false, having done nothing, where it does not apply: other problems, and clouds whose distances need differences
/// of coordinates (dense_plan.hpp).
template <class T>
bool scoreSymmetric(const ScoreProblem<T>& problem, Control& control);

/// The share of the time of all pairs that it takes: 1 where it does not apply, where sizes do not pay, or where the copy
/// and the sums would take over 1 GiB.
template <class T>
double symmetricShare(const ScoreProblem<T>& problem);

}  // namespace ridgeflow
