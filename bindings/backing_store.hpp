#pragma once

#include <napi.h>

namespace ridgeflow::bindings {

/// What keeps the memory of a typed array alive, whatever becomes of the array.
///
/// A reference to an array does not: a transfer (`postMessage`, `structuredClone`, `ArrayBuffer.prototype.transfer`) takes
/// the memory from the array's buffer and frees it when its new owner is gone, under a kernel that runs on it. Node-API has
/// nothing against that, V8 has: a second buffer on the same memory. Where canHold() is false it is the array itself. Throws
/// Napi::TypeError for resizable memory, which may shrink under a kernel.
Napi::Value keeperOf(const Napi::TypedArray& array);

/// Whether the memory of arrays can be kept. It cannot where V8's functions are not found, as in other engines and with other
/// calling conventions, or where the environment variable RIDGEFLOW_COPY_MEMORY is not empty: kernels then work on copies.
bool canHold(Napi::Env env);

}  // namespace ridgeflow::bindings
