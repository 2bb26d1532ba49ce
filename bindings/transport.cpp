#include <cmath>

#include "addon.hpp"
#include "task.hpp"
#include "transport/cost_matrix.hpp"
#include "transport/exact.hpp"
#include "transport/pairs.hpp"
#include "transport/parts.hpp"
#include "transport/sliced.hpp"

namespace ridgeflow::bindings {
namespace {

/// Weights that sum to 1: other masses would have no feasible plan.
const double* weights(const Arguments& arguments, const char* name, std::size_t count) {
  const double* values = arguments.array<double>(name, count);
  double sum = 0.0;
  for (std::size_t i = 0; i < count; ++i) {
    if (!(values[i] >= 0)) arguments.fail(name, "numbers of at least 0");
    sum += values[i];
  }
  if (!(std::abs(sum - 1) <= 1e-6)) arguments.fail(name, "numbers that sum to 1");
  return values;
}

template <class T>
PointPairs<T> pairsOf(const Arguments& arguments) {
  PointPairs<T> pairs;
  pairs.n = arguments.size("n");
  pairs.m = arguments.size("m");
  pairs.d = arguments.size("d");
  pairs.from = arguments.array<T>("from", pairs.n, pairs.d);
  pairs.to = arguments.array<T>("to", pairs.m, pairs.d);
  pairs.cost = arguments.flag("euclidean") ? PairCost::kEuclidean : PairCost::kSquaredEuclidean;
  pairs.epsilon = arguments.positiveOrInfinite("epsilon");
  pairs.logWeights = arguments.array<double>("logWeights", pairs.m);
  return pairs;
}

template <class T>
Napi::Value softminOf(const Arguments& arguments) {
  const PointPairs<T> pairs = pairsOf<T>(arguments);
  double* out = arguments.array<double>("out", pairs.n);
  return run(arguments, pairWork(pairs.n, pairs.m, pairs.d), [=](Control& control) { softmin(pairs, out, control); });
}

template <class T>
Napi::Value planRowsOf(const Arguments& arguments) {
  const PointPairs<T> pairs = pairsOf<T>(arguments);
  const double* rowLogWeights = arguments.array<double>("rowLogWeights", pairs.n);
  const bool overDistance = arguments.flag("overDistance");
  T* out = arguments.array<T>("out", pairs.n, pairs.m);
  return run(arguments, pairWork(pairs.n, pairs.m, pairs.d),
             [=](Control& control) { planRows(pairs, rowLogWeights, overDistance, out, control); });
}

template <class T>
Napi::Value planCostsOf(const Arguments& arguments) {
  const PointPairs<T> pairs = pairsOf<T>(arguments);
  const double* rowLogWeights = arguments.array<double>("rowLogWeights", pairs.n);
  double* out = arguments.array<double>("out", pairs.n);
  return run(arguments, pairWork(pairs.n, pairs.m, pairs.d),
             [=](Control& control) { planCosts(pairs, rowLogWeights, out, control); });
}

template <class T>
CostMatrix<T> costMatrixOf(const Arguments& arguments) {
  CostMatrix<T> costs;
  costs.rows = arguments.size("rows");
  costs.columns = arguments.size("columns");
  costs.entries = arguments.array<T>("costs", costs.rows, costs.columns);
  return costs;
}

template <class T>
Napi::Value matrixPlanCostsOf(const Arguments& arguments) {
  const CostMatrix<T> costs = costMatrixOf<T>(arguments);
  const double epsilon = arguments.positiveOrInfinite("epsilon");
  const double* rowLogWeights = arguments.array<double>("rowLogWeights", costs.rows);
  const double* logWeights = arguments.array<double>("logWeights", costs.columns);
  double* out = arguments.array<double>("out", costs.rows);
  return run(arguments, pairWork(costs.rows, costs.columns, 0),
             [=](Control& control) { matrixPlanCosts(costs, epsilon, rowLogWeights, logWeights, out, control); });
}

template <class T>
Napi::Value matrixSoftminOf(const Arguments& arguments) {
  const CostMatrix<T> costs = costMatrixOf<T>(arguments);
  const bool transposed = arguments.flag("transposed");
  const double epsilon = arguments.positiveOrInfinite("epsilon");
  const double* logWeights = arguments.array<double>("logWeights", transposed ? costs.rows : costs.columns);
  double* out = arguments.array<double>("out", transposed ? costs.columns : costs.rows);
  return run(arguments, pairWork(costs.rows, costs.columns, 0),
             [=](Control& control) { matrixSoftmin(costs, transposed, epsilon, logWeights, out, control); });
}

template <class T>
Napi::Value pairCostsOf(const Arguments& arguments) {
  const std::size_t n = arguments.size("n"), m = arguments.size("m"), d = arguments.size("d");
  const T* from = arguments.array<T>("from", n, d);
  const T* to = arguments.array<T>("to", m, d);
  const bool euclidean = arguments.flag("euclidean");
  double* out = arguments.array<double>("out", n, m);
  return run(arguments, pairWork(n, m, d), [=](Control& control) { pairCosts(from, n, to, m, d, euclidean, out, control); });
}

template <class T>
Napi::Value slicedDistancesOf(const Arguments& arguments) {
  SlicedProblem<T> problem;
  problem.n = arguments.size("n", 0xfffffffeU);
  problem.m = arguments.size("m", 0xfffffffeU);
  problem.d = arguments.size("d");
  problem.count = arguments.size("count");
  problem.a = arguments.array<T>("a", problem.n, problem.d);
  problem.b = arguments.array<T>("b", problem.m, problem.d);
  problem.directions = arguments.array<T>("directions", problem.count, problem.d);
  problem.weightsA = arguments.optionalArray<double>("weightsA", problem.n);
  problem.weightsB = arguments.optionalArray<double>("weightsB", problem.m);
  problem.gradients = arguments.optionalArray<double>("gradients", problem.count, problem.d);
  problem.p = arguments.number("p");
  if (!(problem.p >= 1 && std::isfinite(problem.p))) arguments.fail("p", "a finite number of at least 1");
  double* out = arguments.array<double>("distances", problem.count);
  const double work = pairWork(problem.count, problem.n + problem.m, problem.d + 16);
  return run(arguments, work, [=](Control& control) { slicedDistances(problem, out, control); });
}

/// Rows and columns are numbered by 32 bits.
constexpr std::uint64_t largestSide = 0x3fffffff;

}  // namespace

Napi::Value pairCostsKernel(const Napi::CallbackInfo& info) {
  return byElementType(info, "from", []<class T>(const Arguments& arguments) { return pairCostsOf<T>(arguments); });
}

Napi::Value assignmentKernel(const Napi::CallbackInfo& info) {
  const Arguments arguments(info);
  const std::size_t n = arguments.size("n", largestSide);
  const double* costs = arguments.array<double>("costs", n, n);
  auto* columns = arguments.array<std::int32_t>("columns", n);
  double* u = arguments.array<double>("u", n);
  double* v = arguments.array<double>("v", n);
  return run(arguments, pairWork(n, n, n), [=](Control& control) {
    if (!assign(costs, n, columns, u, v, control)) *columns = -1;
  });
}

Napi::Value networkSimplexKernel(const Napi::CallbackInfo& info) {
  const Arguments arguments(info);
  const std::size_t n = arguments.size("n", largestSide), m = arguments.size("m", largestSide);
  const double* costs = arguments.array<double>("costs", n, m);
  const double* supplies = weights(arguments, "supplies", n);
  const double* demands = weights(arguments, "demands", m);
  auto* rows = arguments.array<std::int32_t>("rows", n + m);
  auto* columns = arguments.array<std::int32_t>("columns", n + m);
  double* masses = arguments.array<double>("masses", n + m);
  auto* count = arguments.array<std::int32_t>("count", 1);
  double* u = arguments.array<double>("u", n);
  double* v = arguments.array<double>("v", m);
  return run(arguments, pairWork(n, m, n + m), [=](Control& control) {
    SparsePlan plan{rows, columns, masses, 0};
    const bool feasible = networkSimplex(costs, n, m, supplies, demands, plan, u, v, control);
    *count = feasible ? static_cast<std::int32_t>(plan.count) : -1;
  });
}

Napi::Value slicedDistancesKernel(const Napi::CallbackInfo& info) {
  return byElementType(info, "a", []<class T>(const Arguments& arguments) { return slicedDistancesOf<T>(arguments); });
}

Napi::Value softminKernel(const Napi::CallbackInfo& info) {
  return byElementType(info, "from", []<class T>(const Arguments& arguments) { return softminOf<T>(arguments); });
}

Napi::Value addSoftminPartKernel(const Napi::CallbackInfo& info) {
  const Arguments arguments(info);
  const std::size_t n = arguments.size("n");
  double* minima = arguments.array<double>("minima", n);
  const double* part = arguments.array<double>("part", n);
  const double epsilon = arguments.positive("epsilon");
  // An exponential and a logarithm.
  return run(arguments, 30.0 * static_cast<double>(n), [=](Control& control) { addSoftminPart(minima, part, n, epsilon, control); });
}

Napi::Value planRowsKernel(const Napi::CallbackInfo& info) {
  return byElementType(info, "from", []<class T>(const Arguments& arguments) { return planRowsOf<T>(arguments); });
}

Napi::Value planCostsKernel(const Napi::CallbackInfo& info) {
  return byElementType(info, "from", []<class T>(const Arguments& arguments) { return planCostsOf<T>(arguments); });
}

Napi::Value matrixPlanCostsKernel(const Napi::CallbackInfo& info) {
  return byElementType(info, "costs", []<class T>(const Arguments& arguments) { return matrixPlanCostsOf<T>(arguments); });
}

Napi::Value matrixSoftminKernel(const Napi::CallbackInfo& info) {
  return byElementType(info, "costs", []<class T>(const Arguments& arguments) { return matrixSoftminOf<T>(arguments); });
}

}  // namespace ridgeflow::bindings
