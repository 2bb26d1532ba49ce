#include <algorithm>

#include "linalg/linalg.hpp"
#include "runtime/memory.hpp"
#include "runtime/parallel.hpp"

namespace ridgeflow {
namespace {

constexpr std::size_t kShare = 1U << 16;  // elements

/// Eight sums side by side keep the additions from waiting for each other.
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

}  // namespace

template <class T>
void squaredRowLengths(const T* data, std::size_t rows, std::size_t columns, double* out) {
  const std::size_t share = std::max<std::size_t>(1, kShare / std::max<std::size_t>(1, columns));
  parallelFor(ceilDivide(rows, share), [&](std::size_t task) {
    const std::size_t end = std::min(rows, (task + 1) * share);
    for (std::size_t i = task * share; i < end; ++i) out[i] = squaredLength(data + i * columns, columns);
  });
}

template void squaredRowLengths<float>(const float*, std::size_t, std::size_t, double*);
template void squaredRowLengths<double>(const double*, std::size_t, std::size_t, double*);

}  // namespace ridgeflow
