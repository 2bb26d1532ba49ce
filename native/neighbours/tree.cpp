#include <array>
#include <bit>
#include <limits>

#include "neighbours/search.hpp"
#include "neighbours/tree_walk.hpp"

namespace ridgeflow {
namespace {

using box_scan::kChildren;
using box_scan::kLeaf;

/// The search of one query after another: boxes nearest first, as long as they could hold a nearer point.
template <class T>
class Search {
 public:
  Search(const NeighbourProblem<T>& problem, const BoxTree<T>& tree, const Control& control)
      : problem_(problem), tree_(tree), control_(control), found_(problem.k) {}

  const Candidates<double>& run(std::size_t query) {
    query_ = query;
    x_ = problem_.queries + query * problem_.d;
    found_.clear();
    limit_ = std::numeric_limits<T>::infinity();
    descend(tree_.levels() - 1, 0);
    return found_;
  }

 private:
  void descend(std::size_t level, std::size_t group) {
    control_.check();
    alignas(64) T nearest[kChildren];
    const std::size_t first = group * kChildren;
    const std::size_t children = std::min(kChildren, tree_.boxes(level) - first);
    const auto& operations = tree_.operations();
    operations.boxes(tree_.lower(level, group), tree_.upper(level, group), x_, problem_.d, problem_.norm, nearest, nullptr);
    std::uint64_t open = operations.atMost(nearest, kChildren, limit_) & ((std::uint64_t{1} << children) - 1);
    std::array<std::uint8_t, kChildren> order;
    std::size_t count = 0;
    for (; open != 0; open &= open - 1) {
      const auto child = static_cast<std::uint8_t>(std::countr_zero(open));
      std::size_t at = count++;
      for (; at > 0 && nearest[order[at - 1]] > nearest[child]; --at) order[at] = order[at - 1];
      order[at] = child;
    }
    for (std::size_t i = 0; i < count && nearest[order[i]] <= limit_; ++i) {
      if (!canWin(level, group, order[i])) continue;
      if (level == 0) {
        scan(first + order[i]);
      } else {
        descend(level - 1, first + order[i]);
      }
    }
  }

  /// Whether a point of the box might be taken, of those as near as the last one found the one with the smaller row number:
  /// without this, points that coincide would all be looked at.
  bool canWin(std::size_t level, std::size_t group, std::size_t child) const {
    const std::size_t box = group * kChildren + child;
    const std::int32_t row = tree_.firstRow(level, box);
    if (!tree_.onePoint(level, box)) return found_.wants(0.0, row);
    const T* corner = tree_.lower(level, group) + child;
    return found_.wants(comparedDistance(problem_.norm, x_, 1, corner, kChildren, problem_.d), row);
  }

  void scan(std::size_t leaf) {
    alignas(64) T distances[kLeaf];
    const T* block = tree_.leafPoints(leaf);
    const std::int32_t* rows = tree_.leafRows(leaf);
    const auto& operations = tree_.operations();
    operations.points(block, x_, problem_.d, problem_.norm, distances);
    std::uint64_t open = operations.atMost(distances, kLeaf, limit_) & ((std::uint64_t{1} << tree_.leafSize(leaf)) - 1);
    for (; open != 0; open &= open - 1) {
      const auto j = static_cast<std::size_t>(std::countr_zero(open));
      if (!(distances[j] <= limit_)) continue;
      if (problem_.excludeSelf && static_cast<std::size_t>(rows[j]) == query_) continue;
      found_.offer(comparedDistance(problem_.norm, x_, 1, block + j, kLeaf, problem_.d), rows[j]);
      if (found_.full()) limit_ = computedAtMost<T>(found_.worst(), problem_.d);
    }
  }

  const NeighbourProblem<T>& problem_;
  const BoxTree<T>& tree_;
  const Control& control_;
  Candidates<double> found_;
  std::size_t query_ = 0;
  const T* x_ = nullptr;
  /// What a point or a box may compute to and still be worth a look.
  T limit_ = T(0);
};

}  // namespace

template <class T>
void searchTree(const NeighbourProblem<T>& problem, Control& control) {
  const BoxTree<T> tree(problem.points, problem.m, problem.d, control);
  forLocalShares(tree, problem.queries, problem.n, control, [&](const std::uint32_t* order, std::size_t count) {
    Search<T> search(problem, tree, control);
    for (std::size_t i = 0; i < count; ++i) writeNeighbours(problem, order[i], search.run(order[i]));
  });
}

template void searchTree<float>(const NeighbourProblem<float>&, Control&);
template void searchTree<double>(const NeighbourProblem<double>&, Control&);

}  // namespace ridgeflow
