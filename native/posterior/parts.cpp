#include "posterior/parts.hpp"

#include <algorithm>
#include <limits>

#include "runtime/for_each_row.hpp"
#include "score/part_weight.hpp"

namespace ridgeflow {

void addCovariancePart(const CovarianceSums& sums, const double* mean, const double* parts, const double* products,
                       Control& control) {
  const std::size_t d = sums.d;
  forEachRow(sums.n, 5 * d, control, [&](std::size_t i) {
    if (parts[2 * i] == -std::numeric_limits<double>::infinity()) return;
    const PartWeight weight(sums.logs[i], parts[2 * i]);
    sums.logs[i] = weight.log;
    const double *moreMean = mean + i * d, *moreProducts = products + i * d, *vector = sums.vectors + i * d;
    double *ownMean = sums.mean + i * d, *ownProducts = sums.products + i * d;
    // Beside a part that has all the weight, what was there before counts for nothing, whatever it is.
    if (weight.share == 1) {
      std::copy_n(moreMean, d, ownMean);
      std::copy_n(moreProducts, d, ownProducts);
      return;
    }
    double along = 0.0;
    for (std::size_t k = 0; k < d; ++k) along += (moreMean[k] - ownMean[k]) * vector[k];
    const double share = weight.share, spread = share * (1 - share) * along;
    for (std::size_t k = 0; k < d; ++k) {
      const double shift = moreMean[k] - ownMean[k];
      ownProducts[k] = (1 - share) * ownProducts[k] + share * moreProducts[k] + spread * shift;
      ownMean[k] += share * shift;
    }
  });
}

}  // namespace ridgeflow
