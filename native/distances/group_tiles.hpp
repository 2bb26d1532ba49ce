#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace ridgeflow {

/// Points first … first + count − 1 of the order by groups, all of one group.
struct GroupTile {
  std::size_t first, count, group;
};

/// Points in the order of their groups, cut into tiles of one group each.
struct GroupTiles {
  std::vector<std::size_t> order;  ///< row numbers of the points, group by group
  std::vector<GroupTile> tiles;

  GroupTiles(const std::int32_t* groups, std::size_t m, std::size_t groupCount, std::size_t tileSize) : order(m) {
    std::vector<std::size_t> starts(groupCount + 1, 0);
    for (std::size_t j = 0; j < m; ++j) ++starts[static_cast<std::size_t>(groups[j]) + 1];
    for (std::size_t g = 0; g < groupCount; ++g) starts[g + 1] += starts[g];
    std::vector<std::size_t> next(starts.begin(), starts.end() - 1);
    for (std::size_t j = 0; j < m; ++j) order[next[static_cast<std::size_t>(groups[j])]++] = j;
    for (std::size_t g = 0; g < groupCount; ++g) {
      for (std::size_t first = starts[g]; first < starts[g + 1]; first += tileSize) {
        tiles.push_back({first, std::min(tileSize, starts[g + 1] - first), g});
      }
    }
  }
};

}  // namespace ridgeflow
