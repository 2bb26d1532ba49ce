#include "transport/sliced.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <type_traits>
#include <utility>
#include <vector>

#include "linalg/blas.hpp"
#include "runtime/memory.hpp"
#include "runtime/parallel.hpp"

namespace ridgeflow {
namespace {

constexpr std::size_t kPoints = 1024;  // projected by one task
// Directions projected on together, at most: the fewer they are, the more a product costs for packing the points.
constexpr std::size_t kGroup = 64;
constexpr std::size_t kGroupBytes = std::size_t{1} << 26;  // of their projections
constexpr unsigned kBits = 11;         // of a digit of the radix sort: its counts stay in the first-level cache
constexpr std::size_t kFew = 256;      // values that are sorted by comparison

template <class T>
using Key = std::conditional_t<sizeof(T) == 4, std::uint32_t, std::uint64_t>;

/// An unsigned number in the order of the values.
template <class T>
Key<T> keyOf(T value) {
  using K = Key<T>;
  const K bits = std::bit_cast<K>(value);
  constexpr K kSign = K{1} << (8 * sizeof(K) - 1);
  return bits ^ ((bits & kSign) != 0 ? ~K{0} : kSign);
}

template <class T>
T valueOf(Key<T> key) {
  using K = Key<T>;
  constexpr K kSign = K{1} << (8 * sizeof(K) - 1);
  return std::bit_cast<T>(static_cast<K>(key ^ ((key & kSign) != 0 ? kSign : ~K{0})));
}

template <class T, bool kWeighted>
struct Entry {
  Key<T> key;
  std::uint32_t row;
};
template <class T>
struct Entry<T, false> {
  Key<T> key;
};

/// Sorts by key, least digit first; stable, so that equal values keep the order of their rows.
template <class E>
void radixSort(std::vector<E>& entries, std::vector<E>& spare, const Control& control) {
  using K = decltype(E::key);
  constexpr unsigned kDigits = (8 * sizeof(K) + kBits - 1) / kBits;
  constexpr std::size_t kRadix = std::size_t{1} << kBits;
  if (entries.size() <= kFew) {
    std::stable_sort(entries.begin(), entries.end(), [](const E& a, const E& b) { return a.key < b.key; });
    return;
  }
  std::vector<std::array<std::uint32_t, kRadix>> counts(kDigits);
  for (auto& digit : counts) digit.fill(0);
  for (const E& entry : entries) {
    for (unsigned digit = 0; digit < kDigits; ++digit) ++counts[digit][(entry.key >> (digit * kBits)) & (kRadix - 1)];
  }
  spare.resize(entries.size());
  for (unsigned digit = 0; digit < kDigits; ++digit) {
    const unsigned shift = digit * kBits;
    // A digit that all share leaves the order as it is.
    if (counts[digit][(entries[0].key >> shift) & (kRadix - 1)] == entries.size()) continue;
    control.check();
    std::uint32_t start = 0;
    for (std::uint32_t& count : counts[digit]) start += std::exchange(count, start);
    for (const E& entry : entries) spare[counts[digit][(entry.key >> shift) & (kRadix - 1)]++] = entry;
    entries.swap(spare);
  }
}

/// |x/unit|^p, without std::pow for the usual orders, and the largest |x| that was met.
class Power {
 public:
  explicit Power(double p, double perUnit = 1.0) : p_(p), perUnit_(perUnit) {}
  double operator()(double x) {
    const double size = std::abs(x);
    largest_ = std::max(largest_, size);
    const double scaled = size * perUnit_;
    if (p_ == 2.0) return scaled * scaled;
    if (p_ == 1.0) return scaled;
    return std::pow(scaled, p_);
  }
  double largest() const { return largest_; }
  double perUnit() const { return perUnit_; }

 private:
  double p_, perUnit_, largest_ = 0.0;
};

/// The p-th root of a sum of powers, and the sum with the 1/unit that it was taken in.
struct Root {
  double value, sum, perUnit;
};

/// Powers of differences may leave the range of double where their root does not: then they are summed again in units of the
/// largest. `sum` takes a Power.
template <class Sum>
Root rootOfPowers(double p, const Sum& sum) {
  constexpr double kLeast = 1e-280, kMost = 1e280;
  Power power(p);
  double total = sum(power), perUnit = 1.0;
  if (!(total > kLeast && total < kMost) && power.largest() > 0) {
    perUnit = std::min(1.0 / power.largest(), std::numeric_limits<double>::max());
    Power scaled(p, perUnit);
    total = sum(scaled);
  }
  const double root = p == 2.0 ? std::sqrt(total) : p == 1.0 ? total : std::pow(total, 1 / p);
  return {root / perUnit, total, perUnit};
}

/// ∫₀¹ |F⁻¹ − G⁻¹|^p of equal weights: quantiles of the two run in steps of 1/n and 1/m.
template <class T>
double equalCost(const std::vector<Entry<T, false>>& a, const std::vector<Entry<T, false>>& b, Power& power) {
  const std::size_t n = a.size(), m = b.size();
  double total = 0.0;
  if (n == m) {
    for (std::size_t i = 0; i < n; ++i) {
      total += power(static_cast<double>(valueOf<T>(a[i].key)) - static_cast<double>(valueOf<T>(b[i].key)));
    }
    return total / static_cast<double>(n);
  }
  // In units of 1/nm all is whole: (i + 1)·m and (j + 1)·n are where the quantiles step.
  std::uint64_t at = 0;
  for (std::size_t i = 0, j = 0; i < n && j < m;) {
    const std::uint64_t endA = static_cast<std::uint64_t>(i + 1) * m, endB = static_cast<std::uint64_t>(j + 1) * n;
    const std::uint64_t end = std::min(endA, endB);
    total += static_cast<double>(end - at) *
             power(static_cast<double>(valueOf<T>(a[i].key)) - static_cast<double>(valueOf<T>(b[j].key)));
    at = end;
    if (end == endA) ++i;
    if (end == endB) ++j;
  }
  return total / (static_cast<double>(n) * static_cast<double>(m));
}

/// Runs through the optimal plan of two sorted lines: body(entry of a, entry of b, mass).
template <class T, class Body>
void runThrough(const std::vector<Entry<T, true>>& a, const double* weightsA, const std::vector<Entry<T, true>>& b,
                const double* weightsB, const Body& body) {
  const double shareA = 1.0 / static_cast<double>(a.size()), shareB = 1.0 / static_cast<double>(b.size());
  const auto massA = [&](std::size_t i) { return weightsA != nullptr ? weightsA[a[i].row] : shareA; };
  const auto massB = [&](std::size_t j) { return weightsB != nullptr ? weightsB[b[j].row] : shareB; };
  std::size_t i = 0, j = 0;
  double leftA = massA(0), leftB = massB(0);
  for (;;) {
    const double mass = std::min(leftA, leftB);
    if (mass > 0) body(a[i], b[j], mass);
    leftA -= mass;
    leftB -= mass;
    // What rounding leaves of the one when the other is used up has no place to go.
    if (leftA <= 0) {
      if (++i == a.size()) return;
      leftA += massA(i);
    }
    if (leftB <= 0) {
      if (++j == b.size()) return;
      leftB += massB(j);
    }
  }
}

/// The cost of one direction of a problem, and p⁻¹ times its gradient where that is wanted.
template <class T>
double weightedCost(const SlicedProblem<T>& problem, const std::vector<Entry<T, true>>& a, const std::vector<Entry<T, true>>& b,
                    Power& power, double* gradient) {
  const std::size_t d = problem.d;
  double total = 0.0;
  if (gradient != nullptr) std::fill_n(gradient, d, 0.0);
  runThrough<T>(a, problem.weightsA, b, problem.weightsB, [&](const auto& from, const auto& to, double mass) {
    const double difference = static_cast<double>(valueOf<T>(from.key)) - static_cast<double>(valueOf<T>(to.key));
    const double cost = power(difference);
    total += mass * cost;
    if (gradient == nullptr || difference == 0) return;
    const double slope = mass * cost / (difference * power.perUnit());
    const T *x = problem.a + from.row * d, *y = problem.b + to.row * d;
    for (std::size_t k = 0; k < d; ++k) gradient[k] += slope * (static_cast<double>(x[k]) - static_cast<double>(y[k]));
  });
  return total;
}

/// W_p along one direction of a problem, and its gradient where that is wanted.
template <class T>
double weightedDistance(const SlicedProblem<T>& problem, const std::vector<Entry<T, true>>& a,
                        const std::vector<Entry<T, true>>& b, double* gradient) {
  const Root root =
      rootOfPowers(problem.p, [&](Power& power) { return weightedCost(problem, a, b, power, gradient); });
  if (gradient != nullptr && root.sum > 0) {
    const double factor = std::pow(root.sum, 1 / problem.p - 1);
    for (std::size_t k = 0; k < problem.d; ++k) gradient[k] *= factor;
  }
  return root.value;
}

/// The projections of a cloud on some directions, one line of entries for each.
template <class T, bool kWeighted>
using Lines = std::vector<std::vector<Entry<T, kWeighted>>>;

/// Projects the points from `first` on, at most kPoints.
template <class T, bool kWeighted>
void project(const T* points, std::size_t n, std::size_t d, const T* directions, std::size_t count, std::size_t first,
             Lines<T, kWeighted>& lines) {
  const std::size_t rows = std::min(kPoints, n - first);
  const Buffer<T> values = allocateBuffer<T>(count * rows);
  blas::gemm(false, true, count, rows, d, directions, d, points + first * d, d, T(0), values.get(), rows);
  for (std::size_t line = 0; line < count; ++line) {
    for (std::size_t i = 0; i < rows; ++i) {
      Entry<T, kWeighted>& entry = lines[line][first + i];
      entry.key = keyOf<T>(values[line * rows + i] + T(0));  // −0 and 0 are one place
      if constexpr (kWeighted) entry.row = static_cast<std::uint32_t>(first + i);
    }
  }
}

template <class T, bool kWeighted>
void distances(const SlicedProblem<T>& problem, double* out, Control& control) {
  const std::size_t n = problem.n, m = problem.m, d = problem.d;
  const std::size_t fitting = kGroupBytes / ((n + m) * sizeof(Entry<T, kWeighted>));
  const std::size_t group = std::clamp<std::size_t>(fitting, 1, std::min(kGroup, problem.count));
  const std::size_t blocksA = ceilDivide(n, kPoints), blocksB = ceilDivide(m, kPoints);
  Lines<T, kWeighted> a(group, std::vector<Entry<T, kWeighted>>(n)), b(group, std::vector<Entry<T, kWeighted>>(m));
  for (std::size_t first = 0; first < problem.count; first += group) {
    const std::size_t count = std::min(group, problem.count - first);
    const T* directions = problem.directions + first * d;
    parallelFor(blocksA + blocksB, [&](std::size_t task) {
      control.check();
      if (task < blocksA) {
        project<T, kWeighted>(problem.a, n, d, directions, count, task * kPoints, a);
      } else {
        project<T, kWeighted>(problem.b, m, d, directions, count, (task - blocksA) * kPoints, b);
      }
    });
    parallelFor(count, [&](std::size_t line) {
      std::vector<Entry<T, kWeighted>> spare;
      radixSort(a[line], spare, control);
      radixSort(b[line], spare, control);
      if constexpr (kWeighted) {
        double* gradient = problem.gradients == nullptr ? nullptr : problem.gradients + (first + line) * d;
        out[first + line] = weightedDistance(problem, a[line], b[line], gradient);
      } else {
        out[first + line] =
            rootOfPowers(problem.p, [&](Power& power) { return equalCost<T>(a[line], b[line], power); }).value;
      }
      control.advance(1);
    });
  }
}

}  // namespace

template <class T>
void slicedDistances(const SlicedProblem<T>& problem, double* out, Control& control) {
  control.start(problem.count);
  if (problem.weightsA != nullptr || problem.weightsB != nullptr || problem.gradients != nullptr) {
    distances<T, true>(problem, out, control);
  } else {
    distances<T, false>(problem, out, control);
  }
}

template void slicedDistances<float>(const SlicedProblem<float>&, double*, Control&);
template void slicedDistances<double>(const SlicedProblem<double>&, double*, Control&);

}  // namespace ridgeflow
