#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "runtime/centred_rows.hpp"
#include "runtime/control.hpp"

namespace ridgeflow {

/// Orthonormal vectors along which a cloud is spread most, to the precision that a bound needs: any orthonormal vectors
/// give valid bounds, these give good ones. From at most 1024 rows, each cut to four times their median length, by one
/// iteration of a random subspace (N. Halko, P.-G. Martinsson, J. A. Tropp, SIAM Review 53 (2011)).
class LeadingBasis {
 public:
  /// At most `count` vectors, fewer where the cloud has no more dimensions. O(sample·d·count) time.
  template <class T>
  LeadingBasis(const CentredRows<T>& cloud, const std::vector<std::uint32_t>& rows, std::size_t count);

  /// Of how many rows the vectors are taken.
  static std::size_t sampleRows(std::size_t rows);

  std::size_t count() const { return count_; }

  /// out[i·count() + k] ← the k-th coordinate of row numbers[i]; squares[i] ← its squared length.
  template <class T>
  void project(const CentredRows<T>& cloud, const std::uint32_t* numbers, std::size_t rows, double* out, double* squares) const;

 private:
  std::size_t count_ = 0;
  std::vector<double> vectors_;  // count × d
};

}  // namespace ridgeflow
