#pragma once

#include <cstddef>

#include "runtime/control.hpp"

namespace ridgeflow {

/// The finite Radon transform of `count` images of p × p pixels, p prime, out being count × (p + 1) × p:
/// out[k, l] = p^(−1/2) Σ_i image[i, (k·i + l) mod p] for k < p, and out[p, l] = p^(−1/2) Σ_j image[l, j].
/// Sums in float64. O(count · p³) additions, O(p²) working memory per image at work. Throws Aborted.
template <class T>
void finiteRadon(const T* images, std::size_t count, std::size_t p, T* out, Control& control);

/// The transpose of finiteRadon: `count` images of p × p from count × (p + 1) × p projections.
template <class T>
void finiteBackproject(const T* projections, std::size_t count, std::size_t p, T* out, Control& control);

}  // namespace ridgeflow
