#include "addon.hpp"
#include "moments/moments.hpp"
#include "task.hpp"

namespace ridgeflow::bindings {
namespace {

/// The rows of a matrix of n that the field `rows` names by their numbers, all where it is absent.
RowSelection selectionOf(const Arguments& arguments, std::size_t n) {
  if (!arguments.has("rows")) return {nullptr, n};
  const std::size_t count = arguments.size("count");
  const auto* numbers = arguments.array<std::int32_t>("rows", count);
  for (std::size_t i = 0; i < count; ++i) {
    if (numbers[i] < 0 || static_cast<std::size_t>(numbers[i]) >= n) arguments.fail("rows", "numbers of rows");
  }
  return {numbers, count};
}

template <class T>
Napi::Value covarianceOf(const Arguments& arguments) {
  const std::size_t n = arguments.size("n"), d = arguments.size("d");
  const T* points = arguments.array<T>("points", n, d);
  const RowSelection rows = selectionOf(arguments, n);
  double* mean = arguments.array<double>("mean", d);
  double* out = arguments.array<double>("covariance", d, d);
  const double work = static_cast<double>(rows.count) * static_cast<double>(d) * static_cast<double>(d);
  return run(arguments, work, [=](Control& control) { covariance(points, rows, d, mean, out, control); });
}

template <class T>
Napi::Value centredRowsOf(const Arguments& arguments) {
  const std::size_t n = arguments.size("n"), d = arguments.size("d");
  const T* points = arguments.array<T>("points", n, d);
  const RowSelection rows = selectionOf(arguments, n);
  const double* centre = arguments.array<double>("centre", d);
  const double factor = arguments.finite("factor");
  T* out = arguments.array<T>("out", rows.count, d);
  const double work = static_cast<double>(rows.count) * static_cast<double>(d);
  return run(arguments, work, [=](Control& control) { centredRows(points, rows, d, centre, factor, out, control); });
}

template <class T>
Napi::Value groupMomentsOf(const Arguments& arguments) {
  const std::size_t n = arguments.size("n"), d = arguments.size("d"), groupCount = arguments.size("groupCount");
  const T* points = arguments.array<T>("points", n, d);
  const auto* groups = arguments.array<std::int32_t>("groups", n);
  for (std::size_t i = 0; i < n; ++i) {
    if (groups[i] < 0 || static_cast<std::size_t>(groups[i]) >= groupCount) {
      arguments.fail("groups", "numbers from 0 to groupCount − 1");
    }
  }
  double* means = arguments.array<double>("means", groupCount, d);
  double* squares = arguments.array<double>("squares", groupCount);
  const double work = 2.0 * static_cast<double>(n) * static_cast<double>(d);
  return run(arguments, work, [=](Control& control) {
    groupMoments(points, n, d, groups, groupCount, means, squares, control);
  });
}

}  // namespace

Napi::Value covarianceKernel(const Napi::CallbackInfo& info) {
  return byElementType(info, "points", []<class T>(const Arguments& arguments) { return covarianceOf<T>(arguments); });
}

Napi::Value centredRowsKernel(const Napi::CallbackInfo& info) {
  return byElementType(info, "points", []<class T>(const Arguments& arguments) { return centredRowsOf<T>(arguments); });
}

Napi::Value groupMomentsKernel(const Napi::CallbackInfo& info) {
  return byElementType(info, "points", []<class T>(const Arguments& arguments) { return groupMomentsOf<T>(arguments); });
}

}  // namespace ridgeflow::bindings
