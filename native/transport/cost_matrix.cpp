#include "transport/cost_matrix.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numbers>
#include <vector>

#include "runtime/memory.hpp"
#include "runtime/parallel.hpp"
#include "transport/matrix_tiles.hpp"

namespace ridgeflow {
namespace {

using namespace matrix_tiles;

constexpr std::size_t kRun = 1024;       // entries of a row whose exponentials are summed in T
constexpr std::size_t kRowsPerTask = 16;
constexpr double kNothing = -1e36;       // logits below this are those of what is left out

/// Base-2 logits of what is summed over, relative to the largest, in T.
template <class T>
struct Bias {
  std::vector<T> values;
  double offset;
  Bias(const double* logWeights, std::size_t count) : values(count) {
    offset = *std::max_element(logWeights, logWeights + count) * std::numbers::log2e;
    for (std::size_t j = 0; j < count; ++j) {
      const double relative = std::isinf(logWeights[j]) ? -1e37 : logWeights[j] * std::numbers::log2e - offset;
      values[j] = static_cast<T>(std::max(relative, -1e37));
    }
  }
};

template <class T>
void alongRows(const CostMatrix<T>& costs, T kappa, const Bias<T>& bias, double* log2Sums, Control& control) {
  const MatrixOperations<T> operations = matrixOperations(T());
  parallelFor(ceilDivide(costs.rows, kRowsPerTask), [&](std::size_t task) {
    const FlushDenormals flushDenormals;
    const std::size_t end = std::min(costs.rows, (task + 1) * kRowsPerTask);
    for (std::size_t i = task * kRowsPerTask; i < end; ++i) {
      const T* row = costs.entries + i * costs.columns;
      double maximum = -std::numeric_limits<double>::infinity(), sum = 0.0;
      for (std::size_t j = 0; j < costs.columns; j += kRun) {
        const std::size_t count = std::min(kRun, costs.columns - j);
        const T largest = operations.largestInRow(row + j, bias.values.data() + j, kappa, count);
        if (!(largest > static_cast<T>(kNothing))) continue;
        if (largest > maximum) {
          sum *= std::exp2(maximum - largest);
          maximum = largest;
        }
        sum += operations.sumOfRow(row + j, bias.values.data() + j, kappa, static_cast<T>(maximum), count);
      }
      log2Sums[i] = maximum + std::log2(sum);
      control.advance(costs.columns);
    }
  });
}

template <class T>
void downColumns(const CostMatrix<T>& costs, T kappa, const Bias<T>& bias, double* log2Sums, Control& control) {
  const MatrixOperations<T> operations = matrixOperations(T());
  parallelFor(ceilDivide(costs.columns, kStrip), [&](std::size_t task) {
    const FlushDenormals flushDenormals;
    const std::size_t first = task * kStrip, columns = std::min(kStrip, costs.columns - first);
    alignas(64) std::array<T, kStrip> maximum, sums;
    std::array<double, kStrip> shift, total;
    maximum.fill(static_cast<T>(-1e37));
    total.fill(0.0);
    shift.fill(-1e37);
    for (std::size_t i = 0; i < costs.rows; i += kRows) {
      const std::size_t rows = std::min(kRows, costs.rows - i);
      sums.fill(T(0));
      operations.addStrip(costs.entries + i * costs.columns + first, costs.columns, bias.values.data() + i, kappa, rows, columns,
                          maximum.data(), sums.data());
      for (std::size_t lane = 0; lane < columns; ++lane) {
        const auto moved = static_cast<double>(maximum[lane]);
        if (moved > shift[lane]) {
          total[lane] *= std::exp2(shift[lane] - moved);
          shift[lane] = moved;
        }
        total[lane] += sums[lane];
      }
      control.advance(rows * columns);
    }
    for (std::size_t lane = 0; lane < columns; ++lane) {
      log2Sums[first + lane] = shift[lane] > kNothing ? shift[lane] + std::log2(total[lane]) : -std::numeric_limits<double>::infinity();
    }
  });
}

}  // namespace

template <class T>
void matrixSoftmin(const CostMatrix<T>& costs, bool transposed, double epsilon, const double* logWeights, double* out,
                   Control& control) {
  control.start(static_cast<std::uint64_t>(costs.rows) * costs.columns);
  const std::size_t summed = transposed ? costs.rows : costs.columns, kept = transposed ? costs.columns : costs.rows;
  const Bias<T> bias(logWeights, summed);
  const T kappa = static_cast<T>(std::numbers::log2e / epsilon);
  transposed ? downColumns(costs, kappa, bias, out, control) : alongRows(costs, kappa, bias, out, control);
  for (std::size_t i = 0; i < kept; ++i) {
    out[i] = std::isinf(out[i]) ? std::numeric_limits<double>::infinity() : -epsilon * std::numbers::ln2 * (out[i] + bias.offset);
  }
}

template <class T>
void matrixPlanCosts(const CostMatrix<T>& costs, double epsilon, const double* rowLogWeights, const double* logWeights,
                     double* out, Control& control) {
  control.start(static_cast<std::uint64_t>(costs.rows) * costs.columns);
  const Bias<T> bias(logWeights, costs.columns);
  const T kappa = static_cast<T>(std::numbers::log2e / epsilon);
  const MatrixOperations<T> operations = matrixOperations(T());
  parallelFor(ceilDivide(costs.rows, kRowsPerTask), [&](std::size_t task) {
    const FlushDenormals flushDenormals;
    const std::size_t end = std::min(costs.rows, (task + 1) * kRowsPerTask);
    for (std::size_t i = task * kRowsPerTask; i < end; ++i) {
      const T* row = costs.entries + i * costs.columns;
      const double shift = std::min(1e37, -rowLogWeights[i] * std::numbers::log2e - bias.offset);
      double sum = 0.0;
      for (std::size_t j = 0; j < costs.columns; j += kRun) {
        sum += operations.costOfRow(row + j, bias.values.data() + j, kappa, static_cast<T>(shift), std::min(kRun, costs.columns - j));
      }
      out[i] = sum;
      control.advance(costs.columns);
    }
  });
}

template void matrixPlanCosts<float>(const CostMatrix<float>&, double, const double*, const double*, double*, Control&);
template void matrixPlanCosts<double>(const CostMatrix<double>&, double, const double*, const double*, double*, Control&);
template void matrixSoftmin<float>(const CostMatrix<float>&, bool, double, const double*, double*, Control&);
template void matrixSoftmin<double>(const CostMatrix<double>&, bool, double, const double*, double*, Control&);

}  // namespace ridgeflow
