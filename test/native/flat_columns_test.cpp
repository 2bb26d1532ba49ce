#include "score/score.hpp"

#include <array>

#include "score_reference.hpp"

namespace ridgeflow::testing {
namespace {

template <class T>
class FlatColumns : public ::testing::Test {};
using ElementTypes = ::testing::Types<float, double>;
TYPED_TEST_SUITE(FlatColumns, ElementTypes);

/// Columns that `flat` says get one value in all centres; in the queries they keep theirs, unless they are the centres.
template <class T, class Flat>
ScoreCase<T> caseWith(Random& random, std::size_t n, std::size_t m, std::size_t d, bool weighted, Flat flat) {
  auto test = randomCase<T>(random, CloudKind::kNormal, n, m, d, 0.5 * static_cast<double>(d), weighted);
  for (std::size_t j = 0; j < m; ++j) {
    for (std::size_t k = 0; k < d; ++k) {
      if (flat(k)) test.centres[j * d + k] = static_cast<T>(0.25 * static_cast<double>(k % 5) - 0.5);
    }
  }
  return test;
}

TYPED_TEST(FlatColumns, AgreeWithTheReference) {
  Random random(1);
  for (const auto& [n, m, d] : {std::array<std::size_t, 3>{1031, 1021, 17}, {1021, 1031, 40}, {517, 2053, 71}}) {
    for (const bool weighted : {false, true}) {
      const auto compare = [&](auto flat) {
        auto test = caseWith<TypeParam>(random, n, m, d, weighted, flat);
        Control control;
        score(test.problem(), control);
        EXPECT_LE(scoreError(test, 1.0), kScoreTolerance<TypeParam>) << n << " × " << m << " × " << d;
      };
      compare([](std::size_t k) { return k % 3 == 0; });
      compare([](std::size_t k) { return k == 0; });
      compare([d = d](std::size_t k) { return k + 1 != d; });
      compare([](std::size_t) { return true; });
    }
  }
}

TYPED_TEST(FlatColumns, OfTheCentresThemselves) {
  Random random(2);
  for (const bool excludeSelf : {false, true}) {
    auto test = caseWith<TypeParam>(random, 1100, 1100, 33, false, [](std::size_t k) { return k > 20; });
    test.onItself = true;
    test.excludeSelf = excludeSelf;
    Control control;
    score(test.problem(), control);
    EXPECT_LE(scoreError(test, 1.0), kScoreTolerance<TypeParam>) << excludeSelf;
  }
}

TYPED_TEST(FlatColumns, ACentreWithoutWeightLeavesAllAsItIs) {
  Random random(3);
  auto test = caseWith<TypeParam>(random, 1100, 1000, 20, true, [](std::size_t k) { return k < 8; });
  test.logWeights[7] = -std::numeric_limits<TypeParam>::infinity();
  Control control;
  score(test.problem(), control);
  EXPECT_LE(scoreError(test, 1.0), kScoreTolerance<TypeParam>);
}

}  // namespace
}  // namespace ridgeflow::testing
