#pragma once

#include <napi.h>

// Every function of the addon takes one object (see Arguments) unless its comment says otherwise; results are written
// into arrays that the caller made. ts/kernel/native/addon.ts mirrors this list with types.

namespace ridgeflow::bindings {

Napi::Value scoreKernel(const Napi::CallbackInfo& info);
Napi::Value addScorePartKernel(const Napi::CallbackInfo& info);
Napi::Value writeScoreSumsKernel(const Napi::CallbackInfo& info);
Napi::Value nearestNeighboursKernel(const Napi::CallbackInfo& info);
Napi::Value addNeighbourPartKernel(const Napi::CallbackInfo& info);
Napi::Value distanceSumsKernel(const Napi::CallbackInfo& info);
Napi::Value countWithinKernel(const Napi::CallbackInfo& info);
Napi::Value matmulKernel(const Napi::CallbackInfo& info);
Napi::Value covarianceKernel(const Napi::CallbackInfo& info);
Napi::Value centredRowsKernel(const Napi::CallbackInfo& info);
Napi::Value groupMomentsKernel(const Napi::CallbackInfo& info);
Napi::Value signedSumsKernel(const Napi::CallbackInfo& info);
Napi::Value symmetricEigenKernel(const Napi::CallbackInfo& info);
Napi::Value projectBeamKernel(const Napi::CallbackInfo& info);
Napi::Value backprojectBeamKernel(const Napi::CallbackInfo& info);
Napi::Value filterRowsKernel(const Napi::CallbackInfo& info);
Napi::Value binProjectionsKernel(const Napi::CallbackInfo& info);
Napi::Value projectionExtentsKernel(const Napi::CallbackInfo& info);
Napi::Value solvePositiveDefiniteKernel(const Napi::CallbackInfo& info);
Napi::Value ridgeSumKernel(const Napi::CallbackInfo& info);
Napi::Value activateKernel(const Napi::CallbackInfo& info);
Napi::Value convolveProjectionsKernel(const Napi::CallbackInfo& info);
Napi::Value finiteRadonKernel(const Napi::CallbackInfo& info);
Napi::Value softminKernel(const Napi::CallbackInfo& info);
Napi::Value addSoftminPartKernel(const Napi::CallbackInfo& info);
Napi::Value planRowsKernel(const Napi::CallbackInfo& info);
Napi::Value planCostsKernel(const Napi::CallbackInfo& info);
Napi::Value matrixPlanCostsKernel(const Napi::CallbackInfo& info);
Napi::Value matrixSoftminKernel(const Napi::CallbackInfo& info);
Napi::Value projectHyperplanesKernel(const Napi::CallbackInfo& info);
Napi::Value backprojectHyperplanesKernel(const Napi::CallbackInfo& info);
Napi::Value integrateLinesKernel(const Napi::CallbackInfo& info);
Napi::Value backprojectLineIntegralsKernel(const Napi::CallbackInfo& info);
Napi::Value projectXrayKernel(const Napi::CallbackInfo& info);
Napi::Value backprojectXrayKernel(const Napi::CallbackInfo& info);
Napi::Value backprojectFanKernel(const Napi::CallbackInfo& info);
Napi::Value trainNetworkKernel(const Napi::CallbackInfo& info);
Napi::Value networkLossKernel(const Napi::CallbackInfo& info);
Napi::Value pairCostsKernel(const Napi::CallbackInfo& info);
Napi::Value assignmentKernel(const Napi::CallbackInfo& info);
Napi::Value networkSimplexKernel(const Napi::CallbackInfo& info);
Napi::Value slicedDistancesKernel(const Napi::CallbackInfo& info);
Napi::Value linearCombinationKernel(const Napi::CallbackInfo& info);
Napi::Value posteriorCovarianceProductKernel(const Napi::CallbackInfo& info);
Napi::Value addCovariancePartKernel(const Napi::CallbackInfo& info);
Napi::Value normalsKernel(const Napi::CallbackInfo& info);
Napi::Value lowerTriangularProductKernel(const Napi::CallbackInfo& info);
Napi::Value squaredRowLengthsKernel(const Napi::CallbackInfo& info);
Napi::Value scaledErrorKernel(const Napi::CallbackInfo& info);
/// Takes a typed array; returns an index or −1.
Napi::Value firstNonFiniteKernel(const Napi::CallbackInfo& info);

}  // namespace ridgeflow::bindings
