import { type NdArray, toDtype } from '../core/array.js';
import { RidgeflowError, invalidArgument } from '../core/errors.js';
import type { NdArrayLike } from '../core/foreign.js';
import { availableMemory, gibibytes } from '../core/memory.js';
import { type CallOptions, partOf } from '../core/options.js';
import { kernelsFor } from '../kernel/backend.js';
import { scaledClouds, timesUnit } from './scale.js';
import type { Kernels } from '../kernel/contract.js';
import type { VectorLike } from '../measure/arguments.js';
import { checkClouds, checkCosts, checkPairCost, checkWeights, type PairCost } from './arguments.js';
import { type Solution, certify, refinePotentials } from './plan-certificate.js';
import { isFloat64Array } from '../core/realm.js';
import { checkCall } from '../core/call.js';
import { SIGNATURES } from './signatures.js';

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
  /** Most bytes that the matrix of costs may take. Default: half of the memory that is free. */
  memoryLimit?: number;
}

/** An optimal plan, with the proof that it is. */
export interface ExactPlan {
  /** ⟨π, c⟩: of the squared Euclidean cost W₂², of the Euclidean cost W₁. */
  cost: number;
  /** The entries of the plan that are not 0: masses[k] goes from source rows[k] to target columns[k]. */
  plan: { rows: Int32Array; columns: Int32Array; masses: Float64Array };
  /** Dual potentials f_i + g_j ≤ c_ij, up to dualViolation, with equality where the plan has an entry. */
  f: Float64Array;
  g: Float64Array;
  /**
   * Bound of cost − optimum, from the answer alone: Σ π_ij (c_ij − f_i − g_j) + dualViolation + marginalError times the
   * largest cost that the plan uses. At the optimum what is left is rounding.
   */
  dualityGap: number;
  /** The most by which f_i + g_j is above c_ij. */
  dualViolation: number;
  /** The most by which a marginal of the plan differs from its weight. */
  marginalError: number;
  method: 'assignment' | 'networkSimplex';
}

/** An optimal plan between clouds. */
export interface ExactCloudPlan extends ExactPlan {
  /** W₂ of the squared Euclidean cost, W₁ of the Euclidean: `cost`^(1/2) or `cost`, and right where that leaves the range. */
  value: number;
}

/**
 * Exact optimal transport between two weighted clouds, min_π ⟨π, c⟩ over the plans π with marginals a and b. Whatever
 * the dtype, costs are float64, in a unit in which squared distances are of ordinary size: the plan and `value` are right in
 * any unit of length, where `cost`, its potentials and its gap may be 0 or Infinity.
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
 * const { value, plan } = await exactTransport(a, b); // W₂
 */
export async function exactTransport(
  a: NdArrayLike,
  b: NdArrayLike,
  options: ExactTransportOptions & { cost?: PairCost } = {},
): Promise<ExactCloudPlan> {
  ({ a, b } = checkCall(SIGNATURES.exactTransport, { a, b, options }));
  const cost = checkPairCost(options.cost);
  const { n, m } = checkClouds(a, b);
  const problem = checkProblem(n, m, options);
  const { kernels, from, to, unit } = await scaledClouds(a, b, options);
  const costs = await kernels.pairCosts({ from, to, cost }, partOf(options, 0, 0.05));
  const found = await solve(kernels, costs, problem, partOf(options, 0.05, 1));
  const power = cost === 'euclidean' ? 1 : 2;
  const inUnit = (value: number) => timesUnit(value, unit, power);
  return {
    ...found,
    value: unit * (power === 1 ? found.cost : Math.sqrt(found.cost)),
    cost: inUnit(found.cost),
    f: found.f.map(inUnit),
    g: found.g.map(inUnit),
    dualityGap: inUnit(found.dualityGap),
    dualViolation: inUnit(found.dualViolation),
  };
}

/**
 * {@link exactTransport} for a matrix of costs, [n, m], which may be negative; Infinity forbids a pair. A float64 matrix is
 * used as it is, without a copy. Each cost is judged by its own size: one large entry takes no digits from the others.
 *
 * @throws INFEASIBLE where every plan uses a forbidden pair, and what {@link exactTransport} throws.
 */
export async function exactTransportMatrix(
  costs: NdArrayLike,
  options: ExactTransportOptions = {},
): Promise<ExactPlan> {
  ({ costs } = checkCall(SIGNATURES.exactTransportMatrix, { costs, options }));
  const { n, m } = checkCosts(costs);
  const problem = checkProblem(n, m, options);
  const kernels = await kernelsFor(options);
  checkAllowed(kernels, costs);
  const { data } = toDtype(costs, 'float64');
  return solve(kernels, isFloat64Array(data) ? data : Float64Array.from(data), problem, options);
}

/** Throws NON_FINITE for NaN and −Infinity. */
function checkAllowed(kernels: Kernels, costs: NdArray): void {
  if (kernels.firstNonFinite(costs.data) < 0) return;
  const index = costs.data.findIndex((cost) => !(cost > -Infinity));
  if (index < 0) return;
  const [row, column] = [Math.floor(index / costs.shape[1]), index % costs.shape[1]];
  throw new RidgeflowError(
    'NON_FINITE',
    `Expected numbers, or Infinity for a forbidden pair, in costs but received ${costs.data[index]} at row ${row}, column ` +
      `${column} (counted from 0)`,
    { details: { parameter: 'costs', row, column } },
  );
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
  const allowed = limit ?? availableMemory() / 2;
  const needed = 8 * n * m;
  if (needed <= allowed) return;
  throw new RidgeflowError(
    'OUT_OF_MEMORY',
    `Exact transport between ${n} and ${m} points needs ${gibibytes(needed)} for the costs of all pairs, more than the ` +
      `${gibibytes(allowed)} allowed (memoryLimit). Use sinkhorn or slicedWasserstein, whose memory is linear in the points`,
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
    const found = await kernels.assignment({ costs, n }, run);
    if (found === undefined) throw infeasible();
    const { columns, u, v } = found;
    const plan = {
      rows: Int32Array.from({ length: n }, (_, i) => i),
      columns,
      masses: new Float64Array(n).fill(1 / n),
    };
    return finish({ costs, weightsA, weightsB, plan, f: u, g: v }, 'assignment', run);
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
  const found = await kernels.networkSimplex(problem, run);
  if (found === undefined) throw infeasible();
  const { u, v, ...plan } = found;
  return finish({ costs, weightsA, weightsB, plan, f: u, g: v }, 'networkSimplex', run);
}

function infeasible(): RidgeflowError {
  return new RidgeflowError(
    'INFEASIBLE',
    'Expected costs that leave a plan but every plan between these weights uses a forbidden pair (a cost of Infinity). Give ' +
      'those pairs a large finite cost, or, where mass may be made or lost, use sinkhorn with marginalPenalty',
    { details: { parameter: 'costs' } },
  );
}

async function finish(
  solution: Solution,
  method: ExactPlan['method'],
  { signal }: CallOptions,
): Promise<ExactPlan> {
  let best = solution;
  let proof = await certify(best, { signal });
  // A proof that is weak beside the costs in use may only have lost its digits.
  if (proof.dualityGap > 1e-13 * Math.abs(proof.cost)) {
    const refined = await refinePotentials(solution, { signal });
    const other = await certify(refined, { signal });
    if (other.dualityGap < proof.dualityGap) [best, proof] = [refined, other];
  }
  if (!Number.isFinite(proof.cost) || !Number.isFinite(proof.dualityGap)) {
    throw new RidgeflowError(
      'NON_FINITE',
      `Expected costs whose sums are finite but the cost of the plan is ${proof.cost}: scale the costs down`,
      { details: { parameter: 'costs' } },
    );
  }
  const { plan, f, g } = best;
  return { ...proof, plan, f, g, method };
}
