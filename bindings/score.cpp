#include "addon.hpp"
#include "score/parts.hpp"
#include "score/score.hpp"
#include "task.hpp"

namespace ridgeflow::bindings {
namespace {

template <class T>
Napi::Value scoreOf(const Arguments& arguments) {
  ScoreProblem<T> problem;
  problem.n = arguments.size("n");
  problem.m = arguments.size("m");
  problem.d = arguments.size("d");
  problem.queries = arguments.array<T>("queries", problem.n, problem.d);
  problem.centres = arguments.array<T>("centres", problem.m, problem.d);
  problem.logWeights = arguments.optionalArray<T>("logWeights", problem.m);
  problem.variance = arguments.positiveOrInfinite("variance");
  problem.excludeSelf = arguments.flag("excludeSelf");
  problem.tolerance = arguments.has("tolerance") ? arguments.number("tolerance") : 0.0;
  if (!(problem.tolerance >= 0 && problem.tolerance <= 0.1)) arguments.fail("tolerance", "a number from 0 to 0.1");
  problem.mean = arguments.optionalArray<T>("mean", problem.n, problem.d);
  problem.logDensity = arguments.optionalArray<T>("logDensity", problem.n);
  problem.divergence = arguments.optionalArray<T>("divergence", problem.n);
  problem.parts = arguments.optionalArray<double>("parts", problem.n, 2);
  if (problem.excludeSelf && problem.n != problem.m) arguments.fail("excludeSelf", "as many queries as centres");
  return run(arguments, pairWork(problem.n, problem.m, problem.d), [problem](Control& control) { score(problem, control); });
}

ScoreSums sumsOf(const Arguments& arguments) {
  ScoreSums sums;
  sums.n = arguments.size("n");
  sums.d = arguments.size("d");
  sums.logs = arguments.array<double>("logs", sums.n);
  sums.mean = arguments.optionalArray<double>("meanSums", sums.n, sums.d);
  sums.trace = arguments.optionalArray<double>("traces", sums.n);
  if (sums.trace != nullptr && sums.mean == nullptr) arguments.fail("meanSums", "an array where there are traces");
  return sums;
}

/// About a nanosecond for each of a few values, beside an exponential and a logarithm.
double rowWork(const ScoreSums& sums) {
  return static_cast<double>(sums.n) * (30.0 + (sums.mean == nullptr ? 0.0 : static_cast<double>(sums.d)));
}

template <class T>
Napi::Value addScorePartOf(const Arguments& arguments) {
  const ScoreSums sums = sumsOf(arguments);
  const auto* parts = arguments.array<double>("parts", sums.n, 2);
  const T* mean = sums.mean == nullptr ? nullptr : arguments.array<T>("mean", sums.n, sums.d);
  return run(arguments, rowWork(sums), [=](Control& control) { addScorePart(sums, mean, parts, control); });
}

template <class T>
Napi::Value writeScoreSumsOf(const Arguments& arguments) {
  const ScoreSums sums = sumsOf(arguments);
  ScoreProblem<T> problem;
  problem.n = sums.n;
  problem.m = arguments.size("m");
  problem.d = sums.d;
  problem.queries = arguments.array<T>("queries", problem.n, problem.d);
  problem.variance = arguments.positiveOrInfinite("variance");
  problem.mean = arguments.optionalArray<T>("mean", problem.n, problem.d);
  problem.logDensity = arguments.optionalArray<T>("logDensity", problem.n);
  problem.divergence = arguments.optionalArray<T>("divergence", problem.n);
  if (problem.mean != nullptr && sums.mean == nullptr) arguments.fail("meanSums", "an array where the mean is wanted");
  if (problem.divergence != nullptr && sums.trace == nullptr) arguments.fail("traces", "an array where the divergence is wanted");
  return run(arguments, rowWork(sums), [=](Control& control) { writeScoreSums(problem, sums, control); });
}

}  // namespace

Napi::Value scoreKernel(const Napi::CallbackInfo& info) {
  return byElementType(info, "queries", []<class T>(const Arguments& arguments) { return scoreOf<T>(arguments); });
}

Napi::Value addScorePartKernel(const Napi::CallbackInfo& info) {
  return byElementType(info, "mean", []<class T>(const Arguments& arguments) { return addScorePartOf<T>(arguments); });
}

Napi::Value writeScoreSumsKernel(const Napi::CallbackInfo& info) {
  return byElementType(info, "queries", []<class T>(const Arguments& arguments) { return writeScoreSumsOf<T>(arguments); });
}

}  // namespace ridgeflow::bindings
