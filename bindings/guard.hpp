#pragma once

#include <exception>
#include <new>

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

}  // namespace ridgeflow::bindings
