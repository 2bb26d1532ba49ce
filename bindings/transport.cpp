#include "addon.hpp"
#include "task.hpp"
#include "transport/cost_matrix.hpp"
#include "transport/pairs.hpp"

namespace ridgeflow::bindings {
namespace {

double positive(const Arguments& arguments, const char* name) {
  const double value = arguments.number(name);
  if (!(value > 0)) arguments.fail(name, "a number above 0");
  return value;
}

double workOn(std::size_t n, std::size_t m, std::size_t d) {
  return static_cast<double>(n) * static_cast<double>(m) * static_cast<double>(d + 8);
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
  pairs.epsilon = positive(arguments, "epsilon");
  pairs.logWeights = arguments.array<double>("logWeights", pairs.m);
  return pairs;
}

template <class T>
Napi::Value softminOf(const Arguments& arguments) {
  const PointPairs<T> pairs = pairsOf<T>(arguments);
  double* out = arguments.array<double>("out", pairs.n);
  return run(arguments, workOn(pairs.n, pairs.m, pairs.d), [=](Control& control) { softmin(pairs, out, control); });
}

template <class T>
Napi::Value planRowsOf(const Arguments& arguments) {
  const PointPairs<T> pairs = pairsOf<T>(arguments);
  const double* rowLogWeights = arguments.array<double>("rowLogWeights", pairs.n);
  const bool overDistance = arguments.flag("overDistance");
  T* out = arguments.array<T>("out", pairs.n, pairs.m);
  return run(arguments, workOn(pairs.n, pairs.m, pairs.d),
             [=](Control& control) { planRows(pairs, rowLogWeights, overDistance, out, control); });
}

template <class T>
Napi::Value matrixSoftminOf(const Arguments& arguments) {
  CostMatrix<T> costs;
  costs.rows = arguments.size("rows");
  costs.columns = arguments.size("columns");
  costs.entries = arguments.array<T>("costs", costs.rows, costs.columns);
  const bool transposed = arguments.flag("transposed");
  const double epsilon = positive(arguments, "epsilon");
  const double* logWeights = arguments.array<double>("logWeights", transposed ? costs.rows : costs.columns);
  double* out = arguments.array<double>("out", transposed ? costs.columns : costs.rows);
  return run(arguments, workOn(costs.rows, costs.columns, 0),
             [=](Control& control) { matrixSoftmin(costs, transposed, epsilon, logWeights, out, control); });
}

}  // namespace

Napi::Value softminKernel(const Napi::CallbackInfo& info) {
  const Arguments arguments(info);
  return arguments.isFloat64("from") ? softminOf<double>(arguments) : softminOf<float>(arguments);
}

Napi::Value planRowsKernel(const Napi::CallbackInfo& info) {
  const Arguments arguments(info);
  return arguments.isFloat64("from") ? planRowsOf<double>(arguments) : planRowsOf<float>(arguments);
}

Napi::Value matrixSoftminKernel(const Napi::CallbackInfo& info) {
  const Arguments arguments(info);
  return arguments.isFloat64("costs") ? matrixSoftminOf<double>(arguments) : matrixSoftminOf<float>(arguments);
}

}  // namespace ridgeflow::bindings
