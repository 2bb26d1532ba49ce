// Tiles of queries against tiles of centres: a matrix product gives distances and c·v, a pass over the tile makes weights of
// them, and a second product sums r c and r (c·v) c. The tile stays in cache.

#include "posterior/covariance.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "linalg/blas.hpp"
#include "linalg/row_length.hpp"
#include "posterior/plain_covariance.hpp"
#include "runtime/memory.hpp"
#include "runtime/parallel.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "posterior/covariance.cpp"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"
#include "runtime/exp2-inl.h"

HWY_BEFORE_NAMESPACE();
namespace ridgeflow {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

/// logits ← bias + scale · logits; returns the largest. `count` is a whole number of vectors.
double LogitsOf(const double* bias, double scale, double* logits, std::size_t count) {
  const hn::ScalableTag<double> tag;
  auto largest = hn::Set(tag, -std::numeric_limits<double>::infinity());
  for (std::size_t j = 0; j < count; j += hn::Lanes(tag)) {
    const auto value = hn::MulAdd(hn::Set(tag, scale), hn::LoadU(tag, logits + j), hn::LoadU(tag, bias + j));
    hn::StoreU(value, tag, logits + j);
    largest = hn::Max(largest, value);
  }
  return hn::GetLane(hn::MaxOfLanes(tag, largest));
}

/// logits ← weights 2^(logit − most), slopes ← weight · slope; adds the sums of both to `mass` and `slope`.
void WeightsOf(double most, double* logits, double* slopes, std::size_t count, double* mass, double* slope) {
  const hn::ScalableTag<double> tag;
  auto weights = hn::Zero(tag), products = hn::Zero(tag);
  for (std::size_t j = 0; j < count; j += hn::Lanes(tag)) {
    const auto weight = PowerOfTwo(tag, hn::Sub(hn::LoadU(tag, logits + j), hn::Set(tag, most)));
    const auto product = hn::Mul(weight, hn::LoadU(tag, slopes + j));
    hn::StoreU(weight, tag, logits + j);
    hn::StoreU(product, tag, slopes + j);
    weights = hn::Add(weights, weight);
    products = hn::Add(products, product);
  }
  *mass += hn::GetLane(hn::SumOfLanes(tag, weights));
  *slope += hn::GetLane(hn::SumOfLanes(tag, products));
}

}  // namespace HWY_NAMESPACE
}  // namespace ridgeflow
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ridgeflow {

HWY_EXPORT(LogitsOf);
HWY_EXPORT(WeightsOf);

namespace {

constexpr std::size_t kQueries = 32;
constexpr std::size_t kCentres = 256;  // a whole number of vectors on every target
constexpr double kNone = -std::numeric_limits<double>::infinity();
constexpr double kShown = 1e-8;  // rounding of a logit that is let pass

/// The centres about their mean, in whole tiles: rows beyond them are zero and weigh nothing.
struct Centres {
  std::size_t rows = 0;  // a multiple of kCentres
  Buffer<double> origin, points;
  Buffer<double> bias;  // log2 w − |c|²/2σ² · log2 e
  double radius = 0.0;  // largest |c|
};

template <class T>
Centres centresOf(const PosteriorCovarianceProblem<T>& problem) {
  const auto& [queries, vectors, centres, logWeights, n, m, d, variance, out] = problem;
  Centres result;
  result.rows = ceilDivide(m, kCentres) * kCentres;
  result.origin = allocateBuffer<double>(d);
  result.points = allocateBuffer<double>(result.rows * d);
  result.bias = allocateBuffer<double>(result.rows);
  std::fill_n(result.origin.get(), d, 0.0);
  for (std::size_t j = 0; j < m; ++j) {
    for (std::size_t k = 0; k < d; ++k) result.origin[k] += static_cast<double>(centres[j * d + k]);
  }
  for (std::size_t k = 0; k < d; ++k) result.origin[k] /= static_cast<double>(m);
  const double scale = 1.0 / (2.0 * std::log(2.0) * variance);
  parallelFor(result.rows / kCentres, [&, points = centres, logs = logWeights, count = m, columns = d](std::size_t tile) {
    for (std::size_t j = tile * kCentres; j < (tile + 1) * kCentres; ++j) {
      double* row = result.points.get() + j * columns;
      for (std::size_t k = 0; k < columns; ++k) {
        row[k] = j < count ? static_cast<double>(points[j * columns + k]) - result.origin[k] : 0.0;
      }
      const double weight = j >= count ? kNone : logs == nullptr ? 0.0 : static_cast<double>(logs[j]) / std::log(2.0);
      result.bias[j] = weight - scale * squaredLength(row, columns);
    }
  });
  for (std::size_t j = 0; j < m; ++j) {
    result.radius = std::max(result.radius, std::sqrt(squaredLength(result.points.get() + j * d, d)));
  }
  return result;
}

/// Sums over the centres so far, of one tile of queries, relative to 2^most.
struct Sums {
  double most[kQueries], mass[kQueries], slope[kQueries];
  Buffer<double> vectors;  // Σ r c of every query, then Σ r (c·v) c
};

/// Whether the sums of a query at distance `length` from the origin are what they stand for: products x·c hold their digits.
bool trusted(const Sums& sums, std::size_t i, const Centres& centres, double length, double variance) {
  const double logit = std::numeric_limits<double>::epsilon() * (length + centres.radius) * centres.radius / variance;
  return logit < kShown && std::isfinite(sums.slope[i]) && (sums.mass[i] > 0.5 || sums.most[i] == kNone);
}

void raise(Sums& sums, std::size_t i, std::size_t count, std::size_t d, double most) {
  const double factor = std::exp2(sums.most[i] - most);
  sums.most[i] = most;
  sums.mass[i] *= factor;
  sums.slope[i] *= factor;
  for (const std::size_t row : {i, count + i}) {
    for (std::size_t k = 0; k < d; ++k) sums.vectors[row * d + k] *= factor;
  }
}

}  // namespace

template <class T>
void posteriorCovarianceProduct(const PosteriorCovarianceProblem<T>& problem, Control& control) {
  const std::size_t n = problem.n, d = problem.d, tiles = ceilDivide(n, kQueries);
  const Centres centres = centresOf(problem);
  const double scale = 1.0 / (std::log(2.0) * problem.variance);
  control.start(tiles * (centres.rows / kCentres));
  parallelFor(tiles, [&](std::size_t tile) {
    const FlushDenormals flush;
    const std::size_t first = tile * kQueries, count = std::min(kQueries, n - first);
    // Queries and vectors meet the centres in one product.
    const auto pair = allocateBuffer<double>(2 * count * d), products = allocateBuffer<double>(2 * count * kCentres);
    Sums sums;
    sums.vectors = allocateBuffer<double>(2 * count * d);
    std::fill_n(sums.vectors.get(), 2 * count * d, 0.0);
    for (std::size_t i = 0; i < count; ++i) {
      sums.most[i] = kNone;
      sums.mass[i] = sums.slope[i] = 0.0;
      for (std::size_t k = 0; k < d; ++k) {
        pair[i * d + k] = static_cast<double>(problem.queries[(first + i) * d + k]) - centres.origin[k];
        pair[(count + i) * d + k] = static_cast<double>(problem.vectors[(first + i) * d + k]);
      }
    }
    for (std::size_t from = 0; from < centres.rows; from += kCentres) {
      const double* points = centres.points.get() + from * d;
      blas::gemm(false, true, 2 * count, kCentres, d, pair.get(), d, points, d, 0.0, products.get(), kCentres);
      for (std::size_t i = 0; i < count; ++i) {
        double *logits = products.get() + i * kCentres, *slopes = products.get() + (count + i) * kCentres;
        const double most = HWY_DYNAMIC_DISPATCH(LogitsOf)(centres.bias.get() + from, scale, logits, kCentres);
        if (most > sums.most[i]) raise(sums, i, count, d, most);
        if (sums.most[i] == kNone) {
          std::fill_n(logits, kCentres, 0.0);
          std::fill_n(slopes, kCentres, 0.0);
          continue;
        }
        HWY_DYNAMIC_DISPATCH(WeightsOf)(sums.most[i], logits, slopes, kCentres, &sums.mass[i], &sums.slope[i]);
      }
      blas::gemm(false, false, 2 * count, d, kCentres, products.get(), kCentres, points, d, 1.0, sums.vectors.get(), d);
      control.advance(1);
    }
    for (std::size_t i = 0; i < count; ++i) {
      if (!trusted(sums, i, centres, std::sqrt(squaredLength(pair.get() + i * d, d)), problem.variance)) {
        control.check();
        writePlainCovarianceProduct(problem, first + i);
        continue;
      }
      // E[(c·v) c] − E[c·v] E[c].
      const double mass = sums.mass[i], slope = mass > 0.0 ? sums.slope[i] / mass : 0.0;
      for (std::size_t k = 0; k < d; ++k) {
        const double difference = sums.vectors[(count + i) * d + k] - slope * sums.vectors[i * d + k];
        problem.out[(first + i) * d + k] = static_cast<T>(mass > 0.0 ? difference / mass : 0.0);
      }
    }
  });
}

template void posteriorCovarianceProduct<float>(const PosteriorCovarianceProblem<float>&, Control&);
template void posteriorCovarianceProduct<double>(const PosteriorCovarianceProblem<double>&, Control&);

}  // namespace ridgeflow
#endif  // HWY_ONCE
