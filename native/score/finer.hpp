#pragma once

#include <cstdint>
#include <vector>

#include "score/score.hpp"

namespace ridgeflow {

/// Computes and writes the results of some queries again, by row numbers without repetition: those that the rounding of T
/// shows in. Of float32 over all pairs in float64; of float64, and what float64 does not hold either, plainly
/// (plain_row.hpp). O(md) time a query, and memory for the centres in float64. Throws Aborted.
template <class T>
void scoreFiner(const ScoreProblem<T>& problem, const std::vector<std::uint32_t>& rows, Control& control);

/// The rows that tasks have found, task by task.
inline std::vector<std::uint32_t> joined(const std::vector<std::vector<std::uint32_t>>& found) {
  std::vector<std::uint32_t> rows;
  for (const auto& some : found) rows.insert(rows.end(), some.begin(), some.end());
  return rows;
}

}  // namespace ridgeflow
