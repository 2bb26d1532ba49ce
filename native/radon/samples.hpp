#pragma once

#include <cstddef>

// What the drivers of rays that are no parallel beam in the plane (line_integrals.cpp, xray.cpp) share with their vector
// code (samples.cpp, compiled once per instruction set): where rays meet the rows of an image or the planes of a volume, and
// the weighted neighbours there. Places, weights and sums are float64 for both element types.

namespace ridgeflow::radon_samples {

/// Rows of samples between zeros: one on the left, two on the right.
template <class T>
struct Rows {
  T* first = nullptr;      ///< the zero on the left of row 0
  std::size_t stride = 0;  ///< elements between rows
  std::size_t count = 0;   ///< samples of a row, without margins
};

/// A line that meets row i at `intercept + slope · i`, counted from the zero on its left. Finite.
struct RowLine {
  double intercept = 0.0, slope = 0.0;
};

/// Σ over rows [from, to) of the linear interpolation between the two samples around the line, zero beyond them.
template <class T>
double sumAlong(const Rows<const T>& rows, const RowLine& line, std::size_t from, std::size_t to);

/// The transpose: adds value to the two samples of each row, by their weights.
void spreadAlong(const Rows<double>& rows, const RowLine& line, std::size_t from, std::size_t to, double value);

/// Rays that meet a plane of cells at equal distances: ray k at row a.start + a.step · k and column b.start + b.step · k, both
/// in [0, count + 1) where the margins are cells 0 and count + 1.
struct PlaneRays {
  struct Places {
    double start = 0.0, step = 0.0;
    double most = 0.0;  ///< the largest number below count + 1
  };
  Places a, b;
  std::size_t width = 0;  ///< elements between rows of the plane
  std::size_t size = 0;   ///< elements between planes
};

/// sums[k − from], a pair, grows by the bilinear interpolation at ray k of [from, to): the value is the sum of the pair.
template <class T>
void gatherPlane(const T* plane, const PlaneRays& rays, std::size_t from, std::size_t to, double* sums);

/// The transpose: adds scale · values[k − from] to the four cells around ray k, by their weights.
template <class T>
void spreadPlane(double* plane, const PlaneRays& rays, std::size_t from, std::size_t to, const T* values, double scale);

/// Pixels of a row as a source sees them: pixel j lies at across.start + across.step · j across the central ray and at
/// along.start + along.step · j along it, in distances of the source from the origin; its detector is (across/along, or the
/// arcus tangens of it unless `flat`) · scale + shift, counted from the zero on the left.
struct FanRow {
  struct Part {
    double start = 0.0, step = 0.0;
  };
  Part across, along;
  double scale = 1.0, shift = 0.0;
  bool flat = true;
};

/// sums[j], a pair, grows by the detectors (`count`, between one zero and two) interpolated at pixel j, over the square of its
/// distance, along the central ray where flat. Pixels beside or behind the source get nothing.
template <class T>
void addFanRow(const T* detectors, std::size_t count, const FanRow& row, std::size_t pixels, double* sums);

}  // namespace ridgeflow::radon_samples
