// Vector code of the sums of distances, compiled once for every instruction set and chosen at run time.

#include "distances/tiles.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "distances/tiles.cpp"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"
#include "runtime/microkernel-inl.h"

HWY_BEFORE_NAMESPACE();
namespace ridgeflow {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;
using distance_tiles::TileOperations;

/// |x − y|² below this share of |x|² + |y|² has lost six bits to cancellation: it is computed again, from differences.
constexpr double kNear = 1.0 / 64;

template <int kM, class T>
HWY_NOINLINE void AddDistances(const T* panel, const T* querySquares, const T* rows, std::size_t stride,
                               const T* squares, std::size_t d, T* out) {
  const Tag<T> tag;
  const std::size_t lanes = hn::Lanes(tag);
  Vector<T> sum[kM][kVectors];
#pragma GCC unroll 8
  for (int r = 0; r < kM; ++r) {
#pragma GCC unroll 8
    for (int v = 0; v < kVectors; ++v) sum[r][v] = hn::Zero(tag);
  }
  AddProducts<kM, false>(panel, rows, stride, d, sum);

  const Vector<T> minusTwo = hn::Set(tag, static_cast<T>(-2));
  const Vector<T> near = hn::Set(tag, static_cast<T>(kNear));
  for (int r = 0; r < kM; ++r) {
    auto anyNear = hn::Lt(hn::Zero(tag), hn::Zero(tag));
#pragma GCC unroll 8
    for (int v = 0; v < kVectors; ++v) {
      const Vector<T> total = hn::Add(hn::Load(tag, querySquares + v * lanes), hn::Set(tag, squares[r]));
      sum[r][v] = hn::MulAdd(minusTwo, sum[r][v], total);
      anyNear = hn::Or(anyNear, hn::Le(sum[r][v], hn::Mul(near, total)));
    }
    if (!hn::AllFalse(tag, anyNear)) {
      Vector<T> exact[1][kVectors];
#pragma GCC unroll 8
      for (int v = 0; v < kVectors; ++v) exact[0][v] = hn::Zero(tag);
      AddProducts<1, true>(panel, rows + r * stride, stride, d, exact);
#pragma GCC unroll 8
      for (int v = 0; v < kVectors; ++v) sum[r][v] = exact[0][v];
    }
#pragma GCC unroll 8
    for (int v = 0; v < kVectors; ++v) {
      T* at = out + v * lanes;
      hn::Store(hn::Add(hn::Load(tag, at), hn::Sqrt(sum[r][v])), tag, at);
    }
  }
}

template <class T>
void Sums(const T* panel, const T* querySquares, const T* rows, std::size_t stride, const T* squares,
          std::size_t count, std::size_t d, T* out) {
  const Tag<T> tag;
  for (int v = 0; v < kVectors; ++v) hn::Store(hn::Zero(tag), tag, out + v * hn::Lanes(tag));
  ForRowBlocks(count, [&]<int kM>(std::size_t first) {
    AddDistances<kM>(panel, querySquares, rows + first * stride, stride, squares + first, d, out);
  });
}

template <class T>
TileOperations<T> Operations() {
  return {kVectors * hn::Lanes(Tag<T>()), &Sums<T>};
}
TileOperations<float> DistanceOperationsFloat() { return Operations<float>(); }
TileOperations<double> DistanceOperationsDouble() { return Operations<double>(); }

}  // namespace HWY_NAMESPACE
}  // namespace ridgeflow
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ridgeflow {

HWY_EXPORT(DistanceOperationsFloat);
HWY_EXPORT(DistanceOperationsDouble);

namespace distance_tiles {

TileOperations<float> tileOperations(float) { return HWY_DYNAMIC_DISPATCH(DistanceOperationsFloat)(); }

TileOperations<double> tileOperations(double) { return HWY_DYNAMIC_DISPATCH(DistanceOperationsDouble)(); }

}  // namespace distance_tiles
}  // namespace ridgeflow
#endif  // HWY_ONCE
