#include <algorithm>
#include <cmath>
#include <vector>

#include "linalg/linalg.hpp"
#include "linalg/row_length.hpp"
#include "runtime/memory.hpp"
#include "runtime/parallel.hpp"

namespace ridgeflow {
namespace {

constexpr std::size_t kShare = 1U << 15;  // elements of a task
constexpr std::size_t kBlock = 2048;      // elements whose error is held at a time: they stay in the first-level cache

template <class T>
struct Terms {
  std::vector<T> coefficients;
  const T* const* arrays;
};

/// The error at elements [first, first + count), each term in turn, so that its bits do not depend on where a block begins.
template <class T>
void combine(const Terms<T>& terms, std::size_t first, std::size_t count, T* error) {
  std::fill_n(error, count, T(0));
  for (std::size_t k = 0; k < terms.coefficients.size(); ++k) {
    const T coefficient = terms.coefficients[k];
    const T* array = terms.arrays[k] + first;
    for (std::size_t i = 0; i < count; ++i) error[i] += coefficient * array[i];
  }
}

/// NaN where one of them is, unlike std::max.
double larger(double a, double b) { return a > b || std::isnan(a) ? a : b; }

}  // namespace

template <class T>
ScaledError scaledError(const double* coefficients, const T* const* arrays, std::size_t terms, const T* a, const T* b,
                        std::size_t rows, std::size_t columns, double relative, double absolute) {
  const Terms<T> sum{{coefficients, coefficients + terms}, arrays};
  const std::size_t perTask = std::max<std::size_t>(1, kShare / columns);
  // Rows longer than a block are taken in pieces.
  const std::size_t width = std::min(columns, kBlock), perBlock = std::max<std::size_t>(1, kBlock / columns);
  std::vector<ScaledError> parts(ceilDivide(rows, perTask));
  parallelFor(parts.size(), [&](std::size_t task) {
    T error[kBlock];
    ScaledError part;
    const std::size_t end = std::min(rows, (task + 1) * perTask);
    for (std::size_t first = task * perTask; first < end; first += perBlock) {
      const std::size_t last = std::min(end, first + perBlock);
      if (columns <= kBlock) combine(sum, first * columns, (last - first) * columns, error);
      for (std::size_t row = first; row < last; ++row) {
        double square = 0.0, from = 0.0, to = 0.0;
        for (std::size_t k = 0; k < columns; k += width) {
          const std::size_t count = std::min(width, columns - k), at = row * columns + k;
          const T* piece = error + (row - first) * columns;
          if (columns > kBlock) {
            combine(sum, at, count, error);
            piece = error;
          }
          square += squaredLength(piece, count);
          from += squaredLength(a + at, count);
          to += squaredLength(b + at, count);
        }
        const double scale = absolute + relative * std::sqrt(larger(from, to));
        // A row that is not finite must show even where the method's error is 0: its scale is NaN or infinite.
        if (square == 0.0 && std::isfinite(scale)) continue;
        const double scaled = std::isfinite(scale) ? square / (scale * scale) : std::nan("");
        part.sum += scaled;
        part.largest = larger(scaled, part.largest);
      }
    }
    parts[task] = part;
  });
  ScaledError total;
  for (const ScaledError& part : parts) {
    total.sum += part.sum;
    total.largest = larger(part.largest, total.largest);
  }
  return total;
}

template ScaledError scaledError<float>(const double*, const float* const*, std::size_t, const float*, const float*,
                                        std::size_t, std::size_t, double, double);
template ScaledError scaledError<double>(const double*, const double* const*, std::size_t, const double*, const double*,
                                         std::size_t, std::size_t, double, double);

}  // namespace ridgeflow
