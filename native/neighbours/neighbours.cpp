#include "neighbours/neighbours.hpp"

#include "neighbours/search.hpp"

namespace ridgeflow {

template <class T>
void nearestNeighbours(const NeighbourProblem<T>& problem, Control& control) {
  if (problem.n == 0) return;
  control.start(problem.n);
  if (problem.norm == Norm::kMaximum || (problem.d <= kTreeDimensions && problem.m >= kTreePoints)) {
    searchTree(problem, control);
  } else {
    searchAllPairs(problem, control);
  }
}

template void nearestNeighbours<float>(const NeighbourProblem<float>&, Control&);
template void nearestNeighbours<double>(const NeighbourProblem<double>&, Control&);

}  // namespace ridgeflow
