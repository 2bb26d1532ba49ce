// Vector code of the ridge kernels, compiled once for every instruction set and chosen at run time.

#include "ridgelet/tiles.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ridgelet/tiles.cpp"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"
#include "ridgelet/nonlinearity-inl.h"
#include "runtime/microkernel-inl.h"

HWY_BEFORE_NAMESPACE();
namespace ridgeflow {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

template <int kM, class T>
HWY_NOINLINE void ProductRows(const T* panel, const T* queryBias, const T* rows, std::size_t stride, const T* centreBias,
                              std::size_t d, T* out) {
  const Tag<T> tag;
  const std::size_t lanes = hn::Lanes(tag);
  Vector<T> sum[kM][kVectors];
#pragma GCC unroll 8
  for (int r = 0; r < kM; ++r) {
    const Vector<T> bias = hn::Set(tag, centreBias[r]);
#pragma GCC unroll 8
    for (int v = 0; v < kVectors; ++v) sum[r][v] = hn::Add(hn::Load(tag, queryBias + v * lanes), bias);
  }
  AddProducts<kM, false>(panel, rows, stride, d, sum);
#pragma GCC unroll 8
  for (int r = 0; r < kM; ++r) {
#pragma GCC unroll 8
    for (int v = 0; v < kVectors; ++v) hn::Store(sum[r][v], tag, out + (r * kVectors + v) * lanes);
  }
}

template <class T>
void Products(const T* panel, const T* queryBias, const T* rows, std::size_t stride, const T* centreBias,
              std::size_t count, std::size_t d, T* activations) {
  const std::size_t width = kVectors * hn::Lanes(Tag<T>());
  ForRowBlocks(count, [&]<int kM>(std::size_t first) {
    ProductRows<kM>(panel, queryBias, rows + first * stride, stride, centreBias + first, d, activations + first * width);
  });
}

/// sums[0..kM) += Σ_j activations[j] values[j][0..kM). Few outputs leave registers for several partial sums.
template <int kM, class T>
HWY_NOINLINE void AccumulateRows(const T* activations, const T* values, std::size_t stride, std::size_t count, T* sums) {
  constexpr int kParts = kM == 1 ? 4 : kM == 2 ? 2 : 1;
  const Tag<T> tag;
  const std::size_t lanes = hn::Lanes(tag);
  const std::size_t width = kVectors * lanes;
  Vector<T> sum[kParts][kM][kVectors];
#pragma GCC unroll 8
  for (int part = 0; part < kParts; ++part) {
#pragma GCC unroll 8
    for (int r = 0; r < kM; ++r) {
#pragma GCC unroll 8
      for (int v = 0; v < kVectors; ++v) {
        sum[part][r][v] = part == 0 ? hn::Load(tag, sums + r * width + v * lanes) : hn::Zero(tag);
      }
    }
  }
  const auto add = [&](int part, std::size_t j) HWY_ATTR {
    Vector<T> activation[kVectors];
#pragma GCC unroll 8
    for (int v = 0; v < kVectors; ++v) activation[v] = hn::Load(tag, activations + j * width + v * lanes);
#pragma GCC unroll 8
    for (int r = 0; r < kM; ++r) {
      const Vector<T> value = hn::Set(tag, values[j * stride + r]);
#pragma GCC unroll 8
      for (int v = 0; v < kVectors; ++v) sum[part][r][v] = hn::MulAdd(activation[v], value, sum[part][r][v]);
    }
  };
  std::size_t j = 0;
  for (; j + kParts <= count; j += kParts) {
#pragma GCC unroll 8
    for (int part = 0; part < kParts; ++part) add(part, j + part);
  }
  for (; j < count; ++j) add(0, j);
#pragma GCC unroll 8
  for (int r = 0; r < kM; ++r) {
#pragma GCC unroll 8
    for (int v = 0; v < kVectors; ++v) {
      Vector<T> total = sum[0][r][v];
#pragma GCC unroll 8
      for (int part = 1; part < kParts; ++part) total = hn::Add(total, sum[part][r][v]);
      hn::Store(total, tag, sums + r * width + v * lanes);
    }
  }
}

template <class T>
void Accumulate(const T* activations, const T* values, std::size_t stride, std::size_t count, std::size_t k, T* sums) {
  const std::size_t width = kVectors * hn::Lanes(Tag<T>());
  ForRowBlocks(k, [&]<int kM>(std::size_t first) {
    AccumulateRows<kM>(activations, values + first, stride, count, sums + first * width);
  });
}

template <class T>
ridge_tiles::TileOperations<T> RidgeOperations() {
  return {kVectors * hn::Lanes(Tag<T>()), &Products<T>, &Apply<T>, &Accumulate<T>};
}
ridge_tiles::TileOperations<float> RidgeOperationsFloat() { return RidgeOperations<float>(); }
ridge_tiles::TileOperations<double> RidgeOperationsDouble() { return RidgeOperations<double>(); }

}  // namespace HWY_NAMESPACE
}  // namespace ridgeflow
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ridgeflow {

HWY_EXPORT(RidgeOperationsFloat);
HWY_EXPORT(RidgeOperationsDouble);

namespace ridge_tiles {

TileOperations<float> tileOperations(float) { return HWY_DYNAMIC_DISPATCH(RidgeOperationsFloat)(); }

TileOperations<double> tileOperations(double) { return HWY_DYNAMIC_DISPATCH(RidgeOperationsDouble)(); }

}  // namespace ridge_tiles
}  // namespace ridgeflow
#endif  // HWY_ONCE
