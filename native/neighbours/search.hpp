#pragma once

#include "neighbours/candidates.hpp"
#include "neighbours/neighbours.hpp"

namespace ridgeflow {

/// Above this dimension a tree visits most of its leaves, and tiles are faster.
inline constexpr std::size_t kTreeDimensions = 10;
/// Below this many points building a tree is not worth it.
inline constexpr std::size_t kTreePoints = 256;

template <class T>
void searchTree(const NeighbourProblem<T>& problem, Control& control);

template <class T>
void searchTiles(const NeighbourProblem<T>& problem, Control& control);

template <class T>
double squaredDistance(const T* a, const T* b, std::size_t d) {
  return comparedDistance(Norm::kEuclidean, a, 1, b, 1, d);
}

/// The search without shortcuts. It finds k points even where squared distances overflow to infinity.
template <class T>
void searchExactly(const NeighbourProblem<T>& problem, std::size_t query, Candidates<double>& found, const Control& control) {
  found.clear();
  const T* x = problem.queries + query * problem.d;
  for (std::size_t j = 0; j < problem.m; ++j) {
    if (j % 65536 == 0) control.check();
    if (problem.excludeSelf && query == j) continue;
    found.offer(squaredDistance(x, problem.points + j * problem.d, problem.d), static_cast<std::int32_t>(j));
  }
}

/// Writes the first k candidates of a query.
template <class T>
void writeNeighbours(const NeighbourProblem<T>& problem, std::size_t query, const Candidates<double>& found) {
  for (std::size_t r = 0; r < problem.k; ++r) {
    problem.distances[query * problem.k + r] = distanceOf<T>(problem.norm, found.entries()[r].distance);
    problem.indices[query * problem.k + r] = found.entries()[r].index;
  }
}

}  // namespace ridgeflow
