#include <algorithm>
#include <cmath>

#include "runtime/memory.hpp"
#include "runtime/parallel.hpp"
#include "transport/exact.hpp"

namespace ridgeflow {
namespace {

constexpr std::size_t kRows = 8;
constexpr std::size_t kColumns = 256;

}  // namespace

template <class T>
void pairCosts(const T* from, std::size_t n, const T* to, std::size_t m, std::size_t d, bool euclidean, double* out,
               Control& control) {
  control.start(static_cast<std::uint64_t>(n) * m);
  parallelFor(ceilDivide(m, kColumns), [&](std::size_t task) {
    const std::size_t first = task * kColumns, columns = std::min(kColumns, m - first);
    // Targets across, so that the innermost loop runs along them.
    const Buffer<double> transposed = allocateBuffer<double>(d * columns);
    for (std::size_t j = 0; j < columns; ++j) {
      for (std::size_t k = 0; k < d; ++k) transposed[k * columns + j] = to[(first + j) * d + k];
    }
    for (std::size_t i = 0; i < n; ++i) {
      double* row = out + i * m + first;
      std::fill_n(row, columns, 0.0);
      for (std::size_t k = 0; k < d; ++k) {
        const double x = from[i * d + k];
        const double* y = transposed.get() + k * columns;
        for (std::size_t j = 0; j < columns; ++j) row[j] += (x - y[j]) * (x - y[j]);
      }
      if (euclidean) {
        for (std::size_t j = 0; j < columns; ++j) row[j] = std::sqrt(row[j]);
      }
      if (i % kRows == 0) control.advance(kRows * columns);
    }
  });
}

template void pairCosts<float>(const float*, std::size_t, const float*, std::size_t, std::size_t, bool, double*, Control&);
template void pairCosts<double>(const double*, std::size_t, const double*, std::size_t, std::size_t, bool, double*, Control&);

}  // namespace ridgeflow
