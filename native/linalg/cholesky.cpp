#include <algorithm>

#include "linalg/blas.hpp"
#include "linalg/linalg.hpp"
#include "runtime/memory.hpp"
#include "runtime/parallel.hpp"

namespace ridgeflow {
namespace {

constexpr std::size_t kBlock = 128;     // columns of the factor found at a time
constexpr std::size_t kTileRows = 256;  // rows of them per task: a product with 2¹⁵ columns takes some 20 ms

/// Left-looking: the block of columns from `first` on, from all columns before it. False where a pivot is not positive.
bool factorColumns(double* matrix, std::size_t d, std::size_t first, Control& control) {
  const std::size_t width = std::min(kBlock, d - first);
  double* diagonal = matrix + first * d + first;
  const double* before = matrix + first * d;
  if (first > 0) blas::subtractProduct(true, width, width, first, before, d, before, d, diagonal, d);
  if (!blas::choleskyFactor(diagonal, width, d)) return false;
  control.advance(width * (first + width));
  const std::size_t below = first + width;
  parallelFor(ceilDivide(d - below, kTileRows), [&](std::size_t task) {
    const std::size_t row = below + task * kTileRows, rows = std::min(kTileRows, d - row);
    double* tile = matrix + row * d + first;
    if (first > 0) blas::subtractProduct(true, rows, width, first, matrix + row * d, d, before, d, tile, d);
    blas::solveTriangular(true, rows, width, diagonal, d, tile, d);
    control.advance(rows * (first + width));
  });
  return true;
}

/// x ← x·L⁻ᵀ, then x·L⁻¹, for some rows x.
void solveRows(const double* factor, std::size_t d, double* rows, std::size_t count, Control& control) {
  const std::size_t blocks = ceilDivide(d, kBlock);
  for (std::size_t block = 0; block < blocks; ++block) {
    const std::size_t first = block * kBlock, width = std::min(kBlock, d - first);
    if (first > 0) blas::subtractProduct(true, count, width, first, rows, d, factor + first * d, d, rows + first, d);
    blas::solveTriangular(true, count, width, factor + first * d + first, d, rows + first, d);
    control.advance(count * (first + width));
  }
  for (std::size_t block = blocks; block-- > 0;) {
    const std::size_t first = block * kBlock, width = std::min(kBlock, d - first), next = first + width;
    if (next < d) blas::subtractProduct(false, count, width, d - next, rows + next, d, factor + next * d + first, d, rows + first, d);
    blas::solveTriangular(false, count, width, factor + first * d + first, d, rows + first, d);
    control.advance(count * (d - first));
  }
}

/// Units of the factorisation, and of each side, as they are advanced by.
std::size_t factorWork(std::size_t d) {
  std::size_t work = 0;
  for (std::size_t first = 0; first < d; first += kBlock) work += (d - first) * std::min(d, first + kBlock);
  return work;
}
std::size_t sideWork(std::size_t d) {
  std::size_t work = 0;
  for (std::size_t first = 0; first < d; first += kBlock) work += std::min(d, first + kBlock) + (d - first);
  return work;
}

}  // namespace

bool solvePositiveDefinite(double* matrix, std::size_t d, double* sides, std::size_t count, Control& control) {
  control.start(factorWork(d) + count * sideWork(d));
  for (std::size_t first = 0; first < d; first += kBlock) {
    if (!factorColumns(matrix, d, first, control)) return false;
  }
  parallelFor(ceilDivide(count, kTileRows), [&](std::size_t task) {
    const std::size_t row = task * kTileRows;
    solveRows(matrix, d, sides + row * d, std::min(kTileRows, count - row), control);
  });
  return true;
}

}  // namespace ridgeflow
