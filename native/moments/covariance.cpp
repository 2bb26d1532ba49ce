#include "moments/moments.hpp"

#include <algorithm>
#include <vector>

#include "linalg/blas.hpp"
#include "runtime/memory.hpp"
#include "runtime/parallel.hpp"

namespace ridgeflow {
namespace {

constexpr std::size_t kColumns = 256;    // of a block of the matrix
constexpr std::size_t kRows = 512;       // centred at once: with the columns of two blocks 2 MB
constexpr std::size_t kMeanRows = 1024;  // summed by one task
constexpr std::size_t kTasks = 16;       // at least, where there are rows for as many; fixed, so that the sums are too
constexpr std::size_t kShare = 1024;     // rows of a task, at least: its sum is as large as the block

struct Span {
  std::size_t first, count;
};

/// The block of all columns that a task takes, on or above the diagonal.
struct Block {
  Span down, right;
  bool diagonal() const { return down.first == right.first; }
};

std::vector<Block> blocksOf(std::size_t d) {
  std::vector<Block> blocks;
  for (std::size_t i = 0; i < d; i += kColumns) {
    for (std::size_t j = i; j < d; j += kColumns) {
      blocks.push_back({{i, std::min(kColumns, d - i)}, {j, std::min(kColumns, d - j)}});
    }
  }
  return blocks;
}

/// About the first row: the mean of equal values is that value exactly, and their variance exactly 0.
template <class T>
void meanOf(const T* points, const RowSelection& rows, std::size_t d, double* mean) {
  const std::size_t tasks = ceilDivide(rows.count, kMeanRows);
  const T* first = points + rows[0] * d;
  std::vector<double> sums(tasks * d, 0.0);
  parallelFor(tasks, [&](std::size_t task) {
    double* sum = sums.data() + task * d;
    for (std::size_t i = task * kMeanRows; i < std::min(rows.count, (task + 1) * kMeanRows); ++i) {
      const T* row = points + rows[i] * d;
      for (std::size_t k = 0; k < d; ++k) sum[k] += static_cast<double>(row[k]) - static_cast<double>(first[k]);
    }
  });
  for (std::size_t k = 0; k < d; ++k) {
    double sum = 0.0;
    for (std::size_t task = 0; task < tasks; ++task) sum += sums[task * d + k];
    mean[k] = first[k] + sum / static_cast<double>(rows.count);
  }
}

/// Some columns of `count` rows from `first` on, less their mean, one row after another.
template <class T>
void centre(const T* points, const RowSelection& rows, std::size_t d, const double* mean, Span span, Span columns,
            double* out) {
  for (std::size_t i = 0; i < span.count; ++i) {
    const T* row = points + rows[span.first + i] * d + columns.first;
    for (std::size_t k = 0; k < columns.count; ++k) out[i * columns.count + k] = row[k] - mean[columns.first + k];
  }
}

/// One block of the sum over a share of the rows, which are not none.
template <class T>
Buffer<double> blockSum(const T* points, const RowSelection& rows, std::size_t d, const double* mean,
                             const Block& block, Span share, Control& control) {
  const std::size_t height = block.down.count, width = block.right.count;
  const std::size_t most = std::min(kRows, share.count);
  Buffer<double> sum = allocateBuffer<double>(height * width);
  const Buffer<double> left = allocateBuffer<double>(most * height);
  const Buffer<double> right = allocateBuffer<double>(block.diagonal() ? 0 : most * width);
  for (std::size_t first = share.first; first < share.first + share.count; first += kRows) {
    const Span span{first, std::min(kRows, share.first + share.count - first)};
    const double before = first == share.first ? 0.0 : 1.0;
    centre(points, rows, d, mean, span, block.down, left.get());
    if (block.diagonal()) {
      blas::gram(height, span.count, left.get(), height, before, sum.get(), width);
    } else {
      centre(points, rows, d, mean, span, block.right, right.get());
      blas::gemm(true, false, height, width, span.count, left.get(), height, right.get(), width, before, sum.get(), width);
    }
    control.advance(span.count);
  }
  return sum;
}

}  // namespace

template <class T>
void covariance(const T* points, const RowSelection& rows, std::size_t d, double* mean, double* covariance, Control& control) {
  const std::size_t n = rows.count;
  const std::vector<Block> blocks = blocksOf(d);
  const std::size_t most = std::min(ceilDivide(kTasks, blocks.size()), ceilDivide(n, kShare));
  const std::size_t share = ceilDivide(n, most), shares = ceilDivide(n, share);
  control.start(n * blocks.size());
  meanOf(points, rows, d, mean);
  control.check();
  std::vector<Buffer<double>> partial(blocks.size() * shares);
  parallelFor(partial.size(), [&](std::size_t task) {
    const std::size_t first = task % shares * share;
    partial[task] = blockSum(points, rows, d, mean, blocks[task / shares], {first, std::min(share, n - first)}, control);
  });
  parallelFor(blocks.size(), [&](std::size_t b) {
    const auto& [down, right] = blocks[b];
    for (std::size_t i = 0; i < down.count; ++i) {
      for (std::size_t j = blocks[b].diagonal() ? i : 0; j < right.count; ++j) {
        double sum = 0.0;
        for (std::size_t s = 0; s < shares; ++s) sum += partial[b * shares + s][i * right.count + j];
        const std::size_t row = down.first + i, column = right.first + j;
        covariance[row * d + column] = covariance[column * d + row] = sum / static_cast<double>(n);
      }
    }
  });
}

template void covariance<float>(const float*, const RowSelection&, std::size_t, double*, double*, Control&);
template void covariance<double>(const double*, const RowSelection&, std::size_t, double*, double*, Control&);

}  // namespace ridgeflow
