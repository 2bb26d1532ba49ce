#include <vector>

#include "neighbours/pair_search.hpp"
#include "neighbours/search.hpp"

namespace ridgeflow {
namespace {

/// The nearest points so far of a block of queries.
class Nearest {
 public:
  Nearest(std::size_t count, std::size_t k) : candidates_(count, Candidates<double>(k)) {}

  double wanted(std::size_t local) const {
    // Rows ascend, and of points as near as each other the first stays: a point at distance 0 cannot be displaced.
    const double worst = candidates_[local].worst();
    return worst > 0.0 ? worst : -1.0;
  }

  void offer(std::size_t local, double compared, std::int32_t index) { candidates_[local].offer(compared, index); }

  const Candidates<double>& of(std::size_t local) const { return candidates_[local]; }

 private:
  std::vector<Candidates<double>> candidates_;
};

}  // namespace

template <class T>
void searchAllPairs(const NeighbourProblem<T>& problem, Control& control) {
  const PairProblem<T> pairs{problem.queries, problem.n, problem.points, problem.m, problem.d, problem.excludeSelf};
  searchPairs(
      pairs, [&](std::size_t, std::size_t count) { return Nearest(count, problem.k); },
      [&](std::size_t first, std::size_t count, const Nearest& found) {
        for (std::size_t local = 0; local < count; ++local) writeNeighbours(problem, first + local, found.of(local));
      },
      control);
}

template void searchAllPairs<float>(const NeighbourProblem<float>&, Control&);
template void searchAllPairs<double>(const NeighbourProblem<double>&, Control&);

}  // namespace ridgeflow
