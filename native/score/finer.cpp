#include "score/finer.hpp"

#include <algorithm>
#include <cstddef>

#include "runtime/parallel.hpp"
#include "score/dense.hpp"
#include "score/plain_row.hpp"
#include "score/rounding.hpp"

namespace ridgeflow {
namespace {

constexpr std::size_t kFew = 4;       // rows that panels would be mostly empty for
constexpr std::size_t kBatch = 8192;  // rows whose copies and results are held at once

template <class T>
void scorePlainly(const ScoreProblem<T>& problem, const std::uint32_t* rows, std::size_t count, Control& control) {
  const ScoreResults<T> results(problem);
  parallelFor(count, [&](std::size_t at) {
    control.check();
    writePlainRow(problem, results, rows[at]);
  });
}

/// A batch in float64. Where queries leave themselves out their own centres come first, in the order of the batch.
void scoreInDoubles(const ScoreProblem<float>& problem, const std::uint32_t* rows, std::size_t count, Control& control) {
  const std::size_t m = problem.m, d = problem.d;
  std::vector<double> queries(count * d), centres, logWeights, mean, logDensity, divergence;
  std::vector<double> parts(problem.parts == nullptr ? 0 : 2 * count);
  for (std::size_t i = 0; i < count; ++i) std::copy_n(problem.queries + rows[i] * d, d, queries.data() + i * d);
  centres.reserve(m * d);
  if (problem.logWeights != nullptr) logWeights.reserve(m);
  const auto add = [&](std::size_t j) {
    centres.insert(centres.end(), problem.centres + j * d, problem.centres + (j + 1) * d);
    if (problem.logWeights != nullptr) logWeights.push_back(problem.logWeights[j]);
  };
  std::vector<bool> first(m, false);
  for (std::size_t i = 0; problem.excludeSelf && i < count; ++i) {
    add(rows[i]);
    first[rows[i]] = true;
  }
  for (std::size_t j = 0; j < m; ++j) {
    if (!first[j]) add(j);
  }
  const auto wanted = [](const float* result, std::vector<double>& values, std::size_t size) {
    if (result != nullptr) values.resize(size);
    return result == nullptr ? nullptr : values.data();
  };
  ScoreProblem<double> doubles;
  doubles.queries = queries.data();
  doubles.n = count;
  doubles.centres = centres.data();
  doubles.m = m;
  doubles.d = d;
  doubles.logWeights = problem.logWeights == nullptr ? nullptr : logWeights.data();
  doubles.variance = problem.variance;
  doubles.excludeSelf = problem.excludeSelf;
  doubles.mean = wanted(problem.mean, mean, count * d);
  doubles.logDensity = wanted(problem.logDensity, logDensity, count);
  doubles.divergence = wanted(problem.divergence, divergence, count);
  doubles.parts = problem.parts == nullptr ? nullptr : parts.data();
  scoreDense(doubles, control, kShownRounding<float> / 16);
  const auto narrow = [&](const std::vector<double>& values, float* result, std::size_t columns) {
    for (std::size_t i = 0; result != nullptr && i < count; ++i) {
      for (std::size_t k = 0; k < columns; ++k) result[rows[i] * columns + k] = static_cast<float>(values[i * columns + k]);
    }
  };
  narrow(mean, problem.mean, d);
  narrow(logDensity, problem.logDensity, 1);
  narrow(divergence, problem.divergence, 1);
  for (std::size_t i = 0; problem.parts != nullptr && i < count; ++i) {
    std::copy_n(parts.data() + 2 * i, 2, problem.parts + 2 * std::size_t{rows[i]});
  }
}

}  // namespace

template <>
void scoreFiner(const ScoreProblem<float>& problem, const std::vector<std::uint32_t>& rows, Control& control) {
  if (rows.size() < kFew) {
    scorePlainly(problem, rows.data(), rows.size(), control);
    return;
  }
  for (std::size_t first = 0; first < rows.size(); first += kBatch) {
    scoreInDoubles(problem, rows.data() + first, std::min(kBatch, rows.size() - first), control);
  }
}

template <>
void scoreFiner(const ScoreProblem<double>& problem, const std::vector<std::uint32_t>& rows, Control& control) {
  scorePlainly(problem, rows.data(), rows.size(), control);
}

}  // namespace ridgeflow
