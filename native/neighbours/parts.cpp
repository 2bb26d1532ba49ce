#include "neighbours/parts.hpp"

#include "runtime/for_each_row.hpp"

namespace ridgeflow {
namespace {

template <class T>
struct Neighbour {
  T distance;
  std::int64_t row;  ///< −1: there is none

  bool isBefore(const Neighbour& other) const {
    if (distance != other.distance) return distance < other.distance;
    return other.row < 0 || row < other.row;
  }
};

/// The list of one query: of the part's neighbours those that are before the last ones here take their places.
template <class T>
void merge(T* distances, std::int32_t* indices, std::size_t k, const T* partDistances, const std::int32_t* partIndices,
           std::size_t partK, std::int64_t first) {
  const auto own = [&](std::size_t at) { return Neighbour<T>{distances[at], indices[at]}; };
  const auto more = [&](std::size_t at) { return Neighbour<T>{partDistances[at], first + partIndices[at]}; };
  // So it is for most queries once the near parts have been.
  if (!more(0).isBefore(own(k - 1))) return;
  std::size_t stay = 0, come = 0;
  while (stay + come < k) {
    if (come < partK && more(come).isBefore(own(stay))) ++come;
    else ++stay;
  }
  // From the last place on, so that none is written to before it has been read.
  for (std::size_t place = k; come > 0; --place) {
    const bool staying = stay > 0 && more(come - 1).isBefore(own(stay - 1));
    const Neighbour<T> last = staying ? own(--stay) : more(--come);
    distances[place - 1] = last.distance;
    indices[place - 1] = static_cast<std::int32_t>(last.row);
  }
}

}  // namespace

template <class T>
void addNeighbourPart(const NearestSoFar<T>& nearest, const NeighbourPart<T>& part, Control& control) {
  const std::size_t k = nearest.k;
  forEachRow(nearest.n, 2 * (k + part.k), control, [&](std::size_t i) {
    merge(nearest.distances + i * k, nearest.indices + i * k, k, part.distances + i * part.k, part.indices + i * part.k, part.k,
          part.first);
  });
}

template void addNeighbourPart(const NearestSoFar<float>&, const NeighbourPart<float>&, Control&);
template void addNeighbourPart(const NearestSoFar<double>&, const NeighbourPart<double>&, Control&);

}  // namespace ridgeflow
