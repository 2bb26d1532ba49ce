#pragma once

#include <algorithm>
#include <vector>

#include "linalg/panels.hpp"
#include "runtime/memory.hpp"
#include "runtime/parallel.hpp"
#include "training/elementwise.hpp"
#include "training/network.hpp"
#include "training/packed_weights.hpp"

namespace ridgeflow::training {

/// Rows of a minibatch, `stride` apart, with room for whole vectors.
template <class T>
struct Rows {
  T* data = nullptr;
  std::size_t stride = 0;

  T* at(std::size_t row) const { return data + row * stride; }
};

/// The activations of a minibatch and the gradients in them. What a row is taken through does not depend on the rows that
/// share its task: no bit depends on how rows are shared out.
template <class T>
class Batch {
 public:
  Batch(const NetworkProblem<T>& problem, const PackedWeights<T>& weights, std::size_t capacity, bool backward,
        const Control& control)
      : problem_(problem),
        weights_(weights),
        control_(control),
        operations_(elementwiseOperations(T())),
        backward_(backward) {
    const std::size_t d = problem.layers.front().inputs;
    skips_.resize(problem.layers.size(), 0);
    std::size_t elements = capacity * panels::paddedLength<T>(d);
    for (std::size_t l = 0; l < problem.layers.size(); ++l) {
      const DenseLayer& layer = problem.layers[l];
      if (layer.skipFrom > 0) skips_[static_cast<std::size_t>(layer.skipFrom) - 1] = l;
      work_ += layer.inputs * layer.outputs;
      const std::size_t kept = !backward ? 1 : layer.linear ? 2 : 3;
      elements += kept * capacity * panels::paddedLength<T>(layer.outputs);
    }
    // One piece of memory, which allocators keep for the next epoch: fresh pages would cost as much as a minibatch.
    memory_ = allocateBuffer<T>(elements);
    T* free = memory_.get();
    states_.push_back(carve(free, capacity, d));
    for (const DenseLayer& layer : problem.layers) {
      states_.push_back(carve(free, capacity, layer.outputs));
      slopes_.push_back(carve(free, backward && !layer.linear ? capacity : 0, layer.outputs));
      deltas_.push_back(carve(free, backward ? capacity : 0, layer.outputs));
    }
    losses_.resize(capacity);
    noise_ = allocateBuffer<T>(problem.noise.kind == NoiseKind::kNone ? 0 : capacity * d);
    if (problem.noise.kind == NoiseKind::kFactor) {
      const std::size_t size = panels::packedLength<T>(d, d), width = panels::panelWidth<T>();
      factor_ = allocateBuffer<T>(size);
      std::fill_n(factor_.get(), size, T(0));
      panels::packTransposed(problem.noise.factor, d, d, d, factor_.get(), d * width);
    }
  }

  /// h_l, of which h_0 are the corrupted inputs.
  const Rows<T>& states(std::size_t l) const { return states_[l]; }

  /// The gradient in the argument of layer l's activation.
  const Rows<T>& deltas(std::size_t l) const { return deltas_[l]; }

  /// Takes rows [start, start + count) of the order through the network, and where asked the gradient of `scale` times the
  /// sum of their squared errors back to every layer. Returns that sum. Throws Aborted.
  double run(std::size_t start, std::size_t count, T scale) {
    // A block for each thread, so that weights are read for many rows; no more than stay in a cache.
    constexpr std::size_t kFewest = 8, kMost = 128;
    const std::size_t shared = ceilDivide(count, static_cast<std::size_t>(threadCount()));
    const std::size_t wanted = std::clamp(std::max(shared, kLeastWork / work_), kFewest, kMost);
    const std::size_t rows = ceilDivide(wanted, kFewest) * kFewest;
    parallelFor(ceilDivide(count, rows), [&](std::size_t block) {
      control_.check();
      const FlushDenormals flush;
      const std::size_t first = block * rows;
      takeThrough(start, first, std::min(rows, count - first), scale);
    });
    double loss = 0.0;
    for (std::size_t i = 0; i < count; ++i) loss += losses_[i];
    return loss;
  }

 private:
  static Rows<T> carve(T*& free, std::size_t count, std::size_t columns) {
    const Rows<T> rows{free, panels::paddedLength<T>(columns)};
    free += count * rows.stride;
    // What lies between the columns and the end of a row goes through the same arithmetic, and must not be slow or trap.
    for (std::size_t i = 0; i < count; ++i) std::fill(rows.at(i) + columns, rows.at(i + 1), T(0));
    return rows;
  }

  void takeThrough(std::size_t start, std::size_t first, std::size_t rows, T scale) {
    corrupt(start + first, first, rows);
    for (std::size_t l = 0; l < problem_.layers.size(); ++l) forward(l, first, rows);
    compare(start + first, first, rows, scale);
    if (!backward_) return;
    for (std::size_t l = problem_.layers.size(); l-- > 0;) back(l, first, rows);
  }

  /// The inputs of the rows, with their noise.
  void corrupt(std::size_t position, std::size_t first, std::size_t rows) {
    const std::size_t d = problem_.layers.front().inputs;
    const NoiseModel<T>& model = problem_.noise;
    T* noise = noise_.get() + first * d;
    if (model.kind != NoiseKind::kNone) draw(position, rows, noise);
    const auto scale = static_cast<T>(model.scale);
    for (std::size_t i = 0; i < rows; ++i, noise += d) {
      const T* from = row(problem_.points, position + i, d);
      T* to = states_.front().at(first + i);
      if (model.kind == NoiseKind::kGaussian) {
        for (std::size_t k = 0; k < d; ++k) to[k] = from[k] + scale * noise[k];
      } else if (model.kind == NoiseKind::kMasking) {
        for (std::size_t k = 0; k < d; ++k) to[k] = noise[k] < scale ? T(0) : from[k];
      } else {
        std::copy_n(from, d, to);
      }
    }
    if (model.kind != NoiseKind::kFactor) return;
    const std::size_t width = panels::panelWidth<T>();
    const Rows<T>& inputs = states_.front();
    panels::multiply<T>({.m = rows,
                         .n = d,
                         .k = d,
                         .a = noise_.get() + first * d,
                         .rowStride = d,
                         .b = {factor_.get(), width, d * width},
                         .initial = inputs.at(first),
                         .initialStride = inputs.stride,
                         .c = inputs.at(first),
                         .strideC = inputs.stride});
  }

  /// The numbers that belong to rows of the order, of which those that follow each other in the stream are made together.
  void draw(std::size_t position, std::size_t rows, T* noise) const {
    const std::size_t d = problem_.layers.front().inputs;
    const RandomStream& stream = problem_.noise.stream;
    Control quiet;
    if (problem_.noise.places == nullptr) {
      fillNormals(stream, position * d, noise, rows * d, quiet);
      return;
    }
    const std::int32_t* places = problem_.noise.places + position;
    for (std::size_t i = 0, end = 0; i < rows; i = end) {
      for (end = i + 1; end < rows && places[end] == places[end - 1] + 1;) ++end;
      fillNormals(stream, static_cast<std::uint64_t>(places[i]) * d, noise + i * d, (end - i) * d, quiet);
    }
  }

  const T* row(const T* rows, std::size_t position, std::size_t width) const {
    return rows + static_cast<std::size_t>(problem_.order[position]) * width;
  }

  void forward(std::size_t l, std::size_t first, std::size_t rows) {
    const DenseLayer& layer = problem_.layers[l];
    const Rows<T>&in = states_[l], &out = states_[l + 1];
    panels::multiply<T>({.m = rows,
                         .n = layer.outputs,
                         .k = layer.inputs,
                         .a = in.at(first),
                         .rowStride = in.stride,
                         .b = weights_.forward(l),
                         .initial = weights_.bias(l),
                         .c = out.at(first),
                         .strideC = out.stride});
    if (!layer.linear) {
      T* slopes = backward_ ? slopes_[l].at(first) : nullptr;
      operations_.activate(layer, out.at(first), slopes, {rows, layer.outputs, out.stride});
    }
    if (layer.skipFrom >= 0) {
      operations_.add(out.at(first), states_[static_cast<std::size_t>(layer.skipFrom)].at(first), rows * out.stride);
    }
  }

  /// The squared errors of the rows; their gradient goes to the last layer.
  void compare(std::size_t position, std::size_t first, std::size_t rows, T scale) {
    const std::size_t width = problem_.layers.back().outputs;
    const T* targets = problem_.targets == nullptr ? problem_.points : problem_.targets;
    for (std::size_t i = 0; i < rows; ++i) {
      T* delta = backward_ ? deltas_.back().at(first + i) : nullptr;
      losses_[first + i] = operations_.squaredError(states_.back().at(first + i), row(targets, position + i, width),
                                                    2 * scale, delta, width);
    }
  }

  /// From the gradient in what layer l gives to that in its argument, and to the layers that it takes from.
  void back(std::size_t l, std::size_t first, std::size_t rows) {
    const DenseLayer& layer = problem_.layers[l];
    const Rows<T>& delta = deltas_[l];
    const std::size_t count = rows * delta.stride;
    if (layer.skipFrom > 0) {
      const std::size_t before = static_cast<std::size_t>(layer.skipFrom) - 1;
      T* skipped = deltas_[before].at(first);
      // The last layer that takes from there is the first to come by.
      if (skips_[before] == l) {
        std::copy_n(delta.at(first), count, skipped);
      } else {
        operations_.add(skipped, delta.at(first), count);
      }
    }
    if (!layer.linear) operations_.multiply(delta.at(first), slopes_[l].at(first), count);
    if (l == 0) return;
    const Rows<T>& out = deltas_[l - 1];
    panels::multiply<T>({.m = rows,
                         .n = layer.inputs,
                         .k = layer.outputs,
                         .a = delta.at(first),
                         .rowStride = delta.stride,
                         .b = weights_.back(l),
                         .initial = skips_[l - 1] > 0 ? out.at(first) : nullptr,
                         .initialStride = out.stride,
                         .c = out.at(first),
                         .strideC = out.stride});
  }

  const NetworkProblem<T>& problem_;
  const PackedWeights<T>& weights_;
  const Control& control_;
  ElementwiseOperations<T> operations_;
  bool backward_;
  Buffer<T> memory_;
  std::size_t work_ = 0;            ///< multiply-adds of a row on its way forward
  std::vector<Rows<T>> states_;     ///< h_0 … h_L
  std::vector<Rows<T>> slopes_;     ///< f′ of each layer that is not linear
  std::vector<Rows<T>> deltas_;     ///< the gradient in h_{l+1}, then in the argument of f
  std::vector<std::size_t> skips_;  ///< the last layer that adds h_{l+1} to what it gives; 0: none
  std::vector<double> losses_;
  Buffer<T> noise_;
  Buffer<T> factor_;  ///< of the noise, transposed, in panels
};

}  // namespace ridgeflow::training
