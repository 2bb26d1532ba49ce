#include <cmath>
#include <limits>
#include <string>

#include "addon.hpp"
#include "task.hpp"
#include "training/network.hpp"

namespace ridgeflow::bindings {
namespace {

/// Whole numbers that describe a layer in the field `layers`: inputs, outputs, kind (−1: linear), order, skipFrom, tiedTo.
constexpr std::size_t fields = 6;
constexpr std::size_t largestDepth = 4096;

std::vector<DenseLayer> layersOf(const Arguments& arguments, std::size_t& parameterCount) {
  const std::size_t depth = arguments.size("depth", largestDepth);
  const std::int32_t* numbers = arguments.array<std::int32_t>("layers", depth, fields);
  std::vector<DenseLayer> layers(depth);
  parameterCount = 0;
  for (std::size_t l = 0; l < depth; ++l, numbers += fields) {
    DenseLayer& layer = layers[l];
    const auto before = static_cast<std::ptrdiff_t>(l);
    if (numbers[0] < 1 || numbers[1] < 1 || numbers[2] < -1 || numbers[2] == 0 || numbers[2] > kLargestKind || numbers[3] < 0 ||
        numbers[3] > static_cast<std::int32_t>(kLargestOrder) || numbers[4] < -1 || numbers[4] > before ||
        numbers[5] < -1 || numbers[5] >= before) {
      arguments.fail("layers", "extents from 1, an activation, and earlier layers to take from");
    }
    layer.inputs = static_cast<std::size_t>(numbers[0]);
    layer.outputs = static_cast<std::size_t>(numbers[1]);
    layer.linear = numbers[2] < 0;
    if (!layer.linear) layer.kind = static_cast<NonlinearityKind>(numbers[2]);
    layer.order = static_cast<std::size_t>(numbers[3]);
    layer.skipFrom = numbers[4];
    layer.tiedTo = numbers[5];
    const std::size_t width = l == 0 ? layer.inputs : layers[l - 1].outputs;
    if (layer.inputs != width) arguments.fail("layers", "layers that fit each other");
    if (layer.skipFrom >= 0) {
      const auto from = static_cast<std::size_t>(layer.skipFrom);
      const std::size_t width = from == 0 ? layers[0].inputs : layers[from - 1].outputs;
      if (width != layer.outputs) arguments.fail("layers", "a layer to skip from of the same width");
    }
    if (layer.tiedTo >= 0) {
      const DenseLayer& other = layers[static_cast<std::size_t>(layer.tiedTo)];
      if (other.tiedTo >= 0 || other.inputs != layer.outputs || other.outputs != layer.inputs) {
        arguments.fail("layers", "a layer to be tied to whose weights are these, transposed");
      }
      layer.weights = other.weights;
    } else {
      layer.weights = parameterCount;
      parameterCount += layer.inputs * layer.outputs;
    }
    layer.bias = parameterCount;
    parameterCount += layer.outputs;
  }
  return layers;
}

template <class T>
NoiseModel<T> noiseOf(const Arguments& arguments, std::size_t inputs, std::size_t count) {
  NoiseModel<T> noise;
  const double kind = arguments.number("noise");
  if (!(kind == 0 || kind == 1 || kind == 2 || kind == 3)) arguments.fail("noise", "a whole number from 0 to 3");
  noise.kind = static_cast<NoiseKind>(static_cast<int>(kind));
  if (noise.kind == NoiseKind::kNone) return noise;
  if (noise.kind == NoiseKind::kFactor) {
    noise.factor = arguments.array<T>("factor", inputs, inputs);
  } else {
    noise.scale = arguments.number("noiseScale");
  }
  noise.stream = {arguments.word("key0"), arguments.word("key1"), arguments.word("substream"), arguments.word("stream")};
  noise.places = arguments.optionalArray<std::int32_t>("places", count);
  for (std::size_t i = 0; noise.places != nullptr && i < count; ++i) {
    if (noise.places[i] < 0) arguments.fail("places", "numbers from 0");
  }
  return noise;
}

template <class T>
NetworkProblem<T> problemOf(const Arguments& arguments) {
  NetworkProblem<T> problem;
  problem.layers = layersOf(arguments, problem.parameterCount);
  const std::size_t inputs = problem.layers.front().inputs, outputs = problem.layers.back().outputs;
  problem.parameters = arguments.array<T>("parameters", problem.parameterCount);
  problem.n = arguments.size("n", std::numeric_limits<std::int32_t>::max());
  problem.points = arguments.array<T>("points", problem.n, inputs);
  problem.targets = arguments.optionalArray<T>("targets", problem.n, outputs);
  if (problem.targets == nullptr && inputs != outputs) arguments.fail("targets", "targets, as outputs are not inputs");
  problem.count = arguments.size("count", std::numeric_limits<std::int32_t>::max());
  problem.order = arguments.array<std::int32_t>("order", problem.count);
  for (std::size_t i = 0; i < problem.count; ++i) {
    if (problem.order[i] < 0 || static_cast<std::size_t>(problem.order[i]) >= problem.n) {
      arguments.fail("order", "row numbers of the points");
    }
  }
  problem.noise = noiseOf<T>(arguments, inputs, problem.count);
  return problem;
}

template <class T>
double workOf(const NetworkProblem<T>& problem) {
  return static_cast<double>(problem.count) * static_cast<double>(problem.parameterCount);
}

template <class T>
Napi::Value trainOf(const Arguments& arguments) {
  NetworkProblem<T> problem = problemOf<T>(arguments);
  problem.moments = arguments.array<T>("moments", 2, problem.parameterCount);
  problem.batch = arguments.size("batch");
  Optimiser optimiser;
  optimiser.adam = arguments.flag("adam");
  optimiser.rate = arguments.number("rate");
  optimiser.beta1 = arguments.number("beta1");
  optimiser.beta2 = arguments.number("beta2");
  optimiser.epsilon = arguments.number("epsilon");
  const double step = arguments.number("step");
  if (!(step >= 0 && step <= 9007199254740991.0)) arguments.fail("step", "a whole number from 0");
  optimiser.step = static_cast<std::uint64_t>(step);
  double* loss = arguments.array<double>("loss", 1);
  return run(arguments, workOf(problem), [=](Control& control) { *loss = trainNetwork(problem, optimiser, control); });
}

template <class T>
Napi::Value lossOf(const Arguments& arguments) {
  const NetworkProblem<T> problem = problemOf<T>(arguments);
  T* gradient = arguments.optionalArray<T>("gradient", problem.parameterCount);
  double* loss = arguments.array<double>("loss", 1);
  return run(arguments, workOf(problem), [=](Control& control) { *loss = networkLoss(problem, gradient, control); });
}

}  // namespace

Napi::Value trainNetworkKernel(const Napi::CallbackInfo& info) {
  const Arguments arguments(info);
  return arguments.isFloat64("parameters") ? trainOf<double>(arguments) : trainOf<float>(arguments);
}

Napi::Value networkLossKernel(const Napi::CallbackInfo& info) {
  const Arguments arguments(info);
  return arguments.isFloat64("parameters") ? lossOf<double>(arguments) : lossOf<float>(arguments);
}

}  // namespace ridgeflow::bindings
