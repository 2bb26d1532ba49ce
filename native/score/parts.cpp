#include "score/parts.hpp"

#include <algorithm>
#include <limits>
#include <numbers>

#include "runtime/for_each_row.hpp"
#include "score/part_weight.hpp"
#include "score/results.hpp"

namespace ridgeflow {
namespace {

/// mean ← mean + share · (more − mean). Returns |more − mean|² of before. Sums side by side keep the additions from waiting
/// for each other.
template <class T>
double moveTowards(double* mean, const T* more, std::size_t d, double share) {
  constexpr std::size_t kSums = 8;
  double sums[kSums] = {};
  std::size_t k = 0;
  for (; k + kSums <= d; k += kSums) {
    for (std::size_t j = 0; j < kSums; ++j) {
      const double shift = more[k + j] - mean[k + j];
      sums[j] += shift * shift;
      mean[k + j] += share * shift;
    }
  }
  for (; k < d; ++k) {
    const double shift = more[k] - mean[k];
    sums[k % kSums] += shift * shift;
    mean[k] += share * shift;
  }
  return ((sums[0] + sums[1]) + (sums[2] + sums[3])) + ((sums[4] + sums[5]) + (sums[6] + sums[7]));
}

}  // namespace

template <class T>
void addScorePart(const ScoreSums& sums, const T* mean, const double* parts, Control& control) {
  const std::size_t d = sums.d;
  forEachRow(sums.n, d, control, [&](std::size_t i) {
    if (parts[2 * i] == -std::numeric_limits<double>::infinity()) return;
    const PartWeight weight(sums.logs[i], parts[2 * i]);
    const double share = weight.share;
    sums.logs[i] = weight.log;
    if (sums.mean == nullptr) return;
    double* sum = sums.mean + i * d;
    // Beside a part that has all the weight, what was there before counts for nothing, whatever it is.
    if (share == 1) {
      std::copy_n(mean + i * d, d, sum);
      if (sums.trace != nullptr) sums.trace[i] = parts[2 * i + 1];
      return;
    }
    const double square = moveTowards(sum, mean + i * d, d, share);
    if (sums.trace == nullptr) return;
    sums.trace[i] = (1 - share) * sums.trace[i] + share * parts[2 * i + 1] + share * (1 - share) * square;
  });
}

template <class T>
void writeScoreSums(const ScoreProblem<T>& problem, const ScoreSums& sums, Control& control) {
  const ScoreResults<T> results(problem);
  forEachRow(sums.n, sums.d, control, [&](std::size_t i) {
    if (sums.logs[i] == -std::numeric_limits<double>::infinity()) {
      results.writeNothing(i);
      return;
    }
    const double* mean = sums.mean == nullptr ? nullptr : sums.mean + i * sums.d;
    results.write(i, sums.logs[i] / std::numbers::ln2, mean, sums.trace == nullptr ? 0.0 : sums.trace[i]);
  });
}

template void addScorePart<float>(const ScoreSums&, const float*, const double*, Control&);
template void addScorePart<double>(const ScoreSums&, const double*, const double*, Control&);
template void writeScoreSums<float>(const ScoreProblem<float>&, const ScoreSums&, Control&);
template void writeScoreSums<double>(const ScoreProblem<double>&, const ScoreSums&, Control&);

}  // namespace ridgeflow
