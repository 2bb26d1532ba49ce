#include "ridgelet/convolve_projections.hpp"

#include <algorithm>

#include "ridgelet/spread.hpp"
#include "runtime/fft.hpp"
#include "runtime/memory.hpp"
#include "runtime/parallel.hpp"

namespace ridgeflow {
namespace {

/// Points between two looks at the abort cell.
constexpr std::size_t kSlice = 1U << 16;

/// The rows (direction, channel) of one batch: two real signals in each lane.
template <class T>
class Batch {
 public:
  Batch(const ConvolveProjectionsProblem<T>& problem, const ridge_spread::Spread<T>& spread, const BatchFft<T>& fft)
      : problem_(problem),
        spread_(spread),
        fft_(fft),
        lanes_(BatchFft<T>::lanes()),
        row_(allocateBuffer<T>(problem.length + 16)),
        data_(allocateBuffer<T>(fft.batchSize())),
        scratch_(allocateBuffer<T>(fft.batchSize())) {}

  void run(std::size_t first, std::size_t count, Control& control) {
    std::fill_n(data_.get(), fft_.batchSize(), T(0));
    for (std::size_t r = 0; r < count; ++r) spreadRow(first + r, r, control);
    T* spectrum = fft_.transform(data_.get(), scratch_.get(), false);
    filter(spectrum);
    control.check();
    const T* result = fft_.transform(spectrum, spectrum == data_.get() ? scratch_.get() : data_.get(), true);
    const T scale = static_cast<T>(problem_.scale / static_cast<double>(problem_.length));
    for (std::size_t j = 0; j < problem_.count; ++j) {
      const T* element = result + (problem_.offset + j * problem_.stride) * 2 * lanes_;
      for (std::size_t r = 0; r < count; ++r) {
        const std::size_t direction = (first + r) / problem_.k, channel = (first + r) % problem_.k;
        problem_.out[(direction * problem_.count + j) * problem_.k + channel] = scale * element[r];
      }
    }
  }

 private:
  void spreadRow(std::size_t row, std::size_t lane, Control& control) {
    const std::size_t direction = row / problem_.k, channel = row % problem_.k;
    std::fill_n(row_.get(), problem_.length + 16, T(0));
    for (std::size_t from = 0; from < problem_.n; from += kSlice) {
      const std::size_t to = std::min(problem_.n, from + kSlice);
      ridge_spread::addProjections(spread_, problem_.directions + direction * problem_.d, problem_.values + channel,
                                   problem_.k, problem_.weights, from, to, row_.get());
      control.advance(to - from);
    }
    for (std::size_t i = 0; i < problem_.length; ++i) data_[i * 2 * lanes_ + lane] = row_[i];
  }

  void filter(T* spectrum) {
    const std::size_t length = problem_.length;
    for (std::size_t j = 0; j < length; ++j) {
      const std::size_t at = std::min(j, length - j);
      const T re = static_cast<T>(problem_.responseReal[at]);
      const T im = static_cast<T>(j == at ? problem_.responseImaginary[at] : -problem_.responseImaginary[at]);
      T* real = spectrum + j * 2 * lanes_;
      T* imaginary = real + lanes_;
      for (std::size_t lane = 0; lane < lanes_; ++lane) {
        const T x = real[lane], y = imaginary[lane];
        real[lane] = x * re - y * im;
        imaginary[lane] = x * im + y * re;
      }
    }
  }

  const ConvolveProjectionsProblem<T>& problem_;
  const ridge_spread::Spread<T>& spread_;
  const BatchFft<T>& fft_;
  std::size_t lanes_;
  Buffer<T> row_, data_, scratch_;
};

}  // namespace

template <class T>
void convolveProjections(const ConvolveProjectionsProblem<T>& problem, Control& control) {
  const BatchFft<T> fft(problem.length);
  const Buffer<T> transposed = allocateBuffer<T>(problem.n * problem.d);
  for (std::size_t i = 0; i < problem.n; ++i) {
    for (std::size_t k = 0; k < problem.d; ++k) transposed[k * problem.n + i] = problem.points[i * problem.d + k];
  }
  const ridge_spread::Spread<T> spread{transposed.get(), problem.n,    problem.d,      problem.first,       problem.perCell,
                                       problem.length,   problem.taps, problem.degree, problem.coefficients};
  const std::size_t rows = problem.m * problem.k;
  const std::size_t perBatch = 2 * BatchFft<T>::lanes();
  control.start(static_cast<std::uint64_t>(rows) * problem.n);
  parallelFor(ceilDivide(rows, perBatch), [&](std::size_t batch) {
    const FlushDenormals flushDenormals;
    const std::size_t first = batch * perBatch;
    Batch<T>(problem, spread, fft).run(first, std::min(perBatch, rows - first), control);
  });
}

template void convolveProjections<float>(const ConvolveProjectionsProblem<float>&, Control&);
template void convolveProjections<double>(const ConvolveProjectionsProblem<double>&, Control&);

}  // namespace ridgeflow
