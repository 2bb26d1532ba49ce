// Linear combinations for integrators: bound by memory, so each output element is written once.

#include <algorithm>
#include <cstddef>
#include <vector>

#include "linalg/linalg.hpp"
#include "runtime/parallel.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "linalg/combination.cpp"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace ridgeflow {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

template <class T>
void CombineRange(T* out, std::size_t begin, std::size_t end, const T* coefficients, const T* const* arrays,
                  std::size_t terms) {
  const hn::ScalableTag<T> tag;
  const std::size_t lanes = hn::Lanes(tag);
  std::size_t i = begin;
  for (; i + lanes <= end; i += lanes) {
    auto sum = hn::Mul(hn::Set(tag, coefficients[0]), hn::LoadU(tag, arrays[0] + i));
    for (std::size_t k = 1; k < terms; ++k) {
      sum = hn::MulAdd(hn::Set(tag, coefficients[k]), hn::LoadU(tag, arrays[k] + i), sum);
    }
    hn::StoreU(sum, tag, out + i);
  }
  const hn::CappedTag<T, 1> one;
  for (; i < end; ++i) {
    auto sum = hn::Mul(hn::Set(one, coefficients[0]), hn::LoadU(one, arrays[0] + i));
    for (std::size_t k = 1; k < terms; ++k) {
      sum = hn::MulAdd(hn::Set(one, coefficients[k]), hn::LoadU(one, arrays[k] + i), sum);
    }
    hn::StoreU(sum, one, out + i);
  }
}

void CombineFloat(float* out, std::size_t begin, std::size_t end, const float* coefficients,
                  const float* const* arrays, std::size_t terms) {
  CombineRange(out, begin, end, coefficients, arrays, terms);
}
void CombineDouble(double* out, std::size_t begin, std::size_t end, const double* coefficients,
                   const double* const* arrays, std::size_t terms) {
  CombineRange(out, begin, end, coefficients, arrays, terms);
}

}  // namespace HWY_NAMESPACE
}  // namespace ridgeflow
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ridgeflow {

HWY_EXPORT(CombineFloat);
HWY_EXPORT(CombineDouble);

template <class T>
void linearCombination(T* out, std::size_t count, const double* coefficients, const T* const* arrays, std::size_t terms) {
  if (terms == 0) {
    std::fill_n(out, count, T(0));
    return;
  }
  const std::vector<T> converted(coefficients, coefficients + terms);
  constexpr std::size_t kShare = 1U << 16;
  parallelFor((count + kShare - 1) / kShare, [&](std::size_t task) {
    const std::size_t begin = task * kShare, end = std::min(count, begin + kShare);
    if constexpr (sizeof(T) == 4) {
      HWY_DYNAMIC_DISPATCH(CombineFloat)(out, begin, end, converted.data(), arrays, terms);
    } else {
      HWY_DYNAMIC_DISPATCH(CombineDouble)(out, begin, end, converted.data(), arrays, terms);
    }
  });
}

template void linearCombination<float>(float*, std::size_t, const double*, const float* const*, std::size_t);
template void linearCombination<double>(double*, std::size_t, const double*, const double* const*, std::size_t);

}  // namespace ridgeflow
#endif  // HWY_ONCE
