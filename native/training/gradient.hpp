#pragma once

#include <cstddef>
#include <vector>

#include "linalg/panels.hpp"
#include "runtime/parallel.hpp"
#include "training/batch.hpp"
#include "training/elementwise.hpp"
#include "training/network.hpp"
#include "training/weight_blocks.hpp"

namespace ridgeflow::training {

/// The gradient in some parameters: rows × columns values, `stride` apart here and extent.stride apart from `first` on
/// among the parameters.
template <class T>
struct GradientBlock {
  std::size_t first = 0;
  Extent extent;
  const T* values = nullptr;
  std::size_t stride = 0;
};

/// The gradient in the weights of a block, from `count` rows of a batch, into kWeightBlock² values. Calls
/// ahead(part, parts) as it goes.
template <class T, class Ahead>
GradientBlock<T> weightGradient(const NetworkProblem<T>& problem, const Batch<T>& batch, const WeightBlock& block,
                                std::size_t count, T* values, const Ahead& ahead) {
  constexpr std::size_t kPart = 16;  // outputs between two looks ahead
  const DenseLayer& layer = problem.layers[block.layer];
  const std::size_t width = panels::panelWidth<T>();
  const std::size_t stride = ceilDivide(block.inputs, width) * width, parts = ceilDivide(block.outputs, kPart);
  // Σ left[i][output] · right[i][input] over the rows i, for some of the outputs.
  const auto add = [&](const Rows<T>& left, const Rows<T>& right, std::size_t part, bool first) {
    const std::size_t output = part * kPart;
    T* c = values + output * stride;
    panels::multiply<T>({.m = std::min(kPart, block.outputs - output),
                         .n = block.inputs,
                         .k = count,
                         .a = left.at(0) + block.output + output,
                         .rowStride = 1,
                         .columnStride = left.stride,
                         .b = {right.at(0) + block.input, right.stride, width},
                         .initial = first ? nullptr : c,
                         .initialStride = stride,
                         .c = c,
                         .strideC = stride});
  };
  for (std::size_t part = 0; part < parts; ++part) {
    ahead(part, parts);
    add(batch.deltas(block.layer), batch.states(block.layer), part, true);
    for (std::size_t t = block.layer + 1; t < problem.layers.size(); ++t) {
      const bool tied = problem.layers[t].tiedTo == static_cast<std::ptrdiff_t>(block.layer);
      if (tied) add(batch.states(t), batch.deltas(t), part, false);
    }
  }
  const std::size_t at = layer.weights + block.output * layer.inputs + block.input;
  if (block.inputs < layer.inputs) return {at, {block.outputs, block.inputs, layer.inputs}, values, stride};
  // Whole rows lie one after the other among the parameters, and so they shall here: short ones would be slow.
  for (std::size_t r = 1; r < block.outputs && stride > block.inputs; ++r) {
    std::copy_n(values + r * stride, block.inputs, values + r * block.inputs);
  }
  return {at, {1, block.outputs * block.inputs, 0}, values, 0};
}

/// The gradient in the biases of a block, likewise.
template <class T>
GradientBlock<T> biasGradient(const NetworkProblem<T>& problem, const Batch<T>& batch, const WeightBlock& block,
                              std::size_t count, T* values) {
  const Rows<T>& deltas = batch.deltas(block.layer);
  double sums[kWeightBlock];
  elementwiseOperations(T()).columnSums(deltas.at(0) + block.output, {count, block.outputs, deltas.stride}, sums);
  for (std::size_t k = 0; k < block.outputs; ++k) values[k] = static_cast<T>(sums[k]);
  return {problem.layers[block.layer].bias + block.output, {1, block.outputs, 0}, values, 0};
}

/// Calls take(part) for the parts of a block of the gradient in all parameters.
template <class T, class Take>
void forParts(const NetworkProblem<T>& problem, const WeightBlock& block, const T* gradient, const Take& take) {
  const DenseLayer& layer = problem.layers[block.layer];
  const std::size_t at = layer.weights + block.output * layer.inputs + block.input, bias = layer.bias + block.output;
  const Extent weights{block.outputs, block.inputs, layer.inputs};
  if (block.inputs > 0) take(GradientBlock<T>{at, weights, gradient + at, layer.inputs});
  if (block.input == 0) take(GradientBlock<T>{bias, {1, block.outputs, 0}, gradient + bias, 0});
}

/// The gradient in all parameters from the first `count` rows of a batch, blocks in parallel: take(gradient) for a part of
/// a block after the other, then finish(block) when it is complete. ahead(block, part, parts) is called a few times before.
template <class T, class Ahead, class Take, class Finish>
void forGradient(const NetworkProblem<T>& problem, const Batch<T>& batch, const std::vector<WeightBlock>& blocks,
                 std::size_t count, const Ahead& ahead, const Take& take, const Finish& finish) {
  const std::size_t largest = problem.parameterCount / blocks.size();
  shareOut(blocks.size(), std::min(kWeightBlock * kWeightBlock, largest) * count, [&](std::size_t i) {
    const FlushDenormals flush;
    const WeightBlock& block = blocks[i];
    const auto before = [&](std::size_t part, std::size_t parts) { ahead(block, part, parts); };
    alignas(64) T values[kWeightBlock * kWeightBlock];
    if (block.inputs > 0) take(weightGradient(problem, batch, block, count, values, before));
    if (block.input == 0) take(biasGradient(problem, batch, block, count, values));
    finish(block);
  });
}

}  // namespace ridgeflow::training
