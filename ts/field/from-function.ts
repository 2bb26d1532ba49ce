import { type FloatData, type NdArray, allocate, dtypeOf, toDtype } from '../core/array.js';
import { RidgeflowError, describe, invalidArgument } from '../core/errors.js';
import type { NdArrayLike } from '../core/foreign.js';
import { type CallOptions, throwIfAborted } from '../core/options.js';
import {
  type FieldDomain,
  type Times,
  checkTime,
  checkTimes,
  checkVectors,
  notDifferentiable,
  prepare,
} from './domain.js';
import type { FieldRequest, FieldValues, VelocityField } from './field.js';
import { isFloatData } from '../core/realm.js';
import { checkCall } from '../core/call.js';
import { SIGNATURES } from './signatures.js';
import { METHODS } from './method-signatures.js';

/** A user's batch function, with its derivatives as far as they are known. */
export interface FunctionFieldOptions extends FieldDomain {
  /** div v_t(x_i), n values. Default: the trace of the Jacobian, by d products. */
  divergence?(x: NdArray, t: number, options: CallOptions): FloatData | Promise<FloatData>;
  /** Dv_t(x_i) · u_i, n × d. */
  jacobianVector?(x: NdArray, t: number, u: NdArray, options: CallOptions): NdArray | Promise<NdArray>;
}

/**
 * A field from a function on a batch of points: x is n × d, and so is the velocity. Do not change x, and do not keep it.
 * The field is differentiable where `jacobianVector` is given; else integrators estimate what they need.
 *
 * @throws INVALID_ARGUMENT; INVALID_SHAPE where the function returns arrays of the wrong shape; COLLAPSED outside `times`.
 * @example fieldFromFunction(async (x, t) => ({ data: x.data.map((value) => -t * value), shape: x.shape }))
 */
export function fieldFromFunction(
  velocity: (x: NdArray, t: number, options: CallOptions) => NdArray | Promise<NdArray>,
  options: FunctionFieldOptions = {},
): VelocityField<NdArrayLike> {
  checkCall(SIGNATURES.fieldFromFunction, { velocity, options });
  if (typeof velocity !== 'function') throw invalidArgument('velocity', 'a function', velocity);
  return new FunctionField(velocity, options);
}

class FunctionField implements VelocityField {
  readonly #velocity: Parameters<typeof fieldFromFunction>[0];
  readonly #options: FunctionFieldOptions;
  readonly dimension?: number;
  readonly times: Times;
  readonly differentiable: boolean;
  readonly jacobianVector?: VelocityField['jacobianVector'];

  constructor(velocity: Parameters<typeof fieldFromFunction>[0], options: FunctionFieldOptions) {
    this.#velocity = velocity;
    this.#options = options;
    this.dimension = options.dimension;
    this.times = checkTimes(options.times);
    this.differentiable = options.jacobianVector !== undefined;
    if (this.differentiable) this.jacobianVector = (x, t, u, call) => this.#jacobianVector(x, t, u, call);
  }

  async evaluate(
    x: NdArrayLike,
    t: number,
    want: FieldRequest,
    options: CallOptions = {},
  ): Promise<FieldValues> {
    ({ x } = checkCall(METHODS.VelocityField.evaluate, { x, t, want, options }));
    checkTime(t, this.times);
    throwIfAborted(options.signal);
    const { points } = await prepare(x, this.dimension, options);
    const velocity = checkRows(await this.#velocity(points, t, options), points, 'the velocity');
    return { velocity, divergence: want.divergence ? await this.#trace(points, t, options) : undefined };
  }

  async #jacobianVector(
    x: NdArrayLike,
    t: number,
    u: NdArrayLike,
    options: CallOptions = {},
  ): Promise<NdArray> {
    ({ x, u } = checkCall(METHODS.VelocityField.jacobianVector, { x, t, u, options }));
    checkTime(t, this.times);
    throwIfAborted(options.signal);
    const { kernels, points } = await prepare(x, this.dimension, options);
    return this.#product(points, t, checkVectors(kernels, u, points), options);
  }

  async #product(x: NdArray, t: number, u: NdArray, options: CallOptions): Promise<NdArray> {
    if (!this.#options.jacobianVector) {
      throw notDifferentiable('derivatives', 'give it jacobianVector (a potential: hessianVector)');
    }
    return checkRows(await this.#options.jacobianVector(x, t, u, options), x, 'the Jacobian–vector product');
  }

  async #trace(x: NdArray, t: number, options: CallOptions): Promise<FloatData> {
    const [n, d] = x.shape;
    if (this.#options.divergence) {
      const divergence = await this.#options.divergence(x, t, options);
      if (isFloatData(divergence) && divergence.length === n) {
        return toDtype({ data: divergence, shape: [n] }, dtypeOf(x)).data;
      }
      throw wrongResult('the divergence', `${n} values`, describe(divergence));
    }
    const trace = allocate(dtypeOf(x), n, 'divergences');
    for (let k = 0; k < d; k++) {
      throwIfAborted(options.signal);
      const unit = allocate(dtypeOf(x), n * d, 'unit vectors');
      for (let i = 0; i < n; i++) unit[i * d + k] = 1;
      const { data } = await this.#product(x, t, { data: unit, shape: [n, d] }, options);
      for (let i = 0; i < n; i++) trace[i] += data[i * d + k];
    }
    return trace;
  }
}

/** What a user's function returned, in the element type of the points. Throws INVALID_SHAPE unless of their shape. */
function checkRows(result: NdArray, points: NdArray, what: string): NdArray {
  const [n, d] = points.shape;
  const { data, shape } = result ?? {};
  if (isFloatData(data) && data.length === n * d && shape?.length === 2 && shape[0] === n) {
    return toDtype(result, dtypeOf(points));
  }
  const received = Array.isArray(shape) ? `shape [${shape.join(', ')}]` : describe(result);
  throw wrongResult(what, `an array of shape [${n}, ${d}]`, received);
}

function wrongResult(what: string, expected: string, received: string): RidgeflowError {
  return new RidgeflowError(
    'INVALID_SHAPE',
    `Expected the field's function to return ${expected} for ${what} but received ${received}`,
    { details: { parameter: what } },
  );
}
