#include "transport/parts.hpp"

#include <algorithm>
#include <cmath>

#include "runtime/for_each_row.hpp"

namespace ridgeflow {

void addSoftminPart(double* minima, const double* part, std::size_t n, double epsilon, Control& control) {
  forEachRow(n, 2, control, [&](std::size_t i) {
    const double before = minima[i], more = part[i];
    // Two that are infinite alike have no difference.
    const double apart = before == more ? 0.0 : std::abs(before - more);
    minima[i] = std::min(before, more) - epsilon * std::log1p(std::exp(-apart / epsilon));
  });
}

}  // namespace ridgeflow
