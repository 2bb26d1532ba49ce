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
    std::size_t elements = 0;
    for (std::size_t l = 0; l < packed_.size(); ++l) elements += lengthsOf(l).all();
    // One piece of memory, which allocators keep for the next epoch.
    memory_ = allocateBuffer<T>(elements);
    std::fill_n(memory_.get(), elements, T(0));
    T* free = memory_.get();
    for (std::size_t l = 0; l < packed_.size(); ++l) {
      const Lengths lengths = lengthsOf(l);
      T* transposed = free + lengths.bias;
      packed_[l] = {free, transposed, lengths.straight == 0 ? nullptr : transposed + lengths.transposed};
      free += lengths.all();
    }
    shareOut(blocks.size(), kWeightBlock * kWeightBlock, [&](std::size_t block) { pack(blocks[block]); });
  }

  /// Packs the weights and biases of a block, also anew after they have changed.
  void pack(const WeightBlock& block) {
    const DenseLayer& layer = problem_.layers[block.layer];
    const Packed& packed = packed_[block.layer];
    if (block.input == 0) {
      std::copy_n(problem_.parameters + layer.bias + block.output, block.outputs, packed.bias + block.output);
    }
    if (block.inputs == 0) return;
    const std::size_t width = panels::panelWidth<T>();
    const T* weights = problem_.parameters + layer.weights + block.output * layer.inputs + block.input;
    panels::packTransposed(weights, layer.inputs, block.inputs, block.outputs,
                           packed.transposed + block.output * layer.inputs + block.input * width,
                           layer.inputs * width);
    if (packed.straight == nullptr) return;
    panels::pack(weights, layer.inputs, block.outputs, block.inputs,
                 packed.straight + block.input * layer.outputs + block.output * width, layer.outputs * width);
  }

  /// Asks for part `part` of `parts` of where a block is packed, to write there: other threads have read it.
  void prefetch(const WeightBlock& block, std::size_t part, std::size_t parts) const {
    const DenseLayer& layer = problem_.layers[block.layer];
    const Packed& packed = packed_[block.layer];
    const std::size_t width = panels::panelWidth<T>();
    const auto ask = [&](const T* panels, std::size_t step, std::size_t rows, std::size_t columns) {
      for (std::size_t j = 0; j < columns; j += width) {
        for (std::size_t i = rows * part / parts * width; i < rows * (part + 1) / parts * width; i += 64 / sizeof(T)) {
          prefetchToWrite(panels + j / width * step + i);
        }
      }
    };
    ask(packed.transposed + block.output * layer.inputs + block.input * width, layer.inputs * width, block.inputs,
        block.outputs);
    if (packed.straight == nullptr) return;
    ask(packed.straight + block.input * layer.outputs + block.output * width, layer.outputs * width, block.outputs,
        block.inputs);
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

  const T* bias(std::size_t l) const { return packed_[l].bias; }

 private:
  struct Packed {
    T* bias = nullptr;
    T* transposed = nullptr;
    T* straight = nullptr;  ///< null where no product is with it
  };

  struct Lengths {
    std::size_t bias = 0, transposed = 0, straight = 0;

    std::size_t all() const { return bias + transposed + straight; }
  };

  Lengths lengthsOf(std::size_t l) const {
    const DenseLayer& layer = problem_.layers[l];
    Lengths lengths{panels::paddedLength<T>(layer.outputs)};
    if (layer.tiedTo >= 0) return lengths;
    lengths.transposed = panels::packedLength<T>(layer.inputs, layer.outputs);
    const bool owner = std::any_of(problem_.layers.begin(), problem_.layers.end(), [l](const DenseLayer& other) {
      return other.tiedTo == static_cast<std::ptrdiff_t>(l);
    });
    // No gradient is wanted in the inputs of the network.
    if (l > 0 || owner) lengths.straight = panels::packedLength<T>(layer.outputs, layer.inputs);
    return lengths;
  }

  static panels::Panels<T> panelsOf(const T* packed, std::size_t rows) {
    const std::size_t width = panels::panelWidth<T>();
    return {packed, width, rows * width};
  }

  const Packed& owner(const DenseLayer& layer) const { return packed_[static_cast<std::size_t>(layer.tiedTo)]; }

  const NetworkProblem<T>& problem_;
  std::vector<Packed> packed_;
  Buffer<T> memory_;
};

}  // namespace ridgeflow::training
