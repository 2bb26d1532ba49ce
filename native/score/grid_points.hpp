#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <numbers>
#include <utility>
#include <vector>

#include "runtime/control.hpp"
#include "score/grid_plan.hpp"

namespace ridgeflow {

enum class GridSide { kCentres, kQueries };

/// The rows of the centres or queries that the grid covers, in their own order; the other queries go to `beyond`.
/// Throws Aborted.
template <class T>
std::vector<std::uint32_t> gridRows(const ScoreProblem<T>& problem, const GridPlan& plan, GridSide side, const Control& control,
                                    std::vector<std::uint32_t>* beyond = nullptr);

/// Those rows sorted by blocks of the grid. Blocks of one colour are so far apart that windows around their points do
/// not meet. O(n) time and memory, beside a number for each block. Throws Aborted.
class GridOrder {
 public:
  template <class T>
  GridOrder(const ScoreProblem<T>& problem, const GridPlan& plan, GridSide side, const Control& control,
            std::vector<std::uint32_t>* beyond = nullptr);

  const std::vector<std::uint32_t>& rows() const { return rows_; }
  std::vector<std::uint32_t> takeRows() { return std::move(rows_); }
  std::size_t colours() const { return colours_.size(); }
  std::size_t blocks(std::size_t colour) const { return colours_[colour].size(); }

  /// The positions of a block, in the order, that has points.
  std::pair<std::size_t, std::size_t> block(std::size_t colour, std::size_t i) const { return colours_[colour][i]; }

 private:
  std::vector<std::uint32_t> rows_;
  std::vector<std::vector<std::pair<std::size_t, std::size_t>>> colours_;
};

/// Weights of the centres relative to the largest.
template <class T>
class RelativeWeights {
 public:
  explicit RelativeWeights(const ScoreProblem<T>& problem) : logWeights_(problem.logWeights) {
    if (logWeights_ == nullptr) {
      total_ = static_cast<double>(problem.m);
      return;
    }
    largest_ = *std::max_element(logWeights_, logWeights_ + problem.m);
    double correction = 0.0;
    for (std::size_t j = 0; j < problem.m; ++j) {
      const double term = of(j) - correction, sum = total_ + term;
      correction = (sum - total_) - term;
      total_ = sum;
    }
  }

  double of(std::size_t j) const { return logWeights_ == nullptr ? 1.0 : std::exp(static_cast<double>(logWeights_[j]) - largest_); }
  double total() const { return total_; }
  /// log₂ of the largest weight.
  double shift() const { return largest_ * std::numbers::log2e; }

 private:
  const T* logWeights_;
  double largest_ = 0.0, total_ = 0.0;
};

/// Tells from what was read for a query whether its results are within the tolerance.
class GridErrors {
 public:
  GridErrors(const GridPlan& plan, std::size_t d, double total)
      : factors_(gridErrors(plan.window, d)), tolerance_(plan.tolerance), total_(total) {
    // What lies beyond the reach, in the sum and its second moments.
    const double square = plan.reach * plan.reach;
    beyond_ = std::exp(-square / 2) * (2 + square);
  }

  /// `all`: what was read, `sum`: without the query's own centre, which may be small against it; `square`: of the mean's
  /// offset, and `laplacian`, relative to the sum.
  bool within(double all, double sum, double square, double laplacian, bool second) const {
    const double root = std::sqrt(total_ * std::max(all, sum)) / sum, share = total_ / sum;
    const auto error = [&](std::size_t q) { return factors_[q] * root + (kGridRounding[q] + beyond_) * share; };
    const double length = std::sqrt(square), value = error(0), gradient = error(1) + length * value;
    if (!(value <= tolerance_ && gradient <= tolerance_)) return false;
    return !second || error(2) + 2 * length * gradient + std::abs(laplacian) * value <= 4 * tolerance_;
  }

 private:
  std::array<double, 3> factors_;
  double tolerance_, total_, beyond_;
};

}  // namespace ridgeflow
