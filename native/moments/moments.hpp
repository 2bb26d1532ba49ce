#pragma once

#include <cstddef>
#include <cstdint>

#include "runtime/control.hpp"

namespace ridgeflow {

/// Rows of a matrix: those whose numbers are given, or the first `count` where `numbers` is null.
struct RowSelection {
  const std::int32_t* numbers = nullptr;
  std::size_t count = 0;

  std::size_t operator[](std::size_t i) const { return numbers == nullptr ? i : static_cast<std::size_t>(numbers[i]); }
};

/// Mean (d) and covariance (d × d, divided by their number) of the rows, of d values each, in float64. The same bits for
/// any number of threads. O(nd²) time, O(d²) memory.
template <class T>
void covariance(const T* points, const RowSelection& rows, std::size_t d, double* mean, double* covariance, Control& control);

/// out[i] ← (row i of the selection − centre) · factor, each value rounded once.
template <class T>
void centredRows(const T* points, const RowSelection& rows, std::size_t d, const double* centre, double factor, T* out,
                 Control& control);

/// Of the rows of each group, whose number groups[i] is below groupCount: their mean (groupCount × d), and the sum of
/// their squared distances from it; zero for a group without rows. In float64, the same bits for any number of threads.
/// O((n + groupCount)d) time, O(n) memory.
template <class T>
void groupMoments(const T* points, std::size_t n, std::size_t d, const std::int32_t* groups, std::size_t groupCount,
                  double* means, double* squares, Control& control);

}  // namespace ridgeflow
