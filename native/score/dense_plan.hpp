#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <numbers>
#include <type_traits>
#include <vector>

#include "runtime/centred_rows.hpp"
#include "runtime/memory.hpp"
#include "score/score.hpp"
#include "score/tiles.hpp"

namespace ridgeflow {

/// What is the same for all tasks of one dense call.
template <class T>
struct DensePlan {
  const ScoreProblem<T>& problem;
  score_tiles::TileOperations<T> operations;
  bool direct;
  score_tiles::PassOptions pass;
  std::size_t width;   // queries per panel
  std::size_t tile;    // centres per tile
  std::size_t stride;  // of packed centres
  double kappa;        // log₂(e)/σ²
  double scale;        // packed centres are scale × (c − origin)
  double radius;       // largest |c − origin|, where differences are formed
  std::vector<double> origin;
  std::vector<T> bias;    // per centre
  std::vector<T> square;  // per centre, inner-product form with the moment wanted
};

/// Inner products lose about ε R²/σ² of a weight to rounding, R the extent of the cloud. Beyond this loss the
/// differences are formed instead, at about one and a half times the cost.
template <class T>
bool needsDifferences(const ScoreProblem<T>& problem, const std::vector<double>& origin) {
  // Products are added up coordinate by coordinate, which shows where they are thousands.
  const double allowed = (std::is_same_v<T, float> ? 3e-5 : 1e-11) / std::sqrt(std::max(1.0, static_cast<double>(problem.d) / 1024));
  double largest = CentredRows<T>(problem.centres, problem.d, origin).largestSquare(problem.m);
  if (problem.queries != problem.centres) {
    largest = std::max(largest, CentredRows<T>(problem.queries, problem.d, origin).largestSquare(problem.n));
  }
  return largest / problem.variance * std::numeric_limits<T>::epsilon() / 2 > allowed;
}

template <class T>
DensePlan<T> makeDensePlan(const ScoreProblem<T>& problem) {
  DensePlan<T> plan{problem, score_tiles::tileOperations(T()), false, {}, 0, 0, 0, 0, 1, 0, {}, {}, {}};
  plan.origin = medianOfRows(problem.centres, problem.m, problem.d);
  plan.direct = problem.d <= score_tiles::kDirectDimensions;
  plan.pass.differences = plan.direct || needsDifferences(problem, plan.origin);
  plan.pass.mean = problem.mean != nullptr || problem.divergence != nullptr;
  // By differences the second moment says how much the rounding of logits shows in the mean.
  plan.pass.moment = plan.pass.differences ? plan.pass.mean : problem.divergence != nullptr;
  plan.width = plan.direct ? plan.operations.directWidth : plan.operations.panelWidth;
  plan.tile = plan.direct ? score_tiles::kDirectTile : score_tiles::kTile;
  plan.stride = plan.direct ? problem.d : packedStride<T>(problem.d);
  plan.kappa = std::numbers::log2e / problem.variance;
  plan.scale = plan.pass.differences ? std::sqrt(plan.kappa / 2) : 1.0;

  plan.bias.resize(problem.m);
  const bool moments = plan.pass.moment && !plan.pass.differences;
  if (moments) plan.square.resize(problem.m);
  const CentredRows<T> centres(problem.centres, problem.d, plan.origin);
  if (plan.pass.differences && plan.pass.mean) plan.radius = std::sqrt(centres.largestSquare(problem.m));
  for (std::size_t j = 0; j < problem.m; ++j) {
    double bias = 0.0;
    if (problem.logWeights != nullptr) {
      const double logWeight = problem.logWeights[j];
      bias = std::isinf(logWeight) ? -static_cast<double>(score_tiles::kExcluded<T>) : logWeight * std::numbers::log2e;
    }
    if (!plan.pass.differences) {
      const double square = centres.square(j);
      bias -= plan.kappa / 2 * square;
      if (moments) plan.square[j] = static_cast<T>(square);
    }
    plan.bias[j] = static_cast<T>(bias);
  }
  return plan;
}

}  // namespace ridgeflow
