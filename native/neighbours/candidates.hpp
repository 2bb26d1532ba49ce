#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

namespace ridgeflow {

/// The best few (distance, index) pairs seen so far, ordered by distance, then index. Insertion is linear in the
/// capacity: k is small.
template <class D>
class Candidates {
 public:
  explicit Candidates(std::size_t capacity) : capacity_(capacity) { entries_.reserve(capacity + 1); }

  struct Entry {
    D distance;
    std::int32_t index;
    bool operator<(const Entry& other) const {
      return distance < other.distance || (distance == other.distance && index < other.index);
    }
  };

  void offer(D distance, std::int32_t index) {
    const Entry entry{distance, index};
    if (!wants(distance, index)) return;
    entries_.insert(std::upper_bound(entries_.begin(), entries_.end(), entry), entry);
    if (entries_.size() > capacity_) entries_.pop_back();
  }

  bool full() const { return entries_.size() == capacity_; }
  /// Whether (distance, index) would be taken.
  bool wants(D distance, std::int32_t index) const { return !full() || Entry{distance, index} < entries_.back(); }
  D worst() const { return full() ? entries_.back().distance : std::numeric_limits<D>::infinity(); }
  const std::vector<Entry>& entries() const { return entries_; }
  void clear() { entries_.clear(); }

 private:
  std::size_t capacity_;
  std::vector<Entry> entries_;
};

}  // namespace ridgeflow
