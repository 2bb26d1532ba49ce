// Products with a triangular matrix, for sampling: rows lie across lanes, and each lane sums in the order of the columns
// with every operation rounded by itself. A plain loop in any language then gives the same bits.

#include <algorithm>
#include <cstddef>

#include "linalg/linalg.hpp"
#include "runtime/memory.hpp"
#include "runtime/parallel.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "linalg/triangular.cpp"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace ridgeflow {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

constexpr int kPanel = 3;   // vectors of rows
constexpr int kOutputs = 4;  // rows of the factor at a time

std::size_t TriangularPanelRows() { return kPanel * hn::Lanes(hn::ScalableTag<double>()); }

/// out (d × panel rows) ← factor · x, x of the same shape. The factor is zero above its diagonal.
void TriangularPanel(const double* factor, std::size_t d, const double* x, double* out) {
  const hn::ScalableTag<double> tag;
  const std::size_t lanes = hn::Lanes(tag), stride = kPanel * lanes;
  for (std::size_t first = 0; first < d; first += kOutputs) {
    const std::size_t rows = std::min<std::size_t>(kOutputs, d - first);
    // A zero that is added to a sum that is not −0 changes no bit: the block is as long as its last row.
    const std::size_t length = first + rows;
    const double* row[kOutputs];
    for (std::size_t r = 0; r < kOutputs; ++r) row[r] = factor + (first + std::min(r, rows - 1)) * d;
    hn::Vec<hn::ScalableTag<double>> sum[kOutputs][kPanel];
    for (auto& sums : sum) {
      for (auto& value : sums) value = hn::Zero(tag);
    }
    for (std::size_t l = 0; l < length; ++l) {
#pragma GCC unroll 8
      for (int r = 0; r < kOutputs; ++r) {
        const auto weight = hn::Set(tag, row[r][l]);
#pragma GCC unroll 8
        for (int v = 0; v < kPanel; ++v) {
          sum[r][v] = hn::Add(sum[r][v], hn::Mul(weight, hn::Load(tag, x + l * stride + v * lanes)));
        }
      }
    }
    for (std::size_t r = 0; r < rows; ++r) {
      for (int v = 0; v < kPanel; ++v) hn::Store(sum[r][v], tag, out + (first + r) * stride + v * lanes);
    }
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace ridgeflow
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ridgeflow {

HWY_EXPORT(TriangularPanelRows);
HWY_EXPORT(TriangularPanel);

void lowerTriangularProduct(const double* factor, std::size_t d, double* data, std::size_t rows, Control& control) {
  const std::size_t panel = HWY_DYNAMIC_DISPATCH(TriangularPanelRows)();
  const std::size_t tasks = ceilDivide(rows, panel);
  control.start(tasks);
  parallelFor(tasks, [&](std::size_t task) {
    const std::size_t first = task * panel, count = std::min(panel, rows - first);
    const auto x = allocateBuffer<double>(d * panel), out = allocateBuffer<double>(d * panel);
    for (std::size_t k = 0; k < d; ++k) {
      for (std::size_t i = 0; i < panel; ++i) x[k * panel + i] = i < count ? data[(first + i) * d + k] : 0.0;
    }
    HWY_DYNAMIC_DISPATCH(TriangularPanel)(factor, d, x.get(), out.get());
    for (std::size_t i = 0; i < count; ++i) {
      for (std::size_t k = 0; k < d; ++k) data[(first + i) * d + k] = out[k * panel + i];
    }
    control.advance(1);
  });
}

}  // namespace ridgeflow
#endif  // HWY_ONCE
