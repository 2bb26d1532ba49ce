#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <stdexcept>
#include <vector>

#include "transport/exact.hpp"
#include "transport/exact_sum.hpp"
#include "transport/spanning_tree.hpp"
#include "transport/whole_masses.hpp"

namespace ridgeflow {

/// A spanning tree of sources, targets and a root: nodes 0 … n − 1, n … n + m − 1, n + m. An arc leads from sources
/// to targets, from sources to the root and from the root to targets, so that the arc of a source to its parent goes
/// up and that of a target comes down. Reduced costs are c + π_source − π_target.
///
/// The arcs from the root to targets cost more than any sum of the others. Of a node below one of them the potential
/// has that cost in it, once: it is kept apart as the level of the node, 0 or 1, so that it takes no digits from the
/// rest. Forbidden arcs cost ∞ and are never entered.
class TransportBasis {
 public:
  TransportBasis(const double* costs, std::size_t n, std::size_t m, const double* supplies, const double* demands)
      : costs_(costs),
        n_(n),
        m_(m),
        supplies_(supplies),
        demands_(demands),
        root_(static_cast<Node>(n + m)),
        tree_(n + m + 1),
        flow_(n + m + 1, 0),
        potential_(n + m + 1, 0.0),
        level_(n + m + 1, 0),
        error_(n + m + 1, 0.0),
        fromGround_(m, 0.0),
        fromAbove_(m, 0.0) {
    double largest = std::numeric_limits<double>::min();
    for (std::size_t k = 0; k < n * m; ++k) {
      if (const double size = std::abs(costs[k]); size > largest && std::isfinite(size)) largest = size;
    }
    // In the search alone: above the differences of all potentials.
    penalty_ = std::min(4 * static_cast<double>(n + m) * largest, std::numeric_limits<double>::max() / 8);
    // Equal weights are exact in units of 1/nm, so that the plan between as many points is a permutation.
    const bool equal = allEqual(supplies, n) && allEqual(demands, m);
    if (equal) total_ = static_cast<Mass>(n) * static_cast<Mass>(m);
    const std::vector<Mass> supply = wholeMasses(supplies, n, total_, equal ? static_cast<Mass>(m) : 0);
    const std::vector<Mass> demand = wholeMasses(demands, m, total_, equal ? static_cast<Mass>(n) : 0);
    for (Node node = 0; node < root_; ++node) {
      const bool isSource = source(node);
      tree_.link(node, root_);
      tree_.updateDepth(node);
      flow_[at(node)] = isSource ? supply[at(node)] : demand[at(node) - n];
      level_[at(node)] = isSource ? 0 : 1;
      prepareSearch(node);
    }
  }

  double potential(Node node) const { return potential_[at(node)]; }
  std::uint8_t level(Node node) const { return level_[at(node)]; }
  double error(Node node) const { return error_[at(node)]; }

  /// What the costs of a source's arcs are compared with, for every target.
  const double* searched(Node from) const { return level_[at(from)] == 0 ? fromGround_.data() : fromAbove_.data(); }

  /// Below −tolerance, a reduced cost made of potentials that were updated along the way is negative.
  double tolerance() const { return kRelativeTolerance * largestPotential_; }

  /// From here on potentials are derived from the tree, with bounds of what they were rounded by.
  void beginExact() {
    exact_ = true;
    refreshPotentials();
  }

  /// Whether an arc has a negative reduced cost, beyond the rounding of that cost itself. Where the rounding of potentials
  /// hides the sign, it comes from an exact sum over the cycle.
  bool improves(Node from, Node to) {
    const double entering = cost(from, to);
    if (!std::isfinite(entering) || level_[at(from)] > level_[at(to)]) return false;
    if (level_[at(from)] < level_[at(to)]) return true;
    if (tree_.parent(from) == to || tree_.parent(to) == from) return false;
    double reduced = entering - potential_[at(to)] + potential_[at(from)];
    const double error = error_[at(from)] + error_[at(to)];
    if (reduced > error) return false;
    if (reduced >= -error) reduced = exactReduced(from, to);
    return reduced < -kEnteringTolerance * std::abs(entering);
  }

  /// Brings the arc from → to into the tree. Of the arcs that could leave, the last on the way round the cycle from its
  /// apex keeps the tree strongly feasible.
  void pivot(Node from, Node to) {
    const Node apex = tree_.apex(from, to);
    Mass delta = kFine;
    Node leaving = kNone;
    bool onSourceSide = true;
    for (Node u = from; u != apex; u = tree_.parent(u)) {
      if (source(u) && flow_[at(u)] < delta) {
        delta = flow_[at(u)];
        leaving = u;
      }
    }
    for (Node u = to; u != apex; u = tree_.parent(u)) {
      if (!source(u) && flow_[at(u)] <= delta) {
        delta = flow_[at(u)];
        leaving = u;
        onSourceSide = false;
      }
    }
    if (leaving == kNone) throw std::runtime_error("The transport problem has no finite optimum");
    for (Node u = from; u != apex; u = tree_.parent(u)) flow_[at(u)] += source(u) ? -delta : delta;
    for (Node u = to; u != apex; u = tree_.parent(u)) flow_[at(u)] += source(u) ? delta : -delta;

    const Node inside = onSourceSide ? from : to, outside = onSourceSide ? to : from;
    Node node = inside, above = outside;
    Mass flow = delta;
    for (;;) {
      const Node oldParent = tree_.parent(node);
      tree_.unlink(node);
      tree_.link(node, above);
      std::swap(flow_[at(node)], flow);
      if (node == leaving) break;
      above = node;
      node = oldParent;
    }
    const double reduced = cost(from, to) + potential_[at(from)] - potential_[at(to)];
    shift(inside, onSourceSide ? -reduced : reduced);
  }

  void refreshPotentials() {
    largestPotential_ = 0.0;
    for (Node top = tree_.firstChild(root_); top != kNone; top = tree_.sibling(top)) {
      tree_.visit(top, [&](Node node) { derive(node); });
    }
  }

  /// Whether mass is left that only forbidden arcs could take: more than the rounding of the weights.
  bool infeasible() const {
    Mass unserved = 0;
    for (Node node = tree_.firstChild(root_); node != kNone; node = tree_.sibling(node)) {
      const Mass flow = flow_[at(node)];
      const double weight = source(node) ? supplies_[at(node)] : demands_[at(node) - n_];
      if (flow > 1 && asDouble(flow) > 0.5 * weight * asDouble(total_)) return true;
      unserved += flow;
    }
    return asDouble(unserved) > 0x1p-40 * asDouble(total_);
  }

  void write(SparsePlan& plan, double* u, double* v) const {
    plan.count = 0;
    for (Node node = 0; node < root_; ++node) {
      const Node above = tree_.parent(node);
      if (above == root_ || flow_[at(node)] == 0) continue;
      const Node from = source(node) ? node : above, to = source(node) ? above : node;
      if (supplies_[at(from)] == 0 || demands_[at(to) - n_] == 0) continue;
      plan.rows[plan.count] = from;
      plan.columns[plan.count] = to - static_cast<Node>(n_);
      const double mass = asDouble(flow_[at(node)]) / asDouble(total_);
      plan.masses[plan.count++] = restored(mass, std::min(supplies_[at(from)], demands_[at(to) - n_]));
    }
    const double raised = levelDifference();
    for (std::size_t i = 0; i < n_; ++i) u[i] = -potential_[i] - raised * level_[i];
    for (std::size_t j = 0; j < m_; ++j) v[j] = potential_[n_ + j] + raised * level_[n_ + j];
  }

 private:
  static constexpr double kRelativeTolerance = 1e-12;  // of potentials that were updated along the way
  static constexpr double kEnteringTolerance = 0x1p-50;  // of the cost of an arc

  static std::size_t at(Node node) { return static_cast<std::size_t>(node); }
  bool source(Node node) const { return at(node) < n_; }
  double cost(Node from, Node to) const { return costs_[at(from) * m_ + at(to) - n_]; }

  static bool allEqual(const double* weights, std::size_t count) {
    return std::all_of(weights, weights + count, [weights](double weight) { return weight == weights[0]; });
  }

  /// What the costs of arcs to a target are compared with: of a source on the ground, targets above are the better by
  /// the penalty; of a source above, those on the ground are out of the question.
  void prepareSearch(Node node) {
    if (source(node) || node == root_) return;
    const std::size_t j = at(node) - n_;
    const double value = potential_[at(node)] + error_[at(node)];
    const bool above = level_[at(node)] == 1;
    fromGround_[j] = above ? value + penalty_ : value;
    fromAbove_[j] = above ? value : -std::numeric_limits<double>::infinity();
  }

  double exactReduced(Node from, Node to) {
    sum_.clear();
    sum_.add(cost(from, to));
    Node a = from, b = to;
    while (a != b) {
      const bool onSourceSide = tree_.depth(a) >= tree_.depth(b);
      Node& node = onSourceSide ? a : b;
      const double arc = arcCost(node);
      sum_.add(onSourceSide == source(node) ? -arc : arc);
      node = tree_.parent(node);
    }
    return sum_.value();
  }

  /// The whole of a weight that is moved at once is not rounded to units.
  static double restored(double mass, double weight) { return mass > weight - 0x1p-118 ? weight : mass; }

  /// Of the arc between a node and its parent, but for the level.
  double arcCost(Node node) const {
    const Node above = tree_.parent(node);
    if (above == root_) return 0.0;
    return source(node) ? cost(node, above) : cost(above, node);
  }

  /// What the level must be worth for the duals to stay below the costs. Only where arcs are forbidden do nodes of both
  /// levels stay.
  double levelDifference() const {
    double needed = 0.0;
    if (std::count(level_.begin(), level_.end() - 1, 1) == static_cast<std::ptrdiff_t>(n_ + m_)) return needed;
    for (std::size_t i = 0; i < n_; ++i) {
      for (std::size_t j = 0; level_[i] == 1 && j < m_; ++j) {
        if (level_[n_ + j] == 0) needed = std::max(needed, potential_[n_ + j] - potential_[i] - costs_[i * m_ + j]);
      }
    }
    return needed;
  }

  /// Brings up to date a subtree that has been hung up elsewhere: adds to its potentials, or derives them from the tree.
  void shift(Node top, double by) {
    tree_.visit(top, [&](Node node) {
      const Node above = tree_.parent(node);
      tree_.updateDepth(node);
      level_[at(node)] = level_[at(above)];
      if (exact_) {
        derive(node);
        return;
      }
      potential_[at(node)] += by;
      largestPotential_ = std::max(largestPotential_, std::abs(potential_[at(node)]));
      prepareSearch(node);
    });
  }

  void derive(Node node) {
    const Node above = tree_.parent(node);
    const double arc = arcCost(node);
    const double value = potential_[at(above)] + (source(node) ? -arc : arc);
    potential_[at(node)] = value;
    largestPotential_ = std::max(largestPotential_, std::abs(value));
    // What the sum rounds off, here and where a reduced cost is made of it.
    if (exact_) error_[at(node)] = error_[at(above)] + 0x1p-51 * std::abs(value);
    prepareSearch(node);
  }

  const double* costs_;
  std::size_t n_, m_;
  const double *supplies_, *demands_;
  Node root_;
  SpanningTree tree_;
  Mass total_ = kFine;
  std::vector<Mass> flow_;  // of the arc between a node and its parent
  std::vector<double> potential_;
  std::vector<std::uint8_t> level_;
  std::vector<double> error_;  // bounds of what potentials were rounded by, in the exact phase
  std::vector<double> fromGround_, fromAbove_;
  ExactSum sum_;
  bool exact_ = false;
  double largestPotential_ = 0.0, penalty_ = 1.0;
};

}  // namespace ridgeflow
