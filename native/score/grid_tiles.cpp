// Vector code of the gridded score, compiled once for every instruction set and chosen at run time.

#include "score/grid_tiles.hpp"

#include <algorithm>
#include <cmath>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "score/grid_tiles.cpp"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"
#include "score/grid_convolution-inl.h"

HWY_BEFORE_NAMESPACE();
namespace ridgeflow {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;
using grid_tiles::Grid;
using grid_tiles::GridOperations;
using grid_tiles::kLaplacian;
using grid_tiles::kValues;
using grid_tiles::Window;

/// The taps of one axis and their derivatives, and the first grid point they lie on.
template <int kTaps, int kOrders>
HWY_INLINE std::size_t Taps(const Window& window, double position, double* HWY_RESTRICT out) {
  const GridTag tag;
  constexpr int kVectors = kTaps / static_cast<int>(kLanes);
  const double low = position - static_cast<double>(window.width) / 2;
  const double first = std::ceil(low);
  const V tau = hn::Set(tag, 2 * (first - low) - 1);
  V sum[kOrders][kVectors];
  const std::size_t order = (window.degree + 1) * kTaps;
  const double* c = window.coefficients + window.degree * kTaps;
#pragma GCC unroll 3
  for (int q = 0; q < kOrders; ++q) {
#pragma GCC unroll 16
    for (int v = 0; v < kVectors; ++v) sum[q][v] = hn::Load(tag, c + q * order + v * kLanes);
  }
  for (std::size_t i = window.degree; i-- > 0;) {
    c -= kTaps;
#pragma GCC unroll 3
    for (int q = 0; q < kOrders; ++q) {
#pragma GCC unroll 16
      for (int v = 0; v < kVectors; ++v) sum[q][v] = hn::MulAdd(sum[q][v], tau, hn::Load(tag, c + q * order + v * kLanes));
    }
  }
#pragma GCC unroll 3
  for (int q = 0; q < kOrders; ++q) {
#pragma GCC unroll 16
    for (int v = 0; v < kVectors; ++v) hn::Store(sum[q][v], tag, out + q * kTaps + v * kLanes);
  }
  return static_cast<std::size_t>(first);
}

/// Moves the taps along coordinate 0 to where the vectors of a row begin, so that those lie within cache lines: `shift`
/// zeros before them. Returns the first element.
template <int kTaps, int kOrders>
HWY_INLINE std::size_t AlignedTaps(const Window& window, double position, double* HWY_RESTRICT out) {
  const GridTag tag;
  HWY_ALIGN double taps[kOrders * kTaps];
  const std::size_t first = Taps<kTaps, kOrders>(window, position, taps), shift = first % kLanes;
#pragma GCC unroll 3
  for (int q = 0; q < kOrders; ++q) {
    double* to = out + q * (kTaps + static_cast<int>(kLanes));
    hn::Store(hn::Zero(tag), tag, to);
    hn::Store(hn::Zero(tag), tag, to + kTaps);
#pragma GCC unroll 16
    for (int v = 0; v < kTaps; v += static_cast<int>(kLanes)) hn::StoreU(hn::Load(tag, taps + q * kTaps + v), tag, to + shift + v);
  }
  return first - shift;
}

template <int kD, int kTaps>
HWY_NOINLINE void SpreadPoints(const Window& window, const double* positions, const double* weights, std::size_t count,
                               const Grid<double*>& grid) {
  const GridTag tag;
  constexpr int kVectors = kTaps / static_cast<int>(kLanes) + 1;
  HWY_ALIGN double taps[3][kTaps + kLanes];
  std::size_t first[3] = {0, 0, 0};
  for (std::size_t p = 0; p < count; ++p) {
    first[0] = AlignedTaps<kTaps, 1>(window, positions[p * kD], taps[0]);
#pragma GCC unroll 3
    for (int k = 1; k < kD; ++k) first[k] = Taps<kTaps, 1>(window, positions[p * kD + k], taps[k]);
    V along[kVectors];
#pragma GCC unroll 16
    for (int v = 0; v < kVectors; ++v) along[v] = hn::Mul(hn::Load(tag, taps[0] + v * kLanes), hn::Set(tag, weights[p]));
    double* corner = grid.data + first[0] + first[1] * grid.row + first[2] * grid.plane;
    for (std::size_t z = 0; z < (kD > 2 ? window.width : 1); ++z, corner += grid.plane) {
      double* row = corner;
      for (std::size_t y = 0; y < (kD > 1 ? window.width : 1); ++y, row += grid.row) {
        const V factor = hn::Set(tag, (kD > 1 ? taps[1][y] : 1.0) * (kD > 2 ? taps[2][z] : 1.0));
#pragma GCC unroll 16
        for (int v = 0; v < kVectors; ++v) {
          hn::Store(hn::MulAdd(factor, along[v], hn::Load(tag, row + v * kLanes)), tag, row + v * kLanes);
        }
      }
    }
  }
}

/// Rows are summed with lanes along coordinate 0, whose own taps come last.
template <int kD, int kTaps, bool kSecond>
HWY_NOINLINE void InterpolatePoints(const Window& window, const double* positions, std::size_t count,
                                    const Grid<const double*>& grid, double* values) {
  const GridTag tag;
  constexpr int kVectors = kTaps / static_cast<int>(kLanes) + 1;
  constexpr std::size_t kAligned = kTaps + kLanes;
  constexpr int kOrders = kSecond ? 3 : 2;
  HWY_ALIGN double taps[3][3 * kAligned];
  std::size_t first[3] = {0, 0, 0};
  for (std::size_t p = 0; p < count; ++p, values += kValues) {
    first[0] = AlignedTaps<kTaps, kOrders>(window, positions[p * kD], taps[0]);
#pragma GCC unroll 3
    for (int k = 1; k < kD; ++k) first[k] = Taps<kTaps, kOrders>(window, positions[p * kD + k], taps[k]);
    const double* corner = grid.data + first[0] + first[1] * grid.row + first[2] * grid.plane;
    V value[kVectors], dy[kVectors], dz[kVectors], second[kVectors];
#pragma GCC unroll 16
    for (int v = 0; v < kVectors; ++v) value[v] = dy[v] = dz[v] = second[v] = hn::Zero(tag);
    for (std::size_t z = 0; z < (kD > 2 ? window.width : 1); ++z, corner += grid.plane) {
      V row0[kVectors], row1[kVectors], row2[kVectors];
      if constexpr (kD == 1) {
#pragma GCC unroll 16
        for (int v = 0; v < kVectors; ++v) row0[v] = hn::Load(tag, corner + v * kLanes);
      } else {
#pragma GCC unroll 16
        for (int v = 0; v < kVectors; ++v) row0[v] = row1[v] = row2[v] = hn::Zero(tag);
        const double* row = corner;
        for (std::size_t y = 0; y < window.width; ++y, row += grid.row) {
          const V tap0 = hn::Set(tag, taps[1][y]), tap1 = hn::Set(tag, taps[1][kTaps + y]);
          const V tap2 = kSecond ? hn::Set(tag, taps[1][(kOrders - 1) * kTaps + y]) : tap0;
#pragma GCC unroll 16
          for (int v = 0; v < kVectors; ++v) {
            const V element = hn::Load(tag, row + v * kLanes);
            row0[v] = hn::MulAdd(tap0, element, row0[v]);
            row1[v] = hn::MulAdd(tap1, element, row1[v]);
            if constexpr (kSecond) row2[v] = hn::MulAdd(tap2, element, row2[v]);
          }
        }
      }
      if constexpr (kD == 3) {
        const V tap0 = hn::Set(tag, taps[2][z]), tap1 = hn::Set(tag, taps[2][kTaps + z]);
        const V tap2 = kSecond ? hn::Set(tag, taps[2][(kOrders - 1) * kTaps + z]) : tap0;
#pragma GCC unroll 16
        for (int v = 0; v < kVectors; ++v) {
          value[v] = hn::MulAdd(tap0, row0[v], value[v]);
          dy[v] = hn::MulAdd(tap0, row1[v], dy[v]);
          dz[v] = hn::MulAdd(tap1, row0[v], dz[v]);
          if constexpr (kSecond) second[v] = hn::MulAdd(tap0, row2[v], hn::MulAdd(tap2, row0[v], second[v]));
        }
      } else {
#pragma GCC unroll 16
        for (int v = 0; v < kVectors; ++v) {
          value[v] = row0[v];
          if constexpr (kD == 2) dy[v] = row1[v];
          if constexpr (kD == 2 && kSecond) second[v] = row2[v];
        }
      }
    }
    V sums[kValues];
#pragma GCC unroll 5
    for (std::size_t q = 0; q < kValues; ++q) sums[q] = hn::Zero(tag);
#pragma GCC unroll 16
    for (int v = 0; v < kVectors; ++v) {
      const V tap0 = hn::Load(tag, taps[0] + v * kLanes), tap1 = hn::Load(tag, taps[0] + kAligned + v * kLanes);
      sums[0] = hn::MulAdd(tap0, value[v], sums[0]);
      sums[1] = hn::MulAdd(tap1, value[v], sums[1]);
      if constexpr (kD > 1) sums[2] = hn::MulAdd(tap0, dy[v], sums[2]);
      if constexpr (kD > 2) sums[3] = hn::MulAdd(tap0, dz[v], sums[3]);
      if constexpr (kSecond) {
        const V tap2 = hn::Load(tag, taps[0] + 2 * kAligned + v * kLanes);
        sums[kLaplacian] = hn::MulAdd(tap2, value[v], hn::MulAdd(tap0, second[v], sums[kLaplacian]));
      }
    }
    for (std::size_t q = 0; q < kValues; ++q) values[q] = hn::GetLane(hn::SumOfLanes(tag, sums[q]));
  }
}

/// Calls f<kD, kTaps>.
template <template <int, int> class F, class... Args>
HWY_INLINE void OnGrid(const Window& window, std::size_t d, Args&&... args) {
  if (window.padded == 8) {
    d == 1 ? F<1, 8>::Run(window, args...) : d == 2 ? F<2, 8>::Run(window, args...) : F<3, 8>::Run(window, args...);
  } else {
    d == 1 ? F<1, 16>::Run(window, args...) : d == 2 ? F<2, 16>::Run(window, args...) : F<3, 16>::Run(window, args...);
  }
}
template <int kD, int kTaps>
struct SpreadOn {
  template <class... Args>
  static void Run(Args&&... args) { SpreadPoints<kD, kTaps>(args...); }
};
template <int kD, int kTaps>
struct InterpolateOn {
  template <class... Args>
  static void Run(Args&&... args) { InterpolatePoints<kD, kTaps, false>(args...); }
};
template <int kD, int kTaps>
struct InterpolateSecondOn {
  template <class... Args>
  static void Run(Args&&... args) { InterpolatePoints<kD, kTaps, true>(args...); }
};

void GridSpread(const Window& window, std::size_t d, const double* positions, const double* weights, std::size_t count,
            const Grid<double*>& grid) {
  OnGrid<SpreadOn>(window, d, positions, weights, count, grid);
}

void GridInterpolate(const Window& window, std::size_t d, const double* positions, std::size_t count,
                 const Grid<const double*>& grid, bool second, double* values) {
  if (second) {
    OnGrid<InterpolateSecondOn>(window, d, positions, count, grid, values);
  } else {
    OnGrid<InterpolateOn>(window, d, positions, count, grid, values);
  }
}

GridOperations GridOperationsOf() { return {&GridSpread, &GridInterpolate, &GridConvolveColumns, &GridConvolveRows}; }

}  // namespace HWY_NAMESPACE
}  // namespace ridgeflow
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ridgeflow {

HWY_EXPORT(GridOperationsOf);

namespace grid_tiles {

GridOperations gridOperations() { return HWY_DYNAMIC_DISPATCH(GridOperationsOf)(); }

}  // namespace grid_tiles
}  // namespace ridgeflow
#endif  // HWY_ONCE
