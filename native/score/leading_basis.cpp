#include "score/leading_basis.hpp"

#include <algorithm>
#include <cmath>

#include "linalg/blas.hpp"
#include "linalg/linalg.hpp"
#include "random/normals.hpp"

namespace ridgeflow {
namespace {

constexpr std::size_t kMore = 8;         // vectors beside those that are wanted: the iteration is not carried on
constexpr double kLongest = 4.0;         // of the median length: a few far points must not take all the vectors
constexpr double kNoDirection = 1e-10;   // of the largest eigenvalue

/// Rows of `vectors` (count × d) ← orthonormal rows that span the same, ordered by what they span; returns how many.
/// One step loses half the digits where the rows are nearly dependent, a second restores them.
std::size_t orthonormalise(std::vector<double>& vectors, std::size_t count, std::size_t d) {
  Control control;
  for (int step = 0; step < 2 && count > 0; ++step) {
    std::vector<double> gram(count * count), values(count);
    matmul(vectors.data(), count, d, false, vectors.data(), count, d, true, gram.data(), control);
    if (!blas::symmetricEigen(gram.data(), count, values.data())) return 0;
    std::size_t kept = 0;
    while (kept < count && values[count - 1 - kept] > kNoDirection * values[count - 1]) ++kept;
    // The largest first.
    std::vector<double> turn(kept * count), turned(kept * d);
    for (std::size_t i = 0; i < kept; ++i) {
      const std::size_t from = count - 1 - i;
      for (std::size_t j = 0; j < count; ++j) turn[i * count + j] = gram[from * count + j] / std::sqrt(values[from]);
    }
    matmul(turn.data(), kept, count, false, vectors.data(), count, d, false, turned.data(), control);
    vectors = std::move(turned);
    count = kept;
  }
  return count;
}

}  // namespace

std::size_t LeadingBasis::sampleRows(std::size_t rows) {
  return std::min({rows, std::size_t{1024}, std::max<std::size_t>(256, rows / 8)});
}

template <class T>
LeadingBasis::LeadingBasis(const CentredRows<T>& cloud, const std::vector<std::uint32_t>& rows, std::size_t count) {
  const std::size_t d = cloud.dimension(), sample = sampleRows(rows.size());
  if (sample == 0) return;
  std::vector<double> lengths(sample), sampled(sample * d);
  const auto rowOf = [&](std::size_t i) { return rows[(2 * i + 1) * rows.size() / (2 * sample)]; };
  for (std::size_t i = 0; i < sample; ++i) lengths[i] = std::sqrt(cloud.square(rowOf(i)));
  std::vector<double> sorted = lengths;
  std::nth_element(sorted.begin(), sorted.begin() + static_cast<std::ptrdiff_t>(sample / 2), sorted.end());
  const double longest = kLongest * sorted[sample / 2];
  for (std::size_t i = 0; i < sample; ++i) {
    const double factor = lengths[i] > longest ? longest / lengths[i] : 1.0;
    for (std::size_t k = 0; k < d; ++k) sampled[i * d + k] = factor * cloud.centred(rowOf(i), k);
  }
  Control control;
  const std::size_t tried = std::min({count + kMore, sample, d});
  std::vector<double> mixing(tried * sample), vectors(tried * d), products(tried * sample);
  fillNormals(RandomStream{0x6c656164U, 0, 0, 0}, 0, mixing.data(), mixing.size(), control);
  matmul(mixing.data(), tried, sample, false, sampled.data(), sample, d, false, vectors.data(), control);
  std::size_t found = orthonormalise(vectors, tried, d);
  matmul(vectors.data(), found, d, false, sampled.data(), sample, d, true, products.data(), control);
  matmul(products.data(), found, sample, false, sampled.data(), sample, d, false, vectors.data(), control);
  found = orthonormalise(vectors, found, d);
  count_ = std::min(count, found);
  vectors.resize(count_ * d);
  vectors_ = std::move(vectors);
}

template <class T>
void LeadingBasis::project(const CentredRows<T>& cloud, const std::uint32_t* numbers, std::size_t rows, double* out,
                           double* squares) const {
  const std::size_t d = cloud.dimension();
  std::vector<double> centred(rows * d);
  for (std::size_t i = 0; i < rows; ++i) {
    double square = 0.0;
    for (std::size_t k = 0; k < d; ++k) {
      const double value = cloud.centred(numbers[i], k);
      centred[i * d + k] = value;
      square += value * value;
    }
    squares[i] = square;
  }
  if (count_ == 0) return;
  blas::gemm(false, true, rows, count_, d, centred.data(), d, vectors_.data(), d, 0.0, out, count_);
}

template LeadingBasis::LeadingBasis(const CentredRows<float>&, const std::vector<std::uint32_t>&, std::size_t);
template LeadingBasis::LeadingBasis(const CentredRows<double>&, const std::vector<std::uint32_t>&, std::size_t);
template void LeadingBasis::project(const CentredRows<float>&, const std::uint32_t*, std::size_t, double*, double*) const;
template void LeadingBasis::project(const CentredRows<double>&, const std::uint32_t*, std::size_t, double*, double*) const;

}  // namespace ridgeflow
