import { type Activation, type ActivationName, activation } from '../core/activation.js';
import {
  type DType,
  type FloatData,
  type NdArray,
  allocate,
  checkArray,
  checkPoints,
  dtypeOf,
  toDtype,
} from '../core/array.js';
import { RidgeflowError } from '../core/errors.js';
import type { NdArrayLike } from '../core/foreign.js';
import { type CallOptions, tell } from '../core/options.js';
import { kernelsFor } from '../kernel/backend.js';
import { asMatrix, checkFinite, rowsOf } from '../kernel/checks.js';
import type { Kernels, Matrix } from '../kernel/contract.js';
import { applySlopes } from './slopes.js';
import { checkCall } from '../core/call.js';
import { SIGNATURES } from './signatures.js';
import { METHODS } from './method-signatures.js';

/** The parameters of a shallow network x ↦ C ᵀη(Ax − b) + bias of width m, from ℝ^d to ℝ^k. */
export interface ShallowNetworkParameters {
  activation: ActivationName;
  /** m × d. */
  A: NdArrayLike;
  /** m values. */
  b: NdArrayLike;
  /** m × k: row j is what unit j adds to the outputs. */
  C: NdArrayLike;
  /** k values. Default 0. */
  bias?: NdArrayLike;
}

/** Values of one tile of rows × units. */
const TILE = 1 << 21;

/** The parameters in one element type, as kernels take them. */
interface Prepared {
  A: Matrix;
  C: Matrix;
  minusB: FloatData;
  bias: FloatData;
}

/**
 * A network with one hidden layer: x ↦ Σ_j c_j η(a_j·x − b_j) + bias, j < m. Its parameters are not copied: do not write
 * to them. Made by {@link shallowNetwork}, and by what fits and trains networks.
 */
export class ShallowNetwork {
  readonly activation: Activation;
  readonly A: NdArray;
  readonly b: NdArray;
  readonly C: NdArray;
  readonly bias: NdArray;
  readonly #prepared = new Map<DType, Prepared>();

  /** @internal */
  constructor(parameters: ShallowNetworkParameters) {
    const {
      activation: name,
      A,
      b,
      C,
      bias,
    } = checkCall(SIGNATURES.shallowNetwork, { parameters }).parameters;
    this.activation = activation(name);
    checkShape(A, 'A', ['m', 'd'], A?.shape?.slice(0, 2));
    const [m] = A.shape;
    checkShape(b, 'b', ['m'], [m]);
    checkShape(C, 'C', ['m', 'k'], [m, C?.shape?.[1]]);
    const k = C.shape[1];
    if (bias !== undefined) checkShape(bias, 'bias', ['k'], [k]);
    this.A = A;
    this.b = b;
    this.C = C;
    this.bias = bias ?? { data: allocate(dtypeOf(C), k), shape: [k] };
    for (const [name, { data }] of Object.entries({ A, b, C, bias: this.bias })) {
      if (data.every(Number.isFinite)) continue;
      throw new RidgeflowError('NON_FINITE', `Expected finite numbers in ${name}`, {
        details: { parameter: name },
      });
    }
  }

  /** m, the number of units. */
  get width(): number {
    return this.A.shape[0];
  }

  /** d. */
  get inputs(): number {
    return this.A.shape[1];
  }

  /** k. */
  get outputs(): number {
    return this.C.shape[1];
  }

  /**
   * The outputs at n points, n × k, in the element type of the points: one fused kernel, O(nm(d + k)) time, nothing of size
   * n × m is stored.
   *
   * @param x n × d.
   * @throws EMPTY_CLOUD, INVALID_SHAPE, INVALID_DTYPE, NON_FINITE, OUT_OF_MEMORY, ABORTED.
   */
  async evaluate(x: NdArrayLike, options: CallOptions = {}): Promise<NdArray> {
    ({ x } = checkCall(METHODS.ShallowNetwork.evaluate, { x, options }));
    const { kernels, points } = await this.#check(x, 'x', options);
    const { A, C, minusB, bias } = this.#in(dtypeOf(points));
    const data = await kernels.ridgeSum(
      {
        queries: asMatrix(points),
        centres: A,
        centreBias: minusB,
        values: C,
        nonlinearity: this.activation.kernel,
      },
      options,
    );
    const k = this.outputs;
    for (let i = 0; i < data.length; i += k) for (let c = 0; c < k; c++) data[i + c] += bias[c];
    return { data, shape: [points.shape[0], k] };
  }

  /**
   * The derivatives of the outputs at x_i in direction u_i, n × k: Σ_j c_j η′(a_j·x_i − b_j) a_j·u_i. O(nm(d + k)) time,
   * tiles of 2²¹ values. At a kink the derivative from the left.
   *
   * @throws As evaluate.
   */
  async jacobianVector(x: NdArrayLike, u: NdArrayLike, options: CallOptions = {}): Promise<NdArray> {
    ({ x, u } = checkCall(METHODS.ShallowNetwork.jacobianVector, { x, u, options }));
    const { kernels, points } = await this.#check(x, 'x', options);
    const n = points.shape[0];
    const { points: given } = await this.#check(u, 'u', options);
    const directions = toDtype(given, dtypeOf(points));
    if (directions.shape[0] !== n) {
      throw new RidgeflowError(
        'INVALID_SHAPE',
        `Expected ${n} vectors, one for each row of x, for u but received ${directions.shape[0]}`,
        { details: { parameter: 'u' } },
      );
    }
    const k = this.outputs;
    const data = allocate(dtypeOf(points), n * k, 'derivatives');
    await this.#eachTile(kernels, points, options, async ({ slopes, first, rows, A: b, C }) => {
      const along = await kernels.matmul(
        { a: rowsOf(asMatrix(directions), first, rows), b, transposeB: true },
        { signal: options.signal },
      );
      for (let i = 0; i < slopes.data.length; i++) slopes.data[i] *= along[i];
      const part = await kernels.matmul({ a: slopes, b: C }, { signal: options.signal });
      data.set(part, first * k);
    });
    return { data, shape: [n, k] };
  }

  /**
   * The divergence at n points, n values, of a network with as many outputs as inputs: Σ_j η′(a_j·x_i − b_j) a_j·c_j.
   * O(nmd) time.
   *
   * @throws INVALID_SHAPE where outputs and inputs differ in number; as evaluate.
   */
  async divergence(x: NdArrayLike, options: CallOptions = {}): Promise<FloatData> {
    ({ x } = checkCall(METHODS.ShallowNetwork.divergence, { x, options }));
    if (this.inputs !== this.outputs) {
      throw new RidgeflowError(
        'INVALID_SHAPE',
        `Expected a network with as many outputs as inputs but it has ${this.outputs} and ${this.inputs}`,
      );
    }
    const { kernels, points } = await this.#check(x, 'x', options);
    const [m, d] = this.A.shape;
    const traces = allocate(dtypeOf(points), m, 'traces');
    for (let j = 0; j < m; j++) {
      let sum = 0;
      for (let c = 0; c < d; c++) sum += this.A.data[j * d + c] * this.C.data[j * d + c];
      traces[j] = sum;
    }
    const values = { data: traces, rows: m, columns: 1 };
    const out = allocate(dtypeOf(points), points.shape[0], 'divergences');
    await this.#eachTile(kernels, points, options, async ({ slopes, first }) => {
      out.set(await kernels.matmul({ a: slopes, b: values }, { signal: options.signal }), first);
    });
    return out;
  }

  /** Visits tiles of rows with η′ at their units, which the visitor may write to. */
  async #eachTile(
    kernels: Kernels,
    points: NdArray,
    options: CallOptions,
    visit: (tile: { slopes: Matrix; first: number; rows: number; A: Matrix; C: Matrix }) => Promise<void>,
  ): Promise<void> {
    const { A, C, minusB } = this.#in(dtypeOf(points));
    const n = points.shape[0];
    const step = Math.max(1, Math.floor(TILE / A.rows));
    for (let first = 0; first < n; first += step) {
      const rows = Math.min(step, n - first);
      const { signal } = options;
      const data = await kernels.matmul(
        { a: rowsOf(asMatrix(points), first, rows), b: A, transposeB: true },
        { signal },
      );
      const slopes = { data, rows, columns: A.rows };
      await applySlopes(kernels, slopes, { function: this.activation, minusB }, { signal });
      await visit({ slopes, first, rows, A, C });
      await tell(options.onProgress, (first + rows) / n);
    }
  }

  async #check(
    x: NdArray,
    name: string,
    options: CallOptions,
  ): Promise<{ kernels: Kernels; points: NdArray }> {
    checkPoints(x, name, { dimension: this.inputs });
    const dtype = options.dtype ?? dtypeOf(x);
    const kernels = await kernelsFor(options, dtype);
    checkFinite(kernels, x, name);
    return { kernels, points: toDtype(x, dtype) };
  }

  #in(dtype: DType): Prepared {
    let prepared = this.#prepared.get(dtype);
    if (!prepared) {
      prepared = {
        A: asMatrix(toDtype(this.A, dtype)),
        C: asMatrix(toDtype(this.C, dtype)),
        minusB: toDtype(this.b, dtype).data.map((value) => -value),
        bias: toDtype(this.bias, dtype).data,
      };
      this.#prepared.set(dtype, prepared);
    }
    return prepared;
  }
}

function checkShape(
  array: NdArray,
  name: string,
  letters: readonly string[],
  expected: readonly number[] | undefined,
): void {
  checkArray(array, name);
  const { shape } = array;
  const fits = shape.length === letters.length && shape.every((extent, i) => extent === expected?.[i]);
  if (fits && shape.every((extent) => extent > 0)) return;
  throw new RidgeflowError(
    'INVALID_SHAPE',
    `Expected shape [${letters.join(', ')}], none of them 0 and m and k the same for all parameters, for ${name} but ` +
      `received [${shape.join(', ')}]`,
    { details: { parameter: name } },
  );
}

/**
 * The network x ↦ Σ_j c_j η(a_j·x − b_j) + bias.
 *
 * @throws INVALID_ARGUMENT (activation), INVALID_SHAPE (parameters that do not fit together, width 0), INVALID_DTYPE,
 *   NON_FINITE.
 * @example shallowNetwork({ activation: 'relu', A: ndarray([[1], [-1]]), b: ndarray([0, 0]), C: ndarray([[1], [1]]) }) // |x|
 */
export function shallowNetwork(parameters: ShallowNetworkParameters): ShallowNetwork {
  checkCall(SIGNATURES.shallowNetwork, { parameters });
  return new ShallowNetwork(parameters ?? {});
}
