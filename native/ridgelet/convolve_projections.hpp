#pragma once

#include <cstddef>

#include "runtime/control.hpp"

namespace ridgeflow {

/// Weighted points projected on directions, spread on a grid, filtered, and read off: the fast path of the ridgelet
/// transform on many biases at once.
template <class T>
struct ConvolveProjectionsProblem {
  const T* points = nullptr;  ///< n × d
  std::size_t n = 0;
  std::size_t d = 0;
  const T* values = nullptr;  ///< n × k
  std::size_t k = 0;
  const T* weights = nullptr;     ///< n values; null: 1
  const T* directions = nullptr;  ///< m × d, of any length
  std::size_t m = 0;
  double first = 0.0;    ///< position of element 0 of the grid
  double perCell = 1.0;  ///< elements per unit of length
  std::size_t length = 0;            ///< of the grid: as goodLength gives it
  std::size_t taps = 8;              ///< of the spreading kernel: 8 or 16
  std::size_t degree = 1;            ///< of its polynomials, see spread.hpp
  const T* coefficients = nullptr;   ///< (degree + 1) × taps
  const double* responseReal = nullptr;       ///< length/2 + 1 values, at 2πj/length per element; the rest is the conjugate
  const double* responseImaginary = nullptr;
  std::size_t offset = 0;  ///< result j is at element offset + j · stride
  std::size_t stride = 1;
  std::size_t count = 0;
  double scale = 1.0;
  T* out = nullptr;  ///< m × count × k
};

/// O(mk(n taps + length log length)) time; memory O(nd) and, per thread, some length × lanes. The answer does not depend on
/// the number of threads. Throws Aborted.
template <class T>
void convolveProjections(const ConvolveProjectionsProblem<T>& problem, Control& control);

}  // namespace ridgeflow
