#pragma once

#include <cstddef>

namespace ridgeflow {

/// Σ_k row[k]² in float64. Eight sums side by side keep the additions from waiting for each other.
template <class T>
double squaredLength(const T* row, std::size_t columns) {
  constexpr std::size_t kSums = 8;
  double sums[kSums] = {};
  std::size_t k = 0;
  for (; k + kSums <= columns; k += kSums) {
    for (std::size_t j = 0; j < kSums; ++j) {
      const double value = row[k + j];
      sums[j] += value * value;
    }
  }
  for (; k < columns; ++k) {
    const double value = row[k];
    sums[k % kSums] += value * value;
  }
  return ((sums[0] + sums[1]) + (sums[2] + sums[3])) + ((sums[4] + sums[5]) + (sums[6] + sums[7]));
}

}  // namespace ridgeflow
