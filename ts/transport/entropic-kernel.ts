import { type DType, type FloatData, type NdArray, allocate, dtypeOf, toDtype } from '../core/array.js';
import { RidgeflowError } from '../core/errors.js';
import type { CallOptions } from '../core/options.js';
import { Pace } from '../core/pace.js';
import { kernelsFor } from '../kernel/backend.js';
import { asMatrix, checkFinite, rowsOf } from '../kernel/checks.js';
import type { Kernels, Matrix } from '../kernel/contract.js';
import { type PairCost, checkClouds, checkCosts } from './arguments.js';
import { scaledClouds, timesUnit } from './scale.js';

/** Largest ratio of a cost to ε: beyond it, exponents leave the range in which they can be told apart. */
const LARGEST_RATIO = 1e30;
/** Bounds of the logarithm of the unit of length: its square is a number, so that costs and ε can be brought to it. */
const SQUARABLE = [-500, 500];

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

/** The kernel of two clouds. Costs, potentials and ε are in the unit of the clouds as they were given. */
export class CloudKernel implements EntropicKernel {
  readonly n: number;
  readonly m: number;
  readonly dtype: DType;
  /** The unit of the cost: of `from` and `to`, or its square. */
  readonly costUnit: number;

  private constructor(
    readonly kernels: Kernels,
    /** The clouds over `unit`. */
    readonly from: Matrix,
    readonly to: Matrix,
    readonly unit: number,
    readonly cost: PairCost,
    readonly largestCost: number,
  ) {
    this.n = from.rows;
    this.m = to.rows;
    this.dtype = dtypeOf(from);
    this.costUnit = cost === 'euclidean' ? unit : unit * unit;
  }

  /** Checks the clouds, which with `rows` may be those of one of many ranks, and loads the backend. O((n + m)d) time. */
  static async of(
    a: NdArray,
    b: NdArray,
    cost: PairCost,
    options: CallOptions,
    rows?: 'spread',
  ): Promise<CloudKernel> {
    checkClouds(a, b, rows === 'spread' ? 0 : 1);
    const { kernels, from, to, unit, diagonal } = await scaledClouds(a, b, options, SQUARABLE, rows);
    const largest = timesUnit(
      cost === 'euclidean' ? diagonal : diagonal ** 2,
      unit,
      cost === 'euclidean' ? 1 : 2,
    );
    return new CloudKernel(kernels, from, to, unit, cost, largest);
  }

  /** The kernel of one of the clouds with itself. */
  self(side: 'from' | 'to'): CloudKernel {
    return new CloudKernel(this.kernels, this[side], this[side], this.unit, this.cost, this.largestCost);
  }

  async softmin(
    logWeights: Float64Array,
    epsilon: number,
    backward: boolean,
    run: Run,
  ): Promise<Float64Array> {
    const [from, to] = backward ? [this.to, this.from] : [this.from, this.to];
    const { cost, costUnit } = this;
    const out = await this.kernels.softmin({ from, to, cost, epsilon: epsilon / costUnit, logWeights }, run);
    return scaledBy(out, costUnit);
  }

  /** With `overDistance` and the Euclidean cost each entry is over the distance of its pair, in `unit`. */
  planRows(
    rowLogWeights: Float64Array,
    logWeights: Float64Array,
    epsilon: number,
    first: number,
    run: Run,
    overDistance = false,
  ): Promise<FloatData> {
    const { to, cost } = this;
    const from = rowsOf(this.from, first, rowLogWeights.length);
    const scaled = { from, to, cost, epsilon: epsilon / this.costUnit };
    return this.kernels.planRows({ ...scaled, logWeights, rowLogWeights, overDistance }, run);
  }

  async planCosts(
    rowLogWeights: Float64Array,
    logWeights: Float64Array,
    epsilon: number,
    run: Run,
  ): Promise<Float64Array> {
    const { from, to, cost } = this;
    const scaled = { from, to, cost, epsilon: epsilon / this.costUnit };
    const out = await this.kernels.planCosts({ ...scaled, logWeights, rowLogWeights }, run);
    return scaledBy(out, this.costUnit);
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
    await pace.finish();
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

/** Most that rounding may leave in the marginals of a plan that is iterated to a fixed point. */
const BEARABLE = 1e-2;

/** What rounding of the logits of a plan leaves in its marginals, about: no iteration comes nearer. */
export function planRounding({ dtype, largestCost }: EntropicKernel, epsilon: number): number {
  return ((dtype === 'float64' ? 2 ** -53 : 2 ** -27) * largestCost) / epsilon;
}

/** The tolerance where none is given: the usual, or what rounding leaves where that is up to ten times as much. */
export function defaultTolerance(kernel: EntropicKernel, epsilon: number, usual: number): number {
  return Math.min(Math.max(usual, planRounding(kernel, epsilon)), 10 * usual);
}

/** Throws INVALID_ARGUMENT where ε is so small against the costs that masses would be those of rounding. */
export function checkResolved(kernel: EntropicKernel, epsilon: number): void {
  checkEpsilonAgainst(kernel, epsilon);
  if (planRounding(kernel, epsilon) <= BEARABLE) return;
  const { dtype, largestCost } = kernel;
  throw new RidgeflowError(
    'INVALID_ARGUMENT',
    `Expected epsilon of at least ${(epsilon * planRounding(kernel, epsilon)) / BEARABLE}, for costs up to ${largestCost} in ` +
      `${dtype}, but received ${epsilon}`,
    { details: { parameter: 'epsilon', largestCost } },
  );
}

/** Throws INVALID_ARGUMENT where ε is too small against the costs for any arithmetic. */
export function checkEpsilonAgainst(kernel: EntropicKernel, epsilon: number): void {
  if (kernel.largestCost <= LARGEST_RATIO * epsilon && kernel.largestCost < Infinity) return;
  if (!(kernel.largestCost < Infinity)) {
    throw new RidgeflowError(
      'NON_FINITE',
      'Expected clouds whose costs are numbers but the square of their diameter overflows: divide the points, and ' +
        'epsilon by the square, by a common length',
    );
  }
  throw new RidgeflowError(
    'INVALID_ARGUMENT',
    `Expected epsilon of at least ${kernel.largestCost / LARGEST_RATIO}, for costs up to ${kernel.largestCost}, but ` +
      `received ${epsilon}. For exact transport use exactTransport`,
    { details: { parameter: 'epsilon', largestCost: kernel.largestCost } },
  );
}

/** The error of an entropic iteration that has left the numbers. */
export function notFinite(kernel: EntropicKernel, epsilon: number, iterations: number): RidgeflowError {
  return new RidgeflowError(
    'NON_FINITE',
    `The potentials are not finite after ${iterations} iterations: epsilon ${epsilon} is too small for costs up to ` +
      `${kernel.largestCost} in ${kernel.dtype}. Use dtype float64, or a larger epsilon`,
  );
}

function scaledBy(values: Float64Array, unit: number): Float64Array {
  if (unit !== 1) for (let i = 0; i < values.length; i++) values[i] *= unit;
  return values;
}
