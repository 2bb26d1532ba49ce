#pragma once

#include <string>
#include <vector>

namespace ridgeflow {

/// The instruction sets that both this build and this processor have and that are not disabled, the best first.
std::vector<std::string> simdTargets();

/// Disables every instruction set that is better than the one of this name ("AVX2", in any case). Throws
/// std::invalid_argument, whose text is "one of" and the names, where simdTargets() has no such name. For tests, and to work around a processor.
void limitSimd(const std::string& name);

}  // namespace ridgeflow
