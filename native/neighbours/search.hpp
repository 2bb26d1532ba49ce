#pragma once

#include "neighbours/candidates.hpp"
#include "neighbours/neighbours.hpp"

namespace ridgeflow {

template <class T>
void searchTree(const NeighbourProblem<T>& problem, Control& control);

template <class T>
void searchAllPairs(const NeighbourProblem<T>& problem, Control& control);

/// Writes the first k candidates of a query.
template <class T>
void writeNeighbours(const NeighbourProblem<T>& problem, std::size_t query, const Candidates<double>& found) {
  for (std::size_t r = 0; r < problem.k; ++r) {
    problem.distances[query * problem.k + r] = distanceOf<T>(problem.norm, found.entries()[r].distance);
    problem.indices[query * problem.k + r] = found.entries()[r].index;
  }
}

}  // namespace ridgeflow
