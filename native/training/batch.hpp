#pragma once

#include <algorithm>
#include <vector>

#include "linalg/blas.hpp"
#include "runtime/memory.hpp"
#include "runtime/parallel.hpp"
#include "training/elementwise.hpp"
#include "training/network.hpp"

namespace ridgeflow::training {

/// Rows that one task takes through the network, and outputs whose weights one task updates: fixed, so that no bit depends
/// on the number of threads.
inline constexpr std::size_t kRowBlock = 128;
inline constexpr std::size_t kOutputBlock = 64;

/// The activations of a minibatch and the gradients in them.
template <class T>
class Batch {
 public:
  Batch(const NetworkProblem<T>& problem, std::size_t capacity, bool backward)
      : problem_(problem), operations_(elementwiseOperations(T())), backward_(backward) {
    states_.push_back(allocateBuffer<T>(capacity * problem.layers.front().inputs));
    for (const DenseLayer& layer : problem.layers) {
      const std::size_t size = capacity * layer.outputs;
      states_.push_back(allocateBuffer<T>(size));
      slopes_.push_back(allocateBuffer<T>(backward && !layer.linear ? size : 0));
      deltas_.push_back(allocateBuffer<T>(backward ? size : 0));
    }
    losses_.resize(ceilDivide(capacity, kRowBlock));
    noise_ = allocateBuffer<T>(problem.noise.kind == NoiseKind::kNone ? 0 : capacity * problem.layers.front().inputs);
  }

  /// Takes rows [start, start + count) of the order through the network, and where asked the gradient of `scale` times the
  /// sum of their squared errors back to every layer. Returns that sum.
  double run(std::size_t start, std::size_t count, T scale) {
    const std::size_t blocks = ceilDivide(count, kRowBlock);
    parallelFor(blocks, [&](std::size_t block) {
      const FlushDenormals flush;
      const std::size_t first = block * kRowBlock, rows = std::min(kRowBlock, count - first);
      corrupt(start + first, first, rows);
      for (std::size_t l = 0; l < problem_.layers.size(); ++l) forward(l, first, rows);
      losses_[block] = compare(start + first, first, rows, scale);
      if (!backward_) return;
      for (std::size_t l = problem_.layers.size(); l-- > 0;) back(l, first, rows);
    });
    double loss = 0.0;
    for (std::size_t block = 0; block < blocks; ++block) loss += losses_[block];
    return loss;
  }

  /// gradient ← beta · gradient + the gradient in the parameters, from the rows of the last run. `done(first, count)` is
  /// called, from any thread, when that part of the gradient is complete.
  template <class Done>
  void gradient(std::size_t count, T beta, T* gradient, const Done& done) {
    std::vector<std::pair<std::size_t, std::size_t>> tasks;
    for (std::size_t l = 0; l < problem_.layers.size(); ++l) {
      for (std::size_t first = 0; first < problem_.layers[l].outputs; first += kOutputBlock) tasks.emplace_back(l, first);
    }
    parallelFor(tasks.size(), [&](std::size_t task) {
      const FlushDenormals flush;
      const auto [l, first] = tasks[task];
      const DenseLayer& layer = problem_.layers[l];
      const std::size_t outputs = std::min(kOutputBlock, layer.outputs - first);
      biasGradient(l, first, outputs, count, beta, gradient + layer.bias + first);
      done(layer.bias + first, outputs);
      if (layer.tiedTo >= 0) return;
      T* weights = gradient + layer.weights + first * layer.inputs;
      blas::gemm(true, false, outputs, layer.inputs, count, deltas_[l].get() + first, layer.outputs, states_[l].get(),
                 layer.inputs, beta, weights, layer.inputs);
      for (std::size_t t = l + 1; t < problem_.layers.size(); ++t) {
        if (problem_.layers[t].tiedTo != static_cast<std::ptrdiff_t>(l)) continue;
        blas::gemm(true, false, outputs, layer.inputs, count, states_[t].get() + first, layer.outputs, deltas_[t].get(),
                   layer.inputs, T(1), weights, layer.inputs);
      }
      done(layer.weights + first * layer.inputs, outputs * layer.inputs);
    });
  }

 private:
  /// The inputs of the rows, with their noise.
  void corrupt(std::size_t position, std::size_t first, std::size_t rows) {
    const std::size_t d = problem_.layers.front().inputs;
    T* inputs = states_.front().get() + first * d;
    for (std::size_t i = 0; i < rows; ++i) std::copy_n(row(problem_.points, position + i, d), d, inputs + i * d);
    const NoiseModel<T>& model = problem_.noise;
    if (model.kind == NoiseKind::kNone) return;
    T* noise = noise_.get() + first * d;
    Control quiet;
    fillNormals(model.stream, position * d, noise, rows * d, quiet);
    const auto scale = static_cast<T>(model.scale);
    if (model.kind == NoiseKind::kFactor) {
      blas::gemm(false, true, rows, d, d, noise, d, model.factor, d, T(1), inputs, d);
    } else if (model.kind == NoiseKind::kGaussian) {
      for (std::size_t i = 0; i < rows * d; ++i) inputs[i] += scale * noise[i];
    } else {
      for (std::size_t i = 0; i < rows * d; ++i) inputs[i] = noise[i] < scale ? T(0) : inputs[i];
    }
  }

  const T* row(const T* rows, std::size_t position, std::size_t width) const {
    return rows + static_cast<std::size_t>(problem_.order[position]) * width;
  }

  void forward(std::size_t l, std::size_t first, std::size_t rows) {
    const DenseLayer& layer = problem_.layers[l];
    const T* in = states_[l].get() + first * layer.inputs;
    T* out = states_[l + 1].get() + first * layer.outputs;
    const bool tied = layer.tiedTo >= 0;
    const T* bias = problem_.parameters + layer.bias;
    blas::gemm(false, !tied, rows, layer.outputs, layer.inputs, in, layer.inputs, problem_.parameters + layer.weights,
               tied ? layer.outputs : layer.inputs, T(0), out, layer.outputs);
    if (layer.linear) {
      for (std::size_t i = 0; i < rows; ++i) {
        for (std::size_t k = 0; k < layer.outputs; ++k) out[i * layer.outputs + k] += bias[k];
      }
    } else {
      T* slopes = backward_ ? slopes_[l].get() + first * layer.outputs : nullptr;
      operations_.activate(layer, bias, out, slopes, rows, layer.outputs);
    }
    if (layer.skipFrom >= 0) {
      const T* skipped = states_[static_cast<std::size_t>(layer.skipFrom)].get() + first * layer.outputs;
      for (std::size_t i = 0; i < rows * layer.outputs; ++i) out[i] += skipped[i];
    }
  }

  /// The squared errors of the rows; their gradient goes to the last layer.
  double compare(std::size_t position, std::size_t first, std::size_t rows, T scale) {
    const std::size_t width = problem_.layers.back().outputs;
    const T* targets = problem_.targets == nullptr ? problem_.points : problem_.targets;
    const T* out = states_.back().get() + first * width;
    T* delta = backward_ ? deltas_.back().get() + first * width : nullptr;
    double sum = 0.0;
    for (std::size_t i = 0; i < rows; ++i) {
      const T* target = row(targets, position + i, width);
      double square = 0.0;
      for (std::size_t k = 0; k < width; ++k) {
        const T error = out[i * width + k] - target[k];
        square += static_cast<double>(error) * error;
        if (delta != nullptr) delta[i * width + k] = 2 * scale * error;
      }
      sum += square;
    }
    for (std::size_t l = 0; backward_ && l + 1 < problem_.layers.size(); ++l) {
      const std::size_t outputs = problem_.layers[l].outputs;
      std::fill_n(deltas_[l].get() + first * outputs, rows * outputs, T(0));
    }
    return sum;
  }

  /// From the gradient in what layer l gives to that in its argument, and to the layers that it takes from.
  void back(std::size_t l, std::size_t first, std::size_t rows) {
    const DenseLayer& layer = problem_.layers[l];
    T* delta = deltas_[l].get() + first * layer.outputs;
    if (layer.skipFrom > 0) {
      T* skipped = deltas_[static_cast<std::size_t>(layer.skipFrom) - 1].get() + first * layer.outputs;
      for (std::size_t i = 0; i < rows * layer.outputs; ++i) skipped[i] += delta[i];
    }
    if (!layer.linear) operations_.multiply(delta, slopes_[l].get() + first * layer.outputs, rows * layer.outputs);
    if (l == 0) return;
    const bool tied = layer.tiedTo >= 0;
    blas::gemm(false, tied, rows, layer.inputs, layer.outputs, delta, layer.outputs, problem_.parameters + layer.weights,
               tied ? layer.outputs : layer.inputs, T(1), deltas_[l - 1].get() + first * layer.inputs, layer.inputs);
  }

  void biasGradient(std::size_t l, std::size_t first, std::size_t outputs, std::size_t count, T beta, T* out) const {
    const std::size_t stride = problem_.layers[l].outputs;
    std::vector<double> sums(outputs, 0.0);
    for (std::size_t i = 0; i < count; ++i) {
      const T* delta = deltas_[l].get() + i * stride + first;
      for (std::size_t k = 0; k < outputs; ++k) sums[k] += delta[k];
    }
    for (std::size_t k = 0; k < outputs; ++k) out[k] = (beta == T(0) ? T(0) : beta * out[k]) + static_cast<T>(sums[k]);
  }

  const NetworkProblem<T>& problem_;
  ElementwiseOperations<T> operations_;
  bool backward_;
  std::vector<Buffer<T>> states_;  ///< h_0 … h_L
  std::vector<Buffer<T>> slopes_;  ///< f′ of each layer that is not linear
  std::vector<Buffer<T>> deltas_;  ///< the gradient in h_{l+1}, then in the argument of f
  std::vector<double> losses_;
  Buffer<T> noise_;
};

}  // namespace ridgeflow::training
