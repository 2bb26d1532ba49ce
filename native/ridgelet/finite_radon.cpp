// Sums over lines modulo a prime. A row that is written twice, end to end, holds every cyclic shift of itself as a
// contiguous run: sums over lines become sums of unaligned vectors, with the accumulators in registers.

#include "ridgelet/finite_radon.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include "runtime/memory.hpp"
#include "runtime/parallel.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ridgelet/finite_radon.cpp"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace ridgeflow {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

/// `count` values as float64.
template <class T, class D>
HWY_INLINE hn::Vec<D> LoadWide(D tag, const T* from) {
  if constexpr (sizeof(T) == 8) {
    return hn::LoadU(tag, from);
  } else {
    return hn::PromoteTo(tag, hn::LoadU(hn::Rebind<T, D>(), from));
  }
}

/// sums[l] = Σ_b doubled[b][starts[b] + l] for l in [first, first + kVectors lanes).
template <int kVectors, class T, class D>
HWY_INLINE void SumColumns(D tag, const T* doubled, std::size_t stride, const std::size_t* starts, std::size_t rows,
                           std::size_t first, double* sums) {
  const std::size_t lanes = hn::Lanes(tag);
  hn::Vec<D> sum[kVectors];
#pragma GCC unroll 8
  for (int v = 0; v < kVectors; ++v) sum[v] = hn::Zero(tag);
  for (std::size_t b = 0; b < rows; ++b) {
    const T* row = doubled + b * stride + starts[b] + first;
#pragma GCC unroll 8
    for (int v = 0; v < kVectors; ++v) sum[v] = hn::Add(sum[v], LoadWide(tag, row + static_cast<std::size_t>(v) * lanes));
  }
#pragma GCC unroll 8
  for (int v = 0; v < kVectors; ++v) hn::StoreU(sum[v], tag, sums + first + static_cast<std::size_t>(v) * lanes);
}

template <class T>
void LineSums(const T* doubled, std::size_t stride, const std::size_t* starts, std::size_t p, double* sums) {
  constexpr int kVectors = 8;
  const hn::ScalableTag<double> tag;
  const std::size_t lanes = hn::Lanes(tag);
  std::size_t first = 0;
  for (; first + kVectors * lanes <= p; first += kVectors * lanes) {
    SumColumns<kVectors>(tag, doubled, stride, starts, p, first, sums);
  }
  for (; first + lanes <= p; first += lanes) SumColumns<1>(tag, doubled, stride, starts, p, first, sums);
  const hn::CappedTag<double, 1> one;
  for (; first < p; ++first) SumColumns<1>(one, doubled, stride, starts, p, first, sums);
}

void LineSumsFloat(const float* doubled, std::size_t stride, const std::size_t* starts, std::size_t p, double* sums) {
  LineSums(doubled, stride, starts, p, sums);
}
void LineSumsDouble(const double* doubled, std::size_t stride, const std::size_t* starts, std::size_t p, double* sums) {
  LineSums(doubled, stride, starts, p, sums);
}

}  // namespace HWY_NAMESPACE
}  // namespace ridgeflow
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ridgeflow {

HWY_EXPORT(LineSumsFloat);
HWY_EXPORT(LineSumsDouble);

namespace {

void lineSums(const float* doubled, std::size_t stride, const std::size_t* starts, std::size_t p, double* sums) {
  HWY_DYNAMIC_DISPATCH(LineSumsFloat)(doubled, stride, starts, p, sums);
}
void lineSums(const double* doubled, std::size_t stride, const std::size_t* starts, std::size_t p, double* sums) {
  HWY_DYNAMIC_DISPATCH(LineSumsDouble)(doubled, stride, starts, p, sums);
}

/// Calls write(a, sums) with sums[l] = Σ_b data[b, (l ± a·b) mod p], + where `forward`, for every a < p in parallel.
template <class T, class Write>
void shearedSums(const T* data, std::size_t p, bool forward, Control& control, const Write& write) {
  const std::size_t stride = 2 * p;
  const Buffer<T> doubled = allocateBuffer<T>(p * stride);
  for (std::size_t b = 0; b < p; ++b) {
    std::copy_n(data + b * p, p, doubled.get() + b * stride);
    std::copy_n(data + b * p, p, doubled.get() + b * stride + p);
  }
  // About a microsecond of work at p = 31, a millisecond at p = 1021.
  const std::size_t share = std::max<std::size_t>(1, 65536 / (p * p));
  parallelFor(ceilDivide(p, share), [&](std::size_t task) {
    std::vector<std::size_t> starts(p);
    std::vector<double> sums(p);
    for (std::size_t a = task * share; a < std::min(p, (task + 1) * share); ++a) {
      const std::size_t step = forward ? a : (p - a) % p;
      for (std::size_t b = 0, start = 0; b < p; ++b) {
        starts[b] = start;
        start += step;
        if (start >= p) start -= p;
      }
      lineSums(doubled.get(), stride, starts.data(), p, sums.data());
      write(a, sums.data());
      control.advance(1);
    }
  });
}

}  // namespace

template <class T>
void finiteRadon(const T* images, std::size_t count, std::size_t p, T* out, Control& control) {
  const double scale = 1.0 / std::sqrt(static_cast<double>(p));
  control.start(count * p);
  parallelFor(count, [&](std::size_t n) {
    const T* image = images + n * p * p;
    T* projections = out + n * (p + 1) * p;
    shearedSums(image, p, true, control, [&](std::size_t k, const double* sums) {
      for (std::size_t l = 0; l < p; ++l) projections[k * p + l] = static_cast<T>(scale * sums[l]);
    });
    for (std::size_t l = 0; l < p; ++l) {
      double sum = 0.0;
      for (std::size_t j = 0; j < p; ++j) sum += image[l * p + j];
      projections[p * p + l] = static_cast<T>(scale * sum);
    }
  });
}

template <class T>
void finiteBackproject(const T* projections, std::size_t count, std::size_t p, T* out, Control& control) {
  const double scale = 1.0 / std::sqrt(static_cast<double>(p));
  control.start(count * p);
  parallelFor(count, [&](std::size_t n) {
    const T* values = projections + n * (p + 1) * p;
    T* image = out + n * p * p;
    shearedSums(values, p, false, control, [&](std::size_t i, const double* sums) {
      const double rest = values[p * p + i];
      for (std::size_t j = 0; j < p; ++j) image[i * p + j] = static_cast<T>(scale * (sums[j] + rest));
    });
  });
}

template void finiteRadon<float>(const float*, std::size_t, std::size_t, float*, Control&);
template void finiteRadon<double>(const double*, std::size_t, std::size_t, double*, Control&);
template void finiteBackproject<float>(const float*, std::size_t, std::size_t, float*, Control&);
template void finiteBackproject<double>(const double*, std::size_t, std::size_t, double*, Control&);

}  // namespace ridgeflow
#endif  // HWY_ONCE
