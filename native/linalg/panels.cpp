#include "linalg/panels.hpp"

#include <algorithm>

#include <hwy/cache_control.h>

#include "runtime/memory.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "linalg/panels.cpp"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"
#include "runtime/microkernel-inl.h"

HWY_BEFORE_NAMESPACE();
namespace ridgeflow {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;
using panels::PanelProduct;

// Beside kRows rows: as many sums as keep the multipliers busy, and a panel of which widths like 32, 64 or 256 are
// multiples.
constexpr int kPanelVectors = 2;
// Rows of a panel that stay in the first-level cache while all of A passes by.
constexpr std::size_t kDepth = 256;

template <class T>
std::size_t Width() {
  return kPanelVectors * hn::Lanes(Tag<T>());
}
std::size_t WidthFloat() { return Width<float>(); }
std::size_t WidthDouble() { return Width<double>(); }

/// kM rows of C, from row `first` on, by kV vectors: all that `product` spans in the other two extents.
template <int kM, int kV, class T>
HWY_NOINLINE void MultiplyBlock(const PanelProduct<T>& product, std::size_t first) {
  const Tag<T> tag;
  const std::size_t lanes = hn::Lanes(tag);
  const T* initial = product.initial == nullptr ? nullptr : product.initial + first * product.initialStride;
  Vector<T> sum[kM][kV];
#pragma GCC unroll 8
  for (int r = 0; r < kM; ++r) {
#pragma GCC unroll 8
    for (int v = 0; v < kV; ++v) {
      sum[r][v] = initial == nullptr ? hn::Zero(tag) : hn::LoadU(tag, initial + r * product.initialStride + v * lanes);
    }
  }
  AddStridedProducts<kM, false>(product.b.data, product.b.stride, product.a + first * product.rowStride,
                                product.rowStride, product.columnStride, product.k, sum);
  T* c = product.c + first * product.strideC;
#pragma GCC unroll 8
  for (int r = 0; r < kM; ++r) {
#pragma GCC unroll 8
    for (int v = 0; v < kV; ++v) hn::StoreU(sum[r][v], tag, c + r * product.strideC + v * lanes);
  }
}

/// Asks for the rows [from, to) of a panel.
template <class T>
HWY_INLINE void Prefetch(const T* panel, std::size_t stride, std::size_t from, std::size_t to) {
  constexpr std::size_t kLine = 64 / sizeof(T);
  const std::size_t width = Width<T>();
  for (std::size_t i = from; i < to; ++i) {
    for (std::size_t j = 0; j < width; j += kLine) hwy::Prefetch(panel + i * stride + j);
  }
}

template <class T>
void Multiply(const PanelProduct<T>& product) {
  const std::size_t width = Width<T>();
  // At least once: without terms C is what it begins from.
  for (std::size_t l = 0; l == 0 || l < product.k; l += kDepth) {
    PanelProduct<T> part = product;
    part.k = std::min(kDepth, product.k - l);
    part.a += l * product.columnStride;
    part.b.data += l * product.b.stride;
    if (l > 0) {
      part.initial = part.c;
      part.initialStride = part.strideC;
    }
    for (std::size_t j = 0; j < product.n; j += width) {
      const bool narrow = product.n - j <= hn::Lanes(Tag<T>());
      const bool last = product.n - j <= width;
      ForRowBlocks(product.m, [&]<int kM>(std::size_t first) {
        // The next panel comes in while this one is at work: from far away, each block of rows asks for its share.
        if (!last) {
          const T* next = part.b.data + part.b.step;
          Prefetch(next, part.b.stride, part.k * first / product.m, part.k * (first + kM) / product.m);
        }
        if (narrow) {
          MultiplyBlock<kM, 1>(part, first);
        } else {
          MultiplyBlock<kM, kPanelVectors>(part, first);
        }
      });
      part.b.data += part.b.step;
      part.c += width;
      if (part.initial != nullptr) part.initial += width;
    }
  }
}
void MultiplyFloat(const PanelProduct<float>& product) { Multiply(product); }
void MultiplyDouble(const PanelProduct<double>& product) { Multiply(product); }

template <class T>
void Pack(const T* block, std::size_t stride, std::size_t rows, std::size_t columns, T* out, std::size_t step) {
  const Tag<T> tag;
  const std::size_t lanes = hn::Lanes(tag), width = Width<T>();
  for (std::size_t j = 0; j < columns; j += lanes) {
    const T* from = block + j;
    T* to = out + j / width * step + j % width;
    if (j + lanes <= columns) {
      for (std::size_t i = 0; i < rows; ++i) hn::Store(hn::LoadU(tag, from + i * stride), tag, to + i * width);
    } else {
      for (std::size_t i = 0; i < rows; ++i) std::copy_n(from + i * stride, columns - j, to + i * width);
    }
  }
}
void PackFloat(const float* block, std::size_t stride, std::size_t rows, std::size_t columns, float* out,
               std::size_t step) {
  Pack(block, stride, rows, columns, out, step);
}
void PackDouble(const double* block, std::size_t stride, std::size_t rows, std::size_t columns, double* out,
                std::size_t step) {
  Pack(block, stride, rows, columns, out, step);
}

/// Turns kTurned columns that are read as rows at a time.
template <class T>
void PackTransposed(const T* block, std::size_t stride, std::size_t rows, std::size_t columns, T* out, std::size_t step) {
  constexpr std::size_t kTurned = 4;
  const Tag<T> tag;
  const hn::CappedTag<T, kTurned> few;
  const std::size_t lanes = hn::Lanes(tag), width = Width<T>();
  HWY_ALIGN T turned[kTurned * hn::MaxLanes(tag)];
  std::size_t j = 0;
  for (; width >= kTurned && j + kTurned <= columns; j += kTurned) {
    const T* from = block + j * stride;
    T* to = out + j / width * step + j % width;
    std::size_t i = 0;
    for (; i + lanes <= rows; i += lanes) {
      hn::StoreInterleaved4(hn::LoadU(tag, from + i), hn::LoadU(tag, from + stride + i),
                            hn::LoadU(tag, from + 2 * stride + i), hn::LoadU(tag, from + 3 * stride + i), tag, turned);
      for (std::size_t r = 0; r < lanes; ++r) {
        for (std::size_t c = 0; c < kTurned; c += hn::Lanes(few)) {
          hn::StoreU(hn::LoadU(few, turned + r * kTurned + c), few, to + (i + r) * width + c);
        }
      }
    }
    for (; i < rows; ++i) {
      for (std::size_t c = 0; c < kTurned; ++c) to[i * width + c] = from[c * stride + i];
    }
  }
  for (; j < columns; ++j) {
    T* to = out + j / width * step + j % width;
    for (std::size_t i = 0; i < rows; ++i) to[i * width] = block[j * stride + i];
  }
}
void PackTransposedFloat(const float* block, std::size_t stride, std::size_t rows, std::size_t columns, float* out,
                         std::size_t step) {
  PackTransposed(block, stride, rows, columns, out, step);
}
void PackTransposedDouble(const double* block, std::size_t stride, std::size_t rows, std::size_t columns, double* out,
                          std::size_t step) {
  PackTransposed(block, stride, rows, columns, out, step);
}

}  // namespace HWY_NAMESPACE
}  // namespace ridgeflow
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ridgeflow {

HWY_EXPORT(WidthFloat);
HWY_EXPORT(WidthDouble);
HWY_EXPORT(MultiplyFloat);
HWY_EXPORT(MultiplyDouble);
HWY_EXPORT(PackFloat);
HWY_EXPORT(PackDouble);
HWY_EXPORT(PackTransposedFloat);
HWY_EXPORT(PackTransposedDouble);

namespace panels {

template <>
std::size_t panelWidth<float>() {
  return HWY_DYNAMIC_DISPATCH(WidthFloat)();
}
template <>
std::size_t panelWidth<double>() {
  return HWY_DYNAMIC_DISPATCH(WidthDouble)();
}

template <class T>
std::size_t paddedLength(std::size_t columns) {
  const std::size_t line = std::max(64 / sizeof(T), panelWidth<T>() / 2);
  return (ceilDivide(columns, line) | 1) * line;
}

template <class T>
std::size_t packedLength(std::size_t k, std::size_t n) {
  const std::size_t width = panelWidth<T>();
  return ceilDivide(n, width) * width * k;
}

template <>
void pack(const float* block, std::size_t stride, std::size_t rows, std::size_t columns, float* out, std::size_t step) {
  HWY_DYNAMIC_DISPATCH(PackFloat)(block, stride, rows, columns, out, step);
}
template <>
void pack(const double* block, std::size_t stride, std::size_t rows, std::size_t columns, double* out, std::size_t step) {
  HWY_DYNAMIC_DISPATCH(PackDouble)(block, stride, rows, columns, out, step);
}

template <>
void packTransposed(const float* block, std::size_t stride, std::size_t rows, std::size_t columns, float* out,
                    std::size_t step) {
  HWY_DYNAMIC_DISPATCH(PackTransposedFloat)(block, stride, rows, columns, out, step);
}
template <>
void packTransposed(const double* block, std::size_t stride, std::size_t rows, std::size_t columns, double* out,
                    std::size_t step) {
  HWY_DYNAMIC_DISPATCH(PackTransposedDouble)(block, stride, rows, columns, out, step);
}

template <>
void multiply(const PanelProduct<float>& product) {
  HWY_DYNAMIC_DISPATCH(MultiplyFloat)(product);
}
template <>
void multiply(const PanelProduct<double>& product) {
  HWY_DYNAMIC_DISPATCH(MultiplyDouble)(product);
}

template std::size_t paddedLength<float>(std::size_t);
template std::size_t paddedLength<double>(std::size_t);
template std::size_t packedLength<float>(std::size_t, std::size_t);
template std::size_t packedLength<double>(std::size_t, std::size_t);

}  // namespace panels
}  // namespace ridgeflow
#endif  // HWY_ONCE
