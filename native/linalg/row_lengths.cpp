#include <algorithm>

#include "linalg/linalg.hpp"
#include "linalg/row_length.hpp"
#include "runtime/memory.hpp"
#include "runtime/parallel.hpp"

namespace ridgeflow {
namespace {

constexpr std::size_t kShare = 1U << 16;  // elements

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
