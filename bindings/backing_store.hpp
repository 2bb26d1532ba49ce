#pragma once

#include <napi.h>

namespace ridgeflow::bindings {

/// What keeps the memory of a typed array alive, whatever becomes of the array.
///
/// A reference to an array does not: a transfer (`postMessage`, `structuredClone`, `ArrayBuffer.prototype.transfer`) takes
/// the memory from the array's buffer and frees it when its new owner is gone, under a kernel that runs on it. Node-API has
/// nothing against that, V8 has: a second buffer on the same memory. Where V8's functions cannot be found, as in other
/// engines and with other calling conventions, it is the array itself. Throws Napi::TypeError for resizable memory, which
/// may shrink under a kernel.
Napi::Value keeperOf(const Napi::TypedArray& array);

}  // namespace ridgeflow::bindings
