#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace ridgeflow {

/// A node of a network, by its number.
using Node = std::int32_t;
inline constexpr Node kNone = -1;

/// A rooted tree over all nodes, whose branches are cut and hung up elsewhere: each node knows its parent, its first child
/// and its siblings on both sides. Depths are up to date where their caller has set them.
class SpanningTree {
 public:
  explicit SpanningTree(std::size_t nodes)
      : parent_(nodes, kNone), child_(nodes, kNone), next_(nodes, kNone), before_(nodes, kNone), depth_(nodes, 0) {}

  Node parent(Node node) const { return parent_[at(node)]; }
  Node firstChild(Node node) const { return child_[at(node)]; }
  Node sibling(Node node) const { return next_[at(node)]; }
  Node depth(Node node) const { return depth_[at(node)]; }

  /// One more than that of the parent.
  void updateDepth(Node node) { depth_[at(node)] = depth_[at(parent_[at(node)])] + 1; }

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

  /// The lowest node that is above both.
  Node apex(Node a, Node b) const {
    while (a != b) {
      Node& lower = depth(a) >= depth(b) ? a : b;
      lower = parent(lower);
    }
    return a;
  }

  /// Calls `body` for a node and everything below it, parents first.
  template <class Body>
  void visit(Node top, const Body& body) const {
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

 private:
  static std::size_t at(Node node) { return static_cast<std::size_t>(node); }

  std::vector<Node> parent_, child_, next_, before_, depth_;
};

}  // namespace ridgeflow
