import { checkPoints } from '../core/array.js';
import { RidgeflowError, invalidArgument } from '../core/errors.js';
import type { NdArrayLike } from '../core/foreign.js';
import { type CallOptions, checkInteger, checkPositive, throwIfAborted, tell } from '../core/options.js';
import type { VectorLike } from '../measure/arguments.js';
import { type PairCost, checkPairCost, checkWeights } from './arguments.js';
import { type BarycentreProblem, entropicBarycentre } from './entropic-barycentre.js';
import {
  CloudKernel,
  type EntropicKernel,
  checkResolved,
  notFinite,
  defaultTolerance,
} from './entropic-kernel.js';
import { checkCall } from '../core/call.js';
import { SIGNATURES } from './signatures.js';

/** Options of {@link fixedSupportBarycentre}. */
export interface FixedSupportBarycentreOptions extends CallOptions {
  /** ε > 0, in the unit of the cost. */
  epsilon: number;
  /** `squaredEuclidean`, the default, or `euclidean`. */
  cost?: PairCost;
  /** Weights λ of the measures, which sum to 1. Default: equal. */
  weights?: VectorLike;
  /**
   * What the entropy of the plans is relative to: `product`, the default, a_s⊗b as in {@link sinkhorn}, or `counting`, the
   * barycentre of iterated Bregman projections, which is as much wider than the measures as ε blurs.
   */
  reference?: 'product' | 'counting';
  /** Take away the bias of ε, of either kind: the barycentre in the Sinkhorn divergence. Default false. */
  debiased?: boolean;
  /**
   * Where to stop: at this duality gap over ε, default 1e-3; with `counting` or `debiased` at this Σ_j |b_j − b_j before| of an
   * iteration, default 1e-6. In float32 the default is not below what rounding leaves, about 1e-8 of the largest cost over ε.
   */
  tolerance?: number;
  /** Default 1000. */
  maximumIterations?: number;
}

/** Result of {@link fixedSupportBarycentre}. */
export interface FixedSupportBarycentre {
  /** m values that sum to 1. */
  masses: Float64Array;
  iterations: number;
  converged: boolean;
  /** Σ λ_s OT_ε(a_s, b). Absent with `counting` and `debiased`. */
  value?: number;
  /** How much less another b could have, by the dual problem, up to the square of the plans' marginal errors. Likewise. */
  dualityGap?: number;
}

/**
 * The entropic Wasserstein barycentre of measures on the same sites: argmin over the masses b of Σ λ_s OT_ε(a_s, b), with OT_ε
 * as in {@link sinkhorn}. It is sharper than what it averages, the more so the larger ε, up to a single site; and where ε
 * blurs over many sites, masses may trade places at next to no cost, so that they are less certain than `value`.
 *
 * With `reference: 'counting'`, the argmin of Σ λ_s min_π [⟨π, c⟩ + ε Σ_ij π_ij log π_ij], which is that of
 * Σ λ_s OT_ε(a_s, b) + ε Σ_j b_j log b_j: smooth, and blurred over about √ε. With `debiased`, the argmin of Σ λ_s S_ε(a_s, b),
 * S_ε the {@link sinkhornDivergence}, which neither sharpens nor blurs: the one to take where shapes matter.
 *
 * @param sites m × d. @param measures Masses at the sites, at least 0 and summing to 1, one list of m for each measure.
 * @throws EMPTY_CLOUD, INVALID_SHAPE, INVALID_ARGUMENT, INVALID_DTYPE, NON_FINITE, UNSUPPORTED, ABORTED.
 *
 * O(K m² d) time for each iteration of K measures, O(Km + md) memory; about 100 iterations for a gap of 1e-3 ε. Sources: the
 * dual as M. Cuturi, G. Peyré, SIAM J. Imaging Sci. 9 (2016), 320–343, smooth it; counting: J.-D. Benamou, G. Carlier, M.
 * Cuturi, L. Nenna, G. Peyré, SIAM J. Sci. Comput. 37 (2015), A1111–A1138; debiased: H. Janati, M. Cuturi, A. Gramfort, ICML
 * 2020.
 */
export async function fixedSupportBarycentre(
  sites: NdArrayLike,
  measures: readonly VectorLike[],
  options: FixedSupportBarycentreOptions,
): Promise<FixedSupportBarycentre> {
  ({ sites } = checkCall(SIGNATURES.fixedSupportBarycentre, { sites, measures, options }));
  const { n: m } = checkPoints(sites, 'sites');
  if (!Array.isArray(measures)) throw invalidArgument('measures', 'a list of measures', measures);
  if (measures.length === 0)
    throw new RidgeflowError('EMPTY_CLOUD', 'Expected at least 1 measure but received 0');
  const masses = measures.map((measure: VectorLike, s) => checkWeights(measure, m, `measures[${s}]`));
  const weights = checkWeights(options?.weights, masses.length, 'weights');
  const epsilon = checkPositive(options.epsilon, 'epsilon');
  const { reference = 'product', debiased = false } = options;
  if (reference !== 'product' && reference !== 'counting')
    throw invalidArgument('reference', "'product' or 'counting'", reference);
  const dual = reference === 'product' && !debiased;
  const budget = checkInteger(options.maximumIterations ?? 1000, 'maximumIterations', 1);
  throwIfAborted(options.signal);
  const kernel = await CloudKernel.of(sites, sites, checkPairCost(options.cost), options);
  checkResolved(kernel, epsilon);
  const usual = dual ? 1e-3 : 1e-6;
  const tolerance = checkPositive(options.tolerance ?? defaultTolerance(kernel, epsilon, usual), 'tolerance');
  const used = Array.from(weights.keys()).filter((s) => weights[s] > 0);
  const problem = {
    kernel,
    measures: used.map((s) => masses[s]),
    weights: used.map((s) => weights[s]),
    epsilon,
    tolerance,
    budget,
  };
  return dual ? entropicBarycentre(problem, options) : projectedBarycentre(problem, debiased, options);
}

/** Iterated Bregman projections in the log domain, with the correction of Janati and others where it is debiased. */
async function projectedBarycentre(
  { kernel, measures: masses, weights, epsilon, tolerance, budget }: BarycentreProblem,
  debiased: boolean,
  options: CallOptions,
): Promise<FixedSupportBarycentre> {
  const m = kernel.m;
  const spread = (logs: Float64Array) => logConvolved(kernel, logs, epsilon, options);
  const potentials = masses.map(() => new Float64Array(m));
  let correction: Float64Array = new Float64Array(m);
  let logs: Float64Array = new Float64Array(m).fill(-Math.log(m));
  for (let iteration = 1; ; iteration++) {
    const images: Float64Array[] = [];
    const mean: Float64Array = debiased ? correction.slice() : new Float64Array(m);
    for (const [s, mass] of masses.entries()) {
      const across = await spread(potentials[s]);
      const image = await spread(mass.map((value, i) => Math.log(value) - across[i]));
      images.push(image);
      for (let j = 0; j < m; j++) mean[j] += weights[s] * image[j];
    }
    const change = normalise(mean, logs);
    if (Number.isNaN(change)) throw notFinite(kernel, epsilon, iteration);
    logs = mean;
    images.forEach((image, s) => {
      for (let j = 0; j < m; j++) potentials[s][j] = logs[j] === -Infinity ? -Infinity : logs[j] - image[j];
    });
    if (debiased) {
      const blurred = await spread(correction);
      correction = correction.map((value, j) => (value + logs[j] - blurred[j]) / 2);
    }
    await tell(options.onProgress, iteration / budget);
    if (change <= tolerance || iteration === budget) {
      await tell(options.onProgress, 1);
      return { masses: logs.map(Math.exp), iterations: iteration, converged: change <= tolerance };
    }
  }
}

/** log Σ_j exp(h_j − c_ij/ε). */
async function logConvolved(
  kernel: EntropicKernel,
  logs: Float64Array,
  epsilon: number,
  { signal }: CallOptions,
): Promise<Float64Array> {
  const softmin = await kernel.softmin(logs, epsilon, false, { signal });
  return softmin.map((value) => -value / epsilon);
}

/** Makes the masses sum to 1; returns by how much they differ from those before. */
function normalise(logs: Float64Array, before: Float64Array): number {
  const largest = logs.reduce((most, value) => Math.max(most, value), -Infinity);
  let sum = 0;
  for (const value of logs) sum += Math.exp(value - largest);
  const shift = largest + Math.log(sum);
  let change = 0;
  for (let j = 0; j < logs.length; j++) {
    logs[j] -= shift;
    change += Math.abs(Math.exp(logs[j]) - Math.exp(before[j]));
  }
  return change;
}
