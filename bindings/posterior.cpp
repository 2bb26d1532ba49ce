#include "addon.hpp"
#include "posterior/covariance.hpp"
#include "posterior/parts.hpp"
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
  problem.variance = arguments.positiveOrInfinite("variance");
  problem.out = arguments.array<T>("out", problem.n, problem.d);
  return run(arguments, pairWork(problem.n, problem.m, problem.d), [problem](Control& control) { posteriorCovarianceProduct(problem, control); });
}

}  // namespace

Napi::Value posteriorCovarianceProductKernel(const Napi::CallbackInfo& info) {
  return byElementType(info, "queries", []<class T>(const Arguments& arguments) { return productOf<T>(arguments); });
}

Napi::Value addCovariancePartKernel(const Napi::CallbackInfo& info) {
  const Arguments arguments(info);
  CovarianceSums sums;
  sums.n = arguments.size("n");
  sums.d = arguments.size("d", largestDimension);
  sums.vectors = arguments.array<double>("vectors", sums.n, sums.d);
  sums.logs = arguments.array<double>("logs", sums.n);
  sums.mean = arguments.array<double>("meanSums", sums.n, sums.d);
  sums.products = arguments.array<double>("products", sums.n, sums.d);
  const auto* mean = arguments.array<double>("mean", sums.n, sums.d);
  const auto* parts = arguments.array<double>("parts", sums.n, 2);
  const auto* more = arguments.array<double>("partProducts", sums.n, sums.d);
  const double work = static_cast<double>(sums.n) * (30.0 + 2.0 * static_cast<double>(sums.d));
  return run(arguments, work, [=](Control& control) { addCovariancePart(sums, mean, parts, more, control); });
}

}  // namespace ridgeflow::bindings
