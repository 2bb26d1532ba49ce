#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include <napi.h>

namespace ridgeflow::bindings {

/// Copies of typed arrays that a kernel works on, where the memory of arrays cannot be held (backing_store.hpp). On the thread
/// of the environment, but for what kernels do with the memory given out.
class ArrayCopies {
 public:
  /// A copy of an array's memory, or the place in one made before that covers it. It lives while this does.
  void* of(const Napi::TypedArray& array);

  /// Brings what has changed back to the arrays that still have their memory. The first time only.
  void writeBack() noexcept;

 private:
  struct Copy {
    Napi::Reference<Napi::TypedArray> array;
    const std::byte* original;
    std::size_t size;
    std::unique_ptr<std::byte[]> bytes;
  };
  std::vector<Copy> copies_;
  bool written_ = false;
};

}  // namespace ridgeflow::bindings
