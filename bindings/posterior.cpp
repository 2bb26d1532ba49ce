#include "addon.hpp"
#include "posterior/covariance.hpp"
#include "task.hpp"

namespace ridgeflow::bindings {
namespace {

// BLAS counts in 32-bit integers.
constexpr std::size_t largestDimension = 0x7fffffff;

template <class T>
Napi::Value productOf(const Arguments& arguments) {
  PosteriorCovarianceProblem<T> problem;
  problem.n = arguments.size("n");
  problem.m = arguments.size("m");
  problem.d = arguments.size("d", largestDimension);
  problem.queries = arguments.array<T>("queries", problem.n, problem.d);
  problem.vectors = arguments.array<T>("vectors", problem.n, problem.d);
  problem.centres = arguments.array<T>("centres", problem.m, problem.d);
  problem.logWeights = arguments.optionalArray<T>("logWeights", problem.m);
  problem.variance = arguments.number("variance");
  if (!(problem.variance > 0)) arguments.fail("variance", "a number above 0");
  problem.out = arguments.array<T>("out", problem.n, problem.d);
  const double work =
      static_cast<double>(problem.n) * static_cast<double>(problem.m) * static_cast<double>(problem.d + 8);
  return run(arguments, work, [problem](Control& control) { posteriorCovarianceProduct(problem, control); });
}

}  // namespace

Napi::Value posteriorCovarianceProductKernel(const Napi::CallbackInfo& info) {
  const Arguments arguments(info);
  return arguments.isFloat64("queries") ? productOf<double>(arguments) : productOf<float>(arguments);
}

}  // namespace ridgeflow::bindings
