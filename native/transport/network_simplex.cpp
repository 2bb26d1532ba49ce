#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>
#include <vector>

#include "transport/exact.hpp"
#include "transport/matrix_tiles.hpp"

namespace ridgeflow {
namespace {

using Node = std::int32_t;
using Mass = std::int64_t;

constexpr Node kNone = -1;
constexpr Mass kFine = Mass{1} << 52;  // units of mass that weights are rounded to
constexpr double kRelativeTolerance = 1e-12;

bool allEqual(const double* weights, std::size_t count) {
  return std::all_of(weights, weights + count, [weights](double weight) { return weight == weights[0]; });
}

/// Whole masses that sum to `total`, as near to the weights as may be. None is 0: a target without mass would make the
/// first tree weakly feasible, and the method could go round in circles.
std::vector<Mass> wholeMasses(const double* weights, std::size_t count, Mass total) {
  std::vector<Mass> masses(count);
  Mass rest = total;
  std::size_t largest = 0;
  for (std::size_t i = 0; i < count; ++i) {
    masses[i] = std::max<Mass>(1, std::llround(weights[i] * static_cast<double>(total)));
    rest -= masses[i];
    if (masses[i] > masses[largest]) largest = i;
  }
  masses[largest] += rest;
  return masses;
}

/// A spanning tree of sources, targets and a root: nodes 0 … n − 1, n … n + m − 1, n + m. An arc leads from sources
/// to targets, from sources to the root and from the root to targets, so that the arc of a source to its parent goes
/// up and that of a target comes down. Reduced costs are c + π_source − π_target.
class Simplex {
 public:
  Simplex(const double* costs, std::size_t n, std::size_t m, const double* supplies, const double* demands, Control& control)
      : operations_(matrix_tiles::matrixOperations(double())),
        costs_(costs),
        n_(n),
        m_(m),
        supplies_(supplies),
        demands_(demands),
        root_(static_cast<Node>(n + m)),
        parent_(n + m + 1, kNone),
        child_(n + m + 1, kNone),
        next_(n + m + 1, kNone),
        before_(n + m + 1, kNone),
        depth_(n + m + 1, 0),
        flow_(n + m + 1, 0),
        potential_(n + m + 1, 0.0),
        control_(control) {
    const auto [least, most] = std::minmax_element(costs, costs + n * m);
    scale_ = std::max({std::abs(*least), std::abs(*most), std::numeric_limits<double>::min()});
    // One unit of mass through the root can always go directly instead: dearer than any direct arc is dear enough.
    penalty_ = 4 * scale_;
    // Equal weights are exact in units of 1/nm, so that the plan between as many points is a permutation.
    if (allEqual(supplies, n) && allEqual(demands, m)) total_ = static_cast<Mass>(n * m);
    const std::vector<Mass> supply = wholeMasses(supplies, n, total_), demand = wholeMasses(demands, m, total_);
    for (Node node = 0; node < root_; ++node) {
      const bool isSource = source(node);
      link(node, root_);
      depth_[at(node)] = 1;
      flow_[at(node)] = isSource ? supply[at(node)] : demand[at(node) - n];
      potential_[at(node)] = isSource ? 0.0 : penalty_;
    }
  }

  void solve() {
    control_.start(12 * (n_ + m_));
    connectNearest();
    for (int round = 0;; ++round) {
      while (pivotOnBlock()) {
      }
      // Potentials were updated along the way: made afresh from the tree, they show whether rounding hid an arc.
      refreshPotentials();
      if (round == 8 || !pivotOnBlock()) return;
    }
  }

  void write(SparsePlan& plan, double* u, double* v) const {
    plan.count = 0;
    for (Node node = 0; node < root_; ++node) {
      const Node above = parent_[at(node)];
      if (above == root_ || flow_[at(node)] == 0) continue;
      const Node from = source(node) ? node : above, to = source(node) ? above : node;
      if (supplies_[at(from)] == 0 || demands_[at(to) - n_] == 0) continue;
      plan.rows[plan.count] = from;
      plan.columns[plan.count] = to - static_cast<Node>(n_);
      plan.masses[plan.count++] = static_cast<double>(flow_[at(node)]) / static_cast<double>(total_);
    }
    for (std::size_t i = 0; i < n_; ++i) u[i] = -potential_[i];
    for (std::size_t j = 0; j < m_; ++j) v[j] = potential_[n_ + j];
  }

 private:
  static std::size_t at(Node node) { return static_cast<std::size_t>(node); }
  bool source(Node node) const { return at(node) < n_; }
  double cost(Node from, Node to) const { return costs_[at(from) * m_ + at(to) - n_]; }

  void link(Node node, Node above) {
    parent_[at(node)] = above;
    before_[at(node)] = kNone;
    next_[at(node)] = child_[at(above)];
    if (next_[at(node)] != kNone) before_[at(next_[at(node)])] = node;
    child_[at(above)] = node;
  }

  void unlink(Node node) {
    const Node left = before_[at(node)], right = next_[at(node)];
    if (left == kNone) {
      child_[at(parent_[at(node)])] = right;
    } else {
      next_[at(left)] = right;
    }
    if (right != kNone) before_[at(right)] = left;
  }

  /// Enters the cheapest arc of every source: a start that leaves few pivots to the search.
  void connectNearest() {
    for (std::size_t i = 0; i < n_; ++i) {
      if (i % 64 == 0) control_.check();
      std::size_t best = 0;
      const double* row = costs_ + i * m_;
      for (std::size_t j = 1; j < m_; ++j) {
        if (row[j] < row[best]) best = j;
      }
      const Node from = static_cast<Node>(i), to = static_cast<Node>(n_ + best);
      if (row[best] + potential_[at(from)] - potential_[at(to)] < -tolerance()) pivot(from, to);
    }
  }

  double tolerance() const { return kRelativeTolerance * scale_; }

  /// Looks through blocks of arcs, from where the last search ended, for one with a negative reduced cost, and pivots on
  /// the most negative of the first such block. Returns false where there is none.
  bool pivotOnBlock() {
    const std::size_t arcs = n_ * m_;
    const std::size_t block = std::max<std::size_t>(64, static_cast<std::size_t>(std::sqrt(static_cast<double>(arcs))));
    double least = -tolerance();
    Node from = kNone, to = kNone;
    std::size_t looked = 0, inBlock = 0;
    while (looked < arcs) {
      const std::size_t count = std::min(m_ - column_, block);
      const auto found = operations_.leastReduced(costs_ + row_ * m_ + column_, potential_.data() + n_ + column_, count);
      const double reduced = found.least + potential_[row_];
      if (reduced < least) {
        least = reduced;
        from = static_cast<Node>(row_);
        to = static_cast<Node>(n_ + column_ + found.index);
      }
      looked += count;
      inBlock += count;
      column_ += count;
      if (column_ == m_) {
        column_ = 0;
        row_ = row_ + 1 == n_ ? 0 : row_ + 1;
      }
      if (inBlock >= block) {
        if (from != kNone) break;
        inBlock = 0;
        control_.check();
      }
    }
    if (from == kNone) return false;
    pivot(from, to);
    if (pivots_ % (n_ + m_) == n_ + m_ - 1) refreshPotentials();
    if (++pivots_ < 12 * (n_ + m_)) {
      control_.advance(1);
    } else {
      control_.check();
    }
    return true;
  }

  /// Brings the arc from → to into the tree. Of the arcs that could leave, the last on the way round the cycle from its
  /// apex keeps the tree strongly feasible.
  void pivot(Node from, Node to) {
    Node a = from, b = to;
    while (a != b) {
      if (depth_[at(a)] >= depth_[at(b)]) {
        a = parent_[at(a)];
      } else {
        b = parent_[at(b)];
      }
    }
    const Node apex = a;
    Mass delta = std::numeric_limits<Mass>::max();
    Node leaving = kNone;
    bool onSourceSide = true;
    for (Node u = from; u != apex; u = parent_[at(u)]) {
      if (source(u) && flow_[at(u)] < delta) {
        delta = flow_[at(u)];
        leaving = u;
      }
    }
    for (Node u = to; u != apex; u = parent_[at(u)]) {
      if (!source(u) && flow_[at(u)] <= delta) {
        delta = flow_[at(u)];
        leaving = u;
        onSourceSide = false;
      }
    }
    if (leaving == kNone) throw std::runtime_error("The transport problem has no finite optimum");
    for (Node u = from; u != apex; u = parent_[at(u)]) flow_[at(u)] += source(u) ? -delta : delta;
    for (Node u = to; u != apex; u = parent_[at(u)]) flow_[at(u)] += source(u) ? delta : -delta;

    const Node inside = onSourceSide ? from : to, outside = onSourceSide ? to : from;
    Node node = inside, above = outside;
    Mass flow = delta;
    for (;;) {
      const Node oldParent = parent_[at(node)];
      unlink(node);
      link(node, above);
      std::swap(flow_[at(node)], flow);
      if (node == leaving) break;
      above = node;
      node = oldParent;
    }
    const double reduced = cost(from, to) + potential_[at(from)] - potential_[at(to)];
    shift(inside, onSourceSide ? -reduced : reduced);
  }

  /// Adds to the potentials of a subtree that has been hung up elsewhere, and counts its depths anew.
  void shift(Node top, double by) {
    visit(top, [&](Node node) {
      potential_[at(node)] += by;
      depth_[at(node)] = depth_[at(parent_[at(node)])] + 1;
    });
  }

  void refreshPotentials() {
    potential_[at(root_)] = 0.0;
    for (Node top = child_[at(root_)]; top != kNone; top = next_[at(top)]) {
      visit(top, [&](Node node) {
        const Node above = parent_[at(node)];
        if (above == root_) {
          potential_[at(node)] = source(node) ? 0.0 : penalty_;
        } else if (source(node)) {
          potential_[at(node)] = potential_[at(above)] - cost(node, above);
        } else {
          potential_[at(node)] = potential_[at(above)] + cost(above, node);
        }
      });
    }
  }

  /// Calls `body` for a node and everything below it, parents first.
  template <class Body>
  void visit(Node top, const Body& body) {
    Node node = top;
    for (;;) {
      body(node);
      if (child_[at(node)] != kNone) {
        node = child_[at(node)];
        continue;
      }
      while (node != top && next_[at(node)] == kNone) node = parent_[at(node)];
      if (node == top) return;
      node = next_[at(node)];
    }
  }

  matrix_tiles::MatrixOperations<double> operations_;
  const double* costs_;
  std::size_t n_, m_;
  const double *supplies_, *demands_;
  Node root_;
  std::vector<Node> parent_, child_, next_, before_, depth_;
  Mass total_ = kFine;
  std::vector<Mass> flow_;  // of the arc between a node and its parent
  std::vector<double> potential_;
  double scale_ = 1.0, penalty_ = 1.0;
  std::size_t row_ = 0, column_ = 0;  // where the search for an arc goes on
  std::uint64_t pivots_ = 0;
  Control& control_;
};

}  // namespace

void networkSimplex(const double* costs, std::size_t n, std::size_t m, const double* supplies, const double* demands,
                    SparsePlan& plan, double* u, double* v, Control& control) {
  Simplex simplex(costs, n, m, supplies, demands, control);
  simplex.solve();
  simplex.write(plan, u, v);
}

}  // namespace ridgeflow
