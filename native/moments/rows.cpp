#include <algorithm>
#include <vector>

#include "moments/moments.hpp"
#include "runtime/memory.hpp"
#include "runtime/parallel.hpp"

namespace ridgeflow {
namespace {

constexpr std::size_t kElements = 1U << 16;  // that one task reads
constexpr std::size_t kColumns = 128;        // summed by one task: whole cache lines of every row

/// Runs body(first, end) on parts of the rows.
template <class Body>
void forRows(std::size_t n, std::size_t d, const Body& body) {
  const std::size_t share = std::max<std::size_t>(1, kElements / d);
  parallelFor(ceilDivide(n, share), [&](std::size_t task) { body(task * share, std::min(n, (task + 1) * share)); });
}

/// Columns [first, end) of the means, each about the first row of its group: the mean of equal values is that value exactly.
template <class T>
void sumColumns(const T* points, std::size_t n, std::size_t d, const std::int32_t* groups,
                const std::vector<std::size_t>& firstRows, std::size_t first, std::size_t end, double* sums,
                const Control& control) {
  const std::size_t rowsAtOnce = std::max<std::size_t>(1, kElements / (end - first));
  for (std::size_t start = 0; start < n; start += rowsAtOnce) {
    control.check();
    for (std::size_t i = start; i < std::min(n, start + rowsAtOnce); ++i) {
      const auto group = static_cast<std::size_t>(groups[i]);
      const T *row = points + i * d, *origin = points + firstRows[group] * d;
      double* sum = sums + group * d;
      for (std::size_t k = first; k < end; ++k) sum[k] += static_cast<double>(row[k]) - static_cast<double>(origin[k]);
    }
  }
}

/// Σ (row[k] − centre[k])². Eight sums side by side keep the additions from waiting for each other.
template <class T>
double squaredDistance(const T* row, const double* centre, std::size_t d) {
  constexpr std::size_t kSums = 8;
  double sums[kSums] = {};
  std::size_t k = 0;
  for (; k + kSums <= d; k += kSums) {
    for (std::size_t j = 0; j < kSums; ++j) {
      const double difference = row[k + j] - centre[k + j];
      sums[j] += difference * difference;
    }
  }
  for (; k < d; ++k) {
    const double difference = row[k] - centre[k];
    sums[k % kSums] += difference * difference;
  }
  return ((sums[0] + sums[1]) + (sums[2] + sums[3])) + ((sums[4] + sums[5]) + (sums[6] + sums[7]));
}

}  // namespace

template <class T>
void centredRows(const T* points, const RowSelection& rows, std::size_t d, const double* centre, double factor, T* out,
                 Control& control) {
  control.start(rows.count);
  forRows(rows.count, d, [&](std::size_t first, std::size_t end) {
    for (std::size_t i = first; i < end; ++i) {
      const T* row = points + rows[i] * d;
      for (std::size_t k = 0; k < d; ++k) out[i * d + k] = static_cast<T>((row[k] - centre[k]) * factor);
    }
    control.advance(end - first);
  });
}

template <class T>
void groupMoments(const T* points, std::size_t n, std::size_t d, const std::int32_t* groups, std::size_t groupCount,
                  double* means, double* squares, Control& control) {
  std::vector<std::size_t> counts(groupCount, 0), firstRows(groupCount, 0);
  for (std::size_t i = 0; i < n; ++i) {
    const auto group = static_cast<std::size_t>(groups[i]);
    if (counts[group]++ == 0) firstRows[group] = i;
  }
  std::fill_n(means, groupCount * d, 0.0);
  std::fill_n(squares, groupCount, 0.0);
  control.start(n);
  parallelFor(ceilDivide(d, kColumns), [&](std::size_t task) {
    const std::size_t first = task * kColumns, end = std::min(d, first + kColumns);
    sumColumns(points, n, d, groups, firstRows, first, end, means, control);
    for (std::size_t group = 0; group < groupCount; ++group) {
      if (counts[group] == 0) continue;
      const T* origin = points + firstRows[group] * d;
      for (std::size_t k = first; k < end; ++k) {
        means[group * d + k] = origin[k] + means[group * d + k] / static_cast<double>(counts[group]);
      }
    }
  });
  std::vector<double> distances(n);
  forRows(n, d, [&](std::size_t first, std::size_t end) {
    for (std::size_t i = first; i < end; ++i) {
      distances[i] = squaredDistance(points + i * d, means + static_cast<std::size_t>(groups[i]) * d, d);
    }
    control.advance(end - first);
  });
  for (std::size_t i = 0; i < n; ++i) squares[groups[i]] += distances[i];
}

template void centredRows<float>(const float*, const RowSelection&, std::size_t, const double*, double, float*, Control&);
template void centredRows<double>(const double*, const RowSelection&, std::size_t, const double*, double, double*, Control&);
template void groupMoments<float>(const float*, std::size_t, std::size_t, const std::int32_t*, std::size_t, double*, double*, Control&);
template void groupMoments<double>(const double*, std::size_t, std::size_t, const std::int32_t*, std::size_t, double*, double*, Control&);

}  // namespace ridgeflow
