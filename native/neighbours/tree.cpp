#include <algorithm>
#include <cmath>
#include <limits>

#include <nanoflann.hpp>

#include "neighbours/search.hpp"
#include "runtime/parallel.hpp"

namespace ridgeflow {
namespace {

template <class T>
struct Cloud {
  const T* points;
  std::size_t m, d;
  std::size_t kdtree_get_point_count() const { return m; }
  double kdtree_get_pt(std::size_t index, std::size_t k) const { return points[index * d + k]; }
  template <class Box>
  bool kdtree_get_bbox(Box&) const {
    return false;
  }
};

/// nanoflann's result set, with exact ties: the tree offers what is closer than worstDist(), so that is the next
/// number above the worst kept distance, and a tie can still win by its lower index.
class TieBreakingSet {
 public:
  TieBreakingSet(Candidates<double>& found, std::int32_t excluded) : found_(found), excluded_(excluded) {}
  using DistanceType = double;
  std::size_t size() const { return found_.entries().size(); }
  bool full() const { return found_.full(); }
  bool addPoint(double distance, std::uint32_t index) {
    if (static_cast<std::int32_t>(index) != excluded_) found_.offer(distance, static_cast<std::int32_t>(index));
    return true;
  }
  double worstDist() const {
    return found_.full() ? std::nextafter(found_.worst(), std::numeric_limits<double>::infinity())
                         : std::numeric_limits<double>::max();
  }

 private:
  Candidates<double>& found_;
  std::int32_t excluded_;
};

}  // namespace

template <class T>
void searchTree(const NeighbourProblem<T>& problem, Control& control) {
  using Tree = nanoflann::KDTreeSingleIndexAdaptor<nanoflann::L2_Simple_Adaptor<double, Cloud<T>>, Cloud<T>, -1>;
  const Cloud<T> cloud{problem.points, problem.m, problem.d};
  control.check();
  const Tree tree(static_cast<int>(problem.d), cloud, nanoflann::KDTreeSingleIndexAdaptorParams(16));
  constexpr std::size_t kShare = 256;
  parallelFor((problem.n + kShare - 1) / kShare, [&](std::size_t task) {
    Candidates<double> found(problem.k);
    std::vector<double> query(problem.d);
    const std::size_t end = std::min(problem.n, (task + 1) * kShare);
    for (std::size_t i = task * kShare; i < end; ++i) {
      found.clear();
      for (std::size_t k = 0; k < problem.d; ++k) query[k] = problem.queries[i * problem.d + k];
      TieBreakingSet results(found, problem.excludeSelf ? static_cast<std::int32_t>(i) : -1);
      tree.findNeighbors(results, query.data(), nanoflann::SearchParams());
      if (!found.full()) searchExactly(problem, i, found, control);  // distances overflowed: the tree offers no such point
      writeNeighbours(problem, i, found);
    }
    control.advance(end - task * kShare);
  });
}

template void searchTree<float>(const NeighbourProblem<float>&, Control&);
template void searchTree<double>(const NeighbourProblem<double>&, Control&);

}  // namespace ridgeflow
