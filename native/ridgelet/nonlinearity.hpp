#pragma once

#include <cstddef>

namespace ridgeflow {

/// The functions of one variable that the ridge kernels apply. ts/core/activation.ts counts the activations alike.
enum class NonlinearityKind : int {
  kPiecewise = 0,  ///< piecewise polynomials
  kRelu = 1,
  kTanh = 2,
  kSigmoid = 3,
  kSoftplus = 4,
  kStep = 5,
  kGaussian = 6,  ///< the standard normal density, or its derivative of some order
  kCosine = 7,
  kGelu = 8,  ///< z times the standard normal distribution function
};

/// The last of NonlinearityKind.
inline constexpr int kLargestKind = static_cast<int>(NonlinearityKind::kGelu);
inline constexpr std::size_t kLargestDegree = 15;
inline constexpr std::size_t kLargestOrder = 8;

/// A function f by name, or by polynomials: on cell c of `cells` equal cells of [from, to) it is Σ_k coefficient[k][c] t^k
/// with t from −1 to 1 across the cell; outside it is 0. With a parity the cells cover [0, to), and f(−z) = ±f(z).
template <class T>
struct Nonlinearity {
  NonlinearityKind kind = NonlinearityKind::kRelu;
  std::size_t order = 0;             ///< kGaussian: 0 to kLargestOrder
  double from = 0.0, to = 1.0;       ///< kPiecewise from here on
  int parity = 0;                    ///< 0: none; 1: even; −1: odd
  std::size_t cells = 0;             ///< at most 2²⁰
  std::size_t degree = 0;            ///< at most kLargestDegree
  const T* coefficients = nullptr;   ///< (degree + 1) × cells
};

}  // namespace ridgeflow
