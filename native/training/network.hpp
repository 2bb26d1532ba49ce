#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "random/normals.hpp"
#include "ridgelet/nonlinearity.hpp"
#include "runtime/control.hpp"

namespace ridgeflow {

/// One dense layer: h_{l+1} = f(W h_l + β) [+ h_s].
struct DenseLayer {
  std::size_t inputs = 0, outputs = 0;
  bool linear = true;              ///< f is the identity
  NonlinearityKind kind = NonlinearityKind::kRelu;
  std::size_t order = 0;           ///< of a Gaussian's derivative
  std::ptrdiff_t skipFrom = -1;    ///< s ≤ l, whose width is this layer's; −1: none
  std::ptrdiff_t tiedTo = -1;      ///< an earlier layer whose W, transposed, is this layer's; −1: it has its own
  std::size_t weights = 0, bias = 0;  ///< where W (or the W that it is tied to) and β begin among the parameters
};

/// What is added to, or taken from, the inputs. Numbers come from `stream`: row i of the order takes the positions from
/// i · inputs on, or from places[i] · inputs on where there are places.
enum class NoiseKind : int {
  kNone = 0,
  kGaussian = 1,  ///< x + scale · z
  kFactor = 2,    ///< x + F z, F being inputs × inputs
  kMasking = 3,   ///< x where z is at least `scale`, else 0
};

template <class T>
struct NoiseModel {
  NoiseKind kind = NoiseKind::kNone;
  double scale = 0.0;
  const T* factor = nullptr;
  RandomStream stream;
  const std::int32_t* places = nullptr;  ///< of each row of the order, from 0; null: 0, 1, …
};

/// How parameters follow the gradient. Adam: D. P. Kingma, J. Ba, ICLR 2015.
struct Optimiser {
  bool adam = true;
  double rate = 0.0, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8;  ///< beta1 is the momentum without Adam
  std::uint64_t step = 0;                                         ///< steps taken before
};

/// The least-squares fit of a network to targets, from corrupted inputs. Arrays are row-major.
template <class T>
struct NetworkProblem {
  std::vector<DenseLayer> layers;
  std::size_t parameterCount = 0;
  T* parameters = nullptr;
  T* moments = nullptr;  ///< 2 × parameterCount: means of gradients and of their squares, or velocities and nothing
  const T* points = nullptr;   ///< inputs of the network, n rows
  const T* targets = nullptr;  ///< n rows; null: the points
  std::size_t n = 0;
  const std::int32_t* order = nullptr;  ///< `count` row numbers
  std::size_t count = 0;
  std::size_t batch = 0;
  NoiseModel<T> noise;
};

/// One pass over the rows of `order` in minibatches, a step of the optimiser after each. Returns the mean over the rows of
/// |y − target|², each taken before the step of its batch. Stops after a batch whose loss is not finite, and returns it.
/// The bits do not depend on the number of threads. Throws Aborted: parameters and moments are then those after the last
/// whole step. Memory beyond the arguments: two copies of the parameters, and what at most 1024 rows are in every layer.
template <class T>
double trainNetwork(const NetworkProblem<T>& problem, const Optimiser& optimiser, Control& control);

/// The mean loss over the rows of `order`, and where `gradient` is given, its gradient in the parameters.
template <class T>
double networkLoss(const NetworkProblem<T>& problem, T* gradient, Control& control);

}  // namespace ridgeflow
