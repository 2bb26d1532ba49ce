#pragma once

// Which centres a panel needs: bounds of its sums, of the weights in boxes, and of the weights of single centres.

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <numbers>
#include <vector>

#include "score/pruned_panel.hpp"

namespace ridgeflow {

template <class T>
std::uint32_t PrunedScore<T>::Panel::home(std::size_t p) const {
  if (score_.sameOrder_) return static_cast<std::uint32_t>(p * width_ - std::min<std::size_t>(p * width_, kHome / 4));
  // Down the tree, towards the box that is nearest to a query in the middle of the panel.
  constexpr std::size_t kFan = BoxTree<T>::kFan;
  const T* x = score_.otherQueries_.few.get() + (first_ + count_ / 2) * score_.fewStride_;
  std::size_t node = 0;
  for (std::size_t level = score_.boxes_.levels(); level-- > 0;) {
    double best = std::numeric_limits<double>::infinity();
    const std::size_t group = node;
    for (std::size_t child = 0; child < std::min(kFan, score_.boxes_.nodes(level) - group * kFan); ++child) {
      const T* low = score_.boxes_.group(level, group) + child;
      double square = 0.0;
      for (std::size_t k = 0; k < score_.fewStride_; ++k, low += kFan) {
        const double outside = std::max({low[0] - x[k], x[k] - low[score_.fewStride_ * kFan], T(0)});
        square += outside * outside;
      }
      if (square < best) {
        best = square;
        node = group * kFan + child;
      }
    }
  }
  return static_cast<std::uint32_t>(score_.boxes_.begin(0, node));
}

template <class T>
void PrunedScore<T>::Panel::boundSums(const std::uint32_t* numbers, std::size_t count) {
  setBase(std::vector<double>(width_, 0.0));
  score_.operations_.logits(panelOf(transposed_), rowsOf(score_.rows_.get(), score_.stride_), score_.differences_, numbers, count, weights_);
  for (std::size_t lane = 0; lane < width_; ++lane) {
    double largest = -std::numeric_limits<double>::infinity(), sum = 0.0;
    for (std::size_t j = 0; j < count; ++j) {
      if (numbers[j] != selves_[lane]) largest = std::max(largest, static_cast<double>(weights_[j * width_ + lane]));
    }
    if (!std::isfinite(largest)) continue;
    for (std::size_t j = 0; j < count; ++j) {
      if (numbers[j] != selves_[lane]) sum += std::exp2(static_cast<double>(weights_[j * width_ + lane]) - largest);
    }
    const double bound = largest + std::log2(sum) - score_.slack(score_.largestBias_ - largest);
    reference_[lane] = std::max(reference_[lane], bound);
  }
}

template <class T>
void PrunedScore<T>::Panel::measureDepth() {
  depth_ = 0.0;
  for (const double reference : reference_) {
    if (!std::isinf(reference)) depth_ = std::max(depth_, score_.logTotal_ - reference);
  }
}

template <class T>
T PrunedScore<T>::Panel::boxLimit() const {
  const double allowed = -std::log2(kBoxShare * score_.problem_.tolerance);
  double margin = depth_ + allowed + 16;  // approached from above
  for (int step = 0; step < 3; ++step) margin = std::log2(1 + 2 * std::numbers::ln2 * (2 * depth_ + allowed + margin));
  const double square = depth_ + allowed + margin, slack = score_.slack(square);
  return slack < kMostSlack ? static_cast<T>((square + 2 * slack) * (1 + 1e-5)) : std::numeric_limits<T>::infinity();
}

template <class T>
void PrunedScore<T>::Panel::collect(std::size_t level, std::size_t group) {
  std::uint32_t near = score_.boxOperations_.near(low_.data(), high_.data(), score_.boxes_.group(level, group), limit_, score_.fewStride_);
  for (; near != 0; near &= near - 1) {
    const std::size_t node = group * BoxTree<T>::kFan + static_cast<std::size_t>(std::countr_zero(near));
    if (level > 0) {
      collect(level - 1, node);
    } else {
      for (std::size_t j = score_.boxes_.begin(0, node); j < score_.boxes_.end(0, node); ++j) {
        candidates_.push_back(static_cast<std::uint32_t>(j));
      }
    }
  }
}

template <class T>
void PrunedScore<T>::Panel::rank(const T* panel, const T* rows, std::size_t stride) {
  // Lanes without a sum have no say: they are computed plainly.
  std::vector<double> shift = reference_;
  for (double& value : shift) value = std::isinf(value) ? std::numeric_limits<T>::max() / 4 : value;
  setBase(shift);
  excess_.resize(candidates_.size());
  score_.operations_.largest(panelOf(panel), rowsOf(rows, stride), score_.differences_, candidates_.data(), candidates_.size(), excess_.data());
  // A weight b bits below its lane's sum has a squared distance of at most depth + b.
  const double slack = score_.slack(depth_ + kReach);
  if (!(slack < kMostSlack)) std::fill(excess_.begin(), excess_.end(), std::numeric_limits<T>::max());
  ranked_.rank(candidates_, excess_, slack, [this](double bits) { return factor(bits); });
}

template <class T>
void PrunedScore<T>::Panel::keep(double share) {
  const std::size_t needed = ranked_.needed(share * score_.problem_.tolerance);
  candidates_.assign(ranked_.sorted().begin(), ranked_.sorted().begin() + static_cast<std::ptrdiff_t>(needed));
}

}  // namespace ridgeflow
