#pragma once

#include <cstddef>

#include "training/network.hpp"

// Passes over arrays that the trainer needs between its matrix products (elementwise.cpp, once per instruction set).

namespace ridgeflow::training {

template <class T>
struct ElementwiseOperations {
  /// values[i][j] ← f(values[i][j] + bias[j]), and slopes[i][j] ← f′ there, rows × columns. `slopes` may be null.
  void (*activate)(const DenseLayer&, const T* bias, T* values, T* slopes, std::size_t rows, std::size_t columns) = nullptr;
  /// a[i] ← a[i] · b[i].
  void (*multiply)(T* a, const T* b, std::size_t count) = nullptr;
  /// One step of the optimiser; `correction1` and `correction2` are 1/(1 − β^step).
  void (*update)(const Optimiser&, double correction1, double correction2, T* parameters, const T* gradient, T* first,
                 T* second, std::size_t count) = nullptr;
};

ElementwiseOperations<float> elementwiseOperations(float);
ElementwiseOperations<double> elementwiseOperations(double);

}  // namespace ridgeflow::training
