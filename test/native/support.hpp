#pragma once

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include <hwy/targets.h>
#include <tbb/global_control.h>

#include "runtime/parallel.hpp"

// Input, references and comparisons that the native tests share.

namespace ridgeflow::testing {

/// One, two, either side of vector widths and tiles, primes.
inline const std::vector<std::size_t> kSizes = {1, 2, 15, 16, 17, 31, 97, 257};
inline const std::vector<std::size_t> kDimensions = {1, 2, 3, 4, 5, 8, 16, 17, 63, 64, 65, 200, 784, 800};

enum class CloudKind { kNormal, kFarAway, kDuplicates, kLattice, kClustered, kOutliers, kUniform };
inline constexpr std::array kCloudKinds = {CloudKind::kNormal,  CloudKind::kFarAway,   CloudKind::kDuplicates,
                                           CloudKind::kLattice, CloudKind::kClustered, CloudKind::kOutliers};

class Random {
 public:
  explicit Random(std::uint64_t seed) : engine_(seed) {}
  double uniform() { return std::uniform_real_distribution<double>()(engine_); }
  double normal() { return std::normal_distribution<double>()(engine_); }
  std::size_t below(std::size_t n) { return static_cast<std::size_t>(uniform() * static_cast<double>(n)); }

  /// `sizes` rows of each cloud, all of one kind and around the same places.
  template <class T>
  std::vector<std::vector<T>> clouds(CloudKind kind, const std::vector<std::size_t>& sizes, std::size_t d) {
    std::vector<double> anchors(4 * d);
    for (double& value : anchors) value = normal();
    std::vector<std::vector<T>> result;
    for (const std::size_t size : sizes) {
      std::vector<T> rows(size * d);
      for (std::size_t i = 0; i < size; ++i) {
        const std::size_t anchor = below(4);
        for (std::size_t k = 0; k < d; ++k) {
          const double there = anchors[anchor * d + k];
          double value = normal();
          if (kind == CloudKind::kFarAway) value += anchors[k] < 0 ? -1000 : 1000;
          if (kind == CloudKind::kDuplicates) value = there;
          if (kind == CloudKind::kLattice) value = static_cast<double>(below(4)) - 1;
          if (kind == CloudKind::kClustered) value = 20 * there + 0.1 * value;
          if (kind == CloudKind::kUniform) value = uniform();
          if (kind == CloudKind::kOutliers && i % 29 == 7) value *= 30;
          rows[i * d + k] = static_cast<T>(value);
        }
      }
      result.push_back(std::move(rows));
    }
    return result;
  }

  template <class T>
  std::vector<T> cloud(CloudKind kind, std::size_t size, std::size_t d) {
    return clouds<T>(kind, {size}, d)[0];
  }

  template <class T>
  std::vector<T> normals(std::size_t count) {
    return cloud<T>(CloudKind::kNormal, count, 1);
  }

  /// Normalised log-weights; some are −∞ where there are more than two.
  template <class T>
  std::vector<T> logWeights(std::size_t m) {
    std::vector<double> weights(m);
    double total = 0.0;
    for (std::size_t j = 0; j < m; ++j) total += weights[j] = m > 2 && j % 7 == 1 ? 0.0 : 0.01 + uniform();
    std::vector<T> result(m);
    for (std::size_t j = 0; j < m; ++j) result[j] = static_cast<T>(std::log(weights[j] / total));
    return result;
  }

 private:
  std::mt19937_64 engine_;
};

/// A few roundings of a value of this size.
template <class T>
double rounding(double size) {
  return 2.0 * std::numeric_limits<T>::epsilon() * std::abs(size);
}

/// Runs `body` with several numbers of threads, also more than there are cores, and then restores the number.
inline void withThreadCounts(const std::vector<int>& counts, const std::function<void(int)>& body) {
  const tbb::global_control allowed(tbb::global_control::max_allowed_parallelism, 8);
  const int before = threadCount();
  for (const int count : counts) {
    setThreadCount(count);
    body(count);
  }
  setThreadCount(before);
}

/// Runs `body` on every instruction set that was compiled and that this processor has.
inline void onEveryTarget(const std::function<void(const char*)>& body) {
  for (const std::int64_t target : hwy::SupportedAndGeneratedTargets()) {
    hwy::GetChosenTarget().Update(target);
    body(hwy::TargetName(target));
  }
  hwy::GetChosenTarget().Update(hwy::SupportedTargets());
}

}  // namespace ridgeflow::testing
