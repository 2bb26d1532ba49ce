#include "linalg/blas.hpp"

#include <algorithm>
#include <chrono>
#include <mutex>
#include <vector>

#include <cblas.h>

extern "C" {
char* openblas_get_corename(void);
char* openblas_get_config(void);
void dsyevd_(const char* job, const char* triangle, const int* n, double* a, const int* lda, double* w, double* work,
             const int* lwork, int* iwork, const int* liwork, int* info);
void dpotrf_(const char* triangle, const int* n, double* a, const int* lda, int* info);
}

namespace ridgeflow::blas {
namespace {

// Parallelism is over our own tiles: OpenBLAS must not start threads of its own inside them.
void useOneThread() {
  static std::once_flag once;
  std::call_once(once, [] { openblas_set_num_threads(1); });
}

CBLAS_TRANSPOSE transpose(bool yes) { return yes ? CblasTrans : CblasNoTrans; }

template <class T, class Gemm>
double gemmSeconds(std::size_t size, int repetitions, const Gemm& gemm) {
  std::vector<T> a(size * size, T(0.5)), b(size * size, T(0.25)), c(size * size);
  std::vector<double> seconds;
  for (int repetition = 0; repetition <= repetitions; ++repetition) {
    const auto start = std::chrono::steady_clock::now();
    gemm(a.data(), b.data(), c.data());
    const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start;
    if (repetition > 0) seconds.push_back(elapsed.count());
  }
  std::sort(seconds.begin(), seconds.end());
  return seconds[seconds.size() / 2];
}

}  // namespace

void gemm(bool transposeA, bool transposeB, std::size_t m, std::size_t n, std::size_t k, const float* a,
          std::size_t strideA, const float* b, std::size_t strideB, float beta, float* c, std::size_t strideC) {
  useOneThread();
  cblas_sgemm(CblasRowMajor, transpose(transposeA), transpose(transposeB), static_cast<int>(m), static_cast<int>(n),
              static_cast<int>(k), 1.0F, a, static_cast<int>(strideA), b, static_cast<int>(strideB), beta, c,
              static_cast<int>(strideC));
}

void gemm(bool transposeA, bool transposeB, std::size_t m, std::size_t n, std::size_t k, const double* a,
          std::size_t strideA, const double* b, std::size_t strideB, double beta, double* c, std::size_t strideC) {
  useOneThread();
  cblas_dgemm(CblasRowMajor, transpose(transposeA), transpose(transposeB), static_cast<int>(m), static_cast<int>(n),
              static_cast<int>(k), 1.0, a, static_cast<int>(strideA), b, static_cast<int>(strideB), beta, c,
              static_cast<int>(strideC));
}

void gram(std::size_t d, std::size_t rows, const double* a, std::size_t strideA, double beta, double* c,
          std::size_t strideC) {
  useOneThread();
  cblas_dsyrk(CblasRowMajor, CblasUpper, CblasTrans, static_cast<int>(d), static_cast<int>(rows), 1.0, a,
              static_cast<int>(strideA), beta, c, static_cast<int>(strideC));
}

bool symmetricEigen(double* matrix, std::size_t d, double* values) {
  useOneThread();
  const int n = static_cast<int>(d);
  int info = 0, integerSize = 0;
  double workSize = 0.0;
  const int query = -1;
  dsyevd_("V", "U", &n, matrix, &n, values, &workSize, &query, &integerSize, &query, &info);
  std::vector<double> work(static_cast<std::size_t>(workSize) + 1);
  std::vector<int> integers(static_cast<std::size_t>(integerSize) + 1);
  const int workLength = static_cast<int>(work.size()), integerLength = static_cast<int>(integers.size());
  dsyevd_("V", "U", &n, matrix, &n, values, work.data(), &workLength, integers.data(), &integerLength, &info);
  return info == 0;
}

void subtractProduct(bool transposeB, std::size_t m, std::size_t n, std::size_t k, const double* a, std::size_t strideA,
                     const double* b, std::size_t strideB, double* c, std::size_t strideC) {
  useOneThread();
  cblas_dgemm(CblasRowMajor, CblasNoTrans, transpose(transposeB), static_cast<int>(m), static_cast<int>(n),
              static_cast<int>(k), -1.0, a, static_cast<int>(strideA), b, static_cast<int>(strideB), 1.0, c,
              static_cast<int>(strideC));
}

bool choleskyFactor(double* matrix, std::size_t d, std::size_t stride) {
  useOneThread();
  const int n = static_cast<int>(d), leading = static_cast<int>(stride);
  int info = 0;
  // LAPACK counts by columns: its upper triangle U, A = UᵀU, is the lower one by rows.
  dpotrf_("U", &n, matrix, &leading, &info);
  return info == 0;
}

void solveTriangular(bool transposed, std::size_t count, std::size_t d, const double* factor, std::size_t strideFactor,
                     double* rows, std::size_t stride) {
  useOneThread();
  cblas_dtrsm(CblasRowMajor, CblasRight, CblasLower, transpose(transposed), CblasNonUnit, static_cast<int>(count),
              static_cast<int>(d), 1.0, factor, static_cast<int>(strideFactor), rows, static_cast<int>(stride));
}

const char* coreName() { return openblas_get_corename(); }
const char* configuration() { return openblas_get_config(); }

double measureGemmRate(bool float64, std::size_t size, int threads, int repetitions) {
  useOneThread();
  openblas_set_num_threads(threads);
  const int n = static_cast<int>(size);
  double seconds = 0.0;
  if (float64) {
    seconds = gemmSeconds<double>(size, repetitions, [n](const double* a, const double* b, double* c) {
      cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, n, n, n, 1.0, a, n, b, n, 0.0, c, n);
    });
  } else {
    seconds = gemmSeconds<float>(size, repetitions, [n](const float* a, const float* b, float* c) {
      cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, n, n, n, 1.0F, a, n, b, n, 0.0F, c, n);
    });
  }
  openblas_set_num_threads(1);
  return 2.0 * static_cast<double>(size) * static_cast<double>(size) * static_cast<double>(size) / seconds;
}

}  // namespace ridgeflow::blas
