#include "radon/image_spectrum.hpp"

#include <algorithm>

#include "runtime/parallel.hpp"
#include "runtime/scratch.hpp"

namespace ridgeflow::radon_spectrum {
namespace {

/// Columns that are copied between a batch and rows at a time: a cache line of pairs.
constexpr std::size_t kColumns = 8;
/// Rows of the grid that one task clears or mirrors.
constexpr std::size_t kRows = 64;

template <class T>
std::size_t gridLength(std::size_t extent) {
  return goodLength(2 * std::max(extent, kTaps<T>));
}

/// What undoes the window at the pixels of an axis.
template <class T>
std::vector<T> scales(std::size_t extent, std::size_t length) {
  std::vector<T> result(extent);
  for (std::size_t i = 0; i < extent; ++i) {
    const double place = static_cast<double>(i) - static_cast<double>(extent / 2);
    result[i] = static_cast<T>(1 / Window<T>::transform(place / static_cast<double>(length)));
  }
  return result;
}

/// Where pixel i of an axis lies in its period.
std::size_t placeOf(std::size_t i, std::size_t extent, std::size_t length) { return (i + length - extent / 2) % length; }

}  // namespace

template <class T>
ImageSpectrum<T>::ImageSpectrum(std::size_t rows, std::size_t columns)
    : rows_(rows),
      columns_(columns),
      across_(gridLength<T>(columns)),
      down_(gridLength<T>(rows)),
      scaleX_(scales<T>(columns, across_.length())),
      scaleY_(scales<T>(rows, down_.length())) {
  // An odd number of cache lines: a column of the grid does not fall on one cache set.
  const std::size_t line = 64 / sizeof(T), width = kLeft<T> + across_.length() / 2 + 1 + kTaps<T> / 2 + BatchFft<T>::lanes();
  view_.stride = (ceilDivide(2 * width, line) | 1) * line;
  view_.rows = down_.length();
  cells_ = allocateBuffer<T>(view_.stride * view_.rows);
  view_.cells = cells_.get();
}

template <class T>
std::size_t ImageSpectrum<T>::tasks() const {
  const std::size_t lanes = BatchFft<T>::lanes();
  return ceilDivide(rows_, 2 * lanes) + ceilDivide(across_.length() / 2 + 1, lanes);
}

template <class T>
void ImageSpectrum<T>::clear() {
  parallelFor(ceilDivide(view_.rows, kRows), [&](std::size_t block) {
    const std::size_t begin = block * kRows, end = std::min(view_.rows, begin + kRows);
    std::fill(view_.cells + begin * view_.stride, view_.cells + end * view_.stride, T(0));
  });
}

template <class T>
void ImageSpectrum<T>::transform(const T* image, Control& control) {
  const std::size_t lanes = BatchFft<T>::lanes(), length = across_.length(), half = length / 2 + 1;
  Scratch<T> scratch(2 * across_.batchSize());
  parallelFor(ceilDivide(rows_, 2 * lanes), [&](std::size_t group) {
    const FlushDenormals flush;
    T* const batch = scratch.local();
    std::fill_n(batch, across_.batchSize(), T(0));
    const std::size_t top = group * 2 * lanes, height = std::min(2 * lanes, rows_ - top);
    // Rows i and i + lanes are the real and the imaginary part of a signal.
    for (std::size_t i = 0; i < height; ++i) {
      const T* row = image + (top + i) * columns_;
      for (std::size_t j = 0; j < columns_; ++j) {
        batch[placeOf(j, columns_, length) * 2 * lanes + i] = row[j] * scaleX_[j] * scaleY_[top + i];
      }
    }
    const T* const result = across_.transform(batch, batch + across_.batchSize(), false);
    for (std::size_t begin = 0; begin < half; begin += kColumns) {
      const std::size_t end = std::min(half, begin + kColumns);
      for (std::size_t i = 0; i < height; ++i) {
        const bool second = i >= lanes;
        T* row = view_.cells + placeOf(top + i, rows_, down_.length()) * view_.stride + 2 * kLeft<T>;
        for (std::size_t k = begin; k < end; ++k) {
          const T* here = result + k * 2 * lanes + i % lanes;
          const T* there = result + (k == 0 ? 0 : length - k) * 2 * lanes + i % lanes;
          row[2 * k] = T(0.5) * (second ? here[lanes] + there[lanes] : here[0] + there[0]);
          row[2 * k + 1] = T(0.5) * (second ? there[0] - here[0] : here[lanes] - there[lanes]);
        }
      }
    }
    control.advance(1);
  });
  columns(false, control);
  mirror(false);
}

template <class T>
void ImageSpectrum<T>::transpose(T* image, Control& control) {
  mirror(true);
  columns(true, control);
  const std::size_t lanes = BatchFft<T>::lanes(), length = across_.length(), half = length / 2 + 1;
  Scratch<T> scratch(2 * across_.batchSize());
  parallelFor(ceilDivide(rows_, 2 * lanes), [&](std::size_t group) {
    const FlushDenormals flush;
    T* const batch = scratch.local();
    std::fill_n(batch, across_.batchSize(), T(0));
    const std::size_t top = group * 2 * lanes, height = std::min(2 * lanes, rows_ - top);
    for (std::size_t begin = 0; begin < half; begin += kColumns) {
      const std::size_t end = std::min(half, begin + kColumns);
      for (std::size_t i = 0; i < height; ++i) {
        const bool second = i >= lanes;
        const T* row = view_.cells + placeOf(top + i, rows_, down_.length()) * view_.stride + 2 * kLeft<T>;
        for (std::size_t k = begin; k < end; ++k) {
          // The spectrum whose inverse transform is the real part of that of the half.
          const T re = T(0.5) * row[2 * k], im = T(0.5) * row[2 * k + 1];
          T* here = batch + k * 2 * lanes + i % lanes;
          T* there = batch + (k == 0 ? 0 : length - k) * 2 * lanes + i % lanes;
          here[0] += second ? -im : re;
          here[lanes] += second ? re : im;
          there[0] += second ? im : re;
          there[lanes] += second ? re : -im;
        }
      }
    }
    const T* const result = across_.transform(batch, batch + across_.batchSize(), true);
    for (std::size_t i = 0; i < height; ++i) {
      T* row = image + (top + i) * columns_;
      for (std::size_t j = 0; j < columns_; ++j) {
        row[j] = result[placeOf(j, columns_, length) * 2 * lanes + i] * scaleX_[j] * scaleY_[top + i];
      }
    }
    control.advance(1);
  });
}

template <class T>
void ImageSpectrum<T>::columns(bool inverse, Control& control) {
  const std::size_t lanes = BatchFft<T>::lanes(), length = down_.length(), count = across_.length() / 2 + 1;
  // The image's rows: from the origin on, and those before it at the end of the period.
  const std::size_t after = rows_ - rows_ / 2, before = length - rows_ / 2;
  Scratch<T> scratch(2 * down_.batchSize());
  parallelFor(ceilDivide(count, lanes), [&](std::size_t block) {
    const FlushDenormals flush;
    T* const batch = scratch.local();
    T* const cells = view_.cells + 2 * (kLeft<T> + block * lanes);
    const std::size_t element = 2 * lanes;
    if (inverse) {
      pairsToLanes(cells, view_.stride, length, batch);
      const T* result = down_.transform(batch, batch + down_.batchSize(), true);
      lanesToPairs(result, after, cells, view_.stride);
      lanesToPairs(result + before * element, length - before, cells + before * view_.stride, view_.stride);
    } else {
      pairsToLanes(cells, view_.stride, after, batch);
      std::fill(batch + after * element, batch + before * element, T(0));
      pairsToLanes(cells + before * view_.stride, view_.stride, length - before, batch + before * element);
      lanesToPairs(down_.transform(batch, batch + down_.batchSize(), false), length, cells, view_.stride);
    }
    control.advance(1);
  });
}

template <class T>
void ImageSpectrum<T>::mirror(bool transposed) {
  const std::size_t length = across_.length();
  parallelFor(ceilDivide(view_.rows, kRows), [&](std::size_t block) {
    for (std::size_t y = block * kRows; y < std::min(view_.rows, (block + 1) * kRows); ++y) {
      T* const source = view_.cells + y * view_.stride + 2 * kLeft<T>;
      T* const target = view_.cells + (y == 0 ? 0 : view_.rows - y) * view_.stride + 2 * kLeft<T>;
      const auto copy = [&](std::size_t from, std::ptrdiff_t to) {
        T* const original = source + 2 * from;
        T* const image = target + 2 * to;
        if (transposed) {
          original[0] += image[0];
          original[1] -= image[1];
        } else {
          image[0] = original[0];
          image[1] = -original[1];
        }
      };
      for (std::size_t k = 1; k <= kLeft<T>; ++k) copy(k, -static_cast<std::ptrdiff_t>(k));
      for (std::size_t k = 1; k <= kTaps<T> / 2; ++k) copy(length / 2 - k, static_cast<std::ptrdiff_t>(length / 2 + k));
    }
  });
}

template class ImageSpectrum<float>;
template class ImageSpectrum<double>;

}  // namespace ridgeflow::radon_spectrum
