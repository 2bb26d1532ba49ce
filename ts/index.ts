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
export { type NetworkReportContext, networkReport } from './report/network.js';
export { ridgeletReport } from './report/ridgelet.js';
export type { RidgeletReportContext } from './report/ridgelet-numbers.js';
export { trainReport } from './report/train.js';
export type { TrainReportContext } from './report/train-numbers.js';
export { type TransportReportContext, transportReport } from './report/transport.js';
export * from './representation/index.js';
export * from './ridgelet/index.js';
export * from './stream/index.js';
export * from './theory/index.js';
export * from './transport/index.js';
export { availableBackends } from './kernel/backend.js';
export { type Distributed, distributed } from './kernel/distributed.js';
export type { Kernels } from './kernel/contract.js';
export type { KernelEvent } from './kernel/observed.js';
