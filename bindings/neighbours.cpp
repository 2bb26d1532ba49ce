#include "addon.hpp"
#include "neighbours/count.hpp"
#include "neighbours/neighbours.hpp"
#include "neighbours/parts.hpp"
#include "task.hpp"

namespace ridgeflow::bindings {
namespace {

Norm normOf(const Arguments& arguments) { return arguments.flag("maximumNorm") ? Norm::kMaximum : Norm::kEuclidean; }

template <class T>
Napi::Value neighboursOf(const Arguments& arguments) {
  NeighbourProblem<T> problem;
  problem.n = arguments.size("n");
  problem.m = arguments.size("m");
  problem.d = arguments.size("d");
  problem.k = arguments.size("k");
  problem.queries = arguments.array<T>("queries", problem.n, problem.d);
  problem.points = arguments.array<T>("points", problem.m, problem.d);
  problem.norm = normOf(arguments);
  problem.excludeSelf = arguments.flag("excludeSelf");
  problem.distances = arguments.array<T>("distances", problem.n, problem.k);
  problem.indices = arguments.array<std::int32_t>("indices", problem.n, problem.k);
  if (problem.n > 0xffffffffU) arguments.fail("queries", "fewer than 2³² queries");
  if (problem.m >= 0x7fffffffU) arguments.fail("points", "fewer than 2³¹ points");
  if (problem.excludeSelf && problem.n > problem.m) arguments.fail("excludeSelf", "no more queries than points");
  if (problem.k < 1 || problem.k > problem.m - (problem.excludeSelf ? 1 : 0)) {
    arguments.fail("k", "a number from 1 to that of the points");
  }
  return run(arguments, pairWork(problem.n, problem.m, problem.d), [problem](Control& control) { nearestNeighbours(problem, control); });
}

template <class T>
Napi::Value addPartOf(const Arguments& arguments) {
  NearestSoFar<T> nearest;
  nearest.n = arguments.size("n");
  nearest.k = arguments.size("k");
  nearest.distances = arguments.array<T>("distances", nearest.n, nearest.k);
  nearest.indices = arguments.array<std::int32_t>("indices", nearest.n, nearest.k);
  NeighbourPart<T> part;
  part.k = arguments.size("partK");
  part.distances = arguments.array<T>("partDistances", nearest.n, part.k);
  part.indices = arguments.array<std::int32_t>("partIndices", nearest.n, part.k);
  const std::uint32_t first = arguments.word("first");
  if (first > 0x7fffffffU) arguments.fail("first", "a whole number below 2³¹");
  part.first = static_cast<std::int32_t>(first);
  const double work = 2.0 * static_cast<double>(nearest.n) * static_cast<double>(nearest.k + part.k + 8);
  return run(arguments, work, [=](Control& control) { addNeighbourPart(nearest, part, control); });
}

template <class T>
Napi::Value countsOf(const Arguments& arguments) {
  CountProblem<T> problem;
  problem.n = arguments.size("n");
  problem.m = arguments.size("m");
  problem.d = arguments.size("d");
  problem.queries = arguments.array<T>("queries", problem.n, problem.d);
  problem.points = arguments.array<T>("points", problem.m, problem.d);
  problem.radii = arguments.array<T>("radii", problem.n);
  problem.norm = normOf(arguments);
  problem.strict = arguments.flag("strict");
  problem.excludeSelf = arguments.flag("excludeSelf");
  problem.counts = arguments.array<std::int32_t>("counts", problem.n);
  if (problem.n > 0xffffffffU) arguments.fail("queries", "fewer than 2³² queries");
  if (problem.m >= 0x7fffffffU) arguments.fail("points", "fewer than 2³¹ points");
  if (problem.excludeSelf && problem.n > problem.m) arguments.fail("excludeSelf", "no more queries than points");
  return run(arguments, pairWork(problem.n, problem.m, problem.d), [problem](Control& control) { countWithin(problem, control); });
}

}  // namespace

Napi::Value countWithinKernel(const Napi::CallbackInfo& info) {
  return byElementType(info, "queries", []<class T>(const Arguments& arguments) { return countsOf<T>(arguments); });
}

Napi::Value nearestNeighboursKernel(const Napi::CallbackInfo& info) {
  return byElementType(info, "queries", []<class T>(const Arguments& arguments) { return neighboursOf<T>(arguments); });
}

Napi::Value addNeighbourPartKernel(const Napi::CallbackInfo& info) {
  return byElementType(info, "distances", []<class T>(const Arguments& arguments) { return addPartOf<T>(arguments); });
}

}  // namespace ridgeflow::bindings
