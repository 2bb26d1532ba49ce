#include "addon.hpp"
#include "ridgelet/finite_radon.hpp"
#include "task.hpp"

namespace ridgeflow::bindings {
namespace {

// Its cube is the number of additions: minutes of work.
constexpr std::size_t largestPrime = 1U << 14;

template <class T>
Napi::Value finiteRadonOf(const Arguments& arguments) {
  const std::size_t count = arguments.size("count"), p = arguments.size("p", largestPrime);
  const bool transpose = arguments.flag("transpose");
  const T* data = arguments.array<T>("data", count, (transpose ? p + 1 : p) * p);
  T* out = arguments.array<T>("out", count, (transpose ? p : p + 1) * p);
  const double work = 0.1 * static_cast<double>(count) * static_cast<double>(p) * static_cast<double>(p) * static_cast<double>(p);
  return run(arguments, work, [=](Control& control) {
    if (transpose) {
      finiteBackproject(data, count, p, out, control);
    } else {
      finiteRadon(data, count, p, out, control);
    }
  });
}

}  // namespace

Napi::Value finiteRadonKernel(const Napi::CallbackInfo& info) {
  return byElementType(info, "data", []<class T>(const Arguments& arguments) { return finiteRadonOf<T>(arguments); });
}

}  // namespace ridgeflow::bindings
