#include "array_copies.hpp"

#include <cstring>
#include <utility>

namespace ridgeflow::bindings {
namespace {

std::byte* memoryOf(const Napi::TypedArray& array) {
  auto* buffer = static_cast<std::byte*>(array.ArrayBuffer().Data());
  return buffer == nullptr ? nullptr : buffer + array.ByteOffset();
}

}  // namespace

void* ArrayCopies::of(const Napi::TypedArray& array) {
  const std::byte* original = memoryOf(array);
  const std::size_t size = array.ByteLength();
  for (const Copy& copy : copies_) {
    if (original >= copy.original && original + size <= copy.original + copy.size) return copy.bytes.get() + (original - copy.original);
  }
  std::unique_ptr<std::byte[]> bytes(new std::byte[size]);
  if (size > 0) std::memcpy(bytes.get(), original, size);
  copies_.push_back({Napi::Persistent(array), original, size, std::move(bytes)});
  return copies_.back().bytes.get();
}

void ArrayCopies::writeBack() noexcept {
  if (std::exchange(written_, true)) return;
  try {
    for (const Copy& copy : copies_) {
      const Napi::TypedArray array = copy.array.Value();
      std::byte* now = memoryOf(array);
      // An array whose memory was transferred away has none left.
      if (now == nullptr || array.ByteLength() != copy.size) continue;
      // What a kernel only reads stays untouched.
      if (std::memcmp(now, copy.bytes.get(), copy.size) != 0) std::memcpy(now, copy.bytes.get(), copy.size);
    }
  } catch (...) {
    // The environment is on its way down: nobody is left to read them.
  }
}

}  // namespace ridgeflow::bindings
