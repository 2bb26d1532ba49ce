#include "addon.hpp"
#include "random/normals.hpp"
#include "task.hpp"

namespace ridgeflow::bindings {
namespace {

constexpr double largestPosition = 9007199254740992.0;  // 2⁵³

template <class T>
Napi::Value normalsOf(const Arguments& arguments) {
  const std::size_t count = arguments.size("count");
  T* out = arguments.array<T>("out", count);
  const double first = arguments.number("first");
  if (!(first >= 0 && first + static_cast<double>(count) < largestPosition) ||
      first != static_cast<double>(static_cast<std::uint64_t>(first))) {
    arguments.fail("first", "a position below 2⁵³");
  }
  const RandomStream stream{arguments.word("key0"), arguments.word("key1"), arguments.word("substream"),
                            arguments.word("stream")};
  const double work = 4.0 * static_cast<double>(count);
  return run(arguments, work, [=](Control& control) {
    fillNormals(stream, static_cast<std::uint64_t>(first), out, count, control);
  });
}

}  // namespace

Napi::Value normalsKernel(const Napi::CallbackInfo& info) {
  return byElementType(info, "out", []<class T>(const Arguments& arguments) { return normalsOf<T>(arguments); });
}

}  // namespace ridgeflow::bindings
