#include "addon.hpp"
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

}  // namespace

Napi::Value scoreKernel(const Napi::CallbackInfo& info) {
  return byElementType(info, "queries", []<class T>(const Arguments& arguments) { return scoreOf<T>(arguments); });
}

}  // namespace ridgeflow::bindings
