// Vector code of the softmin over a cost matrix, compiled once for every instruction set and chosen at run time.

#include "transport/matrix_tiles.hpp"

#include <cstdint>

#include <hwy/cache_control.h>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "transport/matrix_tiles.cpp"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"
#include "runtime/exp2-inl.h"

HWY_BEFORE_NAMESPACE();
namespace ridgeflow {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;
using matrix_tiles::Least;
using matrix_tiles::MatrixOperations;

constexpr std::uintptr_t kAhead = 2048;  // bytes

template <class T>
using MatrixTag = hn::ScalableTag<T>;

/// The first `count` values, the others 0. Masked loads read whole vectors where the instruction set has none.
template <class D, class T = hn::TFromD<D>>
HWY_INLINE hn::Vec<D> LoadPart(D tag, const T* from, std::size_t count) {
  if (count >= hn::Lanes(tag)) return hn::LoadU(tag, from);
  HWY_ALIGN T part[hn::MaxLanes(D())] = {};
  for (std::size_t j = 0; j < count; ++j) part[j] = from[j];
  return hn::Load(tag, part);
}

/// bias − κ·cost of the lanes below `count`; far below everything in the others.
template <class D, class T = hn::TFromD<D>>
HWY_INLINE hn::Vec<D> RowLogits(D tag, const T* costs, const T* bias, T kappa, std::size_t at, std::size_t count) {
  const std::size_t rest = count - at;
  const auto logits = hn::NegMulAdd(LoadPart(tag, costs + at, rest), hn::Set(tag, kappa), LoadPart(tag, bias + at, rest));
  if (rest >= hn::Lanes(tag)) return logits;
  return hn::IfThenElse(hn::FirstN(tag, rest), logits, hn::Set(tag, static_cast<T>(-1e37)));
}

template <class T>
T LargestInRow(const T* costs, const T* bias, T kappa, std::size_t count) {
  const MatrixTag<T> tag;
  hn::Vec<MatrixTag<T>> largest = hn::Set(tag, static_cast<T>(-1e37));
  for (std::size_t j = 0; j < count; j += hn::Lanes(tag)) {
    largest = hn::Max(largest, RowLogits(tag, costs, bias, kappa, j, count));
  }
  return hn::GetLane(hn::MaxOfLanes(tag, largest));
}

template <class T>
T SumOfRow(const T* costs, const T* bias, T kappa, T shift, std::size_t count) {
  const MatrixTag<T> tag;
  const hn::Vec<MatrixTag<T>> from = hn::Set(tag, shift);
  hn::Vec<MatrixTag<T>> sum = hn::Zero(tag);
  for (std::size_t j = 0; j < count; j += hn::Lanes(tag)) {
    sum = hn::Add(sum, PowerOfTwo(tag, hn::Sub(RowLogits(tag, costs, bias, kappa, j, count), from)));
  }
  return hn::GetLane(hn::SumOfLanes(tag, sum));
}

template <class T>
T CostOfRow(const T* costs, const T* bias, T kappa, T shift, std::size_t count) {
  const MatrixTag<T> tag;
  const hn::Vec<MatrixTag<T>> from = hn::Set(tag, shift);
  hn::Vec<MatrixTag<T>> sum = hn::Zero(tag);
  for (std::size_t j = 0; j < count; j += hn::Lanes(tag)) {
    const auto weight = PowerOfTwo(tag, hn::Sub(RowLogits(tag, costs, bias, kappa, j, count), from));
    sum = hn::MulAdd(weight, LoadPart(tag, costs + j, count - j), sum);
  }
  return hn::GetLane(hn::SumOfLanes(tag, sum));
}

template <class T>
void AddStrip(const T* costs, std::size_t stride, const T* bias, T kappa, std::size_t rows, std::size_t columns,
              T* maximum, T* sums) {
  const MatrixTag<T> tag;
  const std::size_t lanes = hn::Lanes(tag);
  const hn::Vec<MatrixTag<T>> factor = hn::Set(tag, kappa);
  for (std::size_t j = 0; j < columns; j += lanes) {
    const auto logit = [&](std::size_t r) HWY_ATTR {
      return hn::NegMulAdd(LoadPart(tag, costs + r * stride + j, columns - j), factor, hn::Set(tag, bias[r]));
    };
    const auto before = hn::LoadU(tag, maximum + j);
    auto largest = before;
    for (std::size_t r = 0; r < rows; ++r) largest = hn::Max(largest, logit(r));
    auto sum = hn::Mul(hn::LoadU(tag, sums + j), PowerOfTwo(tag, hn::Sub(before, largest)));
    for (std::size_t r = 0; r < rows; ++r) sum = hn::Add(sum, PowerOfTwo(tag, hn::Sub(logit(r), largest)));
    hn::StoreU(largest, tag, maximum + j);
    hn::StoreU(sum, tag, sums + j);
  }
}

template <class T>
Least<T> LeastReduced(const T* costs, const T* potentials, std::size_t count) {
  const MatrixTag<T> tag;
  const std::size_t lanes = hn::Lanes(tag);
  const auto value = [&](std::size_t j) { return costs[j] - potentials[j]; };
  const auto values = [&](std::size_t j) HWY_ATTR { return hn::Sub(hn::LoadU(tag, costs + j), hn::LoadU(tag, potentials + j)); };
  T least = value(0);
  const std::size_t whole = count / (2 * lanes) * (2 * lanes);
  if (whole > 0) {
    auto even = values(0), odd = values(lanes);
    // Costs are read once each, from memory that is far away, and mostly go on where this run ends.
    const auto ahead = [&](std::size_t j) { return reinterpret_cast<const T*>(reinterpret_cast<std::uintptr_t>(costs + j) + kAhead); };
    for (std::size_t j = 2 * lanes; j < whole; j += 2 * lanes) {
      hwy::Prefetch(ahead(j));
      hwy::Prefetch(ahead(j + lanes));
      even = hn::Min(even, values(j));
      odd = hn::Min(odd, values(j + lanes));
    }
    least = hn::GetLane(hn::MinOfLanes(tag, hn::Min(even, odd)));
  }
  for (std::size_t j = whole; j < count; ++j) least = HWY_MIN(least, value(j));
  const auto target = hn::Set(tag, least);
  for (std::size_t j = 0; j < whole; j += lanes) {
    const std::intptr_t lane = hn::FindFirstTrue(tag, hn::Eq(values(j), target));
    if (lane >= 0) return {least, j + static_cast<std::size_t>(lane)};
  }
  for (std::size_t j = whole; j < count; ++j) {
    if (value(j) == least) return {least, j};
  }
  return {least, 0};
}

template <class T>
MatrixOperations<T> MatrixOperationsOf() {
  return {&LargestInRow<T>, &SumOfRow<T>, &CostOfRow<T>, &AddStrip<T>, &LeastReduced<T>};
}
MatrixOperations<float> MatrixOperationsFloat() { return MatrixOperationsOf<float>(); }
MatrixOperations<double> MatrixOperationsDouble() { return MatrixOperationsOf<double>(); }

}  // namespace HWY_NAMESPACE
}  // namespace ridgeflow
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ridgeflow {

HWY_EXPORT(MatrixOperationsFloat);
HWY_EXPORT(MatrixOperationsDouble);

namespace matrix_tiles {

MatrixOperations<float> matrixOperations(float) { return HWY_DYNAMIC_DISPATCH(MatrixOperationsFloat)(); }

MatrixOperations<double> matrixOperations(double) { return HWY_DYNAMIC_DISPATCH(MatrixOperationsDouble)(); }

}  // namespace matrix_tiles
}  // namespace ridgeflow
#endif  // HWY_ONCE
