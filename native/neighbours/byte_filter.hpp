#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "neighbours/byte_tiles.hpp"
#include "runtime/centred_rows.hpp"
#include "runtime/control.hpp"

// An exact search through rounded points, as in a VA-file (Weber, Schek and Blott, "A quantitative analysis and performance
// study for similarity-search methods in high-dimensional spaces", VLDB 1998), in one scale for all coordinates: then the
// lower bound of a distance is a product of small whole numbers, and no table.
//
// x = s q_x + e_x with q_x whole, |e_x| known: |x − y| ≥ s |q_x − q_y| − |e_x| − |e_y|, and |q_x − q_y|² is exact in 32
// bits. A pair is dropped where |q_y|²/2 − q_x·q_y ≥ ½ ((r + |e_x| + max |e_y|)/s)² − |q_x|²/2.

namespace ridgeflow {

/// A cloud rounded to bytes.
template <class T>
class ByteCloud {
 public:
  /// m ≥ 1 points about `origin`.
  ByteCloud(const T* points, std::size_t m, std::size_t d, const std::vector<double>& origin, Control& control);

  /// Whether there are products of bytes here, for this dimension and this range of values.
  bool usable() const { return scale_ > 0.0; }

  std::size_t dimension() const { return d_; }
  std::size_t groups() const { return groups_; }
  const std::vector<double>& origin() const { return origin_; }
  const neighbour_tiles::ByteOperations& operations() const { return operations_; }

  double scale() const { return scale_; }
  /// The largest |e_y|, but of the few points that lie beyond the range: those are never dropped.
  double largestError() const { return largestError_; }

  std::size_t stride() const { return stride_; }
  const std::int8_t* row(std::size_t j) const { return rows_.get() + j * stride_; }
  const std::int32_t* offsets(std::size_t j) const { return offsets_.data() + j; }

 private:
  double scaleOf(const CentredRows<T>& rows, std::size_t m) const;

  neighbour_tiles::ByteOperations operations_;
  std::vector<double> origin_;
  std::size_t d_, groups_, stride_;
  double scale_ = 0.0, largestError_ = 0.0;
  Buffer<std::int8_t> rows_;  // −q_y
  std::vector<std::int32_t> offsets_;
};

/// Drops pairs by the rounded points. Needs a usable cloud.
template <class T>
class ByteFilter {
 public:
  ByteFilter(const ByteCloud<T>& cloud, const T* queries, std::size_t first, std::size_t count);

  std::size_t width() const { return width_; }

  /// From now on the pairs of a query are wanted whose exact compared distance is below `compared`; none if negative.
  void want(std::size_t local, double compared);

  void read(std::size_t, std::size_t) {}

  /// Pairs of `count` rows from row `first` with the panel of queries from `local`.
  neighbour_tiles::Hit* near(std::size_t local, std::size_t first, std::size_t count, neighbour_tiles::Hit* hits) const {
    return cloud_.operations().near(panels_.get() + local * 4 * cloud_.groups(), thresholds_.get() + local, cloud_.row(first),
                                    cloud_.stride(), cloud_.offsets(first), count, cloud_.groups(), hits);
  }

 private:
  const ByteCloud<T>& cloud_;
  std::size_t width_;
  Buffer<std::uint8_t> panels_;
  Buffer<std::int32_t> thresholds_;
  std::vector<double> errors_;        // |e_x| + max |e_y|
  std::vector<std::int64_t> squares_;  // |q_x|²
};

extern template class ByteCloud<float>;
extern template class ByteCloud<double>;
extern template class ByteFilter<float>;
extern template class ByteFilter<double>;

}  // namespace ridgeflow
