#pragma once

#include <cstddef>

#include "runtime/control.hpp"

// Sums over targets that come in parts.

namespace ridgeflow {

/// minima[i] ← −ε log(e^{−minima[i]/ε} + e^{−part[i]/ε}), n values each: softmin() over the targets so far, +∞ before the first,
/// with one more part of them. ε > 0. An infinite value keeps its sense: +∞ is no weight, −∞ all of it. The same bits for any
/// number of threads. O(n) time. Throws Aborted: some values then have the part, others not.
void addSoftminPart(double* minima, const double* part, std::size_t n, double epsilon, Control& control);

}  // namespace ridgeflow
