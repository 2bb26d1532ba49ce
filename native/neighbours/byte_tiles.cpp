// Vector code of the filter of rounded points, compiled once for every instruction set and chosen at run time.

// The instruction sets that multiply and add four bytes at once.
#define HWY_WANT_AVX3_DL

#include "neighbours/byte_tiles.hpp"

#include <bit>
#include <cstring>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "neighbours/byte_tiles.cpp"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"
#include "runtime/microkernel-inl.h"

#ifdef RIDGEFLOW_BYTE_PRODUCTS
#undef RIDGEFLOW_BYTE_PRODUCTS
#endif
#if HWY_ARCH_X86 && HWY_TARGET <= HWY_AVX3_DL
#define RIDGEFLOW_BYTE_PRODUCTS 4
#elif HWY_TARGET == HWY_AVX3 || HWY_TARGET == HWY_AVX2 || HWY_TARGET == HWY_SSE4 || HWY_TARGET == HWY_SSSE3
#define RIDGEFLOW_BYTE_PRODUCTS 2
#else
#define RIDGEFLOW_BYTE_PRODUCTS 0
#endif

HWY_BEFORE_NAMESPACE();
#if RIDGEFLOW_BYTE_PRODUCTS == 4
HWY_PUSH_ATTRIBUTES("avx512vnni")
#endif
namespace ridgeflow {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;
using neighbour_tiles::ByteOperations;
using neighbour_tiles::Hit;

#if RIDGEFLOW_BYTE_PRODUCTS

using Words = Vector<std::int32_t>;

/// sum + Σ a_i · b_i of the four bytes in each lane, a unsigned and b signed.
HWY_INLINE Words AddByteProducts(Words sum, Words a, Words b) {
#if RIDGEFLOW_BYTE_PRODUCTS == 4
  // Not the intrinsic: GCC 12 moves its sums to memory and back between steps.
  asm("vpdpbusd %2, %1, %0" : "+v"(sum.raw) : "v"(a.raw), "v"(b.raw));
  return sum;
#elif HWY_TARGET == HWY_AVX3
  return Words{_mm512_add_epi32(sum.raw, _mm512_madd_epi16(_mm512_maddubs_epi16(a.raw, b.raw), _mm512_set1_epi16(1)))};
#elif HWY_TARGET == HWY_AVX2
  return Words{_mm256_add_epi32(sum.raw, _mm256_madd_epi16(_mm256_maddubs_epi16(a.raw, b.raw), _mm256_set1_epi16(1)))};
#else
  return Words{_mm_add_epi32(sum.raw, _mm_madd_epi16(_mm_maddubs_epi16(a.raw, b.raw), _mm_set1_epi16(1)))};
#endif
}

/// Pairs of products are summed in 16 bits where there are no sums of four.
constexpr int kLevels = RIDGEFLOW_BYTE_PRODUCTS == 4 ? 127 : 63;

constexpr std::size_t kLanes = hn::MaxLanes(Tag<std::int32_t>());
constexpr std::size_t kWidth = kVectors * kLanes;

/// Bit j is set where lane j is negative.
HWY_INLINE std::uint64_t NegativeLanes(Words values) {
  const Tag<std::int32_t> tag;
  std::uint64_t bits = 0;
  hn::StoreMaskBits(tag, hn::Lt(values, hn::Zero(tag)), reinterpret_cast<std::uint8_t*>(&bits));
  return bits;
}

/// Bit r · kWidth + lane of the words stands for row first + r.
HWY_INLINE Hit* AppendBits(const std::uint64_t* words, std::size_t count, std::size_t first, Hit* hits) {
  for (std::size_t word = 0; word < count; ++word) {
    for (std::uint64_t rest = words[word]; rest != 0; rest &= rest - 1) {
      const auto at = 64 * word + static_cast<std::size_t>(std::countr_zero(rest));
      *hits++ = {static_cast<std::uint16_t>(first + at / kWidth), static_cast<std::uint16_t>(at % kWidth)};
    }
  }
  return hits;
}

HWY_INLINE std::int32_t FourBytes(const std::int8_t* from) {
  std::int32_t word;
  std::memcpy(&word, from, sizeof(word));
  return word;
}

template <int kM>
HWY_NOINLINE Hit* NearByteRows(const std::uint8_t* panel, const std::int32_t* thresholds, const std::int8_t* rows,
                               std::size_t stride, const std::int32_t* offsets, std::size_t first, std::size_t groups,
                               Hit* hits) {
  const Tag<std::int32_t> tag;
  constexpr std::size_t lanes = kLanes;
  const auto* x = reinterpret_cast<const std::int32_t*>(panel);
  const std::int8_t* row = rows + first * stride;
  Words sum[kM][kVectors];
#pragma GCC unroll 8
  for (int r = 0; r < kM; ++r) {
#pragma GCC unroll 8
    for (int v = 0; v < kVectors; ++v) {
      sum[r][v] = hn::Sub(hn::Set(tag, offsets[first + r]), hn::Load(tag, thresholds + v * lanes));
    }
  }
  for (std::size_t g = 0; g < groups; ++g, x += kVectors * lanes) {
    Words query[kVectors];
#pragma GCC unroll 8
    for (int v = 0; v < kVectors; ++v) query[v] = hn::Load(tag, x + v * lanes);
#pragma GCC unroll 8
    for (int r = 0; r < kM; ++r) {
      const Words bytes = hn::Set(tag, FourBytes(row + r * stride + 4 * g));
#pragma GCC unroll 8
      for (int v = 0; v < kVectors; ++v) sum[r][v] = AddByteProducts(sum[r][v], query[v], bytes);
    }
  }
  Words any = sum[0][0];
#pragma GCC unroll 8
  for (int r = 0; r < kM; ++r) {
#pragma GCC unroll 8
    for (int v = 0; v < kVectors; ++v) any = hn::Or(any, sum[r][v]);
  }
  if (hn::AllFalse(tag, hn::Lt(any, hn::Zero(tag)))) return hits;
  constexpr std::size_t kWords = (kM * kWidth + 63) / 64;
  std::uint64_t words[kWords] = {};
#pragma GCC unroll 8
  for (int r = 0; r < kM; ++r) {
#pragma GCC unroll 8
    for (int v = 0; v < kVectors; ++v) {
      const std::size_t at = r * kWidth + v * kLanes;
      words[at / 64] |= NegativeLanes(sum[r][v]) << (at % 64);
    }
  }
  return AppendBits(words, kWords, first, hits);
}

Hit* NearBytes(const std::uint8_t* panel, const std::int32_t* thresholds, const std::int8_t* rows, std::size_t stride,
               const std::int32_t* offsets, std::size_t count, std::size_t groups, Hit* hits) {
  ForRowBlocks(count, [&]<int kM>(std::size_t first) HWY_ATTR {
    hits = NearByteRows<kM>(panel, thresholds, rows, stride, offsets, first, groups, hits);
  });
  return hits;
}

ByteOperations ByteOperationsHere() { return {kWidth, kLevels, &NearBytes}; }

#else

ByteOperations ByteOperationsHere() { return {}; }

#endif

}  // namespace HWY_NAMESPACE
}  // namespace ridgeflow
#if RIDGEFLOW_BYTE_PRODUCTS == 4
HWY_POP_ATTRIBUTES
#endif
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ridgeflow {

HWY_EXPORT(ByteOperationsHere);

namespace neighbour_tiles {

ByteOperations byteOperations() { return HWY_DYNAMIC_DISPATCH(ByteOperationsHere)(); }

}  // namespace neighbour_tiles
}  // namespace ridgeflow
#endif  // HWY_ONCE
