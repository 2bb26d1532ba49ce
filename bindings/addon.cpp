#include "addon.hpp"

#include <stdexcept>
#include <string>

#include "arguments.hpp"
#include "guard.hpp"
#include "linalg/blas.hpp"
#include "runtime/parallel.hpp"
#include "runtime/peaks.hpp"
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

/// Takes { float64 }; returns what the processor does at most. For benchmarks: it blocks.
Napi::Value peaks(const Napi::CallbackInfo& call) {
  const Peaks measured = Arguments(call).flag("float64") ? measurePeaks<double>() : measurePeaks<float>();
  Napi::Object result = Napi::Object::New(call.Env());
  result.Set("multiplyAddsPerSecond", measured.multiplyAddsPerSecond);
  result.Set("exponentialsPerSecond", measured.exponentialsPerSecond);
  result.Set("bytesPerSecond", measured.bytesPerSecond);
  return result;
}

constexpr Export kExports[] = {
    {"score", guarded<scoreKernel>},
    {"addScorePart", guarded<addScorePartKernel>},
    {"writeScoreSums", guarded<writeScoreSumsKernel>},
    {"nearestNeighbours", guarded<nearestNeighboursKernel>},
    {"addNeighbourPart", guarded<addNeighbourPartKernel>},
    {"distanceSums", guarded<distanceSumsKernel>},
    {"countWithin", guarded<countWithinKernel>},
    {"matmul", guarded<matmulKernel>},
    {"signedSums", guarded<signedSumsKernel>},
    {"covariance", guarded<covarianceKernel>},
    {"centredRows", guarded<centredRowsKernel>},
    {"groupMoments", guarded<groupMomentsKernel>},
    {"symmetricEigen", guarded<symmetricEigenKernel>},
    {"solvePositiveDefinite", guarded<solvePositiveDefiniteKernel>},
    {"trainNetwork", guarded<trainNetworkKernel>},
    {"networkLoss", guarded<networkLossKernel>},
    {"projectBeam", guarded<projectBeamKernel>},
    {"backprojectBeam", guarded<backprojectBeamKernel>},
    {"filterRows", guarded<filterRowsKernel>},
    {"binProjections", guarded<binProjectionsKernel>},
    {"projectionExtents", guarded<projectionExtentsKernel>},
    {"ridgeSum", guarded<ridgeSumKernel>},
    {"activate", guarded<activateKernel>},
    {"convolveProjections", guarded<convolveProjectionsKernel>},
    {"finiteRadon", guarded<finiteRadonKernel>},
    {"softmin", guarded<softminKernel>},
    {"addSoftminPart", guarded<addSoftminPartKernel>},
    {"planRows", guarded<planRowsKernel>},
    {"planCosts", guarded<planCostsKernel>},
    {"matrixPlanCosts", guarded<matrixPlanCostsKernel>},
    {"matrixSoftmin", guarded<matrixSoftminKernel>},
    {"projectHyperplanes", guarded<projectHyperplanesKernel>},
    {"backprojectHyperplanes", guarded<backprojectHyperplanesKernel>},
    {"integrateLines", guarded<integrateLinesKernel>},
    {"backprojectLineIntegrals", guarded<backprojectLineIntegralsKernel>},
    {"projectXray", guarded<projectXrayKernel>},
    {"backprojectXray", guarded<backprojectXrayKernel>},
    {"backprojectFan", guarded<backprojectFanKernel>},
    {"posteriorCovarianceProduct", guarded<posteriorCovarianceProductKernel>},
    {"addCovariancePart", guarded<addCovariancePartKernel>},
    {"normals", guarded<normalsKernel>},
    {"lowerTriangularProduct", guarded<lowerTriangularProductKernel>},
    {"pairCosts", guarded<pairCostsKernel>},
    {"assignment", guarded<assignmentKernel>},
    {"networkSimplex", guarded<networkSimplexKernel>},
    {"slicedDistances", guarded<slicedDistancesKernel>},
    {"linearCombination", guarded<linearCombinationKernel>},
    {"squaredRowLengths", guarded<squaredRowLengthsKernel>},
    {"scaledError", guarded<scaledErrorKernel>},
    {"firstNonFinite", guarded<firstNonFiniteKernel>},
    {"info", guarded<info>},
    {"setSimd", guarded<setSimd>},
    {"setThreads", guarded<setThreads>},
    {"gemmRate", guarded<gemmRate>},
    {"peaks", guarded<peaks>},
};

}  // namespace
}  // namespace ridgeflow::bindings

NAPI_MODULE_INIT() { return ridgeflow::bindings::exportFunctions(env, exports, ridgeflow::bindings::kExports); }
