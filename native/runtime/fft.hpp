#pragma once

#include <cstddef>
#include <vector>

namespace ridgeflow {

/// Complex discrete Fourier transforms of many signals at once, one signal in each lane of a vector: element k of a batch
/// is `lanes` real parts and then `lanes` imaginary parts. Source: the autosort of T. G. Stockham (1966) with radices
/// 4, 2, 3 and 5. Immutable, so that threads may share one.
template <class T>
class BatchFft {
 public:
  /// `length` as goodLength gives it.
  explicit BatchFft(std::size_t length);

  /// Signals in a batch: the lanes of this processor's vectors.
  static std::size_t lanes();
  std::size_t length() const { return length_; }
  /// Elements of T in a batch.
  std::size_t batchSize() const { return 2 * length_ * lanes(); }

  /// X[k] = Σ_n x[n] e^{−2πi nk/length}, with the other sign for `inverse`; not normalised. Works in `data` and `scratch`,
  /// both of batchSize(), aligned, and returns the one that holds the result. O(length log length) per signal.
  T* transform(T* data, T* scratch, bool inverse) const;

 private:
  std::size_t length_;
  std::vector<std::size_t> radices_;
  std::vector<T> roots_;  ///< cosine and −sine of 2πk/length
};

/// The smallest number of the form 2^a, 3·2^a or 5·2^a with a ≥ 1 that is at least `atLeast`.
std::size_t goodLength(std::size_t atLeast);

/// Between complex numbers as pairs (row i at data + i·stride, as many pairs as lanes) and `rows` elements of a batch.
template <class T>
void pairsToLanes(const T* pairs, std::size_t stride, std::size_t rows, T* batch);
template <class T>
void lanesToPairs(const T* batch, std::size_t rows, T* pairs, std::size_t stride);

}  // namespace ridgeflow
