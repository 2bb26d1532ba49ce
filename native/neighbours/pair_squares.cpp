// Vector code for single pairs, compiled once for every instruction set and chosen at run time.

#include "neighbours/pair_squares.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "neighbours/pair_squares.cpp"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace ridgeflow {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;
using neighbour_tiles::Hit;
using neighbour_tiles::PairOperations;

template <class D, class T = hn::TFromD<D>>
HWY_INLINE hn::Vec<D> AddSquare(D tag, const T* x, const T* y, hn::Vec<D> sum) {
  const auto difference = hn::Sub(hn::LoadU(tag, x), hn::LoadU(tag, y));
  return hn::MulAdd(difference, difference, sum);
}

template <class T>
HWY_INLINE T SquareOf(const T* x, const T* y, std::size_t d) {
  const hn::ScalableTag<T> tag;
  const hn::CappedTag<T, 4> part;
  const std::size_t lanes = hn::Lanes(tag), few = hn::Lanes(part);
  auto even = hn::Zero(tag), odd = hn::Zero(tag);
  std::size_t k = 0;
  for (; k + 2 * lanes <= d; k += 2 * lanes) {
    even = AddSquare(tag, x + k, y + k, even);
    odd = AddSquare(tag, x + k + lanes, y + k + lanes, odd);
  }
  if (k + lanes <= d) {
    even = AddSquare(tag, x + k, y + k, even);
    k += lanes;
  }
  auto rest = hn::Zero(part);
  for (; k + few <= d; k += few) rest = AddSquare(part, x + k, y + k, rest);
  T sum = hn::GetLane(hn::SumOfLanes(tag, hn::Add(even, odd))) + hn::GetLane(hn::SumOfLanes(part, rest));
  for (; k < d; ++k) sum += (x[k] - y[k]) * (x[k] - y[k]);
  return sum;
}

template <class T>
void Squares(const T* queries, const T* rows, std::size_t d, const Hit* hits, std::size_t count, T* out) {
  for (std::size_t i = 0; i < count; ++i) out[i] = SquareOf(queries + hits[i].lane * d, rows + hits[i].row * d, d);
}

/// A difference is exact, or rounded once, in float64.
template <class D>
HWY_INLINE hn::Vec<D> Widened(D tag, const float* x) {
  return hn::PromoteTo(tag, hn::LoadU(hn::Rebind<float, D>(), x));
}
template <class D>
HWY_INLINE hn::Vec<D> Widened(D tag, const double* x) {
  return hn::LoadU(tag, x);
}

constexpr std::size_t kTogether = 8;  // pairs whose sums run side by side: each addition waits for the last
constexpr std::size_t kPart = 128;

/// out[k] ← (x_k − y_k)².
template <class T>
HWY_INLINE void SquaredDifferences(const T* x, const T* y, std::size_t count, double* out) {
  const hn::ScalableTag<double> tag;
  const std::size_t lanes = hn::Lanes(tag);
  std::size_t k = 0;
  for (; k + lanes <= count; k += lanes) {
    const auto difference = hn::Sub(Widened(tag, x + k), Widened(tag, y + k));
    hn::StoreU(hn::Mul(difference, difference), tag, out + k);
  }
  for (; k < count; ++k) {
    const double difference = static_cast<double>(x[k]) - static_cast<double>(y[k]);
    out[k] = difference * difference;
  }
}

template <class T>
void ExactSquares(const T* queries, const T* rows, std::size_t d, const Hit* hits, std::size_t count, double* out) {
  double squares[kTogether][kPart];
  for (std::size_t first = 0; first < count; first += kTogether) {
    double sums[kTogether] = {};
    for (std::size_t k = 0; k < d; k += kPart) {
      const std::size_t part = HWY_MIN(kPart, d - k);
      for (std::size_t p = 0; p < kTogether; ++p) {
        // Beyond the last pair, that one again.
        const Hit& hit = hits[HWY_MIN(first + p, count - 1)];
        SquaredDifferences(queries + hit.lane * d + k, rows + hit.row * d + k, part, squares[p]);
      }
      for (std::size_t i = 0; i < part; ++i) {
#pragma GCC unroll 8
        for (std::size_t p = 0; p < kTogether; ++p) sums[p] += squares[p][i];
      }
    }
    for (std::size_t p = 0; p < kTogether && first + p < count; ++p) out[first + p] = sums[p];
  }
}

template <class T>
PairOperations<T> PairOperationsOf() {
  return {&Squares<T>, &ExactSquares<T>};
}
PairOperations<float> PairOperationsFloat() { return PairOperationsOf<float>(); }
PairOperations<double> PairOperationsDouble() { return PairOperationsOf<double>(); }

}  // namespace HWY_NAMESPACE
}  // namespace ridgeflow
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ridgeflow {

HWY_EXPORT(PairOperationsFloat);
HWY_EXPORT(PairOperationsDouble);

namespace neighbour_tiles {

PairOperations<float> pairOperations(float) { return HWY_DYNAMIC_DISPATCH(PairOperationsFloat)(); }

PairOperations<double> pairOperations(double) { return HWY_DYNAMIC_DISPATCH(PairOperationsDouble)(); }

}  // namespace neighbour_tiles
}  // namespace ridgeflow
#endif  // HWY_ONCE
