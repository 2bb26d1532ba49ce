#include <algorithm>

#include "linalg/linalg.hpp"
#include "runtime/memory.hpp"
#include "runtime/parallel.hpp"

namespace ridgeflow {
namespace {

constexpr std::size_t kLanes = 16;       // rows side by side, so that one place serves them all
constexpr std::size_t kCheck = 1U << 16;  // terms between two looks at the control

}  // namespace

template <class T>
void signedSums(const T* points, std::size_t n, std::size_t d, const std::int32_t* places, std::size_t each,
                std::size_t columns, double scale, T* out, Control& control) {
  const std::size_t step = std::max<std::size_t>(1, kCheck / (each * kLanes));
  control.start(n);
  parallelFor(ceilDivide(n, kLanes), [&](std::size_t task) {
    const std::size_t first = task * kLanes, rows = std::min(kLanes, n - first);
    const Buffer<double> sums = allocateBuffer<double>(columns * kLanes);
    std::fill_n(sums.get(), columns * kLanes, 0.0);
    for (std::size_t start = 0; start < d; start += step) {
      control.check();
      for (std::size_t k = start; k < std::min(d, start + step); ++k) {
        double values[kLanes] = {};
        for (std::size_t i = 0; i < rows; ++i) values[i] = points[(first + i) * d + k];
        for (std::size_t e = k * each; e < (k + 1) * each; ++e) {
          const std::int32_t place = places[e];
          double* sum = sums.get() + static_cast<std::size_t>(place < 0 ? ~place : place) * kLanes;
          if (place < 0) {
            for (std::size_t i = 0; i < kLanes; ++i) sum[i] -= values[i];
          } else {
            for (std::size_t i = 0; i < kLanes; ++i) sum[i] += values[i];
          }
        }
      }
    }
    for (std::size_t i = 0; i < rows; ++i) {
      for (std::size_t j = 0; j < columns; ++j) out[(first + i) * columns + j] = static_cast<T>(scale * sums[j * kLanes + i]);
    }
    control.advance(rows);
  });
}

template void signedSums<float>(const float*, std::size_t, std::size_t, const std::int32_t*, std::size_t, std::size_t, double, float*, Control&);
template void signedSums<double>(const double*, std::size_t, std::size_t, const std::int32_t*, std::size_t, std::size_t, double, double*, Control&);

}  // namespace ridgeflow
