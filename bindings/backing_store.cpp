#include "backing_store.hpp"

#include <cstdlib>
#include <string>
#include <utility>

#if defined(__linux__) || defined(__APPLE__)
#include <dlfcn.h>
#define RIDGEFLOW_ITANIUM_ABI 1
#endif

namespace ridgeflow::bindings {

#ifdef RIDGEFLOW_ITANIUM_ABI
namespace {

/// Room for a std::shared_ptr<v8::BackingStore>. V8's standard library need not be ours: it is only handed on from one
/// function of V8 to another, which leaves it empty. As a type that is not trivial it is passed by address, as that one is.
struct SharedStore {
  SharedStore() = default;
  SharedStore(SharedStore&& other) noexcept
      : store(std::exchange(other.store, nullptr)), count(std::exchange(other.count, nullptr)) {}
  ~SharedStore() {}  // NOLINT: see above

  void* store = nullptr;
  void* count = nullptr;
};

/// The functions of V8 by their mangled names. What Node-API calls a value is the address that V8 takes for `this`.
class V8 {
 public:
  explicit V8(Napi::Env env) {
    find(isolate_, "_ZN2v87Isolate10GetCurrentEv");
    find(storeOf_, "_ZN2v811ArrayBuffer15GetBackingStoreEv");
    for (const char* sharedPointer : {"St10shared_ptr", "NSt3__110shared_ptr", "NSt4__Cr10shared_ptr"}) {
      const std::string name = std::string("_ZN2v811ArrayBuffer3NewEPNS_7IsolateE") + sharedPointer + "INS_12BackingStoreEE";
      find(newBuffer_, (name + (sharedPointer[0] == 'N' ? "E" : "")).c_str());
    }
    usable_ = isolate_ != nullptr && storeOf_ != nullptr && newBuffer_ != nullptr;
    if (!usable_) return;
    Napi::ArrayBuffer buffer = Napi::ArrayBuffer::New(env, 64);
    Napi::Value second(env, secondOn(buffer));
    usable_ = second.IsArrayBuffer() && second.As<Napi::ArrayBuffer>().Data() == buffer.Data();
  }

  bool usable() const { return usable_; }

  /// A second buffer on the memory of one that is neither shared nor resizable.
  napi_value secondOn(napi_value buffer) const { return newBuffer_(isolate_(), storeOf_(buffer)); }

 private:
  template <class Function>
  static void find(Function*& function, const char* name) {
    if (function == nullptr) function = reinterpret_cast<Function*>(dlsym(RTLD_DEFAULT, name));
  }

  void* (*isolate_)() = nullptr;
  SharedStore (*storeOf_)(napi_value buffer) = nullptr;
  napi_value (*newBuffer_)(void* isolate, SharedStore store) = nullptr;
  bool usable_ = false;
};

const V8& v8Of(Napi::Env env) {
  static const V8 v8(env);
  return v8;
}

}  // namespace
#endif

bool canHold(Napi::Env env) {
#ifdef RIDGEFLOW_ITANIUM_ABI
  static const bool copies = [] {
    const char* given = std::getenv("RIDGEFLOW_COPY_MEMORY");
    return given != nullptr && *given != '\0';
  }();
  return !copies && v8Of(env).usable();
#else
  static_cast<void>(env);
  return false;
#endif
}

Napi::Value keeperOf(const Napi::TypedArray& array) {
  const Napi::Value buffer = array.ArrayBuffer();
  // Shared memory cannot be transferred, and only grows.
  if (!buffer.IsArrayBuffer()) return array;
  if (buffer.As<Napi::Object>().Get("resizable").ToBoolean().Value()) {
    throw Napi::TypeError::New(array.Env(), "Expected memory of fixed length, which cannot shrink while a kernel runs on it: copy the array with slice()");
  }
#ifdef RIDGEFLOW_ITANIUM_ABI
  if (canHold(array.Env())) return Napi::Value(array.Env(), v8Of(array.Env()).secondOn(buffer));
#endif
  return array;
}

}  // namespace ridgeflow::bindings
