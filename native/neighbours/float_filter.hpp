#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <vector>

#include "neighbours/tiles.hpp"
#include "runtime/centred_rows.hpp"

namespace ridgeflow {

/// What is the same for all queries: the points about an origin, and half of what each is from it, squared.
template <class T>
class CentredCloud {
 public:
  CentredCloud(const T* points, std::size_t m, std::size_t d, const std::vector<double>& origin)
      : operations(neighbour_tiles::tileOperations(T())), origin(origin), rows(points, d, this->origin), halfSquares(m) {
    largestSquare = rows.largestSquare(m);
    parallelFor(ceilDivide(m, kRowsPerShare), [&](std::size_t share) {
      const std::size_t end = std::min(m, (share + 1) * kRowsPerShare);
      for (std::size_t j = share * kRowsPerShare; j < end; ++j) halfSquares[j] = static_cast<T>(rows.square(j) / 2);
    });
  }
  CentredCloud(const CentredCloud&) = delete;
  CentredCloud& operator=(const CentredCloud&) = delete;

  neighbour_tiles::TileOperations<T> operations;
  std::vector<double> origin;
  CentredRows<T> rows;
  std::vector<T> halfSquares;
  double largestSquare = 0.0;
};

/// Drops pairs by inner products in T, with the rounding they may have. For every dimension and every range of values.
template <class T>
class FloatFilter {
 public:
  FloatFilter(const CentredCloud<T>& cloud, const T* queries, std::size_t first, std::size_t count)
      : cloud_(cloud),
        d_(cloud.rows.dimension()),
        width_(cloud.operations.panelWidth),
        stride_(packedStride<T>(d_)),
        rows_(allocateBuffer<T>(neighbour_tiles::kTile * stride_)),
        panels_(allocateBuffer<T>(ceilDivide(count, width_) * d_ * width_)),
        thresholds_(allocateBuffer<T>(ceilDivide(count, width_) * width_)),
        squares_(ceilDivide(count, width_) * width_) {
    const CentredRows<T> rows(queries, d_, cloud.origin);
    for (std::size_t local = 0; local < count; local += width_) {
      rows.packPanel(first + local, std::min(width_, count - local), width_, panels_.get() + local * d_, squares_.data() + local);
    }
    // Lanes beyond the last query want nothing.
    std::fill_n(thresholds_.get(), squares_.size(), -std::numeric_limits<T>::infinity());
  }

  std::size_t width() const { return width_; }

  /// From now on the pairs of a query are wanted whose exact compared distance is below `compared`; none if negative.
  void want(std::size_t local, double compared) {
    // |computed − true| ≤ ~ε √d (|x|² + |p|²): rounding of the products, of their sum, and of the packed values; and what
    // is lost below the smallest normal number.
    const auto d = static_cast<double>(d_);
    const double squares = squares_[local] + cloud_.largestSquare;
    const double rounding = std::numeric_limits<T>::epsilon() * (8.0 + 2.0 * std::sqrt(d)) * squares +
                            4.0 * (d + 8.0) * std::numeric_limits<T>::min();
    const double threshold = (compared - squares_[local] + rounding) / 2;
    const double most = std::numeric_limits<T>::max();
    if (compared < 0.0) {
      thresholds_[local] = -std::numeric_limits<T>::infinity();
    } else if (threshold < most / 8 && squares < most / 8) {
      thresholds_[local] = static_cast<T>(threshold);
    } else {
      thresholds_[local] = std::numeric_limits<T>::infinity();
    }
  }

  void read(std::size_t first, std::size_t count) {
    for (std::size_t j = 0; j < count; ++j) cloud_.rows.pack(first + j, rows_.get() + j * stride_);
  }

  /// Pairs of the rows read with the panel of queries from `local`.
  neighbour_tiles::Hit* near(std::size_t local, std::size_t first, std::size_t count, neighbour_tiles::Hit* hits) const {
    return cloud_.operations.near(panels_.get() + local * d_, thresholds_.get() + local, rows_.get(), stride_,
                                  cloud_.halfSquares.data() + first, count, d_, hits);
  }

 private:
  const CentredCloud<T>& cloud_;
  std::size_t d_, width_, stride_;
  Buffer<T> rows_, panels_, thresholds_;
  std::vector<double> squares_;
};

}  // namespace ridgeflow
