#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

namespace ridgeflow {

/// Whole units of mass: flows add and subtract without rounding.
__extension__ using Mass = __int128;

inline constexpr int kUnitBits = 125;
/// Units of the whole, of weights that differ.
inline constexpr Mass kFine = Mass{1} << kUnitBits;

/// A weight in units of 2⁻¹²⁵. Those that make up more than a thousandth of the whole are rounded to 2⁻⁵²: sums that
/// should be equal then mostly are, and the plan needs no slivers of mass to make up for their rounding.
inline Mass wholeMass(double weight) {
  constexpr int coarse = 52;
  if (weight >= 0x1p-10) return static_cast<Mass>(std::llround(std::ldexp(weight, coarse))) << (kUnitBits - coarse);
  // Above 0, so much that the single units of weights of 0 do not outweigh it.
  constexpr double least = 1024;
  return weight == 0 ? 1 : static_cast<Mass>(std::max(least, std::ldexp(weight, kUnitBits)));
}

/// Masses that sum to `total`, as near to the weights as may be, equal where `equal` says that the weights are. None is
/// 0: a target without mass would make the first tree weakly feasible, and the method could go round in circles.
inline std::vector<Mass> wholeMasses(const double* weights, std::size_t count, Mass total, bool equal) {
  std::vector<Mass> masses(count);
  Mass rest = total;
  std::size_t largest = 0;
  for (std::size_t i = 0; i < count; ++i) {
    masses[i] = equal ? total / static_cast<Mass>(count) : wholeMass(weights[i]);
    rest -= masses[i];
    if (masses[i] > masses[largest]) largest = i;
  }
  masses[largest] += rest;
  return masses;
}

}  // namespace ridgeflow
