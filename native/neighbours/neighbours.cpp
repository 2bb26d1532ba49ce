#include "neighbours/neighbours.hpp"

#include <cmath>

#include "neighbours/byte_tiles.hpp"
#include "neighbours/local_dimension.hpp"
#include "neighbours/search.hpp"

namespace ridgeflow {
namespace {

constexpr std::size_t kTreePoints = 256, kTreeQueries = 128;  // below, building a tree does not pay
constexpr std::size_t kAlwaysTree = 4;   // coordinates up to which it always does otherwise
constexpr std::size_t kSampled = 4096;   // points above which a sample decides, and below:
constexpr std::size_t kTreeOfFew = 7;    // coordinates up to which a tree of fewer is faster

/// Whether a tree is faster than all pairs: it is where the points fill few dimensions. Measured: up to 8.5 of 10
/// coordinates, 6.5 of 32 and 5 of 128 at 40 000 points.
template <class T>
bool treeIsFaster(const NeighbourProblem<T>& problem) {
  if (problem.norm == Norm::kMaximum) return true;  // all pairs have no other way
  if (problem.m < kTreePoints || problem.n < kTreeQueries) return false;
  if (problem.d <= kAlwaysTree) return true;
  if (problem.m < kSampled) return problem.d <= kTreeOfFew;
  const double most = 8.5 * std::pow(static_cast<double>(problem.d) / 10.0, -0.2) *
                      std::pow(static_cast<double>(problem.m) / 40000.0, 0.08);
  const double pairsAreSlower = neighbour_tiles::byteOperations().panelWidth > 0 ? 1.0 : 1.25;
  return localDimension(problem.queries, problem.n, problem.points, problem.m, problem.d) < most * pairsAreSlower;
}

}  // namespace

template <class T>
void nearestNeighbours(const NeighbourProblem<T>& problem, Control& control) {
  if (problem.n == 0) return;
  control.start(problem.n);
  treeIsFaster(problem) ? searchTree(problem, control) : searchAllPairs(problem, control);
}

template void nearestNeighbours<float>(const NeighbourProblem<float>&, Control&);
template void nearestNeighbours<double>(const NeighbourProblem<double>&, Control&);

}  // namespace ridgeflow
