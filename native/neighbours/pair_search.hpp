#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <utility>
#include <vector>

#include "neighbours/byte_filter.hpp"
#include "neighbours/float_filter.hpp"
#include "neighbours/pair_squares.hpp"
#include "neighbours/rounding.hpp"
#include "runtime/query_blocks.hpp"

// The search over all pairs of queries and points: a filter drops most of them by products of tiles, and what is left is
// measured from differences. Its answer does not depend on the filter.

namespace ridgeflow {

template <class T>
struct PairProblem {
  const T* queries = nullptr;  ///< n × d
  std::size_t n = 0;
  const T* points = nullptr;  ///< m × d
  std::size_t m = 0;
  std::size_t d = 0;
  bool excludeSelf = false;
};

/// A block of queries. `Found` keeps what is found of them:
///   double wanted(local)                 pairs whose compared distance is not below it are of no use; negative: none is
///   void offer(local, compared, index)   points come in ascending order of their rows
template <class T, class Found>
class PairBlock {
 public:
  PairBlock(const PairProblem<T>& problem, std::size_t first, std::size_t count, Found& found)
      : problem_(problem), operations_(neighbour_tiles::pairOperations(T())), first_(first), count_(count), found_(found), wanted_(count), limits_(count) {}

  /// Against all points; with `mayGiveUp` returns false, early, where the filter leaves so many pairs that it does not pay.
  template <class Filter>
  bool run(Filter& filter, bool mayGiveUp, const Control& control) {
    using neighbour_tiles::Hit;
    const std::size_t width = filter.width();
    hits_.resize(neighbour_tiles::kTile * width);
    values_.resize(hits_.size());
    exact_.resize(hits_.size());
    for (std::size_t local = 0; local < count_; ++local) want(filter, local, found_.wanted(local));
    const std::size_t trial = std::clamp(problem_.m / 4, kLeastTrial, kMostTrial);
    for (std::size_t row = 0, rows = 0, since = 0; row < problem_.m; row += rows) {
      rows = std::min(tileAt(row), problem_.m - row);
      filter.read(row, rows);
      for (std::size_t local = 0; local < count_; local += width) {
        const Hit* end = filter.near(local, row, rows, hits_.data());
        if (end == hits_.data()) continue;
        measure(filter, local, row, static_cast<std::size_t>(end - hits_.data()));
      }
      control.check();
      if (mayGiveUp && row - since >= trial / 2) {
        // What the first rows leave is no guide: they only begin to say what is near.
        if (since > 0 && static_cast<double>(wasted_) > worthwhile() * static_cast<double>(count_ * (row - since))) return false;
        since = row;
        wasted_ = 0;
      }
    }
    return true;
  }

 private:
  static constexpr std::size_t kFirstTile = 8;
  static constexpr std::size_t kLeastTrial = 512, kMostTrial = 4096;  // rows

  /// Short tiles first, since all their pairs are measured.
  static std::size_t tileAt(std::size_t row) {
    return row < neighbour_tiles::kTile ? std::max(kFirstTile, row) : neighbour_tiles::kTile;
  }

  /// The share of pairs that a filter may leave in vain: at that cost, products in floating point do as well.
  double worthwhile() const {
    const auto d = static_cast<double>(problem_.d);
    return d / (8.0 * (d + 60.0));
  }

  template <class Filter>
  void want(Filter& filter, std::size_t local, double wanted) {
    wanted_[local] = wanted;
    limits_[local] = wanted < 0.0 ? T(-1) : computedAtMost<T>(wanted, problem_.d);
    filter.want(local, wanted);
  }

  template <class Filter>
  void measure(Filter& filter, std::size_t local, std::size_t row, std::size_t count) {
    const std::size_t lanes = count_ - local;
    const T* queries = problem_.queries + (first_ + local) * problem_.d;
    const T* points = problem_.points + row * problem_.d;
    count = keep(count, [&](std::size_t i) {
      const auto& hit = hits_[i];
      return hit.lane < lanes && !(problem_.excludeSelf && first_ + local + hit.lane == row + hit.row);
    });
    operations_.squares(queries, points, problem_.d, hits_.data(), count, values_.data());
    wasted_ += count;
    count = keep(count, [&](std::size_t i) { return !(values_[i] > limits_[local + hits_[i].lane]); });
    wasted_ -= count;
    operations_.exactSquares(queries, points, problem_.d, hits_.data(), count, exact_.data());
    for (std::size_t i = 0; i < count; ++i) {
      found_.offer(local + hits_[i].lane, exact_[i], static_cast<std::int32_t>(row + hits_[i].row));
    }
    for (std::size_t i = 0; i < count; ++i) {
      const std::size_t query = local + hits_[i].lane;
      const double wanted = found_.wanted(query);
      if (wanted != wanted_[query]) want(filter, query, wanted);
    }
  }

  template <class Keep>
  std::size_t keep(std::size_t count, const Keep& wanted) {
    std::size_t kept = 0;
    for (std::size_t i = 0; i < count; ++i) {
      // Without a branch, which would be taken at random.
      const neighbour_tiles::Hit hit = hits_[i];
      const bool keeps = wanted(i);
      hits_[kept] = hit;
      kept += keeps ? 1 : 0;
    }
    return kept;
  }

  const PairProblem<T>& problem_;
  neighbour_tiles::PairOperations<T> operations_;
  std::size_t first_, count_;
  Found& found_;
  std::size_t wasted_ = 0;
  std::vector<double> wanted_;
  std::vector<T> limits_;  // what a pair may compute to in T and still be wanted
  std::vector<neighbour_tiles::Hit> hits_;
  std::vector<T> values_;
  std::vector<double> exact_;
};

/// Panels of queries of `bytes` each that a block may have and stay in a second-level cache.
inline std::size_t panelsFor(std::size_t bytes) { return std::clamp<std::size_t>((1U << 19) / bytes, 1, 16); }

/// Searches all queries, block by block: `make(first, count)` gives the Found of a block, and `take(first, count, found)`
/// receives it when it has seen all points. O(nmd) time. Throws Aborted.
template <class T, class Make, class Take>
void searchPairs(const PairProblem<T>& problem, const Make& make, const Take& take, Control& control) {
  using Found = decltype(make(std::size_t(), std::size_t()));
  constexpr std::size_t kFewQueries = 64;  // rounding all points does not pay for fewer
  const std::vector<double> origin = medianOfRows(problem.points, problem.m, problem.d);
  const auto search = [&](auto& filter, std::size_t first, std::size_t count, bool mayGiveUp) {
    Found found = make(first, count);
    if (!PairBlock<T, Found>(problem, first, count, found).run(filter, mayGiveUp, control)) return false;
    take(first, count, found);
    control.advance(count);
    return true;
  };

  std::vector<std::pair<std::size_t, std::size_t>> left;
  bool all = true;
  if (problem.n >= kFewQueries) {
    const ByteCloud<T> bytes(problem.points, problem.m, problem.d, origin, control);
    if (bytes.usable()) {
      all = false;
      std::mutex mutex;
      const std::size_t width = bytes.operations().panelWidth;
      forQueryBlocks(problem.n, width, [&](std::size_t first, std::size_t count) {
        ByteFilter<T> filter(bytes, problem.queries, first, count);
        if (search(filter, first, count, true)) return;
        const std::lock_guard<std::mutex> lock(mutex);
        left.emplace_back(first, count);
      }, panelsFor(width * 4 * bytes.groups()));
    }
  }
  if (!all && left.empty()) return;
  const CentredCloud<T> cloud(problem.points, problem.m, problem.d, origin);
  const auto inFloat = [&](std::size_t first, std::size_t count) {
    FloatFilter<T> filter(cloud, problem.queries, first, count);
    search(filter, first, count, false);
  };
  if (all) {
    forQueryBlocks(problem.n, cloud.operations.panelWidth, inFloat, panelsFor(cloud.operations.panelWidth * problem.d * sizeof(T)));
  } else {
    parallelFor(left.size(), [&](std::size_t i) { inFloat(left[i].first, left[i].second); });
  }
}

}  // namespace ridgeflow
