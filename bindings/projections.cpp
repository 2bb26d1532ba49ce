#include "radon/projections.hpp"

#include "addon.hpp"
#include "task.hpp"

namespace ridgeflow::bindings {
namespace {

constexpr std::size_t largestWidth = 1U << 20;

template <class T>
ProjectedCloud<T> cloudOf(const Arguments& arguments) {
  ProjectedCloud<T> cloud;
  cloud.n = arguments.size("n");
  cloud.d = arguments.size("d");
  cloud.count = arguments.size("count");
  cloud.points = arguments.array<T>("points", cloud.n, cloud.d);
  cloud.directions = arguments.array<T>("directions", cloud.count, cloud.d);
  return cloud;
}

template <class T>
double workOf(const ProjectedCloud<T>& cloud) {
  return static_cast<double>(cloud.n) * static_cast<double>(cloud.count) * (2 + 0.02 * static_cast<double>(cloud.d));
}

template <class T>
Napi::Value binOf(const Arguments& arguments) {
  ProjectedCloud<T> cloud = cloudOf<T>(arguments);
  cloud.weights = arguments.optionalArray<double>("weights", cloud.n);
  ProjectionBins bins;
  bins.first = arguments.finite("first");
  bins.spacing = arguments.positive("spacing");
  bins.width = arguments.size("width", largestWidth);
  bins.smooth = arguments.flag("smooth");
  double* sums = arguments.array<double>("sums", cloud.count, bins.width);
  return run(arguments, workOf(cloud), [=](Control& control) { binProjections(cloud, bins, sums, control); });
}

template <class T>
Napi::Value extentsOf(const Arguments& arguments) {
  const ProjectedCloud<T> cloud = cloudOf<T>(arguments);
  double* extents = arguments.array<double>("extents", cloud.count, 2);
  return run(arguments, workOf(cloud), [=](Control& control) { projectionExtents(cloud, extents, control); });
}

}  // namespace

Napi::Value binProjectionsKernel(const Napi::CallbackInfo& info) {
  return byElementType(info, "points", []<class T>(const Arguments& arguments) { return binOf<T>(arguments); });
}

Napi::Value projectionExtentsKernel(const Napi::CallbackInfo& info) {
  return byElementType(info, "points", []<class T>(const Arguments& arguments) { return extentsOf<T>(arguments); });
}

}  // namespace ridgeflow::bindings
