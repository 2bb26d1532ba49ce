#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

#include "linalg/panels.hpp"
#include "runtime/memory.hpp"
#include "training/network.hpp"
#include "training/weight_blocks.hpp"

namespace ridgeflow::training {

/// The weights of a network laid out for its products in both directions: two copies of the parameters.
template <class T>
class PackedWeights {
 public:
  /// `blocks` cover the parameters.
  PackedWeights(const NetworkProblem<T>& problem, const std::vector<WeightBlock>& blocks)
      : problem_(problem), packed_(problem.layers.size()) {
    for (std::size_t l = 0; l < packed_.size(); ++l) {
      const DenseLayer& layer = problem.layers[l];
      packed_[l].bias = zeros(panels::paddedLength<T>(layer.outputs));
      if (layer.tiedTo >= 0) continue;
      packed_[l].transposed = zeros(panels::packedLength<T>(layer.inputs, layer.outputs));
      const bool owner = std::any_of(problem.layers.begin(), problem.layers.end(), [l](const DenseLayer& other) {
        return other.tiedTo == static_cast<std::ptrdiff_t>(l);
      });
      // No gradient is wanted in the inputs of the network.
      if (l > 0 || owner) packed_[l].straight = zeros(panels::packedLength<T>(layer.outputs, layer.inputs));
    }
    shareOut(blocks.size(), kWeightBlock * kWeightBlock, [&](std::size_t block) { pack(blocks[block]); });
  }

  /// Packs the weights and biases of a block, also anew after they have changed.
  void pack(const WeightBlock& block) {
    const DenseLayer& layer = problem_.layers[block.layer];
    const Packed& packed = packed_[block.layer];
    if (block.input == 0) {
      std::copy_n(problem_.parameters + layer.bias + block.output, block.outputs, packed.bias.get() + block.output);
    }
    if (block.inputs == 0) return;
    const std::size_t width = panels::panelWidth<T>();
    const T* weights = problem_.parameters + layer.weights + block.output * layer.inputs + block.input;
    panels::packTransposed(weights, layer.inputs, block.inputs, block.outputs,
                           packed.transposed.get() + block.output * layer.inputs + block.input * width,
                           layer.inputs * width);
    if (!packed.straight) return;
    panels::pack(weights, layer.inputs, block.outputs, block.inputs,
                 packed.straight.get() + block.input * layer.outputs + block.output * width, layer.outputs * width);
  }

  /// Wᵀ of a layer, inputs × outputs: what its inputs are multiplied by.
  panels::Panels<T> forward(std::size_t l) const {
    const DenseLayer& layer = problem_.layers[l];
    return panelsOf(layer.tiedTo < 0 ? packed_[l].transposed : owner(layer).straight, layer.inputs);
  }

  /// W of a layer, outputs × inputs: what the gradient in its outputs is multiplied by.
  panels::Panels<T> back(std::size_t l) const {
    const DenseLayer& layer = problem_.layers[l];
    return panelsOf(layer.tiedTo < 0 ? packed_[l].straight : owner(layer).transposed, layer.outputs);
  }

  const T* bias(std::size_t l) const { return packed_[l].bias.get(); }

 private:
  struct Packed {
    Buffer<T> bias, transposed, straight;
  };

  static Buffer<T> zeros(std::size_t count) {
    Buffer<T> buffer = allocateBuffer<T>(count);
    std::fill_n(buffer.get(), count, T(0));
    return buffer;
  }

  static panels::Panels<T> panelsOf(const Buffer<T>& packed, std::size_t rows) {
    const std::size_t width = panels::panelWidth<T>();
    return {packed.get(), width, rows * width};
  }

  const Packed& owner(const DenseLayer& layer) const { return packed_[static_cast<std::size_t>(layer.tiedTo)]; }

  const NetworkProblem<T>& problem_;
  std::vector<Packed> packed_;
};

}  // namespace ridgeflow::training
