#include "neighbours/byte_filter.hpp"

#include <algorithm>

namespace ridgeflow {
namespace {

/// Bounds on what a threshold and the value that it is compared with may be: their difference fits 32 bits with all
/// sums on the way to it, which are below 57 000 · kMostByteDimensions < 2²⁹.
constexpr std::int32_t kEverything = 1 << 29;
constexpr std::int32_t kNothing = -(1 << 29);
constexpr std::int32_t kAlwaysNear = -(1 << 30);

/// A few points may lie beyond the range of the bytes, so that one far away does not make it coarse for all.
constexpr std::size_t kSample = 4096;
constexpr double kWithinRange = 0.9997;

/// Roundings in float64 stay below these for d ≤ kMostByteDimensions.
constexpr double kRelative = 1e-10;
constexpr double kOfLength = 1e-13;
/// Scales at which neither squares nor their sums leave the range of float64.
constexpr double kLeastScale = 1e-130, kMostScale = 1e130;
constexpr double kTiny = 1e-140;

struct Rounded {
  std::int64_t square = 0;  // |q|²
  std::int64_t sum = 0;     // Σ q_k
  double error = 0.0;       // at least |e|
};

/// Rounds one point; store(k, q_k) receives its coordinates.
template <class T, class Store>
Rounded roundPoint(const T* x, const std::vector<double>& origin, double scale, int levels, const Store& store) {
  Rounded result;
  double error = 0.0, length = 0.0;
  const double limit = levels, perStep = 1.0 / scale;
  for (std::size_t k = 0; k < origin.size(); ++k) {
    const double centred = x[k] - origin[k];
    // In this order a value that is not a number is a whole one too: its error says that it is not known.
    const double steps = std::min(limit, std::max(-limit, centred * perStep));
    const auto q = static_cast<std::int32_t>(steps + (steps < 0.0 ? -0.5 : 0.5));
    const double rest = centred - scale * q;
    error += rest * rest;
    length += centred * centred;
    result.square += q * q;
    result.sum += q;
    store(k, q);
  }
  result.error = std::sqrt(error) * (1.0 + kRelative) + kOfLength * std::sqrt(length);
  return result;
}

}  // namespace

template <class T>
ByteCloud<T>::ByteCloud(const T* points, std::size_t m, std::size_t d, const std::vector<double>& origin, Control& control)
    : operations_(neighbour_tiles::byteOperations()), origin_(origin), d_(d), groups_(ceilDivide(d, 4)) {
  // Long rows lie an odd number of cache lines apart, short ones side by side.
  stride_ = d <= 512 ? 4 * groups_ : packedStride<std::int8_t>(d);
  if (operations_.panelWidth == 0 || d > neighbour_tiles::kMostByteDimensions) return;
  const double scale = scaleOf(CentredRows<T>(points, d, origin_), m);
  if (!(scale >= kLeastScale && scale <= kMostScale)) return;
  rows_ = allocateBuffer<std::int8_t>(m * stride_);
  offsets_.resize(m);
  const double allowed = 0.5 * scale * std::sqrt(static_cast<double>(d)) * (1.0 + 1e-6);
  const std::int64_t middle = operations_.levels + 1;
  std::vector<double> largest(ceilDivide(m, kRowsPerShare), 0.0);
  parallelFor(largest.size(), [&](std::size_t share) {
    control.check();
    const std::size_t end = std::min(m, (share + 1) * kRowsPerShare);
    for (std::size_t j = share * kRowsPerShare; j < end; ++j) {
      std::int8_t* row = rows_.get() + j * stride_;
      std::fill_n(row + d, stride_ - d, std::int8_t{0});
      const Rounded rounded = roundPoint(points + j * d, origin_, scale, operations_.levels,
                                         [row](std::size_t k, std::int32_t q) { row[k] = static_cast<std::int8_t>(-q); });
      if (rounded.error <= allowed) {
        offsets_[j] = static_cast<std::int32_t>(rounded.square / 2 + middle * rounded.sum);
        largest[share] = std::max(largest[share], rounded.error);
      } else {
        offsets_[j] = kAlwaysNear;
        std::fill_n(row, d, std::int8_t{0});
      }
    }
  });
  scale_ = scale;
  largestError_ = *std::max_element(largest.begin(), largest.end());
}

/// The step at which nearly all points lie within the range of a byte.
template <class T>
double ByteCloud<T>::scaleOf(const CentredRows<T>& rows, std::size_t m) const {
  const std::size_t count = std::min(m, kSample);
  std::vector<double> extents(count, 0.0);
  for (std::size_t i = 0; i < count; ++i) {
    const T* x = rows.row((2 * i + 1) * m / (2 * count));
    for (std::size_t k = 0; k < d_; ++k) extents[i] = std::max(extents[i], std::abs(x[k] - origin_[k]));
  }
  const auto at = extents.begin() + static_cast<std::ptrdiff_t>(kWithinRange * static_cast<double>(count - 1));
  std::nth_element(extents.begin(), at, extents.end());
  return *at / operations_.levels;
}

template <class T>
ByteFilter<T>::ByteFilter(const ByteCloud<T>& cloud, const T* queries, std::size_t first, std::size_t count)
    : cloud_(cloud),
      width_(cloud.operations().panelWidth),
      panels_(allocateBuffer<std::uint8_t>(ceilDivide(count, width_) * width_ * 4 * cloud.groups())),
      thresholds_(allocateBuffer<std::int32_t>(ceilDivide(count, width_) * width_)),
      errors_(count),
      squares_(count) {
  const std::size_t d = cloud.dimension(), all = ceilDivide(count, width_) * width_;
  const int levels = cloud.operations().levels;
  std::fill_n(panels_.get(), all * 4 * cloud.groups(), static_cast<std::uint8_t>(levels + 1));
  std::fill_n(thresholds_.get(), all, kNothing);
  for (std::size_t local = 0; local < count; ++local) {
    std::uint8_t* out = panels_.get() + local / width_ * width_ * 4 * cloud.groups() + local % width_ * 4;
    const Rounded rounded = roundPoint(queries + (first + local) * d, cloud.origin(), cloud.scale(), levels,
                                       [&](std::size_t k, std::int32_t q) {
                                         out[k / 4 * width_ * 4 + k % 4] = static_cast<std::uint8_t>(q + levels + 1);
                                       });
    errors_[local] = rounded.error + cloud.largestError();
    squares_[local] = rounded.square;
  }
}

template <class T>
void ByteFilter<T>::want(std::size_t local, double compared) {
  if (compared < 0.0) {
    thresholds_[local] = kNothing;
    return;
  }
  const double reach = (std::sqrt(compared) * (1.0 + kRelative) + kTiny + errors_[local]) / cloud_.scale();
  // The next whole number above, even where a small reach is lost in the subtraction.
  const double threshold = std::floor((reach * reach * (1.0 + kRelative) - static_cast<double>(squares_[local])) / 2) + 1.0;
  thresholds_[local] = threshold < kEverything ? std::max(static_cast<std::int32_t>(threshold), kNothing) : kEverything;
}

template class ByteCloud<float>;
template class ByteCloud<double>;
template class ByteFilter<float>;
template class ByteFilter<double>;

}  // namespace ridgeflow
