#include <cctype>
#include <cstdlib>
#include <iostream>
#include <stdexcept>
#include <string>

#include <gtest/gtest.h>

#include "runtime/simd.hpp"

namespace ridgeflow::testing {
namespace {

/// Holds every test to the instruction set that RIDGEFLOW_SIMD names; `npm test` runs them on each that there is.
class SimdEnvironment : public ::testing::Environment {
 public:
  void SetUp() override {
    const char* name = std::getenv("RIDGEFLOW_SIMD");
    try {
      if (name != nullptr && *name != '\0') limitSimd(name);
    } catch (const std::invalid_argument& known) {
      GTEST_FAIL() << "Expected " << known.what() << " for RIDGEFLOW_SIMD but received " << name;
    }
    std::cout << "SIMD targets:";
    for (const std::string& target : simdTargets()) std::cout << ' ' << target;
    std::cout << std::endl;
  }
};

const auto* const kEnvironment = ::testing::AddGlobalTestEnvironment(new SimdEnvironment);

TEST(Simd, HoldsToTheInstructionSetThatIsAskedFor) {
  const char* name = std::getenv("RIDGEFLOW_SIMD");
  if (name == nullptr || *name == '\0') GTEST_SKIP() << "RIDGEFLOW_SIMD is not set";
  std::string best = simdTargets().front();
  for (char& c : best) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  EXPECT_EQ(best, name);
}

TEST(Simd, RefusesANameThatTheProcessorDoesNotHave) { EXPECT_THROW(limitSimd("avx99"), std::invalid_argument); }

}  // namespace
}  // namespace ridgeflow::testing
