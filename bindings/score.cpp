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
  problem.variance = arguments.number("variance");
  problem.excludeSelf = arguments.flag("excludeSelf");
  problem.tolerance = arguments.has("tolerance") ? arguments.number("tolerance") : 0.0;
  if (!(problem.tolerance >= 0 && problem.tolerance <= 0.1)) arguments.fail("tolerance", "a number from 0 to 0.1");
  problem.mean = arguments.optionalArray<T>("mean", problem.n, problem.d);
  problem.logDensity = arguments.optionalArray<T>("logDensity", problem.n);
  problem.divergence = arguments.optionalArray<T>("divergence", problem.n);
  if (!(problem.variance > 0)) arguments.fail("variance", "a number above 0");
  if (problem.excludeSelf && problem.n != problem.m) arguments.fail("excludeSelf", "as many queries as centres");
  const double work = static_cast<double>(problem.n) * static_cast<double>(problem.m) * static_cast<double>(problem.d + 8);
  return run(arguments, work, [problem](Control& control) { score(problem, control); });
}

}  // namespace

Napi::Value scoreKernel(const Napi::CallbackInfo& info) {
  const Arguments arguments(info);
  return arguments.isFloat64("queries") ? scoreOf<double>(arguments) : scoreOf<float>(arguments);
}

}  // namespace ridgeflow::bindings
