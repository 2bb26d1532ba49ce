#pragma once

#include <cstddef>

#include "training/network.hpp"

// Passes over arrays that the trainer needs between its matrix products (elementwise.cpp, once per instruction set).

namespace ridgeflow::training {

/// rows × columns elements, the rows `stride` apart.
struct Extent {
  std::size_t rows = 0, columns = 0, stride = 0;
};

/// A part of the parameters, with what the optimiser keeps of them; the gradient in it has a stride of its own.
template <class T>
struct ParameterBlock {
  Extent extent;
  T* parameters = nullptr;
  T* first = nullptr;
  T* second = nullptr;
  const T* gradient = nullptr;
  std::size_t gradientStride = 0;
};

/// Rows of `values`, `slopes` and of what `columnSums` takes have room for whole vectors (panels::paddedLength).
template <class T>
struct ElementwiseOperations {
  /// values[i][j] ← f(values[i][j]), and slopes[i][j] ← f′ there. `slopes` may be null.
  void (*activate)(const DenseLayer&, T* values, T* slopes, const Extent&) = nullptr;
  /// a[i] ← a[i] · b[i], and a[i] ← a[i] + b[i].
  void (*multiply)(T* a, const T* b, std::size_t count) = nullptr;
  void (*add)(T* a, const T* b, std::size_t count) = nullptr;
  /// Σ (values[i] − targets[i])², in float64; delta[i] ← factor · (values[i] − targets[i]) where `delta` is not null.
  double (*squaredError)(const T* values, const T* targets, T factor, T* delta, std::size_t count) = nullptr;
  /// sums[j] ← Σ_i values[i][j], in float64; as many whole vectors of sums as the columns need are written.
  void (*columnSums)(const T* values, const Extent&, double* sums) = nullptr;
  /// One step of the optimiser; `correction1` and `correction2` are 1/(1 − β^step).
  void (*update)(const Optimiser&, double correction1, double correction2, const ParameterBlock<T>&) = nullptr;
};

ElementwiseOperations<float> elementwiseOperations(float);
ElementwiseOperations<double> elementwiseOperations(double);

}  // namespace ridgeflow::training
