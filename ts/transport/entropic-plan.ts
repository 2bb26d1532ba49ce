import { type NdArray, allocate, checkPoints, toDtype } from '../core/array.js';
import { RidgeflowError, invalidArgument } from '../core/errors.js';
import type { NdArrayLike } from '../core/foreign.js';
import { type CallOptions, checkInteger, partOf, tell } from '../core/options.js';
import { asMatrix, checkFinite } from '../kernel/checks.js';
import { notOverRanks, totalsOf } from '../kernel/whole.js';
import { dualSums, dualValue } from './entropic-dual.js';
import { CloudKernel } from './entropic-kernel.js';
import { timesUnit } from './scale.js';
import { type EntropicProblem, type SinkhornState, logWeightsOf } from './sinkhorn-iteration.js';
import { checkCall } from '../core/call.js';
import { METHODS } from './method-signatures.js';

/** Entries of the plan that are made at a time. */
const BLOCK = 1 << 21;

type Run = Pick<CallOptions, 'signal' | 'onProgress'>;

/**
 * The solution of an entropic transport problem: its potentials, and what follows from them. The plan
 * π_ij = a_i b_j exp((f_i + g_j − c_ij)/ε) is never stored: the methods compute what is asked of it, on the backend and
 * in the dtype of the call that made it. The clouds it was made from are kept, not copied.
 */
export class EntropicPlan implements SinkhornState {
  readonly f: Float64Array;
  readonly g: Float64Array;
  readonly iterations: number;
  readonly converged: boolean;
  readonly marginalError: number;
  readonly mass: number;
  readonly epsilon: number;
  /** Weights of the sources and of the targets. */
  readonly weightsA: Float64Array;
  readonly weightsB: Float64Array;
  /**
   * OT_ε = ⟨π, c⟩ + ε KL(π | a⊗b), and of unbalanced transport + ρ KL(π₁|a) + ρ KL(π₂|b): the dual's value at the
   * potentials.
   */
  readonly value: number;
  readonly #problem: EntropicProblem;

  /**
   * For {@link sinkhorn} and its like. Throws INVALID_ARGUMENT.
   *
   * @param state with its `value`, where the points are spread over ranks. Default: of the points that are here.
   */
  constructor(problem: EntropicProblem, state: SinkhornState & { value?: number }) {
    checkCall(METHODS.EntropicPlan.new, { problem, state });
    this.#problem = problem;
    this.f = state.f;
    this.g = state.g;
    this.iterations = state.iterations;
    this.converged = state.converged;
    this.marginalError = state.marginalError;
    this.mass = state.mass;
    this.epsilon = problem.epsilon;
    this.weightsA = problem.a;
    this.weightsB = problem.b;
    this.value = state.value ?? dualValue(problem, state, dualSums(problem, state));
  }

  /** The same where the points may be spread over ranks. @internal */
  static async of(problem: EntropicProblem, state: SinkhornState): Promise<EntropicPlan> {
    const sums = await totalsOf(problem.kernel.kernels, ...dualSums(problem, state));
    return new EntropicPlan(problem, { ...state, value: dualValue(problem, state, sums) });
  }

  /** Σ_j π_ij, n values: a_i, or what unbalanced transport keeps of it. */
  sourceMasses(): Float64Array {
    const { a, penalty } = this.#problem;
    return a.map((weight, i) => weight * Math.exp(-this.f[i] / penalty));
  }

  /**
   * Rows first ≤ i < first + count of the plan, [count, m]. O(count · m · d) time.
   *
   * @throws INVALID_ARGUMENT where there are no such rows, OUT_OF_MEMORY, ABORTED.
   */
  async rows(first: number, count: number, options: Run = {}): Promise<NdArray> {
    checkCall(METHODS.EntropicPlan.rows, { options });
    checkInteger(first, 'first', 0, this.f.length - 1);
    checkInteger(count, 'count', 1, this.f.length - first);
    this.#refuseRanks('Rows of a plan are not made');
    const data = await this.#rows(first, count, options);
    return { data, shape: [count, this.g.length] };
  }

  /**
   * ⟨π, c⟩, the cost of the plan without its entropy: what is near W_p^p for small ε. O(nmd) time, about that of an
   * iteration, O((n + m)d) memory.
   */
  async transportCost(options: Run = {}): Promise<number> {
    checkCall(METHODS.EntropicPlan.transportCost, { options });
    const { kernel } = this.#problem;
    if (kernel instanceof CloudKernel && kernel.cost === 'squaredEuclidean') {
      const masses = this.sourceMasses();
      const { meanCosts } = await this.#posterior(kernel, options);
      const own = masses.reduce((sum, mass, i) => sum + mass * meanCosts[i], 0);
      const [cost] = await totalsOf(kernel.kernels, own);
      return timesUnit(cost, kernel.unit, 2);
    }
    const { a, b, epsilon } = this.#problem;
    const rowLogWeights = logWeightsOf(a, this.f, epsilon);
    const costs = await kernel.planCosts(rowLogWeights, logWeightsOf(b, this.g, epsilon), epsilon, options);
    const own = costs.reduce((sum, cost) => sum + cost, 0);
    return (await totalsOf(kernel.kernels, own))[0];
  }

  /**
   * The transport map by barycentric projection, T(x) = Σ_j π_j(x) y_j / Σ_j π_j(x), [n, d]: where the plan sends each
   * source on average; for the squared Euclidean cost an estimate of the optimal map.
   *
   * @param options `points` `[k, d]`: map these instead of the sources (clouds with the squared Euclidean cost only);
   *   `targets` `[m, any d]`: average these instead of the targets, needed with a matrix of costs.
   * @throws INVALID_SHAPE, INVALID_ARGUMENT, NON_FINITE, UNSUPPORTED, ABORTED.
   *
   * O(nmd) time, O(nd) memory beside blocks of 16 MB. Source: V. Seguy et al., Large-scale optimal transport and mapping
   * estimation, ICLR 2018.
   */
  async map(options: Run & { points?: NdArrayLike; targets?: NdArrayLike } = {}): Promise<NdArray> {
    const { points, targets } = checkCall(METHODS.EntropicPlan.map, { options }).options;
    const { kernel } = this.#problem;
    if (kernel instanceof CloudKernel && kernel.cost === 'squaredEuclidean' && !targets) {
      const { mean, count } = await this.#posterior(kernel, options, points);
      return { data: mean.map((value) => value * kernel.unit), shape: [count, kernel.to.columns] };
    }
    if (points) {
      throw new RidgeflowError(
        'UNSUPPORTED',
        'New points can be mapped only between clouds, with the squared Euclidean cost and without targets',
        { details: { parameter: 'points' } },
      );
    }
    this.#refuseRanks('Maps by a plan with the Euclidean cost, or to other targets, do not run');
    const { to, unit } = this.#targets(targets);
    const { n } = kernel;
    const out = allocate(kernel.dtype, n * to.columns, 'a transport map');
    await this.#eachBlock(options, async (first, count, run) => {
      const data = await this.#rows(first, count, run, { conditional: true });
      const weights = { data, rows: count, columns: to.rows };
      const sums = await kernel.kernels.matmul({ a: weights, b: to }, run);
      for (let i = 0; i < count; i++) {
        let mass = 0;
        for (let j = 0; j < to.rows; j++) mass += data[i * to.rows + j];
        for (let k = 0; k < to.columns; k++)
          out[(first + i) * to.columns + k] = (sums[i * to.columns + k] / mass) * unit;
      }
    });
    return { data: out, shape: [n, to.columns] };
  }

  /**
   * The gradient of `value` with respect to the sources, [n, d]: row i is Σ_j π_ij ∇_x c(x_i, y_j), by the envelope
   * theorem, for converged potentials. Of the Euclidean cost, a pair at distance 0 counts as 0.
   *
   * @throws UNSUPPORTED with a matrix of costs, ABORTED. O(nmd) time.
   */
  async gradient(options: Run = {}): Promise<NdArray> {
    checkCall(METHODS.EntropicPlan.gradient, { options });
    const { kernel } = this.#problem;
    if (!(kernel instanceof CloudKernel)) {
      throw new RidgeflowError(
        'UNSUPPORTED',
        'A matrix of costs has no points to take the gradient with respect to: use sinkhorn on clouds',
      );
    }
    const { rows: n, columns: d, data: x } = kernel.from;
    const out = allocate(kernel.dtype, n * d, 'a gradient');
    if (kernel.cost === 'squaredEuclidean') {
      const { mean } = await this.#posterior(kernel, options);
      const masses = this.sourceMasses();
      for (let k = 0; k < out.length; k++)
        out[k] = 2 * masses[Math.floor(k / d)] * (x[k] - mean[k]) * kernel.unit;
      return { data: out, shape: [n, d] };
    }
    this.#refuseRanks('The gradient of the Euclidean cost does not run');
    await this.#eachBlock(options, async (first, count, run) => {
      const data = await this.#rows(first, count, run, { overDistance: true });
      const m = this.g.length;
      const sums = await kernel.kernels.matmul({ a: { data, rows: count, columns: m }, b: kernel.to }, run);
      for (let i = 0; i < count; i++) {
        let total = 0;
        for (let j = 0; j < m; j++) total += data[i * m + j];
        for (let k = 0; k < d; k++) {
          const at = (first + i) * d + k;
          out[at] = total * x[at] - sums[i * d + k];
        }
      }
    });
    return { data: out, shape: [n, d] };
  }

  /** Of what needs all targets in one process. */
  #refuseRanks(what: string): void {
    if (this.#problem.kernel.kernels.ranks.size > 1) throw notOverRanks(what);
  }

  /** Rows of the plan; `conditional`: of the laws π(·|x_i), which points without weight have too. */
  async #rows(first: number, count: number, run: Run, { overDistance = false, conditional = false } = {}) {
    const { kernel, a, b, epsilon } = this.#problem;
    const weights = conditional ? new Float64Array(count).fill(1) : a.subarray(first, first + count);
    const rowLogWeights = logWeightsOf(weights, this.f.subarray(first, first + count), epsilon);
    const logWeights = logWeightsOf(b, this.g, epsilon);
    return kernel instanceof CloudKernel
      ? kernel.planRows(rowLogWeights, logWeights, epsilon, first, run, overDistance)
      : kernel.planRows(rowLogWeights, logWeights, epsilon, first, run);
  }

  async #eachBlock(
    options: Run,
    body: (first: number, count: number, run: Run) => Promise<void>,
  ): Promise<void> {
    const [n, m] = [this.f.length, this.g.length];
    const size = Math.max(1, Math.floor(BLOCK / m));
    for (let first = 0; first < n; first += size) {
      const count = Math.min(size, n - first);
      await body(first, count, { signal: options.signal });
      await tell(options.onProgress, (first + count) / n);
    }
  }

  #targets(targets: NdArray | undefined) {
    const { kernel } = this.#problem;
    if (!targets) {
      if (kernel instanceof CloudKernel) return { to: kernel.to, unit: kernel.unit };
      throw invalidArgument('targets', 'the points [m, d] that a matrix of costs has no record of', targets);
    }
    const { n: m } = checkPoints(targets, 'targets');
    if (m !== kernel.m) {
      throw new RidgeflowError('INVALID_SHAPE', `Expected ${kernel.m} points for targets but received ${m}`, {
        details: { parameter: 'targets' },
      });
    }
    const given = toDtype(targets, kernel.dtype);
    checkFinite(kernel.kernels, given, 'targets');
    return { to: asMatrix(given), unit: 1 };
  }

  /**
   * Barycentres, and mean squared distances to the targets, under the plan seen from the sources or other points, all in the
   * unit of the kernel.
   */
  async #posterior(kernel: CloudKernel, run: Run, points?: NdArray) {
    const { b, epsilon } = this.#problem;
    const { columns: d } = kernel.to;
    let queries = kernel.from;
    if (points) {
      checkPoints(points, 'points', { dimension: d, minimum: kernel.kernels.ranks.size > 1 ? 0 : 1 });
      checkFinite(kernel.kernels, points, 'points');
      const data = points.data.map((value) => value / kernel.unit);
      queries = asMatrix(toDtype({ data, shape: points.shape }, kernel.dtype));
    }
    const precise = logWeightsOf(b, this.g, epsilon);
    const own = precise.reduce((most, value) => Math.max(most, value), -Infinity);
    const [largest] = await kernel.kernels.largestOverRanks([own]);
    // Relative to the largest: a common factor does not count, and the targets that matter keep their digits.
    const logWeights = allocate(kernel.dtype, b.length, 'log-weights');
    for (let j = 0; j < b.length; j++) logWeights[j] = precise[j] - largest;
    const variance = epsilon / kernel.costUnit / 2;
    const { mean, divergence } = await kernel.kernels.score(
      { queries, centres: kernel.to, logWeights, variance, want: { mean: true, divergence: !points } },
      partOf(run, 0, 1),
    );
    const { rows: count } = queries;
    const meanCosts = new Float64Array(count);
    for (let i = 0; i < count && divergence; i++) {
      // E|x − y|² = |x − E y|² + tr Cov y, and the divergence is (tr Cov/σ² − d)/σ².
      let square = 0;
      for (let k = i * d; k < (i + 1) * d; k++) square += (queries.data[k] - mean![k]) ** 2;
      meanCosts[i] = square + Math.max(0, divergence[i] * variance + d) * variance;
    }
    return { mean: mean!, meanCosts, count };
  }
}
