#include "training/network.hpp"

#include <cmath>

#include "training/batch.hpp"

namespace ridgeflow {
namespace {

using training::Batch;
using training::elementwiseOperations;

/// Rows that a loss over many takes at a time, which bounds its memory.
constexpr std::size_t kLossRows = 1024;

}  // namespace

template <class T>
double trainNetwork(const NetworkProblem<T>& problem, const Optimiser& optimiser, Control& control) {
  control.start(problem.count);
  const auto operations = elementwiseOperations(T());
  Batch<T> batch(problem, std::min(problem.batch, problem.count), true);
  const Buffer<T> gradient = allocateBuffer<T>(problem.parameterCount);
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
    batch.gradient(count, T(0), gradient.get(), [&](std::size_t from, std::size_t length) {
      operations.update(optimiser, correction1, correction2, problem.parameters + from, gradient.get() + from, first + from,
                        second + from, length);
    });
    control.advance(count);
  }
  return sum / static_cast<double>(problem.count);
}

template <class T>
double networkLoss(const NetworkProblem<T>& problem, T* gradient, Control& control) {
  control.start(problem.count);
  const std::size_t rows = std::min(kLossRows, problem.count);
  Batch<T> batch(problem, rows, gradient != nullptr);
  const auto scale = static_cast<T>(1.0 / static_cast<double>(problem.count));
  double sum = 0.0;
  for (std::size_t start = 0; start < problem.count; start += rows) {
    const std::size_t count = std::min(rows, problem.count - start);
    sum += batch.run(start, count, scale);
    if (gradient != nullptr) batch.gradient(count, start == 0 ? T(0) : T(1), gradient, [](std::size_t, std::size_t) {});
    control.advance(count);
  }
  return sum / static_cast<double>(problem.count);
}

template double trainNetwork<float>(const NetworkProblem<float>&, const Optimiser&, Control&);
template double trainNetwork<double>(const NetworkProblem<double>&, const Optimiser&, Control&);
template double networkLoss<float>(const NetworkProblem<float>&, float*, Control&);
template double networkLoss<double>(const NetworkProblem<double>&, double*, Control&);

}  // namespace ridgeflow
