#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <limits>

#include "radon/lines.hpp"
#include "runtime/memory.hpp"

// What the drivers of lines.hpp need around it: lines with zeros on both sides, and batches of terms that are added up
// over the part of the output that they reach.

namespace ridgeflow::radon_lines {

/// Lines with zeros around them.
template <class T>
class PaddedLines {
 public:
  PaddedLines(std::size_t lines, std::size_t length, std::ptrdiff_t reach)
      : padding_(ceilDivide(padding(reach), 16) * 16),
        stride_((ceilDivide(length, 16) | 1) * 16 + 2 * padding_),
        memory_(allocateBuffer<T>(lines * stride_)) {
    std::fill_n(memory_.get(), lines * stride_, T(0));
  }
  T* line(std::size_t i) { return memory_.get() + i * stride_ + padding_; }
  const T* line(std::size_t i) const { return memory_.get() + i * stride_ + padding_; }

 private:
  std::size_t padding_, stride_;
  Buffer<T> memory_;
};

/// The n in [0, extent) at which position + step·n is closer than `reach` to one of `count` samples; empty: first ≥ last.
struct LineRange {
  std::size_t first = std::numeric_limits<std::size_t>::max(), last = 0;

  void add(double position, double step, std::size_t count, std::ptrdiff_t reach, std::size_t extent) {
    const double low = -static_cast<double>(reach) - 1e-3, high = static_cast<double>(count - 1) - low;
    double from = 0.0, to = static_cast<double>(extent);
    if (step == 0.0) {
      if (!(position > low && position < high)) return;
    } else {
      const double a = (low - position) / step, b = (high - position) / step;
      from = std::clamp(std::floor(std::min(a, b)), 0.0, to);
      to = std::clamp(std::ceil(std::max(a, b)) + 1.0, 0.0, to);
    }
    if (!(from < to)) return;
    first = std::min(first, static_cast<std::size_t>(from));
    last = std::max(last, static_cast<std::size_t>(to));
  }
  bool empty() const { return first >= last; }
};

/// Gathers terms and hands them on kTerms at a time, over the part of the output that they reach.
template <class T>
class LineBatch {
 public:
  LineBatch(T* out, std::size_t extent, std::size_t sourceCount) : out_(out), extent_(extent), sourceCount_(sourceCount) {}

  void add(const Term<T>& term) {
    LineRange own;
    own.add(term.position, term.step, sourceCount_, term.weight.reach, extent_);
    if (own.empty()) return;
    if (count_ > 0 && terms_[0].weight.kind != term.weight.kind) flush();
    range_.first = std::min(range_.first, own.first);
    range_.last = std::max(range_.last, own.last);
    terms_[count_++] = term;
    if (count_ == kTerms) flush();
  }

  void flush() {
    if (count_ == 0) return;
    for (std::size_t t = 0; t < count_; ++t) terms_[t].position += terms_[t].step * static_cast<double>(range_.first);
    addLines(out_ + range_.first, range_.last - range_.first, terms_.data(), count_, sourceCount_);
    count_ = 0;
    range_ = LineRange();
  }

 private:
  T* out_;
  std::size_t extent_, sourceCount_, count_ = 0;
  std::array<Term<T>, kTerms> terms_;
  LineRange range_;
};

}  // namespace ridgeflow::radon_lines
