import { type FloatData, type NdArray, checkPoints, dtypeOf, toDtype } from '../core/array.js';
import { RidgeflowError } from '../core/errors.js';
import type { NdArrayLike } from '../core/foreign.js';
import { type CallOptions, throwIfAborted } from '../core/options.js';
import { kernelsFor, runsOverRanks } from '../kernel/backend.js';
import { checkFinite } from '../kernel/checks.js';
import type { Kernels } from '../kernel/contract.js';
import { EmpiricalMeasure, empirical } from '../measure/empirical.js';
import { checkCall } from '../core/call.js';
import { METHODS } from './method-signatures.js';

/**
 * A differentiable map of ℝ^d that moves points. Every method computes in the type of the points, or in that of the
 * option `dtype`, and throws INVALID_SHAPE, INVALID_DTYPE, EMPTY_CLOUD, NON_FINITE (with row and column), UNSUPPORTED
 * (float64 on tfjs), ABORTED.
 */
export interface TransportMap {
  readonly dimension: number;

  /** The images of the rows of `x`, n × d. */
  apply(x: NdArrayLike, options?: CallOptions): Promise<NdArray>;

  /** J(x_i)·v_i for every row, with J the Jacobian of the map; `x` and `v` are n × d. */
  jacobianVector(x: NdArrayLike, v: NdArrayLike, options?: CallOptions): Promise<NdArray>;

  /** The image of a cloud: its points moved, each with the weight it had. */
  pushforward(cloud: NdArrayLike | EmpiricalMeasure, options?: CallOptions): Promise<EmpiricalMeasure>;
}

/** The posterior mean g(x) = E[y | x] of data y that were corrupted to x = y + ε. */
export interface DaeMap extends TransportMap {
  /** The trace of the Jacobian at the rows of `x`, n values. */
  divergence(x: NdArrayLike, options?: CallOptions): Promise<FloatData>;

  /**
   * The convex potential φ at the rows of `x`, n values, for Gaussian noise. With N(0, tI), g = ∇φ and
   * φ(x) = |x|²/2 + t log(μ₀ * N(0, tI))(x). With N(0, T) and τ = tr T/d, g = (T/τ)∇φ and
   * φ(x) = τ(xᵀT⁻¹x/2 + log(μ₀ * N(0, T))(x)). Throws UNSUPPORTED for other noise, whose map is no gradient.
   */
  potential(x: NdArrayLike, options?: CallOptions): Promise<FloatData>;
}

/** The points of one call, checked and in the type of the computation, and what the call runs on. */
export interface Batch {
  readonly x: NdArray;
  readonly kernels: Kernels;
  /** The caller's, with the dtype of the computation. */
  readonly options: CallOptions;
}

/**
 * Throws what {@link TransportMap} says.
 *
 * @param rows `own` of a map that needs no other row than the one it moves: over ranks each moves its own, or none.
 */
export async function toBatch(
  x: NdArray,
  dimension: number,
  options: CallOptions,
  rows?: 'own',
): Promise<Batch> {
  const minimum = rows === 'own' && (await runsOverRanks(options)) ? 0 : 1;
  checkPoints(x, 'x', { dimension, minimum });
  const dtype = options.dtype ?? dtypeOf(x);
  const kernels = await kernelsFor(options, dtype, rows);
  checkFinite(kernels, x, 'x');
  throwIfAborted(options.signal);
  return { x: toDtype(x, dtype), kernels, options: { ...options, dtype } };
}

/** What all maps do with their arguments. */
export abstract class BatchMap implements TransportMap {
  readonly dimension: number;
  /** As {@link toBatch} takes it. */
  protected readonly rows: 'own' | undefined = undefined;

  protected constructor(dimension: number) {
    this.dimension = dimension;
  }

  async apply(x: NdArrayLike, options: CallOptions = {}): Promise<NdArray> {
    ({ x } = checkCall(METHODS.TransportMap.apply, { x, options }));
    const batch = await toBatch(x, this.dimension, options, this.rows);
    return { data: await this.#ofRows(batch, () => this.move(batch)), shape: batch.x.shape };
  }

  async jacobianVector(x: NdArrayLike, v: NdArrayLike, options: CallOptions = {}): Promise<NdArray> {
    ({ x, v } = checkCall(METHODS.TransportMap.jacobianVector, { x, v, options }));
    const batch = await toBatch(x, this.dimension, options, this.rows);
    const { n } = checkPoints(v, 'v', { dimension: this.dimension, minimum: Math.min(1, batch.x.shape[0]) });
    const [rows] = batch.x.shape;
    if (n !== rows) {
      throw new RidgeflowError(
        'INVALID_SHAPE',
        `Expected ${rows} vectors, one for each row of x, for v but received ${n}`,
        { details: { parameter: 'v' } },
      );
    }
    checkFinite(batch.kernels, v, 'v');
    const vectors = toDtype(v, dtypeOf(batch.x));
    return { data: await this.#ofRows(batch, () => this.push(batch, vectors)), shape: batch.x.shape };
  }

  async pushforward(
    cloud: NdArrayLike | EmpiricalMeasure,
    options: CallOptions = {},
  ): Promise<EmpiricalMeasure> {
    const { cloud: own } = checkCall(METHODS.TransportMap.pushforward, { cloud, options });
    const weighted = own instanceof EmpiricalMeasure;
    const points = await this.apply(weighted ? own.points : own, options);
    return empirical({ points, weights: weighted ? own.weights : undefined });
  }

  /** Of a rank that has no rows nothing is asked. */
  async #ofRows({ x }: Batch, work: () => Promise<FloatData>): Promise<FloatData> {
    return x.shape[0] === 0 ? x.data.slice() : work();
  }

  /** The images of the points, as a new array. */
  protected abstract move(batch: Batch): Promise<FloatData>;

  /** The Jacobian at each point times its vector, as a new array. */
  protected abstract push(batch: Batch, v: NdArray): Promise<FloatData>;
}
