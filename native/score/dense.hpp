#pragma once

#include "score/rounding.hpp"
#include "score/score.hpp"

namespace ridgeflow {

/// The score over all pairs of queries and centres, exact to rounding. O(nmd) time, O(m) memory. Throws Aborted.
///
/// Queries lie across SIMD lanes, so that the running maximum, the weights and all sums of the streaming softmax are
/// vertical; sums over centres are carried in float64. Where σ is so small against the extent of the cloud that
/// |x|² − 2x·c + |c|² would lose digits, the differences x − c are formed directly. Queries that rounding moves by more than
/// `allowed` (rounding.hpp) are computed again, by finer.hpp.
template <class T>
void scoreDense(const ScoreProblem<T>& problem, Control& control, double allowed = kShownRounding<T>);

}  // namespace ridgeflow
