#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace ridgeflow {

/// Whole units of mass: flows add and subtract without rounding.
__extension__ using Mass = __int128;

/// Conversions by halves: those of the compiler are calls into its own library, which in a package brings memcpy and floor of
/// its own along, slower than those of the system.
inline Mass massOf(double value) {  // from 0 to 2¹²⁶, rounded down
  const double high = std::floor(std::ldexp(value, -64));
  return (static_cast<Mass>(static_cast<std::int64_t>(high)) << 64) + static_cast<std::uint64_t>(value - std::ldexp(high, 64));
}

/// The nearest float64.
inline double asDouble(Mass mass) {
  if (mass < 0) return -asDouble(-mass);
  const auto high = static_cast<std::uint64_t>(mass >> 64), low = static_cast<std::uint64_t>(mass);
  if (high == 0) return static_cast<double>(low);
  // The leading 64 bits, the last of them 1 where others follow: enough to round by.
  const int shift = std::bit_width(high);
  const auto leading = static_cast<std::uint64_t>(mass >> shift);
  const bool more = shift == 64 ? low != 0 : (low << (64 - shift)) != 0;
  return std::ldexp(static_cast<double>(leading | (more ? 1U : 0U)), shift);
}

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
  return weight == 0 ? 1 : massOf(std::max(least, std::ldexp(weight, kUnitBits)));
}

/// Masses that sum to `total`, as near to the weights as may be, or `each` of them where it is not 0. None is 0: a target without mass would make the first tree weakly feasible, and the method could go round in circles.
inline std::vector<Mass> wholeMasses(const double* weights, std::size_t count, Mass total, Mass each) {
  std::vector<Mass> masses(count);
  Mass rest = total;
  std::size_t largest = 0;
  for (std::size_t i = 0; i < count; ++i) {
    masses[i] = each != 0 ? each : wholeMass(weights[i]);
    rest -= masses[i];
    if (masses[i] > masses[largest]) largest = i;
  }
  masses[largest] += rest;
  return masses;
}

}  // namespace ridgeflow
