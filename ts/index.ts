/**
 * ridgeflow: how data moves through deep networks.
 *
 * @packageDocumentation
 * @module ridgeflow
 */
export { type DType, type FloatData, type NdArray, ndarray, zeros } from './core/array.js';
export { ERROR_CODES, type ErrorCode, RidgeflowError } from './core/errors.js';
export type {
  ArrowTableLike,
  ArrowVectorLike,
  DataFrameLike,
  ForeignArray,
  NdArrayLike,
  StridedArrayLike,
  TensorLike,
} from './core/foreign.js';
export type { BackendName, CallOptions } from './core/options.js';
export { RandomStream, type StreamName } from './core/random.js';
export * from './dae/index.js';
export * from './entropy/index.js';
export * from './field/index.js';
export * from './flow/index.js';
export * from './io/index.js';
export * from './linalg/index.js';
export * from './measure/index.js';
export * from './network/index.js';
export * from './radon/index.js';
export {
  type NetworkReportContext,
  type RidgeletReportContext,
  type TrainReportContext,
  type TransportReportContext,
  networkReport,
  ridgeletReport,
  trainReport,
  transportReport,
} from './report/index.js';
export * from './representation/index.js';
export * from './ridgelet/index.js';
export * from './stream/index.js';
export * from './theory/index.js';
export * from './transport/index.js';
export { availableBackends } from './kernel/backend.js';
export { type Distributed, distributed } from './kernel/distributed.js';
export type { Kernels } from './kernel/contract.js';
export type { KernelEvent } from './kernel/observed.js';
