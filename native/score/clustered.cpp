#include "score/clustered.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

#include "runtime/parallel.hpp"
#include "score/cluster_panel.hpp"

namespace ridgeflow {
namespace {

constexpr std::size_t kLeaf = 16;  // centres per smallest cluster
constexpr std::size_t kPanelsPerTask = 8;
constexpr std::size_t kSampledPanels = 24;
constexpr double kLargestTolerance = 0.1;  // what is left out must stay less than what is kept
constexpr double kGroupPairs = 500.0;  // pairs that take as long as a group of boxes
constexpr std::size_t kShare = 8192;   // rows per task

/// The power of two that brings √(κ/2), κ = log₂(e)/σ², between 1/√2 and √2.
double powerOfTwo(double variance) {
  return std::exp2(std::floor(0.5 * std::log2(std::numbers::log2e / 2 / variance) + 0.5));
}

}  // namespace

template <class T>
ClusteredScore<T>::ClusteredScore(const ScoreProblem<T>& problem, std::vector<std::uint32_t> queries, const Control& control)
    : problem_(problem),
      results_(problem),
      operations_(cluster_tiles::clusterOperations(T())),
      scale_(powerOfTwo(problem.variance)) {
  problem_.tolerance = std::min(problem_.tolerance, kLargestTolerance);
  const std::size_t width = operations_.width;
  for (std::size_t j = 0; j < problem.m; ++j) {
    if (problem.logWeights == nullptr || std::isfinite(problem.logWeights[j])) order_.push_back(static_cast<std::uint32_t>(j));
  }
  order_ = spatialOrder(problem.centres, problem.d, std::move(order_), std::min(width, kLeaf), kLeaf, control);
  sameOrder_ = problem.queries == problem.centres && queries.size() == order_.size() && order_.size() == problem.n;
  queries_ = sameOrder_ ? order_ : spatialOrder(problem.queries, problem.d, std::move(queries), width, width, control);
  packCentres();
  weighNodes();
}

template <class T>
void ClusteredScore<T>::packCentres() {
  const std::size_t d = problem_.d;
  rows_ = allocateBuffer<T>(order_.size() * d);
  if (problem_.logWeights != nullptr) bias_ = allocateBuffer<T>(order_.size());
  if (problem_.excludeSelf) positions_.assign(problem_.m, std::numeric_limits<std::uint32_t>::max());
  parallelFor(ceilDivide(order_.size(), kShare), [&](std::size_t task) {
    const std::size_t end = std::min(order_.size(), (task + 1) * kShare);
    for (std::size_t position = task * kShare; position < end; ++position) {
      const std::size_t j = order_[position];
      for (std::size_t k = 0; k < d; ++k) rows_[position * d + k] = problem_.centres[j * d + k] * static_cast<T>(scale_);
      if (bias_) bias_[position] = static_cast<T>(problem_.logWeights[j] * std::numbers::log2e);
      if (!positions_.empty()) positions_[j] = static_cast<std::uint32_t>(position);
    }
  });
  largestBias_ = bias_ && !order_.empty() ? *std::max_element(bias_.get(), bias_.get() + order_.size()) : 0.0;
  const double alpha = std::numbers::log2e / 2 / problem_.variance / (scale_ * scale_);
  centres_ = {rows_.get(), bias_.get(), T(0), static_cast<T>(alpha), d};
  boxes_ = BoxTree<T>(rows_.get(), order_.size(), d, kLeaf);
}

template <class T>
void ClusteredScore<T>::weighNodes() {
  // log₂ Σ 2^values.
  const auto logSum = [](const auto* values, std::size_t count) {
    const double largest = *std::max_element(values, values + count);
    double sum = 0.0;
    for (std::size_t i = 0; i < count; ++i) sum += std::exp2(values[i] - largest);
    return largest + std::log2(sum);
  };
  for (std::size_t level = 0; level < boxes_.levels(); ++level) {
    std::vector<double> weights(boxes_.nodes(level));
    for (std::size_t node = 0; node < weights.size(); ++node) {
      const std::size_t begin = boxes_.begin(level, node), end = boxes_.end(level, node);
      if (!bias_) {
        weights[node] = std::log2(static_cast<double>(end - begin));
      } else if (level == 0) {
        weights[node] = logSum(bias_.get() + begin, end - begin);
      } else {
        const std::size_t first = node * BoxTree<T>::kFan, below = nodeWeights_[level - 1].size();
        weights[node] = logSum(nodeWeights_[level - 1].data() + first, std::min(BoxTree<T>::kFan, below - first));
      }
    }
    nodeWeights_.push_back(std::move(weights));
  }
  if (nodeWeights_.empty()) return;
  logTotal_ = logSum(nodeWeights_.back().data(), nodeWeights_.back().size());
  for (std::vector<double>& weights : nodeWeights_) {
    for (double& weight : weights) weight -= logTotal_;
  }
}

template <class T>
double ClusteredScore<T>::estimatedPairs() const {
  const FlushDenormals flushDenormals;
  const std::size_t sample = std::min(panels(), kSampledPanels);
  Panel panel(*this);
  double pairs = 0.0;
  for (std::size_t i = 0; i < sample; ++i) {
    panel.select((2 * i + 1) * panels() / (2 * sample));
    pairs += static_cast<double>(panel.selectedCentres() * operations_.width) + kGroupPairs * static_cast<double>(panel.visitedGroups());
  }
  return sample == 0 ? 0.0 : pairs / static_cast<double>(sample) * static_cast<double>(panels());
}

template <class T>
void ClusteredScore<T>::run(Control& control) const {
  parallelFor(ceilDivide(panels(), kPanelsPerTask), [&](std::size_t task) {
    const FlushDenormals flushDenormals;
    Panel panel(*this);
    const std::size_t end = std::min(panels(), (task + 1) * kPanelsPerTask);
    for (std::size_t p = task * kPanelsPerTask; p < end; ++p) {
      panel.select(p);
      panel.accumulate();
      panel.write();
      control.advance(panel.count());
    }
  });
}

template class ClusteredScore<float>;
template class ClusteredScore<double>;

}  // namespace ridgeflow
