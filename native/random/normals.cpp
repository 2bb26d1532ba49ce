// Box and Muller's transform of Philox 4×32-10 (J. K. Salmon et al., SC 2011), one block of two numbers to a 64-bit lane.
// ts/core/box-muller.ts is the same computation: whoever changes one changes the other.

#include "random/normals.hpp"

#include <algorithm>

#include "runtime/parallel.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "random/normals.cpp"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"

#ifndef RIDGEFLOW_RANDOM_NORMALS_CONSTANTS_
#define RIDGEFLOW_RANDOM_NORMALS_CONSTANTS_
namespace ridgeflow {
namespace {

// 2 artanh(s) = s Σ 2/(2k + 1) s^2k, sin t = t Σ ± t^2k/(2k + 1)!, cos t = Σ ± t^2k/(2k)!: as many terms as float64 can
// tell from all of them.
constexpr double kLog[] = {2.0,        2.0 / 3.0,  2.0 / 5.0,  2.0 / 7.0,  2.0 / 9.0, 2.0 / 11.0,
                           2.0 / 13.0, 2.0 / 15.0, 2.0 / 17.0, 2.0 / 19.0, 2.0 / 21.0};
constexpr double kSine[] = {1.0,
                            -1.0 / 6.0,
                            1.0 / 120.0,
                            -1.0 / 5040.0,
                            1.0 / 362880.0,
                            -1.0 / 39916800.0,
                            1.0 / 6227020800.0,
                            -1.0 / 1307674368000.0,
                            1.0 / 355687428096000.0};
constexpr double kCosine[] = {1.0,
                              -1.0 / 2.0,
                              1.0 / 24.0,
                              -1.0 / 720.0,
                              1.0 / 40320.0,
                              -1.0 / 3628800.0,
                              1.0 / 479001600.0,
                              -1.0 / 87178291200.0,
                              1.0 / 20922789888000.0};
constexpr double kLogOfTwo = 0.6931471805599453, kQuarterTurn = 1.5707963267948966;

}  // namespace
}  // namespace ridgeflow
#endif

HWY_BEFORE_NAMESPACE();
namespace ridgeflow {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

using Words = hn::ScalableTag<std::uint64_t>;
using Numbers = hn::ScalableTag<double>;
using WordVector = hn::Vec<Words>;
using NumberVector = hn::Vec<Numbers>;

// Vectors of blocks side by side: a single one would wait for each of its steps.
constexpr int kTogether = 4;
constexpr int kRounds = 10;

/// sum[v] ← Σ coefficients[k] x[v]^k by Horner's rule, each operation rounded by itself.
template <std::size_t kCount>
HWY_INLINE void Polynomials(const double (&coefficients)[kCount], const NumberVector (&x)[kTogether],
                            NumberVector (&sum)[kTogether]) {
  const Numbers tag;
#pragma GCC unroll 4
  for (int v = 0; v < kTogether; ++v) sum[v] = hn::Set(tag, coefficients[kCount - 1]);
#pragma GCC unroll 16
  for (int k = static_cast<int>(kCount) - 2; k >= 0; --k) {
    const NumberVector next = hn::Set(tag, coefficients[k]);
#pragma GCC unroll 4
    for (int v = 0; v < kTogether; ++v) sum[v] = hn::Add(hn::Mul(sum[v], x[v]), next);
  }
}

/// 52 bits of two words, centred in their cell of (0, 1).
HWY_INLINE NumberVector Unit(WordVector high, WordVector low) {
  const Words words;
  const Numbers tag;
  const WordVector mask = hn::Set(words, 0x3ffffffULL);
  const WordVector bits = hn::Or(hn::ShiftLeft<26>(hn::And(hn::ShiftRight<6>(high), mask)),
                                 hn::And(hn::ShiftRight<6>(low), mask));
  // An integer below 2⁵² under the exponent of 2⁵² is that much more than 2⁵².
  const NumberVector large = hn::BitCast(tag, hn::Or(bits, hn::Set(words, 0x4330000000000000ULL)));
  const NumberVector whole = hn::Sub(large, hn::Set(tag, 4503599627370496.0));
  return hn::Mul(hn::Add(whole, hn::Set(tag, 0.5)), hn::Set(tag, 1.0 / 4503599627370496.0));
}

/// u ← log u for u in (0, 1): u = 2^e m with m in [√½, √2).
HWY_INLINE void Logarithms(NumberVector (&u)[kTogether]) {
  const Words words;
  const Numbers tag;
  NumberVector exponent[kTogether], s[kTogether], square[kTogether], quotient[kTogether];
#pragma GCC unroll 4
  for (int v = 0; v < kTogether; ++v) {
    const WordVector shifted = hn::Add(hn::BitCast(words, u[v]), hn::Set(words, 0x00095f6200000000ULL));
    // As in Unit: the exponent's field under the exponent of 2⁵² is that much more than 2⁵².
    const WordVector field = hn::Or(hn::ShiftRight<52>(shifted), hn::Set(words, 0x4330000000000000ULL));
    exponent[v] = hn::Sub(hn::BitCast(tag, field), hn::Set(tag, 4503599627370496.0 + 1023.0));
    const WordVector mantissa = hn::Add(hn::And(shifted, hn::Set(words, 0x000fffffffffffffULL)),
                                        hn::Set(words, 0x3fe6a09e00000000ULL));
    const NumberVector f = hn::Sub(hn::BitCast(tag, mantissa), hn::Set(tag, 1.0));
    s[v] = hn::Div(f, hn::Add(hn::Set(tag, 2.0), f));
    square[v] = hn::Mul(s[v], s[v]);
  }
  Polynomials(kLog, square, quotient);
#pragma GCC unroll 4
  for (int v = 0; v < kTogether; ++v) {
    u[v] = hn::Add(hn::Mul(exponent[v], hn::Set(tag, kLogOfTwo)), hn::Mul(s[v], quotient[v]));
  }
}

/// The 64-bit product of the low halves of each lane.
HWY_INLINE WordVector MultiplyLow(WordVector a, WordVector b) {
#if HWY_TARGET == HWY_SCALAR
  return hn::Set(Words(), (hn::GetLane(a) & 0xffffffffULL) * (hn::GetLane(b) & 0xffffffffULL));
#else
  const hn::Repartition<std::uint32_t, Words> halves;
  return hn::MulEven(hn::BitCast(halves, a), hn::BitCast(halves, b));
#endif
}

/// Box and Muller's pairs, in order, of the words of each block.
HWY_INLINE void StorePairs(const WordVector (&c0)[kTogether], const WordVector (&c1)[kTogether],
                           const WordVector (&c2)[kTogether], const WordVector (&c3)[kTogether], double* out) {
  const Words words;
  const Numbers tag;
  NumberVector u[kTogether], nearest[kTogether], angle[kTogether], square[kTogether], sine[kTogether], cosine[kTogether];
#pragma GCC unroll 4
  for (int v = 0; v < kTogether; ++v) {
    u[v] = Unit(c0[v], c1[v]);
    // The angle in quarter turns from the nearest of them.
    const NumberVector quarters = hn::Mul(Unit(c2[v], c3[v]), hn::Set(tag, 4.0));
    nearest[v] = hn::Floor(hn::Add(quarters, hn::Set(tag, 0.5)));
    angle[v] = hn::Mul(hn::Sub(quarters, nearest[v]), hn::Set(tag, kQuarterTurn));
    square[v] = hn::Mul(angle[v], angle[v]);
  }
  Logarithms(u);
  Polynomials(kSine, square, sine);
  Polynomials(kCosine, square, cosine);
#pragma GCC unroll 4
  for (int v = 0; v < kTogether; ++v) {
    const NumberVector radius = hn::Sqrt(hn::Mul(hn::Set(tag, -2.0), u[v]));
    const NumberVector s = hn::Mul(angle[v], sine[v]), c = cosine[v];
    // Quadrant 0: (c, s), 1: (−s, c), 2: (−c, −s), 3: (s, −c).
    // Its last two bits are those of the number beside 2⁵².
    const WordVector quadrant = hn::BitCast(words, hn::Add(nearest[v], hn::Set(tag, 4503599627370496.0)));
    const WordVector one = hn::Set(words, 1);
    const auto odd = hn::RebindMask(tag, hn::Eq(hn::And(quadrant, one), one));
    const WordVector minusX = hn::ShiftLeft<62>(hn::And(hn::Add(quadrant, one), hn::Set(words, 2)));
    const WordVector minusY = hn::ShiftLeft<62>(hn::And(quadrant, hn::Set(words, 2)));
    const NumberVector x = hn::Xor(hn::IfThenElse(odd, s, c), hn::BitCast(tag, minusX));
    const NumberVector y = hn::Xor(hn::IfThenElse(odd, c, s), hn::BitCast(tag, minusY));
    hn::StoreInterleaved2(hn::Mul(radius, x), hn::Mul(radius, y), tag, out + 2 * v * hn::Lanes(tag));
  }
}

/// `blocks` pairs of numbers, from block `first` on. Writes whole vectors: up to 2 · kTogether · lanes numbers more than
/// asked for.
void NormalBlocks(std::uint32_t key0, std::uint32_t key1, std::uint32_t substream, std::uint32_t stream,
                  std::uint64_t first, std::size_t blocks, double* out) {
  const Words words;
  const std::size_t lanes = hn::Lanes(words);
  const WordVector multiplier0 = hn::Set(words, 0xd2511f53ULL), multiplier1 = hn::Set(words, 0xcd9e8d57ULL);
  WordVector k0[kRounds], k1[kRounds];
  for (std::uint32_t round = 0; round < kRounds; ++round) {
    k0[round] = hn::Set(words, static_cast<std::uint32_t>(key0 + round * 0x9e3779b9U));
    k1[round] = hn::Set(words, static_cast<std::uint32_t>(key1 + round * 0xbb67ae85U));
  }
  for (std::size_t block = 0; block < blocks; block += kTogether * lanes) {
    // Of each 64-bit lane only the low half counts: products look at no more.
    WordVector c0[kTogether], c1[kTogether], c2[kTogether], c3[kTogether];
#pragma GCC unroll 4
    for (int v = 0; v < kTogether; ++v) {
      c0[v] = hn::Add(hn::Iota(words, 0), hn::Set(words, first + block + v * lanes));
      c1[v] = hn::ShiftRight<32>(c0[v]);
      c2[v] = hn::Set(words, substream);
      c3[v] = hn::Set(words, stream);
    }
#pragma GCC unroll 16
    for (int round = 0; round < kRounds; ++round) {
#pragma GCC unroll 4
      for (int v = 0; v < kTogether; ++v) {
        const WordVector p0 = MultiplyLow(multiplier0, c0[v]), p1 = MultiplyLow(multiplier1, c2[v]);
        c0[v] = hn::Xor(hn::Xor(hn::ShiftRight<32>(p1), c1[v]), k0[round]);
        c1[v] = p1;
        c2[v] = hn::Xor(hn::Xor(hn::ShiftRight<32>(p0), c3[v]), k1[round]);
        c3[v] = p0;
      }
    }
    StorePairs(c0, c1, c2, c3, out + 2 * block);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace ridgeflow
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ridgeflow {

HWY_EXPORT(NormalBlocks);

namespace {
constexpr std::size_t kShare = 1U << 15;  // numbers of a task
constexpr std::size_t kBatch = 1024;      // numbers that are made at a time
constexpr std::size_t kWidest = 512;      // numbers that the last vector may write beyond them
}  // namespace

template <class T>
void fillNormals(const RandomStream& stream, std::uint64_t first, T* out, std::size_t count, Control& control) {
  const std::size_t tasks = (count + kShare - 1) / kShare;
  control.start(tasks);
  parallelFor(tasks, [&](std::size_t task) {
    alignas(64) double numbers[kBatch + kWidest];
    const std::size_t end = std::min(count, (task + 1) * kShare);
    for (std::size_t i = task * kShare; i < end;) {
      // A pair is made whole, whichever half of it is wanted.
      const std::uint64_t position = first + i;
      const std::size_t skipped = position % 2;
      const std::size_t wanted = std::min(end - i, kBatch - skipped);
      HWY_DYNAMIC_DISPATCH(NormalBlocks)
      (stream.key0, stream.key1, stream.substream, stream.stream, position / 2, (skipped + wanted + 1) / 2, numbers);
      for (std::size_t k = 0; k < wanted; ++k) out[i + k] = static_cast<T>(numbers[skipped + k]);
      i += wanted;
    }
    control.advance(1);
  });
}

template void fillNormals<float>(const RandomStream&, std::uint64_t, float*, std::size_t, Control&);
template void fillNormals<double>(const RandomStream&, std::uint64_t, double*, std::size_t, Control&);

}  // namespace ridgeflow
#endif  // HWY_ONCE
