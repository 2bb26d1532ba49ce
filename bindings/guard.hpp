#pragma once

#include <exception>
#include <new>
#include <span>

#include <napi.h>

namespace ridgeflow::bindings {

/// Runs what Node.js has called and turns every exception into one of JavaScript. None may leave: it would end the process.
/// Where an environment is on its way down, as that of a worker thread that was terminated, any call of Node-API may fail
/// and throw, that of throwing too; then nobody is left to tell. (The wrappers of node-addon-api throw again there.)
template <class Body>
napi_value guard(napi_env env, const Body& body) noexcept {
  try {
    try {
      return body();
    } catch (const Napi::Error& error) {
      napi_throw(env, error.Value());
    } catch (const std::bad_alloc&) {
      napi_throw_error(env, "OUT_OF_MEMORY", "The call could not allocate its memory");
    } catch (const std::exception& error) {
      napi_throw_error(env, "KERNEL_FAILED", error.what());
    }
  } catch (...) {
    // The environment is on its way down.
  }
  return nullptr;
}

/// A function of the addon as Node-API takes it.
template <Napi::Value (*function)(const Napi::CallbackInfo&)>
napi_value guarded(napi_env env, napi_callback_info info) noexcept {
  return guard(env, [&]() -> napi_value {
    const Napi::CallbackInfo call(env, info);
    return function(call);
  });
}

/// A function that an addon exports.
struct Export {
  const char* name;
  napi_callback callback;
};

/// What an addon exports, for its initialisation.
inline napi_value exportFunctions(napi_env env, napi_value exports, std::span<const Export> functions) noexcept {
  return guard(env, [&]() -> napi_value {
    for (const Export& each : functions) {
      napi_value function = nullptr;
      if (napi_create_function(env, each.name, NAPI_AUTO_LENGTH, each.callback, nullptr, &function) != napi_ok ||
          napi_set_named_property(env, exports, each.name, function) != napi_ok) {
        throw Napi::Error::New(env);
      }
    }
    return exports;
  });
}

}  // namespace ridgeflow::bindings
