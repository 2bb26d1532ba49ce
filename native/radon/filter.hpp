#pragma once

#include <cstddef>

#include "runtime/control.hpp"

namespace ridgeflow {

/// out (rows × columns) ← each row of data, extended by zeros to `length` samples, convolved with the real even filter
/// whose response at k/length cycles per sample is response[k], k = 0 … length/2, and multiplied by scales[row].
/// `length` is a power of two, at least `columns`; `out` may be `data`. FFTs in float64, O(rows · length log length)
/// time. Throws Aborted.
template <class T>
void filterRows(const T* data, std::size_t rows, std::size_t columns, const double* response, std::size_t length,
                const double* scales, T* out, Control& control);

}  // namespace ridgeflow
