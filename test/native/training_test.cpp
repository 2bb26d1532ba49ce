#include "training/network.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include <gtest/gtest.h>

#include "support.hpp"

namespace ridgeflow::testing {
namespace {

template <class T>
class Training : public ::testing::Test {};
using ElementTypes = ::testing::Types<float, double>;
TYPED_TEST_SUITE(Training, ElementTypes);

DenseLayer dense(std::size_t inputs, std::size_t outputs, bool linear, std::ptrdiff_t skipFrom = -1,
                 std::ptrdiff_t tiedTo = -1) {
  return {.inputs = inputs,
          .outputs = outputs,
          .linear = linear,
          .kind = NonlinearityKind::kTanh,
          .skipFrom = skipFrom,
          .tiedTo = tiedTo};
}

/// A problem with all that it points to.
template <class T>
struct Fit {
  NetworkProblem<T> problem;
  std::vector<T> parameters, moments, points, targets, factor;
  std::vector<std::int32_t> order;

  Fit(std::vector<DenseLayer> layers, std::size_t n, std::size_t batch, NoiseKind noise, std::uint64_t seed) {
    Random random(seed);
    std::size_t count = 0;
    for (DenseLayer& layer : layers) {
      layer.weights = layer.tiedTo < 0 ? count : layers[static_cast<std::size_t>(layer.tiedTo)].weights;
      if (layer.tiedTo < 0) count += layer.inputs * layer.outputs;
      layer.bias = count;
      count += layer.outputs;
    }
    const std::size_t d = layers.front().inputs;
    parameters = random.cloud<T>(CloudKind::kNormal, count, 1);
    for (T& value : parameters) value *= T(0.2);
    moments.assign(2 * count, T(0));
    points = random.cloud<T>(CloudKind::kNormal, n, d);
    targets = random.cloud<T>(CloudKind::kNormal, n, layers.back().outputs);
    factor = random.cloud<T>(CloudKind::kNormal, d, d);
    order.resize(n);
    for (std::size_t i = 0; i < n; ++i) order[i] = static_cast<std::int32_t>(i * 7 % n);
    problem.layers = layers;
    problem.parameterCount = count;
    problem.n = problem.count = n;
    problem.batch = batch;
    problem.noise.kind = noise;
    problem.noise.scale = noise == NoiseKind::kMasking ? -0.4 : 0.3;
    problem.noise.stream = {1, 2, 3, 4};
    problem.parameters = parameters.data();
    problem.moments = moments.data();
    problem.points = points.data();
    problem.targets = targets.data();
    problem.order = order.data();
    problem.noise.factor = factor.data();
  }
};

/// Mean loss and its gradient by plain loops in float64.
template <class T>
double plainLoss(const NetworkProblem<T>& problem, std::vector<double>& gradient) {
  const auto& layers = problem.layers;
  const std::size_t d = layers.front().inputs;
  gradient.assign(problem.parameterCount, 0.0);
  double loss = 0.0;
  for (std::size_t position = 0; position < problem.count; ++position) {
    const auto row = static_cast<std::size_t>(problem.order[position]);
    std::vector<double> z(d);
    Control control;
    fillNormals(problem.noise.stream, position * d, z.data(), d, control);
    std::vector<std::vector<double>> states{{problem.points + row * d, problem.points + (row + 1) * d}};
    for (std::size_t k = 0; k < d; ++k) {
      double& x = states[0][k];
      if (problem.noise.kind == NoiseKind::kGaussian) x += problem.noise.scale * z[k];
      if (problem.noise.kind == NoiseKind::kMasking && z[k] < problem.noise.scale) x = 0.0;
      if (problem.noise.kind != NoiseKind::kFactor) continue;
      for (std::size_t l = 0; l < d; ++l) x += problem.noise.factor[k * d + l] * z[l];
    }
    const auto weight = [](const DenseLayer& layer, std::size_t j, std::size_t k) {
      return layer.weights + (layer.tiedTo < 0 ? j * layer.inputs + k : k * layer.outputs + j);
    };
    std::vector<std::vector<double>> slopes;
    for (const DenseLayer& layer : layers) {
      std::vector<double> out(layer.outputs), slope(layer.outputs, 1.0);
      for (std::size_t j = 0; j < layer.outputs; ++j) {
        double sum = problem.parameters[layer.bias + j];
        for (std::size_t k = 0; k < layer.inputs; ++k) sum += problem.parameters[weight(layer, j, k)] * states.back()[k];
        out[j] = layer.linear ? sum : std::tanh(sum);
        if (!layer.linear) slope[j] = 1.0 / (std::cosh(sum) * std::cosh(sum));
        if (layer.skipFrom >= 0) out[j] += states[static_cast<std::size_t>(layer.skipFrom)][j];
      }
      states.push_back(out);
      slopes.push_back(slope);
    }
    std::vector<std::vector<double>> deltas;
    for (const auto& state : states) deltas.emplace_back(state.size(), 0.0);
    for (std::size_t j = 0; j < states.back().size(); ++j) {
      const double error = states.back()[j] - problem.targets[row * states.back().size() + j];
      loss += error * error;
      deltas.back()[j] = 2.0 * error / static_cast<double>(problem.count);
    }
    for (std::size_t l = layers.size(); l-- > 0;) {
      const DenseLayer& layer = layers[l];
      for (std::size_t j = 0; j < layer.outputs; ++j) {
        if (layer.skipFrom >= 0) deltas[static_cast<std::size_t>(layer.skipFrom)][j] += deltas[l + 1][j];
        const double delta = deltas[l + 1][j] * slopes[l][j];
        gradient[layer.bias + j] += delta;
        for (std::size_t k = 0; k < layer.inputs; ++k) {
          gradient[weight(layer, j, k)] += delta * states[l][k];
          deltas[l][k] += delta * problem.parameters[weight(layer, j, k)];
        }
      }
    }
  }
  return loss / static_cast<double>(problem.count);
}

/// Layers whose extents lie either side of vectors, panels and blocks, with skips that meet, and ties.
std::vector<std::vector<DenseLayer>> networks() {
  return {
      {dense(1, 1, true)},
      {dense(64, 256, false), dense(256, 64, true)},
      {dense(67, 130, false), dense(130, 67, true, 0, 0)},
      {dense(17, 65, false), dense(65, 65, false, 1), dense(65, 65, false, 1), dense(65, 3, true)},
      {dense(5, 33, false), dense(33, 300, false), dense(300, 33, false, 1, 1), dense(33, 5, true, 0, 0)},
  };
}

TYPED_TEST(Training, LossAndGradientAgreeWithPlainLoops) {
  onEveryTarget([](const char* target) {
    SCOPED_TRACE(target);
    const double precision = sizeof(TypeParam) == 4 ? 3e-5 : 1e-12;
    std::size_t number = 0;
    for (const auto& layers : networks()) {
      const auto noise = static_cast<NoiseKind>(number % 4);
      Fit<TypeParam> fit(layers, 37, 37, noise, ++number);
      std::vector<double> expected;
      const double loss = plainLoss(fit.problem, expected);
      std::vector<TypeParam> gradient(fit.problem.parameterCount, TypeParam(NAN));
      Control control;
      EXPECT_NEAR(networkLoss(fit.problem, gradient.data(), control), loss, precision * loss) << number;
      EXPECT_NEAR(networkLoss<TypeParam>(fit.problem, nullptr, control), loss, precision * loss) << number;
      double largest = 0.0;
      for (const double value : expected) largest = std::max(largest, std::abs(value));
      for (std::size_t at = 0; at < expected.size(); ++at) {
        ASSERT_NEAR(gradient[at], expected[at], precision * largest) << number << " at " << at;
      }
    }
  });
}

/// The loss of some rows of an order, by where they stand in it.
template <class T>
double lossOf(const NetworkProblem<T>& problem, const std::vector<std::int32_t>& places) {
  std::vector<std::int32_t> order;
  for (const std::int32_t place : places) order.push_back(problem.order[place]);
  NetworkProblem<T> some = problem;
  some.order = order.data();
  some.count = order.size();
  some.noise.places = places.data();
  Control control;
  return networkLoss<T>(some, nullptr, control);
}

TYPED_TEST(Training, RowsTakeTheNoiseOfTheirPlacesToTheBit) {
  onEveryTarget([](const char* target) {
    SCOPED_TRACE(target);
    for (const NoiseKind noise : {NoiseKind::kNone, NoiseKind::kGaussian, NoiseKind::kFactor, NoiseKind::kMasking}) {
      for (const std::size_t d : {1UL, 2UL, 5UL, 67UL}) {
        Fit<TypeParam> fit({dense(d, 9, false), dense(9, d, true)}, 101, 101, noise, 12);
        Control control;
        std::vector<double> losses;
        double sum = 0.0;
        for (std::int32_t place = 0; place < 101; ++place) sum += losses.emplace_back(lossOf(fit.problem, {place}));
        EXPECT_EQ(networkLoss<TypeParam>(fit.problem, nullptr, control), sum / 101);
        // Runs of places, single ones, and places that do not ascend.
        for (const auto& places : std::vector<std::vector<std::int32_t>>{{0, 1, 2, 3}, {7, 9, 10, 11, 40, 100}, {5, 4, 50, 51, 3}}) {
          double some = 0.0;
          for (const std::int32_t place : places) some += losses[static_cast<std::size_t>(place)];
          EXPECT_EQ(lossOf(fit.problem, places), some / static_cast<double>(places.size()));
        }
      }
    }
  });
}

TYPED_TEST(Training, LongBatchesAddTheirParts) {
  Fit<TypeParam> fit({dense(3, 20, false), dense(20, 2, true)}, 2500, 2500, NoiseKind::kGaussian, 9);
  std::vector<double> expected;
  const double loss = plainLoss(fit.problem, expected);
  std::vector<TypeParam> gradient(fit.problem.parameterCount);
  Control control;
  const double precision = sizeof(TypeParam) == 4 ? 1e-5 : 1e-12;
  EXPECT_NEAR(networkLoss(fit.problem, gradient.data(), control), loss, precision * loss);
  for (std::size_t at = 0; at < expected.size(); ++at) EXPECT_NEAR(gradient[at], expected[at], precision * loss) << at;
}

TYPED_TEST(Training, BitsDoNotDependOnTheNumberOfThreads) {
  for (const auto& layers : networks()) {
    std::vector<TypeParam> parameters, moments;
    double loss = 0.0;
    withThreadCounts({1, 2, 3, 8}, [&](int threads) {
      Fit<TypeParam> fit(layers, 203, 90, NoiseKind::kGaussian, 5);
      Optimiser optimiser;
      optimiser.rate = 0.01;
      Control control;
      const double found = trainNetwork(fit.problem, optimiser, control);
      if (parameters.empty()) {
        parameters = fit.parameters;
        moments = fit.moments;
        loss = found;
      }
      EXPECT_EQ(found, loss) << threads;
      EXPECT_EQ(fit.parameters, parameters) << threads;
      EXPECT_EQ(fit.moments, moments) << threads;
    });
  }
}

TYPED_TEST(Training, AStepIsTheOptimisersFromTheGradient) {
  for (const bool adam : {true, false}) {
    for (const auto& layers : networks()) {
      // The first is so long a batch that its gradient is added up before the step.
      const std::size_t n = layers.size() == 1 ? 2100 : 40;
      Fit<TypeParam> fit(layers, n, n, NoiseKind::kNone, 6);
      const std::vector<TypeParam> before = fit.parameters;
      std::vector<TypeParam> gradient(before.size());
      Control control;
      networkLoss(fit.problem, gradient.data(), control);
      Optimiser optimiser;
      optimiser.adam = adam;
      optimiser.rate = 0.01;
      trainNetwork(fit.problem, optimiser, control);
      for (std::size_t at = 0; at < before.size(); ++at) {
        const double g = gradient[at];
        // The first step of Adam is rate · g/(|g| + ε).
        const double step = adam ? 0.01 * g / (std::abs(g) + 1e-8) : 0.01 * g;
        ASSERT_NEAR(fit.parameters[at], before[at] - step, rounding<TypeParam>(1.0) + 1e-5 * std::abs(step)) << at;
        ASSERT_NEAR(fit.moments[at], adam ? 0.1 * g : g, rounding<TypeParam>(4 * g)) << at;
      }
    }
  }
}

TYPED_TEST(Training, AnAbortLeavesWhatTheLastWholeStepMade) {
  for (const std::size_t batch : {16UL, 5000UL}) {
    Fit<TypeParam> fit({dense(7, 70, false), dense(70, 7, true)}, 5000, batch, NoiseKind::kGaussian, 8);
    const auto parameters = fit.parameters, moments = fit.moments;
    std::int32_t cells[2] = {1, 0};
    Control control(cells);
    EXPECT_THROW(trainNetwork(fit.problem, Optimiser(), control), Aborted);
    EXPECT_EQ(fit.parameters, parameters);
    EXPECT_EQ(fit.moments, moments);
  }
}

}  // namespace
}  // namespace ridgeflow::testing
