#include "runtime/simd.hpp"

#include <algorithm>
#include <cctype>
#include <cstdint>
#include <stdexcept>

#include <hwy/highway.h>
#include <hwy/targets.h>

namespace ridgeflow {
namespace {

std::string lowerCase(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

}  // namespace

std::vector<std::string> simdTargets() {
  std::vector<std::string> names;
  for (const std::int64_t target : hwy::SupportedAndGeneratedTargets()) names.emplace_back(hwy::TargetName(target));
  return names;
}

void limitSimd(const std::string& name) {
  std::string known;
  for (const std::int64_t target : hwy::SupportedAndGeneratedTargets()) {
    const std::string candidate = lowerCase(hwy::TargetName(target));
    if (candidate == lowerCase(name)) {
      hwy::DisableTargets(target - 1);  // the lower the bit, the better the target
      return;
    }
    known += (known.empty() ? "" : ", ") + candidate;
  }
  throw std::invalid_argument("one of " + known);
}

}  // namespace ridgeflow
