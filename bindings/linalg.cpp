#include <stdexcept>
#include <vector>

#include "addon.hpp"
#include "linalg/blas.hpp"
#include "linalg/linalg.hpp"
#include "task.hpp"

namespace ridgeflow::bindings {
namespace {

// LAPACK and BLAS count in 32-bit integers.
constexpr std::size_t largestExtent = 0x7fffffff;
// The workspace of dsyevd, 1 + 6d + 2d² values, is counted in 32 bits too.
constexpr std::size_t largestEigenproblem = 32766;

template <class T>
Napi::Value matmulOf(const Arguments& arguments) {
  const std::size_t rowsA = arguments.size("rowsA"), columnsA = arguments.size("columnsA");
  const std::size_t rowsB = arguments.size("rowsB"), columnsB = arguments.size("columnsB");
  const bool transposeA = arguments.flag("transposeA"), transposeB = arguments.flag("transposeB");
  const std::size_t m = transposeA ? columnsA : rowsA, k = transposeA ? rowsA : columnsA;
  const std::size_t n = transposeB ? rowsB : columnsB;
  if ((transposeB ? columnsB : rowsB) != k) arguments.fail("b", "the inner extent of a");
  if (columnsA > largestExtent || columnsB > largestExtent || n > largestExtent) arguments.fail("a", "extents below 2³¹");
  const T* a = arguments.array<T>("a", rowsA, columnsA);
  const T* b = arguments.array<T>("b", rowsB, columnsB);
  T* out = arguments.array<T>("out", m, n);
  const double work = static_cast<double>(m) * static_cast<double>(n) * static_cast<double>(k);
  return run(arguments, work, [=](Control& control) {
    matmul(a, rowsA, columnsA, transposeA, b, rowsB, columnsB, transposeB, out, control);
  });
}

template <class T>
Napi::Value signedSumsOf(const Arguments& arguments) {
  const std::size_t n = arguments.size("n"), d = arguments.size("d"), each = arguments.size("each");
  const std::size_t columns = arguments.size("columns", largestExtent);
  const T* points = arguments.array<T>("points", n, d);
  const auto* places = arguments.array<std::int32_t>("places", d, each);
  for (std::size_t at = 0; at < d * each; ++at) {
    const std::int32_t place = places[at] < 0 ? ~places[at] : places[at];
    if (static_cast<std::size_t>(place) >= columns) arguments.fail("places", "columns, or their complements");
  }
  const double scale = arguments.finite("scale");
  T* out = arguments.array<T>("out", n, columns);
  const double work = static_cast<double>(n) * static_cast<double>(d) * static_cast<double>(each);
  return run(arguments, work, [=](Control& control) {
    signedSums(points, n, d, places, each, columns, scale, out, control);
  });
}

/// The memory of typed arrays of `count` elements each.
template <class T>
std::vector<const T*> pointersTo(const Arguments& arguments, const Napi::Array& arrays, std::size_t count) {
  std::vector<const T*> pointers;
  for (std::uint32_t i = 0; i < arrays.Length(); ++i) {
    const Napi::Value value = arrays.Get(i);
    if (!value.IsTypedArray()) arguments.fail("arrays", "typed arrays");
    const auto typed = value.As<Napi::TypedArray>();
    if (typed.TypedArrayType() != Arguments::typeOf<T>() || typed.ElementLength() != count) {
      arguments.fail("arrays", "typed arrays of the same type and length");
    }
    pointers.push_back(value.As<Napi::TypedArrayOf<T>>().Data());
  }
  return pointers;
}

template <class T>
void combine(const Arguments& arguments, const Napi::Array& arrays, const std::vector<double>& coefficients) {
  const std::size_t count = arguments.object().Get("out").As<Napi::TypedArray>().ElementLength();
  T* out = arguments.array<T>("out", count);
  const std::vector<const T*> pointers = pointersTo<T>(arguments, arrays, count);
  linearCombination(out, count, coefficients.data(), pointers.data(), pointers.size());
}

template <class T>
ScaledError errorOf(const Arguments& arguments, const Napi::Array& arrays, const std::vector<double>& coefficients) {
  const std::size_t rows = arguments.size("rows"), columns = arguments.size("columns");
  const T* a = arguments.array<T>("a", rows, columns);
  const T* b = arguments.array<T>("b", rows, columns);
  const std::vector<const T*> pointers = pointersTo<T>(arguments, arrays, rows * columns);
  return scaledError(coefficients.data(), pointers.data(), pointers.size(), a, b, rows, columns,
                     arguments.number("relative"), arguments.number("absolute"));
}

/// The field `arrays`, and `coefficients`, one for each of them.
struct Combination {
  explicit Combination(const Arguments& arguments) {
    const Napi::Value list = arguments.object().Get("arrays");
    if (!list.IsArray()) arguments.fail("arrays", "an array");
    arrays = list.As<Napi::Array>();
    const double* given = arguments.array<double>("coefficients", arrays.Length());
    coefficients.assign(given, given + arrays.Length());
  }
  Napi::Array arrays;
  std::vector<double> coefficients;
};

}  // namespace

Napi::Value matmulKernel(const Napi::CallbackInfo& info) {
  return byElementType(info, "a", []<class T>(const Arguments& arguments) { return matmulOf<T>(arguments); });
}

Napi::Value signedSumsKernel(const Napi::CallbackInfo& info) {
  return byElementType(info, "points", []<class T>(const Arguments& arguments) { return signedSumsOf<T>(arguments); });
}

Napi::Value symmetricEigenKernel(const Napi::CallbackInfo& info) {
  const Arguments arguments(info);
  const std::size_t d = arguments.size("d", largestEigenproblem);
  double* matrix = arguments.array<double>("matrix", d, d);
  double* values = arguments.array<double>("values", d);
  const double work = 10.0 * static_cast<double>(d) * static_cast<double>(d) * static_cast<double>(d);
  return run(arguments, work, [=](Control&) {
    if (!blas::symmetricEigen(matrix, d, values)) throw std::runtime_error("the eigenvalue iteration did not converge");
  });
}

Napi::Value solvePositiveDefiniteKernel(const Napi::CallbackInfo& info) {
  const Arguments arguments(info);
  const std::size_t d = arguments.size("d", largestEigenproblem), count = arguments.size("count", largestEigenproblem);
  double* matrix = arguments.array<double>("matrix", d, d);
  double* sides = arguments.array<double>("sides", count, d);
  std::int32_t* solved = arguments.array<std::int32_t>("solved", 1);
  const double size = static_cast<double>(d);
  const double work = size * size * (size / 3 + 2.0 * static_cast<double>(count));
  return run(arguments, work, [=](Control& control) {
    *solved = solvePositiveDefinite(matrix, d, sides, count, control) ? 1 : 0;
  });
}

Napi::Value lowerTriangularProductKernel(const Napi::CallbackInfo& info) {
  const Arguments arguments(info);
  const std::size_t rows = arguments.size("rows"), d = arguments.size("d");
  const double* factor = arguments.array<double>("factor", d, d);
  double* data = arguments.array<double>("data", rows, d);
  const double work = 0.5 * static_cast<double>(rows) * static_cast<double>(d) * static_cast<double>(d);
  return run(arguments, work, [=](Control& control) { lowerTriangularProduct(factor, d, data, rows, control); });
}

Napi::Value linearCombinationKernel(const Napi::CallbackInfo& info) {
  const Arguments arguments(info);
  const Combination sum(arguments);
  if (!arguments.object().Get("out").IsTypedArray()) arguments.fail("out", "a typed array");
  if (arguments.isFloat64("out")) {
    combine<double>(arguments, sum.arrays, sum.coefficients);
  } else {
    combine<float>(arguments, sum.arrays, sum.coefficients);
  }
  return arguments.env().Undefined();
}

Napi::Value scaledErrorKernel(const Napi::CallbackInfo& info) {
  const Arguments arguments(info);
  const Combination error(arguments);
  double* out = arguments.array<double>("out", 2);
  const ScaledError result = arguments.isFloat64("a") ? errorOf<double>(arguments, error.arrays, error.coefficients)
                                                      : errorOf<float>(arguments, error.arrays, error.coefficients);
  out[0] = result.sum;
  out[1] = result.largest;
  return arguments.env().Undefined();
}

Napi::Value squaredRowLengthsKernel(const Napi::CallbackInfo& info) {
  const Arguments arguments(info);
  const std::size_t rows = arguments.size("rows"), columns = arguments.size("columns");
  double* out = arguments.array<double>("out", rows);
  if (arguments.isFloat64("data")) {
    squaredRowLengths(arguments.array<double>("data", rows, columns), rows, columns, out);
  } else {
    squaredRowLengths(arguments.array<float>("data", rows, columns), rows, columns, out);
  }
  return arguments.env().Undefined();
}

Napi::Value firstNonFiniteKernel(const Napi::CallbackInfo& info) {
  if (info.Length() < 1 || !info[0].IsTypedArray()) throw Napi::TypeError::New(info.Env(), "Expected a typed array");
  const auto typed = info[0].As<Napi::TypedArray>();
  std::int64_t index = -1;
  if (typed.TypedArrayType() == napi_float64_array) {
    index = firstNonFinite(info[0].As<Napi::Float64Array>().Data(), typed.ElementLength());
  } else if (typed.TypedArrayType() == napi_float32_array) {
    index = firstNonFinite(info[0].As<Napi::Float32Array>().Data(), typed.ElementLength());
  } else {
    throw Napi::TypeError::New(info.Env(), "Expected a Float32Array or a Float64Array");
  }
  return Napi::Number::New(info.Env(), static_cast<double>(index));
}

}  // namespace ridgeflow::bindings
