#include "neighbours/count.hpp"

#include <bit>

#include "neighbours/tree_walk.hpp"

namespace ridgeflow {
namespace {

using box_scan::kChildren;
using box_scan::kLeaf;

/// Boxes that lie within or beyond the radius as a whole are not opened.
template <class T>
class Count {
 public:
  Count(const CountProblem<T>& problem, const BoxTree<T>& tree, const Control& control)
      : problem_(problem), tree_(tree), control_(control) {}

  std::int32_t run(std::size_t query) {
    x_ = problem_.queries + query * problem_.d;
    radius_ = problem_.radii[query];
    const double radius = radius_;
    const double compared = problem_.norm == Norm::kMaximum ? radius : radius * radius;
    // Rounding to T may move a distance across the radius by as much as one epsilon, which the margins have room for.
    beyond_ = computedAtMost<T>(compared, problem_.d);
    within_ = surelyBelow<T>(compared, problem_.d);
    count_ = 0;
    descend(tree_.levels() - 1, 0);
    const T* own = problem_.points + query * problem_.d;
    const bool self = problem_.excludeSelf && counts(comparedDistance(problem_.norm, x_, 1, own, 1, problem_.d));
    return static_cast<std::int32_t>(count_ - (self ? 1 : 0));
  }

 private:
  bool counts(double compared) const {
    const T distance = distanceOf<T>(problem_.norm, compared);
    return problem_.strict ? distance < radius_ : distance <= radius_;
  }

  void descend(std::size_t level, std::size_t group) {
    control_.check();
    alignas(64) T nearest[kChildren];
    alignas(64) T farthest[kChildren];
    const std::size_t first = group * kChildren;
    const std::size_t children = std::min(kChildren, tree_.boxes(level) - first);
    const auto& operations = tree_.operations();
    operations.boxes(tree_.lower(level, group), tree_.upper(level, group), x_, problem_.d, problem_.norm, nearest, farthest);
    const std::uint64_t all = (std::uint64_t{1} << children) - 1;
    const std::uint64_t whole = operations.atMost(farthest, kChildren, within_) & all;
    for (std::uint64_t rest = whole; rest != 0; rest &= rest - 1) {
      count_ += tree_.pointsBelow(level, first + static_cast<std::size_t>(std::countr_zero(rest)));
    }
    std::uint64_t open = operations.atMost(nearest, kChildren, beyond_) & all & ~whole;
    for (; open != 0; open &= open - 1) {
      const std::size_t child = first + static_cast<std::size_t>(std::countr_zero(open));
      if (tree_.onePoint(level, child)) {
        const T* corner = tree_.lower(level, group) + child % kChildren;
        if (counts(comparedDistance(problem_.norm, x_, 1, corner, kChildren, problem_.d))) count_ += tree_.pointsBelow(level, child);
      } else if (level == 0) {
        scan(child);
      } else {
        descend(level - 1, child);
      }
    }
  }

  void scan(std::size_t leaf) {
    alignas(64) T distances[kLeaf];
    const T* block = tree_.leafPoints(leaf);
    const auto& operations = tree_.operations();
    operations.points(block, x_, problem_.d, problem_.norm, distances);
    const std::uint64_t all = (std::uint64_t{1} << tree_.leafSize(leaf)) - 1;
    const std::uint64_t sure = operations.atMost(distances, kLeaf, within_) & all;
    count_ += static_cast<std::size_t>(std::popcount(sure));
    std::uint64_t open = operations.atMost(distances, kLeaf, beyond_) & all & ~sure;
    for (; open != 0; open &= open - 1) {
      const auto j = static_cast<std::size_t>(std::countr_zero(open));
      if (counts(comparedDistance(problem_.norm, x_, 1, block + j, kLeaf, problem_.d))) ++count_;
    }
  }

  const CountProblem<T>& problem_;
  const BoxTree<T>& tree_;
  const Control& control_;
  const T* x_ = nullptr;
  T radius_ = T(0), beyond_ = T(0), within_ = T(0);
  std::size_t count_ = 0;
};

}  // namespace

template <class T>
void countWithin(const CountProblem<T>& problem, Control& control) {
  if (problem.n == 0) return;
  control.start(problem.n);
  const BoxTree<T> tree(problem.points, problem.m, problem.d, control);
  forLocalShares(tree, problem.queries, problem.n, control, [&](const std::uint32_t* order, std::size_t count) {
    Count<T> counter(problem, tree, control);
    for (std::size_t i = 0; i < count; ++i) problem.counts[order[i]] = counter.run(order[i]);
  });
}

template void countWithin<float>(const CountProblem<float>&, Control&);
template void countWithin<double>(const CountProblem<double>&, Control&);

}  // namespace ridgeflow
