#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "neighbours/neighbours.hpp"

// The neighbour search as the native tests call it, and the definition that they compare it with.

namespace ridgeflow::testing {

template <class T>
struct FoundNeighbours {
  std::vector<T> distances;
  std::vector<std::int32_t> indices;
};

template <class T>
FoundNeighbours<T> findNeighbours(const std::vector<T>& queries, const std::vector<T>& points, std::size_t d, std::size_t k,
                                  bool excludeSelf, Control& control, Norm norm = Norm::kEuclidean) {
  NeighbourProblem<T> problem;
  problem.queries = queries.data();
  problem.n = queries.size() / d;
  problem.points = points.data();
  problem.m = points.size() / d;
  problem.d = d;
  problem.k = k;
  problem.norm = norm;
  problem.excludeSelf = excludeSelf;
  FoundNeighbours<T> found{std::vector<T>(problem.n * k), std::vector<std::int32_t>(problem.n * k)};
  problem.distances = found.distances.data();
  problem.indices = found.indices.data();
  nearestNeighbours(problem, control);
  return found;
}

/// Neighbours of every query against all distances from their definition: to the bit, ties by row number.
template <class T>
void expectNeighbours(const std::vector<T>& queries, const std::vector<T>& points, std::size_t d, std::size_t k,
                      bool excludeSelf, Norm norm = Norm::kEuclidean) {
  Control control;
  const FoundNeighbours<T> found = findNeighbours(queries, points, d, k, excludeSelf, control, norm);
  const std::size_t n = queries.size() / d, m = points.size() / d;
  for (std::size_t i = 0; i < n; ++i) {
    std::vector<std::pair<double, std::int32_t>> all;
    for (std::size_t j = 0; j < m; ++j) {
      if (excludeSelf && i == j) continue;
      double square = 0.0, largest = 0.0;
      for (std::size_t c = 0; c < d; ++c) {
        const double difference = static_cast<double>(queries[i * d + c]) - static_cast<double>(points[j * d + c]);
        square += difference * difference;
        largest = std::max(largest, std::abs(difference));
      }
      all.emplace_back(norm == Norm::kMaximum ? largest : square, static_cast<std::int32_t>(j));
    }
    std::partial_sort(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(k), all.end());
    for (std::size_t r = 0; r < k; ++r) {
      const double distance = norm == Norm::kMaximum ? all[r].first : std::sqrt(all[r].first);
      ASSERT_EQ(found.indices[i * k + r], all[r].second) << "n=" << n << " m=" << m << " d=" << d << " k=" << k << " query " << i;
      ASSERT_EQ(found.distances[i * k + r], static_cast<T>(distance));
    }
  }
}

}  // namespace ridgeflow::testing
