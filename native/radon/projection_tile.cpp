// Products of directions and points, compiled once for every instruction set and chosen at run time.

#include "radon/projection_tile.hpp"

#include <algorithm>
#include <cstring>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "radon/projection_tile.cpp"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"
#include "runtime/microkernel-inl.h"

#include "linalg/blas.hpp"

HWY_BEFORE_NAMESPACE();
namespace ridgeflow {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

/// Points that lie side by side in a panel.
template <class T>
std::size_t PanelWidth() {
  return kVectors * hn::Lanes(Tag<T>());
}

/// Panels (d × width each) ← the points, with zeros after the last.
template <class T>
void Pack(const T* points, std::size_t count, std::size_t d, T* panels) {
  const Tag<T> tag;
  const std::size_t lanes = hn::Lanes(tag), width = PanelWidth<T>();
  T mixed[4 * hn::MaxLanes(tag)];
  for (std::size_t start = 0; start < count; start += width, panels += d * width) {
    const std::size_t size = std::min(width, count - start);
    const T* from = points + start * d;
    std::size_t i = 0;
    for (; i + 4 <= size; i += 4, from += 4 * d) {  // four points at a time
      std::size_t k = 0;
      for (; k + lanes <= d; k += lanes) {
        hn::StoreInterleaved4(hn::LoadU(tag, from + k), hn::LoadU(tag, from + d + k), hn::LoadU(tag, from + 2 * d + k),
                              hn::LoadU(tag, from + 3 * d + k), tag, mixed);
        for (std::size_t m = 0; m < lanes; ++m) std::memcpy(panels + (k + m) * width + i, mixed + 4 * m, 4 * sizeof(T));
      }
      for (; k < d; ++k) {
        for (std::size_t m = 0; m < 4; ++m) panels[k * width + i + m] = from[m * d + k];
      }
    }
    for (; i < width; ++i, from += d) {
      for (std::size_t k = 0; k < d; ++k) panels[k * width + i] = i < size ? from[k] : T(0);
    }
  }
}

/// values (rows × panelCount · width) ← the inner products of directions and packed points.
template <class T>
void Multiply(const T* directions, std::size_t rows, std::size_t d, const T* panels, std::size_t panelCount, T* values) {
  const Tag<T> tag;
  const std::size_t lanes = hn::Lanes(tag), width = PanelWidth<T>(), stride = panelCount * width;
  for (std::size_t p = 0; p < panelCount; ++p) {
    const T* panel = panels + p * d * width;
    ForRowBlocks(rows, [&]<int kM>(std::size_t first) {
      Vector<T> sum[kM][kVectors];
#pragma GCC unroll 8
      for (int r = 0; r < kM; ++r) {
#pragma GCC unroll 8
        for (int v = 0; v < kVectors; ++v) sum[r][v] = hn::Zero(tag);
      }
      AddProducts<kM, false, T>(panel, directions + first * d, d, d, sum);
#pragma GCC unroll 8
      for (int r = 0; r < kM; ++r) {
        T* out = values + (first + static_cast<std::size_t>(r)) * stride + p * width;
#pragma GCC unroll 8
        for (int v = 0; v < kVectors; ++v) hn::Store(sum[r][v], tag, out + static_cast<std::size_t>(v) * lanes);
      }
    });
  }
}

std::size_t PanelWidthFloat() { return PanelWidth<float>(); }
std::size_t PanelWidthDouble() { return PanelWidth<double>(); }
void PackFloat(const float* points, std::size_t count, std::size_t d, float* panels) { Pack(points, count, d, panels); }
void PackDouble(const double* points, std::size_t count, std::size_t d, double* panels) { Pack(points, count, d, panels); }
void MultiplyFloat(const float* directions, std::size_t rows, std::size_t d, const float* panels, std::size_t panelCount, float* values) {
  Multiply(directions, rows, d, panels, panelCount, values);
}
void MultiplyDouble(const double* directions, std::size_t rows, std::size_t d, const double* panels, std::size_t panelCount, double* values) {
  Multiply(directions, rows, d, panels, panelCount, values);
}

}  // namespace HWY_NAMESPACE
}  // namespace ridgeflow
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ridgeflow {

HWY_EXPORT(PanelWidthFloat);
HWY_EXPORT(PanelWidthDouble);
HWY_EXPORT(PackFloat);
HWY_EXPORT(PackDouble);
HWY_EXPORT(MultiplyFloat);
HWY_EXPORT(MultiplyDouble);

namespace {

/// Longest sum without BLAS.
constexpr std::size_t kShort = 256;
/// Longest float32 sum before it goes to float64.
constexpr std::size_t kInner = 4096;
/// Most numbers in a tile's packed points.
constexpr std::size_t kPacked = std::size_t{1} << 16;

template <class T>
std::size_t panelWidth() {
  if constexpr (sizeof(T) == 4) return HWY_DYNAMIC_DISPATCH(PanelWidthFloat)();
  else return HWY_DYNAMIC_DISPATCH(PanelWidthDouble)();
}

}  // namespace

template <class T>
std::size_t ProjectionTile<T>::pointsOf(std::size_t d) {
  const std::size_t width = panelWidth<T>();
  return d <= kShort ? std::clamp<std::size_t>(kPacked / (width * d), 1, kTilePoints / width) * width : kTilePoints;
}

template <class T>
ProjectionTile<T>::ProjectionTile(std::size_t d)
    : d_(d),
      size_(pointsOf(d)),
      packed_(d <= kShort ? allocateBuffer<T>(size_ * d) : Buffer<T>()),
      values_(allocateBuffer<T>(size_ * kTileDirections)),
      sums_(d > kInner ? allocateBuffer<double>(size_ * kTileDirections) : Buffer<double>()) {}

template <class T>
void ProjectionTile<T>::load(const T* points, std::size_t count) {
  source_ = points;
  count_ = count;
  if (d_ > kShort) return;
  if constexpr (sizeof(T) == 4) HWY_DYNAMIC_DISPATCH(PackFloat)(points, count, d_, packed_.get());
  else HWY_DYNAMIC_DISPATCH(PackDouble)(points, count, d_, packed_.get());
}

template <class T>
void ProjectionTile<T>::project(const T* directions, std::size_t rows) {
  if (d_ <= kShort) {
    const std::size_t width = panelWidth<T>(), panels = ceilDivide(count_, width);
    stride_ = panels * width;
    if constexpr (sizeof(T) == 4) HWY_DYNAMIC_DISPATCH(MultiplyFloat)(directions, rows, d_, packed_.get(), panels, values_.get());
    else HWY_DYNAMIC_DISPATCH(MultiplyDouble)(directions, rows, d_, packed_.get(), panels, values_.get());
    return;
  }
  stride_ = count_;
  if (d_ > kInner) std::fill_n(sums_.get(), rows * count_, 0.0);
  for (std::size_t first = 0; first < d_; first += kInner) {
    blas::gemm(false, true, rows, count_, std::min(kInner, d_ - first), directions + first, d_, source_ + first, d_, T(0), values_.get(), count_);
    if (d_ <= kInner) return;
    for (std::size_t i = 0; i < rows * count_; ++i) sums_[i] += static_cast<double>(values_[i]);
  }
  for (std::size_t i = 0; i < rows * count_; ++i) values_[i] = static_cast<T>(sums_[i]);
}

template class ProjectionTile<float>;
template class ProjectionTile<double>;

}  // namespace ridgeflow
#endif  // HWY_ONCE
