import { freemem, totalmem } from 'node:os';
import { type NdArray, dtypeOf, toDtype } from '../core/array.js';
import { RidgeflowError, invalidArgument } from '../core/errors.js';
import { type CallOptions, partOf } from '../core/options.js';
import { kernelsFor } from '../kernel/backend.js';
import { asMatrix, checkFinite } from '../kernel/checks.js';
import type { Kernels } from '../kernel/contract.js';
import type { VectorLike } from '../measure/arguments.js';
import { checkClouds, checkCosts, checkPairCost, checkWeights, type PairCost } from './arguments.js';

/** Options of {@link exactTransport}. */
export interface ExactTransportOptions extends CallOptions {
  /** Weights of the sources, which sum to 1. Default: equal. */
  weightsA?: VectorLike;
  /** Weights of the targets, likewise. */
  weightsB?: VectorLike;
  /**
   * `networkSimplex` (native backend only), `assignment` (shortest augmenting paths; as many sources as targets, without
   * weights; slower in low dimension), or `auto`, the default: the first where the backend has it.
   */
  method?: 'auto' | 'assignment' | 'networkSimplex';
  /** Most bytes that the matrix of costs may take. Default: half of the memory that is free, at least an eighth of all. */
  memoryLimit?: number;
}

/** An optimal plan, with the proof that it is. */
export interface ExactPlan {
  /** ⟨π, c⟩: of the squared Euclidean cost W₂², of the Euclidean cost W₁. */
  cost: number;
  /** The entries of the plan that are not 0: masses[k] goes from source rows[k] to target columns[k]. */
  plan: { rows: Int32Array; columns: Int32Array; masses: Float64Array };
  /** Dual potentials f_i + g_j ≤ c_ij, with equality where the plan has an entry. */
  f: Float64Array;
  g: Float64Array;
  /** cost − (⟨f, a⟩ + ⟨g, b⟩), which is 0 at the optimum: what is left is rounding. */
  dualityGap: number;
  method: 'assignment' | 'networkSimplex';
}

/**
 * Exact optimal transport between two weighted clouds, min_π ⟨π, c⟩ over the plans π with marginals a and b. Whatever
 * the dtype, costs are float64.
 *
 * @param a Sources, [n, d].
 * @param b Targets, [m, d].
 * @param options `cost`: `squaredEuclidean` |x − y|² (the default) or `euclidean` |x − y|; and those of
 *   {@link ExactTransportOptions}.
 * @throws OUT_OF_MEMORY where the n × m costs would not fit; UNSUPPORTED for unequal weights on a backend without network
 *   simplex; EMPTY_CLOUD, INVALID_SHAPE, INVALID_DTYPE, INVALID_ARGUMENT, NON_FINITE, ABORTED.
 *
 * O(n³) time at worst for assignment, in practice nearer n²; network simplex in practice about n^2.5. 8nm bytes. Sources:
 * R. Jonker, A. Volgenant, Computing 38 (1987); N. Bonneel et al., ACM Trans. Graph. 30 (2011).
 *
 * @example
 * const { cost, plan } = await exactTransport(a, b);
 * const w2 = Math.sqrt(cost);
 */
export async function exactTransport(
  a: NdArray,
  b: NdArray,
  options: ExactTransportOptions & { cost?: PairCost } = {},
): Promise<ExactPlan> {
  const cost = checkPairCost(options.cost);
  const { n, m } = checkClouds(a, b);
  const problem = checkProblem(n, m, options);
  const [from, to] = [toDtype(a, options.dtype), toDtype(b, options.dtype)];
  const kernels = await kernelsFor(options, dtypeOf(from));
  checkFinite(kernels, from, 'a');
  checkFinite(kernels, to, 'b');
  const pairs = { from: asMatrix(from), to: asMatrix(to), cost };
  const costs = await kernels.pairCosts(pairs, partOf(options, 0, 0.05));
  checkFinite(kernels, { data: costs, shape: [n, m] }, 'the costs, which overflow: scale the clouds down');
  return solve(kernels, costs, problem, partOf(options, 0.05, 1));
}

/**
 * {@link exactTransport} for a matrix of costs, [n, m], which may be negative. A float64 matrix is used as it is, without
 * a copy.
 */
export async function exactTransportMatrix(
  costs: NdArray,
  options: ExactTransportOptions = {},
): Promise<ExactPlan> {
  const { n, m } = checkCosts(costs);
  const problem = checkProblem(n, m, options);
  const kernels = await kernelsFor(options);
  checkFinite(kernels, costs, 'costs');
  const { data } = toDtype(costs, 'float64');
  return solve(kernels, data instanceof Float64Array ? data : Float64Array.from(data), problem, options);
}

interface Problem {
  weightsA: Float64Array;
  weightsB: Float64Array;
  /** As many sources as targets, of equal weight. */
  plain: boolean;
  method: 'auto' | 'assignment' | 'networkSimplex';
}

function checkProblem(n: number, m: number, options: ExactTransportOptions): Problem {
  const { method = 'auto' } = options;
  const plain = n === m && options.weightsA === undefined && options.weightsB === undefined;
  if (method !== 'auto' && method !== 'assignment' && method !== 'networkSimplex')
    throw invalidArgument('method', "'auto', 'assignment' or 'networkSimplex'", method);
  if (method === 'assignment' && !plain) {
    throw new RidgeflowError(
      'INVALID_ARGUMENT',
      `Expected as many sources as targets and no weights for method 'assignment' but received ${n} sources, ${m} ` +
        "targets. Use method 'networkSimplex'",
      { details: { parameter: 'method' } },
    );
  }
  const weightsA = checkWeights(options.weightsA, n, 'weightsA');
  const weightsB = checkWeights(options.weightsB, m, 'weightsB');
  checkMemory(n, m, options.memoryLimit);
  return { weightsA, weightsB, plain, method };
}

function checkMemory(n: number, m: number, limit?: number): void {
  if (limit !== undefined && !(typeof limit === 'number' && limit > 0))
    throw invalidArgument('memoryLimit', 'a number of bytes above 0', limit);
  const allowed = limit ?? Math.max(freemem() / 2, totalmem() / 8);
  const needed = 8 * n * m;
  if (needed <= allowed) return;
  const gib = (bytes: number) => `${(bytes / 2 ** 30).toPrecision(3)} GiB`;
  throw new RidgeflowError(
    'OUT_OF_MEMORY',
    `Exact transport between ${n} and ${m} points needs ${gib(needed)} for the costs of all pairs, more than the ` +
      `${gib(allowed)} allowed (memoryLimit). Use sinkhorn or slicedWasserstein, whose memory is linear in the points`,
    { details: { bytes: needed, allowed } },
  );
}

async function solve(
  kernels: Kernels,
  costs: Float64Array,
  { weightsA, weightsB, plain, method }: Problem,
  run: CallOptions,
): Promise<ExactPlan> {
  const [n, m] = [weightsA.length, weightsB.length];
  const lacksSimplex = kernels.networkSimplex === undefined;
  if (method === 'assignment' || (method === 'auto' && lacksSimplex && plain)) {
    const { columns, u, v } = await kernels.assignment({ costs, n }, run);
    const plan = {
      rows: Int32Array.from({ length: n }, (_, i) => i),
      columns,
      masses: new Float64Array(n).fill(1 / n),
    };
    return finish(costs, { weightsA, weightsB }, plan, { f: u, g: v, method: 'assignment' });
  }
  if (kernels.networkSimplex === undefined) {
    throw new RidgeflowError(
      'UNSUPPORTED',
      `The backend ${kernels.name} has no network simplex, which exact transport between ${n} and ${m} weighted points ` +
        'needs: use the native backend, or sinkhorn',
      { details: { backend: kernels.name } },
    );
  }
  const problem = { costs, supplies: weightsA, demands: weightsB };
  const { u, v, ...plan } = await kernels.networkSimplex(problem, run);
  return finish(costs, { weightsA, weightsB }, plan, { f: u, g: v, method: 'networkSimplex' });
}

function finish(
  costs: Float64Array,
  { weightsA, weightsB }: Pick<Problem, 'weightsA' | 'weightsB'>,
  plan: ExactPlan['plan'],
  { f, g, method }: Pick<ExactPlan, 'f' | 'g' | 'method'>,
): ExactPlan {
  const m = g.length;
  let cost = 0;
  for (let k = 0; k < plan.masses.length; k++) {
    cost += plan.masses[k] * costs[plan.rows[k] * m + plan.columns[k]];
  }
  let dual = 0;
  for (let i = 0; i < f.length; i++) dual += weightsA[i] * f[i];
  for (let j = 0; j < g.length; j++) dual += weightsB[j] * g[j];
  return { cost, plan, f, g, dualityGap: cost - dual, method };
}
