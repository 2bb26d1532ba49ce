#pragma once

#include <algorithm>
#include <cmath>
#include <cstring>
#include <functional>
#include <limits>
#include <numbers>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "score/score.hpp"
#include "support.hpp"

namespace ridgeflow::testing {

/// A score problem that owns its arrays.
template <class T>
struct ScoreCase {
  std::string name;
  std::size_t n, m, d;
  std::vector<T> queries, centres, logWeights;
  double variance;
  bool onItself = false;  // the queries are the centres, in the same memory
  bool excludeSelf = false;
  std::vector<T> mean, logDensity, divergence;

  ScoreProblem<T> problem() {
    mean.assign(n * d, T(-77));
    logDensity.assign(n, T(-77));
    divergence.assign(n, T(-77));
    ScoreProblem<T> result;
    result.queries = onItself ? centres.data() : queries.data();
    result.n = n;
    result.centres = centres.data();
    result.m = m;
    result.d = d;
    result.logWeights = logWeights.empty() ? nullptr : logWeights.data();
    result.variance = variance;
    result.excludeSelf = excludeSelf;
    result.mean = mean.data();
    result.logDensity = logDensity.data();
    result.divergence = divergence.data();
    return result;
  }
  const T* query(std::size_t i) const { return (onItself ? centres : queries).data() + i * d; }
};

/// A case of given clouds, without weights.
template <class T>
ScoreCase<T> scoreCase(std::vector<T> queries, std::vector<T> centres, std::size_t d, double variance) {
  const std::size_t n = queries.size() / d, m = centres.size() / d;
  return {"n=" + std::to_string(n) + " m=" + std::to_string(m) + " d=" + std::to_string(d) + " variance=" + std::to_string(variance),
          n, m, d, std::move(queries), std::move(centres), {}, variance, false, false, {}, {}, {}};
}

/// A case of random clouds.
template <class T>
ScoreCase<T> randomCase(Random& random, CloudKind kind, std::size_t n, std::size_t m, std::size_t d, double variance, bool weighted) {
  auto clouds = random.clouds<T>(kind, {n, m}, d);
  auto test = scoreCase<T>(std::move(clouds[0]), std::move(clouds[1]), d, variance);
  if (weighted) test.logWeights = random.logWeights<T>(m);
  test.name += " kind=" + std::to_string(static_cast<int>(kind)) + (weighted ? " weighted" : "");
  return test;
}

/// A case of a random cloud on itself.
template <class T>
ScoreCase<T> randomCaseOnItself(Random& random, CloudKind kind, std::size_t n, std::size_t d, double variance) {
  auto test = scoreCase<T>({}, random.cloud<T>(kind, n, d), d, variance);
  test.n = n;
  test.onItself = true;
  return test;
}

/// `run` computes a case; its bits must be the same for any number of threads.
template <class T>
void expectSameBits(ScoreCase<T>& test, const std::function<void()>& run) {
  std::vector<T> mean, logDensity, divergence;
  withThreadCounts({1, 2, 3, 7}, [&](int threads) {
    run();
    if (threads == 1) mean = test.mean, logDensity = test.logDensity, divergence = test.divergence;
    EXPECT_EQ(std::memcmp(mean.data(), test.mean.data(), mean.size() * sizeof(T)), 0) << threads << " threads, " << test.name;
    EXPECT_EQ(logDensity, test.logDensity);
    EXPECT_EQ(divergence, test.divergence);
  });
}

/// A call that was aborted before it began stops; one that was not ends with its progress complete.
inline void expectControlled(const ScoreProblem<float>& problem) {
  std::int32_t cells[2] = {1, 0};
  Control control(cells);
  EXPECT_THROW(score(problem, control), Aborted);
  cells[0] = 0;
  score(problem, control);
  EXPECT_EQ(cells[1], 1000000);
}

/// What score() should give for one query, from the definitions, in float64.
struct ReferenceScore {
  std::vector<double> mean;
  double logDensity = -std::numeric_limits<double>::infinity();
  double divergence = 0.0;
  double nearest = 0.0;  // |x − c|²/2σ² of the heaviest centre: the size of the logits that rounding is relative to
};

template <class T>
double halfSquare(const T* x, const T* c, std::size_t d, double variance) {
  double sum = 0.0;
  for (std::size_t k = 0; k < d; ++k) {
    const double difference = static_cast<double>(x[k]) - static_cast<double>(c[k]);
    sum += difference * difference;
  }
  return sum / (2 * variance);
}

template <class T>
ReferenceScore referenceScore(const ScoreCase<T>& test, std::size_t i) {
  const std::size_t d = test.d;
  const T* x = test.query(i);
  ReferenceScore result;
  result.mean.assign(x, x + d);
  std::vector<double> logits(test.m);
  double largest = -std::numeric_limits<double>::infinity();
  for (std::size_t j = 0; j < test.m; ++j) {
    const double logWeight = test.logWeights.empty() ? -std::log(static_cast<double>(test.m)) : test.logWeights[j];
    const double distance = halfSquare(x, test.centres.data() + j * d, d, test.variance);
    logits[j] = test.excludeSelf && i == j ? -std::numeric_limits<double>::infinity() : logWeight - distance;
    if (logits[j] > largest) {
      largest = logits[j];
      result.nearest = distance;
    }
  }
  if (std::isinf(largest)) return result;
  double total = 0.0;
  std::vector<double> offset(d, 0.0);  // Σ r (c − x)
  for (std::size_t j = 0; j < test.m; ++j) {
    const double weight = std::exp(logits[j] - largest);
    total += weight;
    for (std::size_t k = 0; k < d; ++k) offset[k] += weight * (static_cast<double>(test.centres[j * d + k]) - x[k]);
  }
  for (std::size_t k = 0; k < d; ++k) result.mean[k] += offset[k] /= total;
  double trace = 0.0;
  for (std::size_t j = 0; j < test.m; ++j) {
    double square = 0.0;
    for (std::size_t k = 0; k < d; ++k) {
      const double difference = static_cast<double>(test.centres[j * d + k]) - result.mean[k];
      square += difference * difference;
    }
    trace += std::exp(logits[j] - largest) / total * square;
  }
  result.logDensity = largest + std::log(total) - static_cast<double>(d) / 2 * std::log(2 * std::numbers::pi * test.variance);
  result.divergence = (trace / test.variance - static_cast<double>(d)) / test.variance;
  return result;
}

/// The largest error of each result over every `step`-th query, in the units that a relative error of the posterior
/// weights is felt in: the mean in σ, or in the spread where that is larger, the log-density in nats, the divergence in
/// d/σ² or in itself. Rounding of the results is taken off first.
template <class T>
double scoreError(const ScoreCase<T>& test, double spread, std::size_t step = 1) {
  double worst = 0.0;
  const double unit = std::max(std::sqrt(test.variance), spread);
  const auto note = [&](double actual, double expected, double scale) {
    if (actual == expected) return;
    const double error = (std::abs(actual - expected) - rounding<T>(expected)) / scale;
    worst = std::isnan(error) ? std::numeric_limits<double>::infinity() : std::max(worst, error);
  };
  for (std::size_t i = 0; i < test.n; i += step) {
    const ReferenceScore expected = referenceScore(test, i);
    const double size = 1.0 + expected.nearest;
    for (std::size_t k = 0; k < test.d; ++k) note(test.mean[i * test.d + k], expected.mean[k], unit * size);
    note(test.logDensity[i], expected.logDensity, size);
    const double curvature = static_cast<double>(test.d) / test.variance;
    note(test.divergence[i], expected.divergence, (2 * curvature + std::abs(expected.divergence)) * size);
  }
  return worst;
}

/// Relative errors that float32 and float64 sums over the sizes of these tests may have.
template <class T>
constexpr double kScoreTolerance = sizeof(T) == 4 ? 1e-4 : 1e-10;

}  // namespace ridgeflow::testing
