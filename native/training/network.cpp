#include "training/network.hpp"

#include <algorithm>
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

/// Rows that are in the network at once. It bounds memory whatever the batch, and the time between two looks at an abort.
std::size_t rowsAtOnce(std::size_t parameterCount) {
  constexpr std::size_t kFewest = 128, kMost = 1024, kWork = std::size_t(1) << 32;
  return std::clamp(kWork / std::max<std::size_t>(1, parameterCount), kFewest, kMost);
}

/// A network that takes rows through it, a few at once.
template <class T>
class Passes {
 public:
  Passes(const NetworkProblem<T>& problem, std::size_t largest, bool backward, Control& control)
      : problem_(problem),
        control_(control),
        capacity_(std::min(largest, rowsAtOnce(problem.parameterCount))),
        blocks_(training::weightBlocks(problem.layers)),
        weights_(problem, blocks_),
        batch_(problem, weights_, capacity_, backward, control) {}

  std::size_t capacity() const { return capacity_; }

  /// The sum of squared errors of at most `capacity` rows.
  double run(std::size_t start, std::size_t count, T scale) { return batch_.run(start, count, scale); }

  /// The same of any number of rows; gradient ← that of `scale` times this sum, unless it is null.
  double run(std::size_t start, std::size_t count, T scale, T* gradient) {
    double sum = 0.0;
    for (std::size_t done = 0; done < count; done += capacity_) {
      const std::size_t rows = std::min(capacity_, count - done);
      sum += run(start + done, rows, scale);
      const auto add = [&](const GradientBlock<T>& part) {
        control_.check();
        for (std::size_t r = 0; r < part.extent.rows; ++r) {
          T* out = gradient + part.first + r * part.extent.stride;
          const T* values = part.values + r * part.stride;
          for (std::size_t k = 0; k < part.extent.columns; ++k) out[k] = (done == 0 ? T(0) : out[k]) + values[k];
        }
      };
      const auto nothing = [](auto...) {};
      if (gradient != nullptr) training::forGradient(problem_, batch_, blocks_, rows, nothing, add, nothing);
      control_.advance(rows);
    }
    return sum;
  }

  /// Calls update(gradient) for the gradient of the last run of at most `capacity` rows, part by part and in parallel.
  template <class Update>
  void descend(std::size_t count, const Update& update) {
    // Where other threads have read what this one is about to pack, that is asked for while the gradient is computed.
    const bool shared = threadCount() > 1;
    const auto ahead = [&](const WeightBlock& block, std::size_t part, std::size_t parts) {
      if (shared) weights_.prefetch(block, part, parts);
    };
    training::forGradient(problem_, batch_, blocks_, count, ahead, update,
                          [&](const WeightBlock& block) { weights_.pack(block); });
  }

  /// The same for a gradient of all parameters.
  template <class Update>
  void descend(const T* gradient, const Update& update) {
    training::shareOut(blocks_.size(), training::kWeightBlock * training::kWeightBlock, [&](std::size_t i) {
      const FlushDenormals flush;
      training::forParts(problem_, blocks_[i], gradient, update);
      weights_.pack(blocks_[i]);
    });
  }

 private:
  const NetworkProblem<T>& problem_;
  Control& control_;
  std::size_t capacity_;
  std::vector<WeightBlock> blocks_;
  PackedWeights<T> weights_;
  Batch<T> batch_;
};

}  // namespace

template <class T>
double trainNetwork(const NetworkProblem<T>& problem, const Optimiser& optimiser, Control& control) {
  control.start(problem.count);
  const auto operations = elementwiseOperations(T());
  const std::size_t largest = std::min(problem.batch, problem.count);
  Passes<T> passes(problem, largest, true, control);
  // Where a batch fits, each part of its gradient is spent while it is at hand.
  const bool fits = largest <= passes.capacity();
  const Buffer<T> gradient = allocateBuffer<T>(fits ? 0 : problem.parameterCount);
  T* first = problem.moments;
  T* second = first + problem.parameterCount;
  double sum = 0.0;
  std::uint64_t step = optimiser.step;
  for (std::size_t start = 0; start < problem.count; start += problem.batch) {
    const std::size_t count = std::min(problem.batch, problem.count - start);
    const auto scale = static_cast<T>(1.0 / static_cast<double>(count));
    const double loss = fits ? passes.run(start, count, scale) : passes.run(start, count, scale, gradient.get());
    sum += loss;
    if (!std::isfinite(loss)) return loss;
    ++step;
    const double correction1 = 1.0 / (1.0 - std::pow(optimiser.beta1, static_cast<double>(step)));
    const double correction2 = 1.0 / (1.0 - std::pow(optimiser.beta2, static_cast<double>(step)));
    const auto update = [&](const GradientBlock<T>& part) {
      const std::size_t at = part.first;
      operations.update(optimiser, correction1, correction2,
                        {part.extent, problem.parameters + at, first + at, second + at, part.values, part.stride});
    };
    if (fits) {
      passes.descend(count, update);
      control.advance(count);
    } else {
      passes.descend(gradient.get(), update);
    }
  }
  return sum / static_cast<double>(problem.count);
}

template <class T>
double networkLoss(const NetworkProblem<T>& problem, T* gradient, Control& control) {
  control.start(problem.count);
  Passes<T> passes(problem, problem.count, gradient != nullptr, control);
  const auto scale = static_cast<T>(1.0 / static_cast<double>(problem.count));
  return passes.run(0, problem.count, scale, gradient) / static_cast<double>(problem.count);
}

template double trainNetwork<float>(const NetworkProblem<float>&, const Optimiser&, Control&);
template double trainNetwork<double>(const NetworkProblem<double>&, const Optimiser&, Control&);
template double networkLoss<float>(const NetworkProblem<float>&, float*, Control&);
template double networkLoss<double>(const NetworkProblem<double>&, double*, Control&);

}  // namespace ridgeflow
