#pragma once

#include <cstddef>
#include <cstdint>

#include "runtime/control.hpp"

namespace ridgeflow {

/// A stream of random numbers: Philox 4×32-10 under a key, with two words of its counter fixed.
struct RandomStream {
  std::uint32_t key0 = 0, key1 = 0;
  std::uint32_t substream = 0, stream = 0;
};

/// out[i] ← the standard normal number at position first + i of the stream, to the bit those of ts/core/random.ts: only
/// operations that IEEE 754 rounds exactly, in the same order. `first` + `count` is below 2⁵³.
template <class T>
void fillNormals(const RandomStream& stream, std::uint64_t first, T* out, std::size_t count, Control& control);

}  // namespace ridgeflow
