#include "linalg/panels.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <vector>

#include <gtest/gtest.h>

#include "runtime/memory.hpp"
#include "support.hpp"

namespace ridgeflow::testing {
namespace {

template <class T>
class PanelProducts : public ::testing::Test {};
using ElementTypes = ::testing::Types<float, double>;
TYPED_TEST_SUITE(PanelProducts, ElementTypes);

/// What a product begins from.
enum class Start { kZero, kRow, kResult };

template <class T>
struct Case {
  std::size_t m, k, n;
  std::vector<T> a, b, row;

  Case(Random& random, const std::array<std::size_t, 3>& extents)
      : m(extents[0]),
        k(extents[1]),
        n(extents[2]),
        a(random.cloud<T>(CloudKind::kNormal, m, k)),
        b(random.cloud<T>(CloudKind::kNormal, k, n)),
        row(random.cloud<T>(CloudKind::kNormal, 1, n)) {}

  /// The transpose of a rows × columns matrix.
  static std::vector<T> turned(const std::vector<T>& matrix, std::size_t rows, std::size_t columns) {
    std::vector<T> result(matrix.size());
    for (std::size_t i = 0; i < rows; ++i) {
      for (std::size_t j = 0; j < columns; ++j) result[j * rows + i] = matrix[i * columns + j];
    }
    return result;
  }

  /// The result with its padding, from B as it is or as its transpose, packed in blocks that begin at panels or, with
  /// `inPlace`, in rows with room for whole vectors.
  std::vector<T> product(bool transposeA, bool transposeB, bool inPlace, Start start) const {
    const std::size_t width = panels::panelWidth<T>(), stride = panels::paddedLength<T>(n);
    const std::size_t size = inPlace ? k * stride : panels::packedLength<T>(k, n);
    const Buffer<T> packed = allocateBuffer<T>(size);
    std::fill_n(packed.get(), size, T(0));
    if (inPlace) {
      for (std::size_t i = 0; i < k; ++i) std::copy_n(b.data() + i * n, n, packed.get() + i * stride);
    } else {
      const auto source = transposeB ? turned(b, k, n) : b;
      const std::size_t half = k / 2, first = (n / width + 1) / 2 * width;
      for (const auto& [row, rows] : {std::pair{std::size_t(0), half}, {half, k - half}}) {
        const std::size_t left = std::min(first, n);
        for (const auto& [column, columns] : {std::pair{std::size_t(0), left}, {first, n - left}}) {
          if (columns == 0) continue;
          T* out = packed.get() + column * k + row * width;
          if (transposeB) {
            panels::packTransposed(source.data() + column * k + row, k, rows, columns, out, k * width);
          } else {
            panels::pack(source.data() + row * n + column, n, rows, columns, out, k * width);
          }
        }
      }
    }
    const auto left = transposeA ? turned(a, m, k) : a;
    // Vectors are read up to the end of a padded row.
    std::vector<T> initial(stride, T(0)), c(m * stride, T(-77));
    std::copy(row.begin(), row.end(), initial.begin());
    for (std::size_t i = 0; start == Start::kResult && i < m; ++i) std::copy_n(initial.begin(), n, c.begin() + i * stride);
    panels::PanelProduct<T> call{.m = m, .n = n, .k = k, .a = left.data()};
    call.rowStride = transposeA ? 1 : k;
    call.columnStride = transposeA ? m : 1;
    call.b = inPlace ? panels::Panels<T>{packed.get(), stride, width} : panels::Panels<T>{packed.get(), width, k * width};
    call.initial = start == Start::kZero ? nullptr : start == Start::kRow ? initial.data() : c.data();
    call.initialStride = start == Start::kResult ? stride : 0;
    call.c = c.data();
    call.strideC = stride;
    panels::multiply(call);
    return c;
  }

  void check(const std::vector<T>& c, Start start) const {
    for (std::size_t i = 0; i < m; ++i) {
      for (std::size_t j = 0; j < n; ++j) {
        double sum = start == Start::kZero ? 0.0 : static_cast<double>(row[j]);
        double size = std::abs(sum);
        for (std::size_t l = 0; l < k; ++l) {
          const double term = static_cast<double>(a[i * k + l]) * b[l * n + j];
          sum += term;
          size += std::abs(term);
        }
        const double allowed = size * std::numeric_limits<T>::epsilon() * (2 + std::sqrt(static_cast<double>(k)));
        ASSERT_NEAR(c[i * panels::paddedLength<T>(n) + j], sum, allowed)
            << m << " × " << k << " × " << n << " at " << i << ", " << j;
      }
    }
  }
};

const std::array<std::size_t, 3> kExtents[] = {{1, 1, 1},    {2, 3, 5},    {7, 16, 15},   {8, 64, 256},  {9, 257, 31},
                                               {17, 256, 33}, {16, 31, 97}, {13, 600, 65}, {31, 2, 130}, {3, 0, 17}};

TYPED_TEST(PanelProducts, AgreeWithTheDefinition) {
  onEveryTarget([](const char* target) {
    SCOPED_TRACE(target);
    Random random(71);
    for (const auto& extents : kExtents) {
      const Case<TypeParam> one(random, extents);
      for (const Start start : {Start::kZero, Start::kRow, Start::kResult}) {
        for (const bool transposeA : {false, true}) {
          for (const bool transposeB : {false, true}) one.check(one.product(transposeA, transposeB, false, start), start);
          one.check(one.product(transposeA, false, true, start), start);
        }
      }
    }
  });
}

TYPED_TEST(PanelProducts, HaveTheSameBitsWhateverRowsTheyAreCutInto) {
  onEveryTarget([](const char* target) {
    SCOPED_TRACE(target);
    Random random(72);
    const Case<TypeParam> whole(random, {29, 301, 70});
    const auto expected = whole.product(false, false, false, Start::kRow);
    const std::size_t stride = panels::paddedLength<TypeParam>(whole.n);
    for (const std::size_t rows : {1UL, 3UL, 8UL, 11UL}) {
      for (std::size_t first = 0; first < whole.m; first += rows) {
        Case<TypeParam> part = whole;
        part.m = std::min(rows, whole.m - first);
        part.a.assign(whole.a.begin() + first * whole.k, whole.a.begin() + (first + part.m) * whole.k);
        const auto actual = part.product(false, true, false, Start::kRow);
        for (std::size_t i = 0; i < part.m; ++i) {
          for (std::size_t j = 0; j < whole.n; ++j) {
            ASSERT_EQ(actual[i * stride + j], expected[(first + i) * stride + j])
                << rows << " at " << first + i << ", " << j;
          }
        }
      }
    }
  });
}

}  // namespace
}  // namespace ridgeflow::testing
