#include "linalg/linalg.hpp"

#include <algorithm>
#include <atomic>
#include <bit>
#include <type_traits>
#include <vector>

#include "linalg/blas.hpp"
#include "runtime/memory.hpp"
#include "runtime/parallel.hpp"

namespace ridgeflow {
namespace {

constexpr std::size_t kRowBlock = 256;
constexpr std::size_t kColumnBlock = 1024;
constexpr std::size_t kInnerBlock = 4096;    // longest float32 sum before it goes to float64

/// Columns [first, first + count) of op(b) start here.
template <class T>
const T* columnsOf(const T* b, std::size_t stride, bool transposed, std::size_t first) {
  return transposed ? b + first * stride : b + first;
}

template <class T>
const T* rowsOf(const T* a, std::size_t stride, bool transposed, std::size_t first) {
  return transposed ? a + first : a + first * stride;
}

}  // namespace

template <class T>
void matmul(const T* a, std::size_t rowsA, std::size_t columnsA, bool transposeA, const T* b, std::size_t rowsB,
            std::size_t columnsB, bool transposeB, T* out, Control& control) {
  const std::size_t m = transposeA ? columnsA : rowsA;
  const std::size_t k = transposeA ? rowsA : columnsA;
  const std::size_t n = transposeB ? rowsB : columnsB;
  const std::size_t inner = ceilDivide(k, kInnerBlock);
  // Where there is one inner block, the result is written in place; else a block is summed in float64.
  const std::size_t columnBlock = std::min(n, kColumnBlock);
  const std::size_t rowBlocks = ceilDivide(m, kRowBlock), columnBlocks = ceilDivide(n, columnBlock);
  // Few result blocks and a long inner extent (AᵀA of a tall matrix): inner blocks are shared out as well.
  const std::size_t groups = rowBlocks * columnBlocks >= 8 ? 1 : std::min<std::size_t>(16, inner);
  const std::size_t innerPerGroup = ceilDivide(inner, groups);
  control.start(rowBlocks * columnBlocks * inner);
  std::vector<std::vector<double>> partial(groups > 1 ? rowBlocks * columnBlocks * groups : 0);
  parallelFor(rowBlocks * columnBlocks * groups, [&](std::size_t task) {
    const std::size_t group = task % groups, block = task / groups;
    const std::size_t row = block / columnBlocks * kRowBlock, column = block % columnBlocks * columnBlock;
    const std::size_t rows = std::min(kRowBlock, m - row), columns = std::min(columnBlock, n - column);
    const T* left = rowsOf(a, columnsA, transposeA, row);
    const T* right = columnsOf(b, columnsB, transposeB, column);
    if (inner == 1) {
      blas::gemm(transposeA, transposeB, rows, columns, k, left, columnsA, right, columnsB, T(0), out + row * n + column, n);
      control.advance(1);
      return;
    }
    std::vector<double> sum(rows * columns, 0.0);
    const Buffer<T> product = allocateBuffer<T>(rows * columns);
    for (std::size_t part = group * innerPerGroup; part < std::min(inner, (group + 1) * innerPerGroup); ++part) {
      const std::size_t first = part * kInnerBlock, length = std::min(kInnerBlock, k - first);
      blas::gemm(transposeA, transposeB, rows, columns, length, columnsOf(left, columnsA, transposeA, first), columnsA,
                 rowsOf(right, columnsB, transposeB, first), columnsB, T(0), product.get(), columns);
      for (std::size_t i = 0; i < rows * columns; ++i) sum[i] += product[i];
      control.advance(1);
    }
    if (groups > 1) {
      partial[task] = std::move(sum);
      return;
    }
    for (std::size_t i = 0; i < rows; ++i) {
      for (std::size_t j = 0; j < columns; ++j) out[(row + i) * n + column + j] = static_cast<T>(sum[i * columns + j]);
    }
  });
  if (groups == 1) return;
  for (std::size_t block = 0; block < rowBlocks * columnBlocks; ++block) {
    const std::size_t row = block / columnBlocks * kRowBlock, column = block % columnBlocks * columnBlock;
    const std::size_t rows = std::min(kRowBlock, m - row), columns = std::min(columnBlock, n - column);
    std::vector<double>& sum = partial[block * groups];
    for (std::size_t group = 1; group < groups; ++group) {
      for (std::size_t i = 0; i < rows * columns; ++i) sum[i] += partial[block * groups + group][i];
    }
    for (std::size_t i = 0; i < rows; ++i) {
      for (std::size_t j = 0; j < columns; ++j) out[(row + i) * n + column + j] = static_cast<T>(sum[i * columns + j]);
    }
  }
}

template <class T>
std::int64_t firstNonFinite(const T* values, std::size_t count) {
  using Bits = std::conditional_t<sizeof(T) == 4, std::uint32_t, std::uint64_t>;
  constexpr Bits kExponent = sizeof(T) == 4 ? Bits(0x7f800000U) : static_cast<Bits>(0x7ff0000000000000ULL);
  constexpr std::size_t kBlock = 1024;
  for (std::size_t first = 0; first < count; first += kBlock) {
    const std::size_t end = std::min(count, first + kBlock);
    Bits found = 0;
    for (std::size_t i = first; i < end; ++i) {
      found |= static_cast<Bits>((std::bit_cast<Bits>(values[i]) & kExponent) == kExponent);
    }
    if (found == 0) continue;
    for (std::size_t i = first; i < end; ++i) {
      if ((std::bit_cast<Bits>(values[i]) & kExponent) == kExponent) return static_cast<std::int64_t>(i);
    }
  }
  return -1;
}

template void matmul<float>(const float*, std::size_t, std::size_t, bool, const float*, std::size_t, std::size_t, bool, float*, Control&);
template void matmul<double>(const double*, std::size_t, std::size_t, bool, const double*, std::size_t, std::size_t, bool, double*, Control&);
template std::int64_t firstNonFinite<float>(const float*, std::size_t);
template std::int64_t firstNonFinite<double>(const double*, std::size_t);

}  // namespace ridgeflow
