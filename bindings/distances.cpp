#include "addon.hpp"
#include "distances/distance_sums.hpp"
#include "task.hpp"

namespace ridgeflow::bindings {
namespace {

template <class T>
Napi::Value distanceSumsOf(const Arguments& arguments) {
  DistanceSumProblem<T> problem;
  problem.n = arguments.size("n");
  problem.m = arguments.size("m");
  problem.d = arguments.size("d");
  problem.groupCount = arguments.size("groupCount", 0x7fffffffU);
  problem.queries = arguments.array<T>("queries", problem.n, problem.d);
  problem.points = arguments.array<T>("points", problem.m, problem.d);
  problem.groups = arguments.array<std::int32_t>("groups", problem.m);
  problem.sums = arguments.array<double>("sums", problem.n, problem.groupCount);
  for (std::size_t j = 0; j < problem.m; ++j) {
    if (problem.groups[j] < 0 || static_cast<std::size_t>(problem.groups[j]) >= problem.groupCount) {
      arguments.fail("groups", "numbers from 0 to groupCount − 1");
    }
  }
  return run(arguments, pairWork(problem.n, problem.m, problem.d), [problem](Control& control) { distanceSums(problem, control); });
}

}  // namespace

Napi::Value distanceSumsKernel(const Napi::CallbackInfo& info) {
  return byElementType(info, "queries", []<class T>(const Arguments& arguments) { return distanceSumsOf<T>(arguments); });
}

}  // namespace ridgeflow::bindings
