#pragma once

#include <atomic>
#include <cstdint>
#include <stdexcept>

namespace ridgeflow {

/// Thrown out of a kernel when the caller has asked it to stop.
struct Aborted : std::runtime_error {
  Aborted() : std::runtime_error("aborted") {}
};

/// What a running kernel can be told and can tell, through two 32-bit cells that it shares with the caller:
/// cells[0] is set to non-zero by the caller to abort; cells[1] receives the finished fraction in millionths.
/// A null pointer makes both free of effect. Safe to use from many threads.
class Control {
 public:
  explicit Control(std::int32_t* cells = nullptr) : cells_(cells) {}

  /// States how many units of work the kernel has, before the first advance().
  void start(std::uint64_t total) {
    total_ = total == 0 ? 1 : total;
    done_.store(0, std::memory_order_relaxed);
  }

  /// Records `units` of finished work. Throws Aborted where the caller asked to stop.
  void advance(std::uint64_t units) {
    if (cells_ == nullptr) return;
    const std::uint64_t done = done_.fetch_add(units, std::memory_order_relaxed) + units;
    const auto millionths = static_cast<std::int32_t>(static_cast<double>(done) / static_cast<double>(total_) * 1e6);
    // A thread that was held up between the two must not put back what others have said since.
    std::atomic_ref<std::int32_t> said(cells_[1]);
    std::int32_t before = said.load(std::memory_order_relaxed);
    while (before < millionths && !said.compare_exchange_weak(before, millionths, std::memory_order_relaxed)) {
    }
    check();
  }

  /// Throws Aborted where the caller asked to stop.
  void check() const {
    if (cells_ != nullptr && std::atomic_ref<std::int32_t>(cells_[0]).load(std::memory_order_relaxed) != 0) {
      throw Aborted();
    }
  }

 private:
  std::int32_t* cells_;
  std::uint64_t total_ = 1;
  std::atomic<std::uint64_t> done_{0};
};

}  // namespace ridgeflow
