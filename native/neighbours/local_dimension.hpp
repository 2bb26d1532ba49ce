#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "neighbours/pair_squares.hpp"
#include "runtime/parallel.hpp"

namespace ridgeflow {

/// How many dimensions the points fill around the queries, from a sample of both: what a tree's cost depends on, more than
/// on the number of coordinates. The maximum-likelihood estimate from 16 neighbours of each of 32 queries (E. Levina,
/// P. J. Bickel, NIPS 2004), averaged as D. J. C. MacKay and Z. Ghahramani propose; 0 where
/// most queries coincide with more points than that, d where the sample is too small. O(sample · d) time.
template <class T>
double localDimension(const T* queries, std::size_t n, const T* points, std::size_t m, std::size_t d) {
  constexpr std::size_t kQueries = 32, kPoints = 4096, kNeighbours = 16;
  const std::size_t rows = std::min(m, kPoints);
  if (rows < 4 * kNeighbours) return static_cast<double>(d);
  const auto operations = neighbour_tiles::pairOperations(T());
  std::array<double, kQueries> inverse{};
  std::array<std::uint8_t, kQueries> coincides{};
  parallelFor(kQueries, [&](std::size_t i) {
    const T* x = queries + (2 * i + 1) * n / (2 * kQueries) * d;
    std::vector<double> squares;
    squares.reserve(rows);
    std::size_t equal = 0;
    const neighbour_tiles::Hit pair{0, 0};
    for (std::size_t j = 0; j < rows; ++j) {
      T square = T(0);
      operations.squares(x, points + (2 * j + 1) * m / (2 * rows) * d, d, &pair, 1, &square);
      equal += square == T(0) ? 1 : 0;
      if (square > T(0) && std::isfinite(square)) squares.push_back(square);
    }
    coincides[i] = equal > kNeighbours ? 1 : 0;
    if (squares.size() < kNeighbours) return;
    const auto last = squares.begin() + kNeighbours;
    std::partial_sort(squares.begin(), last, squares.end());
    double sum = 0.0;
    for (std::size_t r = 0; r + 1 < kNeighbours; ++r) sum += 0.5 * std::log(squares[kNeighbours - 1] / squares[r]);
    inverse[i] = sum / (kNeighbours - 1);
  });
  if (4 * std::count(coincides.begin(), coincides.end(), 1) >= 3 * static_cast<std::ptrdiff_t>(kQueries)) return 0.0;
  double sum = 0.0;
  std::size_t count = 0;
  for (const double value : inverse) {
    sum += value;
    count += value > 0.0 ? 1 : 0;
  }
  return 2 * count < kQueries ? static_cast<double>(d) : std::min(static_cast<double>(d), static_cast<double>(count) / sum);
}

}  // namespace ridgeflow
