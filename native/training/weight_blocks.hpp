#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

#include "runtime/memory.hpp"
#include "runtime/parallel.hpp"
#include "training/network.hpp"

namespace ridgeflow::training {

/// Outputs and inputs of the blocks in which weights are updated and packed: a multiple of every panel's width.
inline constexpr std::size_t kWeightBlock = 64;

/// Multiply-adds below which sharing work between threads takes longer than the work.
inline constexpr std::size_t kLeastWork = 1U << 18;

/// Some outputs and inputs of a layer's weights. The block that has input 0 stands for the biases of its outputs too, and a
/// block of a tied layer, which has no inputs, for these alone.
struct WeightBlock {
  std::size_t layer = 0;
  std::size_t output = 0, outputs = 0;
  std::size_t input = 0, inputs = 0;
};

/// Blocks that cover the parameters of a network.
inline std::vector<WeightBlock> weightBlocks(const std::vector<DenseLayer>& layers) {
  std::vector<WeightBlock> blocks;
  for (std::size_t l = 0; l < layers.size(); ++l) {
    const std::size_t inputs = layers[l].tiedTo < 0 ? layers[l].inputs : 0;
    for (std::size_t output = 0; output < layers[l].outputs; output += kWeightBlock) {
      WeightBlock block{l, output, std::min(kWeightBlock, layers[l].outputs - output), 0, 0};
      do {
        block.inputs = std::min(kWeightBlock, inputs - block.input);
        blocks.push_back(block);
        block.input += kWeightBlock;
      } while (block.input < inputs);
    }
  }
  return blocks;
}

/// Calls body(i) for every i in [0, count) in parallel, where one takes `work` multiply-adds.
template <class Body>
void shareOut(std::size_t count, std::size_t work, const Body& body) {
  const std::size_t together = std::max<std::size_t>(1, kLeastWork / std::max<std::size_t>(1, work));
  parallelFor(ceilDivide(count, together), [&](std::size_t task) {
    const std::size_t end = std::min(count, (task + 1) * together);
    for (std::size_t i = task * together; i < end; ++i) body(i);
  });
}

}  // namespace ridgeflow::training
