#pragma once

#include "distances/distance_sums.hpp"

namespace ridgeflow {

/// The sums where the queries are the points: each pair is measured once, and counts for both of its points. Returns false,
/// having done nothing, where groups are so small that vectors of points of one group would be mostly empty. O(md) memory.
/// Throws Aborted.
template <class T>
bool mutualDistanceSums(const DistanceSumProblem<T>& problem, Control& control);

}  // namespace ridgeflow
