#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

#include "runtime/memory.hpp"
#include "runtime/parallel.hpp"

// Points as the tile kernels read them: about an origin in the middle of the cloud, where inner products lose least.

namespace ridgeflow {

inline constexpr std::size_t kRowsPerShare = 4096;  // of the passes over all rows, one share a task

/// The mean of n ≥ 1 rows, summed in float64 share by share: the same bits for any number of threads.
template <class T>
std::vector<double> meanOfRows(const T* rows, std::size_t n, std::size_t d) {
  const std::size_t shares = ceilDivide(n, kRowsPerShare);
  std::vector<double> sums(shares * d, 0.0);
  parallelFor(shares, [&](std::size_t share) {
    double* sum = sums.data() + share * d;
    const std::size_t end = std::min(n, (share + 1) * kRowsPerShare);
    for (std::size_t i = share * kRowsPerShare; i < end; ++i) {
      for (std::size_t k = 0; k < d; ++k) sum[k] += rows[i * d + k];
    }
  });
  for (std::size_t share = 1; share < shares; ++share) {
    for (std::size_t k = 0; k < d; ++k) sums[k] += sums[share * d + k];
  }
  sums.resize(d);
  for (double& value : sums) value /= static_cast<double>(n);
  return sums;
}

/// The coordinate-wise median of some rows: in the middle of the cloud wherever a few outliers are.
template <class T>
std::vector<double> medianOfRows(const T* rows, std::size_t n, std::size_t d) {
  const std::size_t sample = std::min<std::size_t>(n, 255);
  std::vector<double> median(d), values(sample);
  for (std::size_t k = 0; k < d; ++k) {
    for (std::size_t i = 0; i < sample; ++i) {
      const double value = rows[(2 * i + 1) * n / (2 * sample) * d + k];
      values[i] = std::isnan(value) ? 0.0 : value;  // which has no place in an order
    }
    const auto middle = values.begin() + static_cast<std::ptrdiff_t>(sample / 2);
    std::nth_element(values.begin(), middle, values.end());
    median[k] = *middle;
  }
  return median;
}

/// Rows x of a cloud, read as (x − origin) · scale. What it was made from must outlive it.
template <class T>
class CentredRows {
 public:
  CentredRows(const T* rows, std::size_t d, const std::vector<double>& origin) : rows_(rows), d_(d), origin_(origin.data()) {}

  std::size_t dimension() const { return d_; }
  const T* row(std::size_t i) const { return rows_ + i * d_; }
  double centred(std::size_t i, std::size_t k) const { return row(i)[k] - origin_[k]; }

  /// |x − origin|².
  double square(std::size_t i) const {
    const T* x = row(i);
    double square = 0.0;
    for (std::size_t k = 0; k < d_; ++k) {
      const double centred = x[k] - origin_[k];
      square += centred * centred;
    }
    return square;
  }

  /// The largest |x − origin|² of `count` rows.
  double largestSquare(std::size_t count) const {
    std::vector<double> largest(ceilDivide(count, kRowsPerShare), 0.0);
    parallelFor(largest.size(), [&](std::size_t share) {
      const std::size_t end = std::min(count, (share + 1) * kRowsPerShare);
      for (std::size_t i = share * kRowsPerShare; i < end; ++i) largest[share] = std::max(largest[share], square(i));
    });
    return largest.empty() ? 0.0 : *std::max_element(largest.begin(), largest.end());
  }

  /// The coordinates of one row go to out[0], out[step], … Returns |x − origin|².
  double pack(std::size_t i, T* out, std::size_t step = 1, double scale = 1.0) const {
    const T* x = row(i);
    double square = 0.0;
    for (std::size_t k = 0; k < d_; ++k) {
      const double centred = x[k] - origin_[k];
      square += centred * centred;
      out[k * step] = static_cast<T>(centred * scale);
    }
    return square;
  }

  /// A panel of `count` ≥ 1 rows from row `first`, d × width, rows across. Lanes beyond the last row repeat it.
  /// `squares`, where it is not null, receives |x − origin|² of every lane.
  void packPanel(std::size_t first, std::size_t count, std::size_t width, T* out, double* squares = nullptr,
                 double scale = 1.0) const {
    for (std::size_t lane = 0; lane < width; ++lane) {
      const double square = pack(first + std::min(lane, count - 1), out + lane, width, scale);
      if (squares != nullptr) squares[lane] = square;
    }
  }

 private:
  const T* rows_;
  std::size_t d_;
  const double* origin_;
};

}  // namespace ridgeflow
