#include "radon/filter.hpp"

#include <algorithm>
#include <complex>
#include <vector>

#include <kissfft/kissfft.hh>

#include "runtime/memory.hpp"
#include "runtime/parallel.hpp"

namespace ridgeflow {
namespace {

/// Rows that one task filters.
constexpr std::size_t kRows = 16;

}  // namespace

template <class T>
void filterRows(const T* data, std::size_t rows, std::size_t columns, const double* response, std::size_t length,
                const double* scales, T* out, Control& control) {
  const kissfft<double> forward(length, false), inverse(length, true);
  const std::size_t tasks = ceilDivide(rows, kRows);
  control.start(tasks);
  parallelFor(tasks, [&](std::size_t task) {
    std::vector<std::complex<double>> signal(length), spectrum(length);
    const std::size_t end = std::min(rows, (task + 1) * kRows);
    for (std::size_t r = task * kRows; r < end; r += 2) {
      control.check();
      // A real even response keeps real and imaginary part apart: two rows go through one complex transform.
      const T* first = data + r * columns;
      const T* second = r + 1 < end ? first + columns : nullptr;
      for (std::size_t k = 0; k < columns; ++k) signal[k] = {static_cast<double>(first[k]), second ? static_cast<double>(second[k]) : 0.0};
      std::fill(signal.begin() + static_cast<std::ptrdiff_t>(columns), signal.end(), std::complex<double>());
      forward.transform(signal.data(), spectrum.data());
      for (std::size_t k = 0; k < length; ++k) spectrum[k] *= response[std::min(k, length - k)];
      inverse.transform(spectrum.data(), signal.data());
      for (std::size_t half = 0; half < (second ? 2U : 1U); ++half) {
        const double scale = scales[r + half] / static_cast<double>(length);
        T* target = out + (r + half) * columns;
        for (std::size_t k = 0; k < columns; ++k) target[k] = static_cast<T>(scale * (half == 0 ? signal[k].real() : signal[k].imag()));
      }
    }
    control.advance(1);
  });
}

template void filterRows<float>(const float*, std::size_t, std::size_t, const double*, std::size_t, const double*, float*, Control&);
template void filterRows<double>(const double*, std::size_t, std::size_t, const double*, std::size_t, const double*, double*, Control&);

}  // namespace ridgeflow
