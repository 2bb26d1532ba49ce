#include <cmath>
#include <string>

#include "addon.hpp"
#include "ridgelet/convolve_projections.hpp"
#include "ridgelet/ridge_sum.hpp"
#include "runtime/fft.hpp"
#include "task.hpp"

namespace ridgeflow::bindings {
namespace {

constexpr std::size_t largestCells = 1U << 20;
constexpr std::size_t largestTransform = 1U << 22;

/// Fields: nonlinearity, the kind by its number; order; and of piecewise polynomials from, to, parity, cells, degree and
/// coefficients.
template <class T>
Nonlinearity<T> nonlinearityOf(const Arguments& arguments) {
  Nonlinearity<T> function;
  const double kind = arguments.number("nonlinearity");
  if (!(kind >= 0 && kind <= kLargestKind) || kind != std::floor(kind)) {
    arguments.fail("nonlinearity", "a whole number from 0 to " + std::to_string(kLargestKind));
  }
  function.kind = static_cast<NonlinearityKind>(static_cast<int>(kind));
  if (function.kind == NonlinearityKind::kGaussian) {
    const double order = arguments.number("order");
    if (!(order >= 0 && order <= kLargestOrder) || order != std::floor(order)) {
      arguments.fail("order", "a whole number from 0 to " + std::to_string(kLargestOrder));
    }
    function.order = static_cast<std::size_t>(order);
  }
  if (function.kind != NonlinearityKind::kPiecewise) return function;
  const double parity = arguments.number("parity");
  if (!(parity == 0 || parity == 1 || parity == -1)) arguments.fail("parity", "0, 1 or -1");
  function.parity = static_cast<int>(parity);
  function.from = arguments.number("from");
  function.to = arguments.number("to");
  if (!std::isfinite(function.from) || !std::isfinite(function.to) || !(function.from < function.to) ||
      !std::isfinite(function.to - function.from)) {
    arguments.fail("from", "a finite number below that for to");
  }
  if (function.parity != 0 && function.from != 0) arguments.fail("from", "0 where there is a parity");
  function.cells = arguments.size("cells", largestCells);
  function.degree = arguments.size("degree", kLargestDegree);
  function.coefficients = arguments.array<T>("coefficients", function.degree + 1, function.cells);
  return function;
}

template <class T>
Napi::Value ridgeSumOf(const Arguments& arguments) {
  RidgeSumProblem<T> problem;
  problem.n = arguments.size("n");
  problem.m = arguments.size("m");
  problem.d = arguments.size("d");
  problem.k = arguments.size("k");
  problem.queries = arguments.array<T>("queries", problem.n, problem.d);
  problem.centres = arguments.array<T>("centres", problem.m, problem.d);
  problem.queryBias = arguments.optionalArray<T>("queryBias", problem.n);
  problem.centreBias = arguments.optionalArray<T>("centreBias", problem.m);
  problem.values = arguments.array<T>("values", problem.m, problem.k);
  problem.weights = arguments.optionalArray<T>("weights", problem.m);
  problem.function = nonlinearityOf<T>(arguments);
  problem.scale = arguments.has("scale") ? arguments.number("scale") : 1.0;
  problem.out = arguments.array<T>("out", problem.n, problem.k);
  const double pairs = static_cast<double>(problem.n) * static_cast<double>(problem.m);
  const double work = pairs * (static_cast<double>(problem.d + problem.k) + 16);
  return run(arguments, work, [problem](Control& control) { ridgeSum(problem, control); });
}

template <class T>
Napi::Value activateOf(const Arguments& arguments) {
  const std::size_t rows = arguments.size("rows"), columns = arguments.size("columns");
  T* values = arguments.array<T>("values", rows, columns);
  const T* rowBias = arguments.optionalArray<T>("rowBias", rows);
  const T* columnBias = arguments.optionalArray<T>("columnBias", columns);
  const Nonlinearity<T> function = nonlinearityOf<T>(arguments);
  const double work = 4.0 * static_cast<double>(rows) * static_cast<double>(columns);
  return run(arguments, work, [=](Control& control) {
    activate(values, rows, columns, rowBias, columnBias, function, control);
  });
}

template <class T>
Napi::Value convolveProjectionsOf(const Arguments& arguments) {
  ConvolveProjectionsProblem<T> problem;
  problem.n = arguments.size("n");
  problem.d = arguments.size("d");
  problem.k = arguments.size("k");
  problem.m = arguments.size("m");
  problem.points = arguments.array<T>("points", problem.n, problem.d);
  problem.values = arguments.array<T>("values", problem.n, problem.k);
  problem.weights = arguments.optionalArray<T>("weights", problem.n);
  problem.directions = arguments.array<T>("directions", problem.m, problem.d);
  problem.first = arguments.finite("first");
  problem.perCell = arguments.positive("perCell");
  problem.length = arguments.size("length", largestTransform);
  if (problem.length < 64 || goodLength(problem.length) != problem.length) {
    arguments.fail("length", "2^a, 3·2^a or 5·2^a, at least 64");
  }
  problem.taps = arguments.size("taps", 16);
  if (problem.taps != 8 && problem.taps != 16) arguments.fail("taps", "8 or 16");
  problem.degree = arguments.size("degree", kLargestDegree);
  problem.coefficients = arguments.array<T>("coefficients", problem.degree + 1, problem.taps);
  problem.responseReal = arguments.array<double>("responseReal", problem.length / 2 + 1);
  problem.responseImaginary = arguments.array<double>("responseImaginary", problem.length / 2 + 1);
  problem.stride = arguments.size("stride", largestTransform);
  problem.count = arguments.size("count", largestTransform);
  problem.offset = arguments.size("offset", largestTransform);
  if (problem.offset + (problem.count - 1) * problem.stride >= problem.length) {
    arguments.fail("offset", "results within the grid");
  }
  problem.scale = arguments.number("scale");
  std::size_t rows = 0;
  if (__builtin_mul_overflow(problem.m, problem.count, &rows)) arguments.fail("out", "fewer results");
  problem.out = arguments.array<T>("out", rows, problem.k);
  const double work = static_cast<double>(problem.m) * static_cast<double>(problem.k) *
                      (8.0 * static_cast<double>(problem.n) + 20.0 * static_cast<double>(problem.length));
  return run(arguments, work, [problem](Control& control) { convolveProjections(problem, control); });
}

}  // namespace

Napi::Value ridgeSumKernel(const Napi::CallbackInfo& info) {
  return byElementType(info, "queries", []<class T>(const Arguments& arguments) { return ridgeSumOf<T>(arguments); });
}

Napi::Value activateKernel(const Napi::CallbackInfo& info) {
  return byElementType(info, "values", []<class T>(const Arguments& arguments) { return activateOf<T>(arguments); });
}

Napi::Value convolveProjectionsKernel(const Napi::CallbackInfo& info) {
  return byElementType(info, "points", []<class T>(const Arguments& arguments) { return convolveProjectionsOf<T>(arguments); });
}

}  // namespace ridgeflow::bindings
