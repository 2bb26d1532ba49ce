#pragma once

#include <cstddef>

// Products of matrices whose right factor lies in panels: blocks of a few columns, row after row. A factor that is used
// again and again, as the weights of a network in every block of a minibatch, is laid out once; BLAS would do it in each
// product, which for matrices of a few hundred rows takes as long as the product itself.

namespace ridgeflow::panels {

/// A matrix k × n in panels of `panelWidth` columns: row i of panel p begins at data + p · step + i · stride, aligned for
/// vectors. A row-major matrix whose rows are `paddedLength` apart is one too, with step = panelWidth.
template <class T>
struct Panels {
  const T* data = nullptr;
  std::size_t stride = 0;
  std::size_t step = 0;
};

/// C (m × n) ← initial + A·B. Element (i, l) of A is a[i · rowStride + l · columnStride], so that A may be a transpose.
template <class T>
struct PanelProduct {
  std::size_t m = 0, n = 0, k = 0;
  const T* a = nullptr;
  std::size_t rowStride = 0, columnStride = 1;
  Panels<T> b;
  const T* initial = nullptr;  ///< rows `initialStride` apart, 0 for the same row everywhere; null: zero. May be C
  std::size_t initialStride = 0;
  T* c = nullptr;  ///< rows `strideC` apart; as `initial`, with room for n rounded up to whole vectors, which is written
  std::size_t strideC = 0;
};

/// Columns of a panel.
template <class T>
std::size_t panelWidth();

/// Elements from row to row of a matrix of so many columns in which panels begin aligned and no column falls on one cache
/// set: enough for whole vectors.
template <class T>
std::size_t paddedLength(std::size_t columns);

/// Elements of a k × n matrix in panels of its own, whose stride is panelWidth and whose step is k · panelWidth.
template <class T>
std::size_t packedLength(std::size_t k, std::size_t n);

/// out ← a block of rows × columns in such panels. `out` is where row 0 of the block lies in the panel that its column 0
/// begins; `step` is that of the panels. What lies between the columns of the matrix and the end of its last panel is not
/// written, but read by products: it must be finite.
template <class T>
void pack(const T* block, std::size_t stride, std::size_t rows, std::size_t columns, T* out, std::size_t step);

/// The same for the transpose of a block of columns × rows.
template <class T>
void packTransposed(const T* block, std::size_t stride, std::size_t rows, std::size_t columns, T* out, std::size_t step);

/// The product, on one thread. An element of C is summed in the same order whatever m, n and its place: the bits do not
/// depend on how a product is cut into blocks of rows and panels.
template <class T>
void multiply(const PanelProduct<T>& product);

}  // namespace ridgeflow::panels
