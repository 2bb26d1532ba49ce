#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>

#include "transport/exact.hpp"
#include "transport/matrix_tiles.hpp"
#include "transport/transport_basis.hpp"

namespace ridgeflow {
namespace {

constexpr std::size_t kExactRun = 64;

/// The search for arcs that enter the basis, until none is left that would lower the cost.
class Simplex {
 public:
  Simplex(TransportBasis& basis, const double* costs, std::size_t n, std::size_t m, Control& control)
      : operations_(matrix_tiles::matrixOperations(double())), basis_(basis), costs_(costs), n_(n), m_(m), control_(control) {}

  void solve() {
    control_.start(12 * (n_ + m_));
    connectNearest();
    while (pivotOnBlock()) {
    }
    basis_.beginExact();
    finishExactly();
  }

 private:
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
      if (!std::isfinite(row[best]) || basis_.level(from) > basis_.level(to)) continue;
      const double reduced = row[best] + basis_.potential(from) - basis_.potential(to);
      if (basis_.level(from) < basis_.level(to) || reduced < -basis_.tolerance()) basis_.pivot(from, to);
    }
  }

  /// Enters arcs until none has a negative reduced cost, beyond the rounding of that cost itself.
  void finishExactly() {
    std::size_t row = 0;
    for (std::size_t clean = 0; clean < n_; row = row + 1 == n_ ? 0 : row + 1) {
      clean = enterFromRow(row) ? 0 : clean + 1;
      control_.check();
    }
  }

  bool enterFromRow(std::size_t row) {
    bool entered = false;
    const Node from = static_cast<Node>(row);
    for (std::size_t first = 0; first < m_; first += kExactRun) {
      const std::size_t count = std::min(kExactRun, m_ - first);
      const double* costs = costs_ + row * m_ + first;
      const double least = operations_.leastReduced(costs, basis_.searched(from) + first, count).least;
      if (least + basis_.potential(from) > basis_.error(from)) continue;
      for (std::size_t k = 0; k < count; ++k) {
        const Node to = static_cast<Node>(n_ + first + k);
        if (!basis_.improves(from, to)) continue;
        basis_.pivot(from, to);
        entered = true;
      }
    }
    return entered;
  }

  /// Looks through blocks of arcs, from where the last search ended, for one with a negative reduced cost, and pivots on
  /// the most negative of the first such block. Returns false where there is none.
  bool pivotOnBlock() {
    const std::size_t arcs = n_ * m_;
    const std::size_t block = std::max<std::size_t>(64, static_cast<std::size_t>(std::sqrt(static_cast<double>(arcs))));
    double least = -basis_.tolerance();
    Node from = kNone, to = kNone;
    std::size_t looked = 0, inBlock = 0;
    while (looked < arcs) {
      const std::size_t count = std::min(m_ - column_, block);
      const Node source = static_cast<Node>(row_);
      const auto found = operations_.leastReduced(costs_ + row_ * m_ + column_, basis_.searched(source) + column_, count);
      const double reduced = found.least + basis_.potential(source);
      if (reduced < least) {
        least = reduced;
        from = source;
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
    basis_.pivot(from, to);
    if (pivots_ % (n_ + m_) == n_ + m_ - 1) basis_.refreshPotentials();
    if (++pivots_ < 12 * (n_ + m_)) {
      control_.advance(1);
    } else {
      control_.check();
    }
    return true;
  }

  matrix_tiles::MatrixOperations<double> operations_;
  TransportBasis& basis_;
  const double* costs_;
  std::size_t n_, m_;
  std::size_t row_ = 0, column_ = 0;  // where the search for an arc goes on
  std::uint64_t pivots_ = 0;
  Control& control_;
};

}  // namespace

bool networkSimplex(const double* costs, std::size_t n, std::size_t m, const double* supplies, const double* demands,
                    SparsePlan& plan, double* u, double* v, Control& control) {
  TransportBasis basis(costs, n, m, supplies, demands);
  Simplex(basis, costs, n, m, control).solve();
  if (basis.infeasible()) return false;
  basis.write(plan, u, v);
  return true;
}

}  // namespace ridgeflow
