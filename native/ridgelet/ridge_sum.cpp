#include "ridgelet/ridge_sum.hpp"

#include <algorithm>
#include <vector>

#include "ridgelet/tiles.hpp"
#include "runtime/memory.hpp"
#include "runtime/parallel.hpp"

namespace ridgeflow {
namespace {

using ridge_tiles::kTile;
using ridge_tiles::TileOperations;

constexpr std::size_t kPanelsPerBlock = 8;     // query panels that share one packed tile of centres
constexpr std::size_t kBlockBytes = 1U << 20;  // of queries and their sums: half a second-level cache
constexpr std::size_t kTilesPerFlush = 8;      // sums in T run over at most 8 × 128 centres, then go to float64
constexpr std::size_t kFewPanels = 16;         // below this many panels the centres are cut in segments too
constexpr std::size_t kSegment = 4096;         // smallest segment of centres
constexpr std::size_t kMostSegments = 64;
constexpr std::size_t kMostPartialSums = 1U << 22;

template <class T>
T biasOf(const T* bias, std::size_t i) {
  return bias == nullptr ? T(0) : bias[i];
}

/// One block of query panels against one segment of centres.
template <class T>
class Block {
 public:
  Block(const RidgeSumProblem<T>& problem, const TileOperations<T>& operations, std::size_t first, std::size_t count)
      : problem_(problem),
        operations_(operations),
        width_(operations.panelWidth),
        first_(first),
        count_(count),
        panels_(ceilDivide(count, width_)),
        centreStride_(packedStride<T>(problem.d)),
        valueStride_(problem.k < 8 ? problem.k : packedStride<T>(problem.k)),
        transposed_(allocateBuffer<T>(panels_ * problem.d * width_)),
        queryBias_(allocateBuffer<T>(panels_ * width_)),
        centres_(allocateBuffer<T>(kTile * centreStride_)),
        centreBias_(allocateBuffer<T>(kTile)),
        values_(allocateBuffer<T>(kTile * valueStride_)),
        activations_(allocateBuffer<T>(kTile * width_)),
        sums_(allocateBuffer<T>(panels_ * problem.k * width_)) {
    packQueries();
    std::fill_n(sums_.get(), panels_ * problem.k * width_, T(0));
  }

  /// Adds centres [from, to) to the totals, count × k.
  void run(std::size_t from, std::size_t to, double* totals, Control& control) {
    std::size_t sinceFlush = 0;
    for (std::size_t first = from; first < to; first += kTile) {
      const std::size_t count = std::min(kTile, to - first);
      packCentres(first, count);
      for (std::size_t p = 0; p < panels_; ++p) {
        operations_.products(transposed_.get() + p * problem_.d * width_, queryBias_.get() + p * width_, centres_.get(),
                             centreStride_, centreBias_.get(), count, problem_.d, activations_.get());
        operations_.apply(problem_.function, activations_.get(), count * width_);
        operations_.accumulate(activations_.get(), values_.get(), valueStride_, count, problem_.k,
                               sums_.get() + p * problem_.k * width_);
        control.check();
      }
      if (++sinceFlush == kTilesPerFlush) {
        flush(totals);
        sinceFlush = 0;
      }
      control.advance(count_ * count);
    }
    flush(totals);
  }

 private:
  void packQueries() {
    for (std::size_t p = 0; p < panels_; ++p) {
      T* out = transposed_.get() + p * problem_.d * width_;
      for (std::size_t lane = 0; lane < width_; ++lane) {
        // Lanes beyond the last query repeat it: their results are not read.
        const std::size_t i = first_ + std::min(p * width_ + lane, count_ - 1);
        const T* x = problem_.queries + i * problem_.d;
        for (std::size_t k = 0; k < problem_.d; ++k) out[k * width_ + lane] = x[k];
        queryBias_[p * width_ + lane] = biasOf(problem_.queryBias, i);
      }
    }
  }

  void packCentres(std::size_t first, std::size_t count) {
    for (std::size_t j = 0; j < count; ++j) {
      const std::size_t centre = first + j;
      std::copy_n(problem_.centres + centre * problem_.d, problem_.d, centres_.get() + j * centreStride_);
      centreBias_[j] = biasOf(problem_.centreBias, centre);
      const T* value = problem_.values + centre * problem_.k;
      T* out = values_.get() + j * valueStride_;
      const T weight = problem_.weights == nullptr ? T(1) : problem_.weights[centre];
      for (std::size_t k = 0; k < problem_.k; ++k) out[k] = weight * value[k];
    }
  }

  void flush(double* totals) {
    const std::size_t k = problem_.k;
    for (std::size_t i = 0; i < count_; ++i) {
      const T* sums = sums_.get() + (i / width_) * k * width_ + i % width_;
      for (std::size_t c = 0; c < k; ++c) totals[i * k + c] += static_cast<double>(sums[c * width_]);
    }
    std::fill_n(sums_.get(), panels_ * k * width_, T(0));
  }

  const RidgeSumProblem<T>& problem_;
  const TileOperations<T>& operations_;
  std::size_t width_, first_, count_, panels_, centreStride_, valueStride_;
  Buffer<T> transposed_, queryBias_, centres_, centreBias_, values_, activations_, sums_;
};

template <class T>
void write(const RidgeSumProblem<T>& problem, std::size_t first, const std::vector<double>& totals) {
  for (std::size_t t = 0; t < totals.size(); ++t) {
    problem.out[first * problem.k + t] = static_cast<T>(problem.scale * totals[t]);
  }
}

}  // namespace

template <class T>
void ridgeSum(const RidgeSumProblem<T>& problem, Control& control) {
  const TileOperations<T> operations = ridge_tiles::tileOperations(T());
  const std::size_t width = operations.panelWidth;
  // Panels start at multiples of the panel width, and segments depend on the sizes alone, so that the arithmetic of a
  // query is the same however the work is shared out.
  const std::size_t panels = ceilDivide(problem.n, width);
  const std::size_t fitting = std::max<std::size_t>(1, kBlockBytes / (width * (problem.d + problem.k) * sizeof(T)));
  const std::size_t sharedOut = ceilDivide(panels, 4 * static_cast<std::size_t>(threadCount()));
  const std::size_t panelsPerBlock = std::min({kPanelsPerBlock, fitting, sharedOut});
  const std::size_t blocks = ceilDivide(panels, panelsPerBlock);
  const std::size_t affordable = std::max<std::size_t>(1, kMostPartialSums / (problem.n * problem.k));
  const std::size_t segments =
      panels >= kFewPanels ? 1 : std::min({kMostSegments, ceilDivide(problem.m, kSegment), affordable});
  // Whole flushes, so that no segment ends within one.
  const std::size_t segmentSize = ceilDivide(ceilDivide(problem.m, segments), kTile * kTilesPerFlush) * kTile * kTilesPerFlush;

  control.start(static_cast<std::uint64_t>(problem.n) * problem.m);
  std::vector<std::vector<double>> partial(segments > 1 ? blocks * segments : 0);
  const auto firstOf = [&](std::size_t block) { return block * panelsPerBlock * width; };
  parallelFor(blocks * segments, [&](std::size_t task) {
    const FlushDenormals flushDenormals;
    const std::size_t block = task / segments, segment = task % segments;
    const std::size_t count = std::min(panelsPerBlock * width, problem.n - firstOf(block));
    std::vector<double> totals(count * problem.k, 0.0);
    const std::size_t from = std::min(problem.m, segment * segmentSize);
    const std::size_t to = std::min(problem.m, from + segmentSize);
    if (from < to) Block<T>(problem, operations, firstOf(block), count).run(from, to, totals.data(), control);
    if (segments == 1) {
      write(problem, firstOf(block), totals);
    } else {
      partial[task] = std::move(totals);
    }
  });
  if (segments == 1) return;
  for (std::size_t block = 0; block < blocks; ++block) {
    std::vector<double>& totals = partial[block * segments];
    for (std::size_t segment = 1; segment < segments; ++segment) {
      const std::vector<double>& more = partial[block * segments + segment];
      for (std::size_t t = 0; t < totals.size(); ++t) totals[t] += more[t];
    }
    write(problem, firstOf(block), totals);
  }
}

template <class T>
void activate(T* values, std::size_t rows, std::size_t columns, const T* rowBias, const T* columnBias,
              const Nonlinearity<T>& function, Control& control) {
  constexpr std::size_t kChunk = 1U << 14;
  const TileOperations<T> operations = ridge_tiles::tileOperations(T());
  const std::size_t total = rows * columns;
  const std::size_t tasks = ceilDivide(total, kChunk);
  control.start(tasks);
  parallelFor(tasks, [&](std::size_t task) {
    const FlushDenormals flushDenormals;
    const std::size_t step = operations.panelWidth * 16;
    const Buffer<T> buffer = allocateBuffer<T>(step);
    const std::size_t end = std::min(total, (task + 1) * kChunk);
    for (std::size_t start = task * kChunk; start < end; start += step) {
      const std::size_t count = std::min(step, end - start);
      std::size_t row = start / columns, column = start % columns;
      for (std::size_t i = 0; i < count; ++i) {
        buffer[i] = values[start + i] + biasOf(rowBias, row) + biasOf(columnBias, column);
        if (++column == columns) {
          column = 0;
          ++row;
        }
      }
      std::fill(buffer.get() + count, buffer.get() + step, T(0));
      operations.apply(function, buffer.get(), step);
      std::copy_n(buffer.get(), count, values + start);
    }
    control.advance(1);
  });
}

template void ridgeSum<float>(const RidgeSumProblem<float>&, Control&);
template void ridgeSum<double>(const RidgeSumProblem<double>&, Control&);
template void activate<float>(float*, std::size_t, std::size_t, const float*, const float*, const Nonlinearity<float>&, Control&);
template void activate<double>(double*, std::size_t, std::size_t, const double*, const double*, const Nonlinearity<double>&, Control&);

}  // namespace ridgeflow
