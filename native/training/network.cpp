#include "training/network.hpp"

#include <cmath>

#include "training/batch.hpp"
#include "training/gradient.hpp"

namespace ridgeflow {
namespace {

using training::Batch;
using training::elementwiseOperations;
using training::GradientBlock;
using training::PackedWeights;
using training::WeightBlock;

/// Rows that a loss over many takes at a time, which bounds its memory.
constexpr std::size_t kLossRows = 1024;

}  // namespace

template <class T>
double trainNetwork(const NetworkProblem<T>& problem, const Optimiser& optimiser, Control& control) {
  control.start(problem.count);
  const auto operations = elementwiseOperations(T());
  const auto blocks = training::weightBlocks(problem.layers);
  PackedWeights<T> weights(problem, blocks);
  Batch<T> batch(problem, weights, std::min(problem.batch, problem.count), true);
  T* first = problem.moments;
  T* second = first + problem.parameterCount;
  double sum = 0.0;
  std::uint64_t step = optimiser.step;
  for (std::size_t start = 0; start < problem.count; start += problem.batch) {
    const std::size_t count = std::min(problem.batch, problem.count - start);
    const double loss = batch.run(start, count, static_cast<T>(1.0 / static_cast<double>(count)));
    sum += loss;
    if (!std::isfinite(loss)) return loss;
    ++step;
    const double correction1 = 1.0 / (1.0 - std::pow(optimiser.beta1, static_cast<double>(step)));
    const double correction2 = 1.0 / (1.0 - std::pow(optimiser.beta2, static_cast<double>(step)));
    const auto update = [&](const GradientBlock<T>& gradient) {
      const std::size_t at = gradient.first;
      operations.update(optimiser, correction1, correction2,
                        {gradient.extent, problem.parameters + at, first + at, second + at, gradient.values, gradient.stride});
    };
    training::forGradient(problem, batch, blocks, count, update, [&](const WeightBlock& block) { weights.pack(block); });
    control.advance(count);
  }
  return sum / static_cast<double>(problem.count);
}

template <class T>
double networkLoss(const NetworkProblem<T>& problem, T* gradient, Control& control) {
  control.start(problem.count);
  const std::size_t rows = std::min(kLossRows, problem.count);
  const auto blocks = training::weightBlocks(problem.layers);
  const PackedWeights<T> weights(problem, blocks);
  Batch<T> batch(problem, weights, rows, gradient != nullptr);
  const auto scale = static_cast<T>(1.0 / static_cast<double>(problem.count));
  double sum = 0.0;
  for (std::size_t start = 0; start < problem.count; start += rows) {
    const std::size_t count = std::min(rows, problem.count - start);
    sum += batch.run(start, count, scale);
    const auto add = [&](const GradientBlock<T>& part) {
      for (std::size_t r = 0; r < part.extent.rows; ++r) {
        T* out = gradient + part.first + r * part.extent.stride;
        const T* values = part.values + r * part.stride;
        for (std::size_t k = 0; k < part.extent.columns; ++k) out[k] = (start == 0 ? T(0) : out[k]) + values[k];
      }
    };
    if (gradient != nullptr) training::forGradient(problem, batch, blocks, count, add, [](const WeightBlock&) {});
    control.advance(count);
  }
  return sum / static_cast<double>(problem.count);
}

template double trainNetwork<float>(const NetworkProblem<float>&, const Optimiser&, Control&);
template double trainNetwork<double>(const NetworkProblem<double>&, const Optimiser&, Control&);
template double networkLoss<float>(const NetworkProblem<float>&, float*, Control&);
template double networkLoss<double>(const NetworkProblem<double>&, double*, Control&);

}  // namespace ridgeflow
