#include "addon.hpp"

#include <stdexcept>
#include <string>

#include "arguments.hpp"
#include "linalg/blas.hpp"
#include "runtime/parallel.hpp"
#include "runtime/simd.hpp"

namespace ridgeflow::bindings {
namespace {

constexpr int largestThreadCount = 1024;
constexpr std::size_t largestGemm = 4096;

/// What `ridgeflow doctor` shows.
Napi::Value info(const Napi::CallbackInfo& call) {
  Napi::Object result = Napi::Object::New(call.Env());
  result.Set("blasCore", blas::coreName());
  result.Set("blas", blas::configuration());
  result.Set("simd", simdTargets().front());
  result.Set("threads", threadCount());
#ifdef __clang__
  result.Set("compiler", __VERSION__);
#else
  result.Set("compiler", "GCC " __VERSION__);
#endif
  return result;
}

Napi::Value setThreads(const Napi::CallbackInfo& call) {
  const double count = call.Length() > 0 && call[0].IsNumber() ? call[0].As<Napi::Number>().DoubleValue() : 0.0;
  if (!(count >= 1 && count <= largestThreadCount)) {
    throw Napi::TypeError::New(call.Env(), "Expected a number of threads from 1 to " + std::to_string(largestThreadCount));
  }
  setThreadCount(static_cast<int>(count));
  return call.Env().Undefined();
}

/// Takes the name of an instruction set. Returns undefined, or what was expected where the processor has none such.
Napi::Value setSimd(const Napi::CallbackInfo& call) {
  try {
    limitSimd(call[0].ToString());
    return call.Env().Undefined();
  } catch (const std::invalid_argument& expected) {
    return Napi::String::New(call.Env(), expected.what());
  }
}

/// Takes { float64, size, threads, repetitions }; returns FLOP/s. For benchmarks: it blocks.
Napi::Value gemmRate(const Napi::CallbackInfo& call) {
  const Arguments arguments(call);
  const bool float64 = arguments.flag("float64");
  const std::size_t size = arguments.size("size", largestGemm);
  const auto threads = static_cast<int>(arguments.size("threads", largestThreadCount));
  const auto repetitions = static_cast<int>(arguments.size("repetitions", 1000));
  return Napi::Number::New(call.Env(), blas::measureGemmRate(float64, size, threads, repetitions));
}

Napi::Object initialise(Napi::Env env, Napi::Object exports) {
  exports.Set("score", Napi::Function::New(env, scoreKernel));
  exports.Set("nearestNeighbours", Napi::Function::New(env, nearestNeighboursKernel));
  exports.Set("distanceSums", Napi::Function::New(env, distanceSumsKernel));
  exports.Set("countWithin", Napi::Function::New(env, countWithinKernel));
  exports.Set("matmul", Napi::Function::New(env, matmulKernel));
  exports.Set("signedSums", Napi::Function::New(env, signedSumsKernel));
  exports.Set("covariance", Napi::Function::New(env, covarianceKernel));
  exports.Set("centredRows", Napi::Function::New(env, centredRowsKernel));
  exports.Set("groupMoments", Napi::Function::New(env, groupMomentsKernel));
  exports.Set("symmetricEigen", Napi::Function::New(env, symmetricEigenKernel));
  exports.Set("solvePositiveDefinite", Napi::Function::New(env, solvePositiveDefiniteKernel));
  exports.Set("trainNetwork", Napi::Function::New(env, trainNetworkKernel));
  exports.Set("networkLoss", Napi::Function::New(env, networkLossKernel));
  exports.Set("projectBeam", Napi::Function::New(env, projectBeamKernel));
  exports.Set("backprojectBeam", Napi::Function::New(env, backprojectBeamKernel));
  exports.Set("filterRows", Napi::Function::New(env, filterRowsKernel));
  exports.Set("binProjections", Napi::Function::New(env, binProjectionsKernel));
  exports.Set("projectionExtents", Napi::Function::New(env, projectionExtentsKernel));
  exports.Set("ridgeSum", Napi::Function::New(env, ridgeSumKernel));
  exports.Set("activate", Napi::Function::New(env, activateKernel));
  exports.Set("convolveProjections", Napi::Function::New(env, convolveProjectionsKernel));
  exports.Set("finiteRadon", Napi::Function::New(env, finiteRadonKernel));
  exports.Set("softmin", Napi::Function::New(env, softminKernel));
  exports.Set("planRows", Napi::Function::New(env, planRowsKernel));
  exports.Set("planCosts", Napi::Function::New(env, planCostsKernel));
  exports.Set("matrixPlanCosts", Napi::Function::New(env, matrixPlanCostsKernel));
  exports.Set("matrixSoftmin", Napi::Function::New(env, matrixSoftminKernel));
  exports.Set("projectHyperplanes", Napi::Function::New(env, projectHyperplanesKernel));
  exports.Set("backprojectHyperplanes", Napi::Function::New(env, backprojectHyperplanesKernel));
  exports.Set("integrateLines", Napi::Function::New(env, integrateLinesKernel));
  exports.Set("backprojectLineIntegrals", Napi::Function::New(env, backprojectLineIntegralsKernel));
  exports.Set("projectXray", Napi::Function::New(env, projectXrayKernel));
  exports.Set("backprojectXray", Napi::Function::New(env, backprojectXrayKernel));
  exports.Set("backprojectFan", Napi::Function::New(env, backprojectFanKernel));
  exports.Set("posteriorCovarianceProduct", Napi::Function::New(env, posteriorCovarianceProductKernel));
  exports.Set("normals", Napi::Function::New(env, normalsKernel));
  exports.Set("lowerTriangularProduct", Napi::Function::New(env, lowerTriangularProductKernel));
  exports.Set("pairCosts", Napi::Function::New(env, pairCostsKernel));
  exports.Set("assignment", Napi::Function::New(env, assignmentKernel));
  exports.Set("networkSimplex", Napi::Function::New(env, networkSimplexKernel));
  exports.Set("slicedCosts", Napi::Function::New(env, slicedCostsKernel));
  exports.Set("linearCombination", Napi::Function::New(env, linearCombinationKernel));
  exports.Set("squaredRowLengths", Napi::Function::New(env, squaredRowLengthsKernel));
  exports.Set("scaledError", Napi::Function::New(env, scaledErrorKernel));
  exports.Set("firstNonFinite", Napi::Function::New(env, firstNonFiniteKernel));
  exports.Set("info", Napi::Function::New(env, info));
  exports.Set("setSimd", Napi::Function::New(env, setSimd));
  exports.Set("setThreads", Napi::Function::New(env, setThreads));
  exports.Set("gemmRate", Napi::Function::New(env, gemmRate));
  return exports;
}

}  // namespace
}  // namespace ridgeflow::bindings

static Napi::Object initialise(Napi::Env env, Napi::Object exports) {
  return ridgeflow::bindings::initialise(env, exports);
}

NODE_API_MODULE(ridgeflow, initialise)
