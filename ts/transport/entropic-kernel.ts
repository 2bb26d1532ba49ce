import { type DType, type FloatData, type NdArray, allocate, dtypeOf, toDtype } from '../core/array.js';
import { RidgeflowError } from '../core/errors.js';
import type { CallOptions } from '../core/options.js';
import { Pace } from '../core/pace.js';
import { kernelsFor } from '../kernel/backend.js';
import { asMatrix, checkFinite, rowsOf } from '../kernel/checks.js';
import type { Kernels, Matrix } from '../kernel/contract.js';
import { type PairCost, checkClouds, checkCosts } from './arguments.js';

/** Largest ratio of a cost to ε: beyond it, exponents leave the range in which they can be told apart. */
const LARGEST_RATIO = 1e30;

type Run = Pick<CallOptions, 'signal' | 'onProgress'>;

/** e^{−c/ε} between n sources and m targets, never stored: what Sinkhorn's algorithm needs of a cost. */
export interface EntropicKernel {
  readonly kernels: Kernels;
  readonly n: number;
  readonly m: number;
  readonly dtype: DType;
  /** An upper estimate of the largest cost. */
  readonly largestCost: number;
  /** −ε log Σ_j exp(h_j − c_ij/ε) for every source i; with `backward` over the sources for every target. */
  softmin(logWeights: Float64Array, epsilon: number, backward: boolean, run: Run): Promise<Float64Array>;
  /** exp(r_i + h_j − c_ij/ε) for the sources first ≤ i < first + r.length, in rows. */
  planRows(
    rowLogWeights: Float64Array,
    logWeights: Float64Array,
    epsilon: number,
    first: number,
    run: Run,
  ): Promise<FloatData>;
  /** Σ_j exp(r_i + h_j − c_ij/ε) c_ij for every source i. */
  planCosts(
    rowLogWeights: Float64Array,
    logWeights: Float64Array,
    epsilon: number,
    run: Run,
  ): Promise<Float64Array>;
}

/** The kernel of two clouds. */
export class CloudKernel implements EntropicKernel {
  readonly n: number;
  readonly m: number;
  readonly dtype: DType;

  private constructor(
    readonly kernels: Kernels,
    readonly from: Matrix,
    readonly to: Matrix,
    readonly cost: PairCost,
    readonly largestCost: number,
  ) {
    this.n = from.rows;
    this.m = to.rows;
    this.dtype = dtypeOf(from);
  }

  /** Checks the clouds and loads the backend. O((n + m)d) time. */
  static async of(a: NdArray, b: NdArray, cost: PairCost, options: CallOptions): Promise<CloudKernel> {
    checkClouds(a, b);
    const [from, to] = [toDtype(a, options.dtype), b === a ? undefined : toDtype(b, options.dtype)];
    const kernels = await kernelsFor(options, dtypeOf(from));
    checkFinite(kernels, from, 'a');
    if (to) checkFinite(kernels, to, 'b');
    const matrices = [asMatrix(from), asMatrix(to ?? from)];
    const square = await squaredDiameter(matrices, options);
    const largest = cost === 'euclidean' ? Math.sqrt(square) : square;
    return new CloudKernel(kernels, matrices[0], matrices[1], cost, largest);
  }

  /** The kernel of one of the clouds with itself. */
  self(side: 'from' | 'to'): CloudKernel {
    return new CloudKernel(this.kernels, this[side], this[side], this.cost, this.largestCost);
  }

  softmin(logWeights: Float64Array, epsilon: number, backward: boolean, run: Run): Promise<Float64Array> {
    const [from, to] = backward ? [this.to, this.from] : [this.from, this.to];
    return this.kernels.softmin({ from, to, cost: this.cost, epsilon, logWeights }, run);
  }

  planRows(
    rowLogWeights: Float64Array,
    logWeights: Float64Array,
    epsilon: number,
    first: number,
    run: Run,
    overDistance = false,
  ): Promise<FloatData> {
    const { from: all, to, cost } = this;
    const from = rowsOf(all, first, rowLogWeights.length);
    return this.kernels.planRows({ from, to, cost, epsilon, logWeights, rowLogWeights, overDistance }, run);
  }

  planCosts(
    rowLogWeights: Float64Array,
    logWeights: Float64Array,
    epsilon: number,
    run: Run,
  ): Promise<Float64Array> {
    const { from, to, cost } = this;
    return this.kernels.planCosts({ from, to, cost, epsilon, logWeights, rowLogWeights }, run);
  }
}

/** The kernel of a user's costs. */
export class MatrixKernel implements EntropicKernel {
  readonly n: number;
  readonly m: number;
  readonly dtype: DType;

  private constructor(
    readonly kernels: Kernels,
    readonly costs: Matrix,
    readonly largestCost: number,
  ) {
    this.n = costs.rows;
    this.m = costs.columns;
    this.dtype = dtypeOf(costs);
  }

  static async of(costs: NdArray, options: CallOptions): Promise<MatrixKernel> {
    checkCosts(costs);
    const given = toDtype(costs, options.dtype);
    const kernels = await kernelsFor(options, dtypeOf(given));
    checkFinite(kernels, given, 'costs');
    const matrix = asMatrix(given);
    const pace = new Pace({ signal: options.signal }, matrix.rows);
    let low = Infinity;
    let high = -Infinity;
    for (let i = 0; i < matrix.rows; i++) {
      for (let k = i * matrix.columns; k < (i + 1) * matrix.columns; k++) {
        low = Math.min(low, given.data[k]);
        high = Math.max(high, given.data[k]);
      }
      await pace.tick(1);
    }
    return new MatrixKernel(kernels, matrix, Math.max(high - low, Math.abs(low), Math.abs(high)));
  }

  softmin(logWeights: Float64Array, epsilon: number, backward: boolean, run: Run): Promise<Float64Array> {
    const problem = { costs: this.costs, transposed: backward, epsilon, logWeights };
    return this.kernels.matrixSoftmin(problem, run);
  }

  async planRows(
    rowLogWeights: Float64Array,
    logWeights: Float64Array,
    epsilon: number,
    first: number,
    run: Run,
  ): Promise<FloatData> {
    const { costs, m } = this;
    const out = allocate(this.dtype, rowLogWeights.length * m, 'rows of a transport plan');
    const pace = new Pace(run, rowLogWeights.length);
    for (let i = 0; i < rowLogWeights.length; i++) {
      const at = (first + i) * m;
      for (let j = 0; j < m; j++) {
        out[i * m + j] = Math.exp(rowLogWeights[i] + logWeights[j] - costs.data[at + j] / epsilon);
      }
      await pace.tick(1);
    }
    pace.finish();
    return out;
  }

  planCosts(
    rowLogWeights: Float64Array,
    logWeights: Float64Array,
    epsilon: number,
    run: Run,
  ): Promise<Float64Array> {
    return this.kernels.matrixPlanCosts({ costs: this.costs, epsilon, rowLogWeights, logWeights }, run);
  }
}

/** Throws INVALID_ARGUMENT where ε is too small against the costs for any arithmetic. */
export function checkEpsilonAgainst(kernel: EntropicKernel, epsilon: number): void {
  if (kernel.largestCost <= LARGEST_RATIO * epsilon) return;
  throw new RidgeflowError(
    'INVALID_ARGUMENT',
    `Expected epsilon of at least ${kernel.largestCost / LARGEST_RATIO}, for costs up to ${kernel.largestCost}, but ` +
      `received ${epsilon}. For exact transport use exactTransport`,
    { details: { parameter: 'epsilon', largestCost: kernel.largestCost } },
  );
}

/** The squared diagonal of the box around clouds. */
async function squaredDiameter(clouds: readonly Matrix[], { signal }: CallOptions): Promise<number> {
  const d = clouds[0].columns;
  const low = new Float64Array(d).fill(Infinity);
  const high = new Float64Array(d).fill(-Infinity);
  const pace = new Pace({ signal }, 1);
  for (const { data, rows } of new Set(clouds)) {
    for (let i = 0; i < rows; i++) {
      for (let k = 0; k < d; k++) {
        const value = data[i * d + k];
        if (value < low[k]) low[k] = value;
        if (value > high[k]) high[k] = value;
      }
      if (i % 256 === 0) await pace.tick(0);
    }
  }
  return low.reduce((sum, value, k) => sum + (high[k] - value) ** 2, 0);
}
