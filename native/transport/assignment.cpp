#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "transport/exact.hpp"
#include "transport/matrix_tiles.hpp"

namespace ridgeflow {
namespace {

constexpr std::int32_t kNone = -1;

class Assignment {
 public:
  Assignment(const double* costs, std::size_t n, std::int32_t* columns, double* v, Control& control)
      : operations_(matrix_tiles::matrixOperations(double())),
        costs_(costs),
        n_(n),
        columns_(columns),
        v_(v),
        rows_(n, kNone),
        control_(control) {
    std::fill_n(columns_, n, kNone);
  }

  /// False where every assignment uses a forbidden pair.
  bool solve() {
    control_.start(n_);
    // The reductions compare with second bests, which forbidden pairs may leave without any.
    const bool forbids = std::any_of(costs_, costs_ + n_ * n_, [](double cost) { return std::isinf(cost); });
    if (forbids) {
      std::fill_n(v_, n_, 0.0);
    } else {
      reduceColumns();
      transferReductions();
      for (int pass = 0; pass < 2; ++pass) reduceRows();
    }
    std::vector<std::int32_t> free;
    for (std::size_t i = 0; i < n_; ++i) {
      if (columns_[i] == kNone) free.push_back(static_cast<std::int32_t>(i));
    }
    control_.advance(n_ - free.size());
    distances_.resize(n_);
    previous_.resize(n_);
    order_.resize(n_);
    for (const std::int32_t row : free) {
      if (!augment(row)) return false;
      control_.advance(1);
    }
    return true;
  }

 private:
  const double* row(std::int32_t i) const { return costs_ + static_cast<std::size_t>(i) * n_; }

  /// v_j ← the least cost of column j; its row takes the column where it has none yet.
  void reduceColumns() {
    std::vector<std::int32_t> least(n_, 0);
    std::copy_n(costs_, n_, v_);
    for (std::size_t i = 1; i < n_; ++i) {
      if (i % 64 == 0) control_.check();
      const double* costs = costs_ + i * n_;
      for (std::size_t j = 0; j < n_; ++j) {
        if (costs[j] < v_[j]) {
          v_[j] = costs[j];
          least[j] = static_cast<std::int32_t>(i);
        }
      }
    }
    takers_.assign(n_, 0);
    for (std::size_t j = n_; j-- > 0;) {
      const std::int32_t i = least[j];
      if (++takers_[static_cast<std::size_t>(i)] == 1) {
        columns_[i] = static_cast<std::int32_t>(j);
        rows_[j] = i;
      }
    }
  }

  /// Lowers v of the columns whose row is the least of that one alone, by what the row's second best would cost more.
  void transferReductions() {
    for (std::size_t i = 0; i < n_; ++i) {
      if (i % 64 == 0) control_.check();
      if (takers_[i] != 1) continue;
      const auto taken = static_cast<std::size_t>(columns_[i]);
      const double* costs = costs_ + i * n_;
      const double saved = v_[taken];
      v_[taken] = -std::numeric_limits<double>::infinity();  // c − v = ∞ there
      const double second = operations_.leastReduced(costs, v_, n_).least;
      v_[taken] = n_ == 1 ? saved : saved - second + (costs[taken] - saved);
      if (n_ > 1) v_[taken] = std::min(v_[taken], saved);
    }
  }

  /// Rows without a column take their best one, at the price that makes it no better than their second best.
  void reduceRows() {
    std::vector<std::int32_t> waiting;
    for (std::size_t i = 0; i < n_; ++i) {
      if (columns_[i] == kNone) waiting.push_back(static_cast<std::int32_t>(i));
    }
    std::size_t next = 0, steps = 0;
    // Ties and rounding could keep two rows at one column for ever: what is left goes to the shortest paths.
    const std::size_t most = 4 * n_ + 16;
    while (next < waiting.size() && steps++ < most) {
      if (steps % 64 == 0) control_.check();
      const std::int32_t i = waiting[next++];
      const auto best = operations_.leastReduced(row(i), v_, n_);
      auto j = best.index;
      double second = std::numeric_limits<double>::infinity();
      if (n_ > 1) {
        const double saved = v_[j];
        v_[j] = -std::numeric_limits<double>::infinity();
        const auto other = operations_.leastReduced(row(i), v_, n_);
        v_[j] = saved;
        second = other.least;
        if (second == best.least && rows_[j] != kNone) j = other.index;
      }
      if (n_ > 1 && second > best.least) v_[j] -= second - best.least;
      const std::int32_t displaced = rows_[j];
      rows_[j] = i;
      columns_[i] = static_cast<std::int32_t>(j);
      if (displaced == kNone) continue;
      columns_[displaced] = kNone;
      if (second > best.least) {
        waiting[--next] = displaced;
      }
    }
  }

  /// The shortest augmenting path from a row without a column, by Dijkstra's method on reduced costs.
  bool augment(std::int32_t from) {
    const double* costs = row(from);
    const double infinity = std::numeric_limits<double>::infinity();
    for (std::size_t j = 0; j < n_; ++j) {
      distances_[j] = costs[j] - v_[j];
      previous_[j] = from;
      order_[j] = static_cast<std::int32_t>(j);
    }
    // order_: [0, ready) scanned, [ready, reached) at the least distance, [reached, n) beyond it.
    std::size_t ready = 0, reached = 0, last = 0;
    double least = 0.0;
    std::int32_t end = kNone;
    while (end == kNone) {
      if (ready == reached) {
        last = ready;
        least = infinity;
        for (std::size_t k = reached; k < n_; ++k) {
          const double distance = distances_[static_cast<std::size_t>(order_[k])];
          if (distance > least) continue;
          if (distance < least) {
            reached = last;
            least = distance;
          }
          std::swap(order_[k], order_[reached++]);
        }
        if (least == infinity) return false;
        for (std::size_t k = last; k < reached && end == kNone; ++k) {
          if (rows_[static_cast<std::size_t>(order_[k])] == kNone) end = order_[k];
        }
        if (end != kNone) break;
      }
      control_.check();
      const auto scanned = static_cast<std::size_t>(order_[ready++]);
      const std::int32_t i = rows_[scanned];
      const double* reachable = row(i);
      const double base = reachable[scanned] - v_[scanned] - least;
      for (std::size_t k = reached; k < n_; ++k) {
        const auto j = static_cast<std::size_t>(order_[k]);
        const double distance = reachable[j] - v_[j] - base;
        if (distance >= distances_[j]) continue;
        distances_[j] = distance;
        previous_[j] = i;
        if (distance > least) continue;
        if (rows_[j] == kNone) {
          end = static_cast<std::int32_t>(j);
          break;
        }
        std::swap(order_[k], order_[reached++]);
      }
    }
    for (std::size_t k = 0; k < last; ++k) {
      const auto j = static_cast<std::size_t>(order_[k]);
      v_[j] += distances_[j] - least;
    }
    for (std::int32_t j = end, i = kNone; i != from;) {
      i = previous_[static_cast<std::size_t>(j)];
      rows_[static_cast<std::size_t>(j)] = i;
      std::swap(columns_[i], j);
    }
    return true;
  }

  matrix_tiles::MatrixOperations<double> operations_;
  const double* costs_;
  std::size_t n_;
  std::int32_t* columns_;
  double* v_;
  std::vector<std::int32_t> rows_, takers_, previous_, order_;
  std::vector<double> distances_;
  Control& control_;
};

}  // namespace

bool assign(const double* costs, std::size_t n, std::int32_t* columns, double* u, double* v, Control& control) {
  if (!Assignment(costs, n, columns, v, control).solve()) return false;
  for (std::size_t i = 0; i < n; ++i) {
    const auto j = static_cast<std::size_t>(columns[i]);
    u[i] = costs[i * n + j] - v[j];
  }
  return true;
}

}  // namespace ridgeflow
