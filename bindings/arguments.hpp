#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <type_traits>

#include <napi.h>

#include "array_copies.hpp"
#include "backing_store.hpp"

namespace ridgeflow::bindings {

/// The fields of the one object that every kernel of the addon takes. Each getter checks what it gives out and throws
/// a TypeError that names the field, so that no kernel ever sees a pointer to less memory than it was promised, or an
/// extent of zero.
class Arguments {
 public:
  explicit Arguments(const Napi::CallbackInfo& info) : env_(info.Env()), arrays_(Napi::Array::New(info.Env())) {
    if (info.Length() < 1 || !info[0].IsObject()) fail("the arguments", "an object");
    object_ = info[0].As<Napi::Object>();
  }

  Arguments(const Arguments&) = delete;
  Arguments& operator=(const Arguments&) = delete;
  ~Arguments() {
    // No task has taken them: the call is over.
    if (copies_ && copies_.use_count() == 1) copies_->writeBack();
  }

  Napi::Env env() const { return env_; }
  Napi::Object object() const { return object_; }
  /// Every typed array whose memory was given out. It lives while this does, whatever becomes of the object.
  Napi::Array arrays() const { return arrays_; }

  /// The copies that were given out instead; null where there are none.
  std::shared_ptr<ArrayCopies> copies() const { return copies_; }

  /// Keeps their memory, too, even where it is transferred away from them.
  void keepMemory() const {
    for (std::uint32_t i = 0; i < arrays_.Length(); ++i) {
      arrays_.Set(i, keeperOf(static_cast<Napi::Value>(arrays_.Get(i)).As<Napi::TypedArray>()));
    }
  }

  /// A whole number from 1 to `most`, by default 2⁵³ − 1.
  std::size_t size(const char* name, std::uint64_t most = 9007199254740991U) const {
    const double value = number(name);
    if (!(value >= 1 && value <= static_cast<double>(most)) ||
        value != static_cast<double>(static_cast<std::uint64_t>(value))) {
      fail(name, "a whole number from 1 to " + std::to_string(most));
    }
    return static_cast<std::size_t>(value);
  }

  double number(const char* name) const {
    const Napi::Value value = object_.Get(name);
    if (!value.IsNumber()) fail(name, "a number");
    return value.As<Napi::Number>().DoubleValue();
  }

  double positive(const char* name) const {
    const double value = number(name);
    if (!(value > 0) || !std::isfinite(value)) fail(name, "a finite number above 0");
    return value;
  }

  /// For what has a limit: an infinite bandwidth weighs all points alike.
  double positiveOrInfinite(const char* name) const {
    const double value = number(name);
    if (!(value > 0)) fail(name, "a number above 0");
    return value;
  }

  double finite(const char* name) const {
    const double value = number(name);
    if (!std::isfinite(value)) fail(name, "a finite number");
    return value;
  }

  /// A whole number below 2³².
  std::uint32_t word(const char* name) const {
    const double value = number(name);
    if (!(value >= 0 && value <= 4294967295.0) || value != static_cast<double>(static_cast<std::uint32_t>(value))) {
      fail(name, "a whole number below 2³²");
    }
    return static_cast<std::uint32_t>(value);
  }

  bool flag(const char* name) const { return object_.Get(name).ToBoolean().Value(); }

  bool has(const char* name) const {
    const Napi::Value value = object_.Get(name);
    return !value.IsUndefined() && !value.IsNull();
  }

  bool isFloat64(const char* name) const {
    const Napi::Value value = object_.Get(name);
    return value.IsTypedArray() && value.As<Napi::TypedArray>().TypedArrayType() == napi_float64_array;
  }

  /// The memory of a typed array of exactly `rows` × `columns` elements, or a copy of it where it cannot be held.
  template <class T>
  T* array(const char* name, std::size_t rows, std::size_t columns = 1) const {
    return reinterpret_cast<T*>(memoryOf(checkedArray<T>(name, rows, columns)));
  }

  /// Two cells by which a call is aborted and tells its progress: the library's own, which nobody transfers. Null: none.
  std::int32_t* cells(const char* name) const {
    return has(name) ? const_cast<std::int32_t*>(checkedArray<std::int32_t>(name, 2, 1).Data()) : nullptr;
  }

  template <class T>
  T* optionalArray(const char* name, std::size_t rows, std::size_t columns = 1) const {
    return has(name) ? array<T>(name, rows, columns) : nullptr;
  }

  /// The same of a typed array of any kind and length.
  std::span<std::byte> bytes(const char* name) const {
    const Napi::Value value = object_.Get(name);
    if (!value.IsTypedArray()) fail(name, "a typed array");
    const auto typed = value.As<Napi::TypedArray>();
    arrays_.Set(arrays_.Length(), value);
    return {memoryOf(typed), typed.ByteLength()};
  }

  const double* finiteArray(const char* name, std::size_t rows, std::size_t columns = 1) const {
    const double* values = array<double>(name, rows, columns);
    for (std::size_t i = 0; i < rows * columns; ++i) {
      if (!std::isfinite(values[i])) fail(name, "finite numbers");
    }
    return values;
  }

  [[noreturn]] void fail(const std::string& name, const std::string& expected) const {
    throw Napi::TypeError::New(env_, "Expected " + expected + " for " + name);
  }

  template <class T>
  static constexpr napi_typedarray_type typeOf() {
    if constexpr (std::is_same_v<T, float>) return napi_float32_array;
    else if constexpr (std::is_same_v<T, double>) return napi_float64_array;
    else return napi_int32_array;
  }

 private:
  std::byte* memoryOf(const Napi::TypedArray& array) const {
    void* data = nullptr;
    napi_value buffer = nullptr;
    if (napi_get_typedarray_info(env_, array, nullptr, nullptr, &data, &buffer, nullptr) != napi_ok) throw Napi::Error::New(env_);
    // Shared memory cannot be transferred away.
    if (canHold(env_) || !Napi::Value(env_, buffer).IsArrayBuffer()) return static_cast<std::byte*>(data);
    if (!copies_) copies_ = std::make_shared<ArrayCopies>();
    return static_cast<std::byte*>(copies_->of(array));
  }

  template <class T>
  Napi::TypedArrayOf<T> checkedArray(const char* name, std::size_t rows, std::size_t columns) const {
    const Napi::Value value = object_.Get(name);
    if (!value.IsTypedArray() || value.As<Napi::TypedArray>().TypedArrayType() != typeOf<T>()) {
      fail(name, typeName<T>());
    }
    auto typed = value.As<Napi::TypedArrayOf<T>>();
    std::size_t expected = 0;
    if (__builtin_mul_overflow(rows, columns, &expected) || typed.ElementLength() != expected) {
      fail(name, "a typed array of " + std::to_string(rows) + " × " + std::to_string(columns) + " elements");
    }
    arrays_.Set(arrays_.Length(), value);
    return typed;
  }

  template <class T>
  static constexpr const char* typeName() {
    if constexpr (std::is_same_v<T, float>) return "a Float32Array";
    else if constexpr (std::is_same_v<T, double>) return "a Float64Array";
    else return "an Int32Array";
  }

  Napi::Env env_;
  Napi::Object object_;
  Napi::Array arrays_;
  mutable std::shared_ptr<ArrayCopies> copies_;
};

/// Calls `kernel.operator()<T>(arguments)`, T double where a field is a Float64Array, else float: whatever else the field
/// is, the kernel's own check of it will say.
template <class Kernel>
Napi::Value byElementType(const Napi::CallbackInfo& info, const char* field, const Kernel& kernel) {
  const Arguments arguments(info);
  return arguments.isFloat64(field) ? kernel.template operator()<double>(arguments) : kernel.template operator()<float>(arguments);
}

}  // namespace ridgeflow::bindings
