import { checkPoints, toDtype } from '../../core/array.js';
import { RidgeflowError, invalidArgument } from '../../core/errors.js';
import type { NdArrayLike } from '../../core/foreign.js';
import { type CallOptions, checkInteger, checkPositive, throwIfAborted } from '../../core/options.js';
import { Pace } from '../../core/pace.js';
import { type VectorLike, toVector } from '../../measure/arguments.js';
import { checkWeights } from '../../transport/arguments.js';
import { CloudKernel, checkResolved, notFinite, defaultTolerance } from '../../transport/entropic-kernel.js';
import { SiteEnergy, type SiteFreeEnergy } from './site-energy.js';
import { checkCall } from '../../core/call.js';
import { SIGNATURES } from '../signatures.js';

/** Options of {@link entropicJkoFlow}. */
export interface EntropicJkoOptions extends CallOptions {
  /** Length h of a step, above 0. */
  step: number;
  /** Number of steps. */
  steps: number;
  /** ε > 0 of the transport plans, in squared units of the sites: best between the squared spacing of the sites and 4h. */
  epsilon: number;
  /** Volume that each site stands for, one or m numbers above 0. Default 1: right for the porous medium only where sites are 1 apart. */
  volumes?: number | VectorLike;
  /** Change of the masses in an iteration, Σ |s − s before|, at which a step is solved. Default 1e-6. */
  tolerance?: number;
  /** Of each step. Default 1000. */
  maximumIterations?: number;
}

/** A measure on sites at one time. */
export interface SiteState {
  time: number;
  /** m values that sum to 1. */
  masses: Float64Array;
  energy: number;
}

/** Result of {@link entropicJkoFlow}. */
export interface EntropicJkoTrajectory {
  /** The start, and the measure after each step. */
  states: SiteState[];
  end: SiteState;
  /** Iterations of all steps together. */
  iterations: number;
}

/**
 * The JKO scheme for a measure on fixed sites in any dimension, a grid or a cloud, by entropic regularisation:
 * ρ_{k+1} = argmin F[ρ] + OT_ε(ρ_k, ρ)/2h, by scaling iterations in the log domain, each a proximal step of F in the
 * Kullback–Leibler divergence, site by site.
 *
 * To first order OT_ε is W₂² plus (ε/2) ∫ ρ log ρ, a diffusion of coefficient ε/4h; so much is taken away from the coefficient
 * of the entropy, below zero where need be: the problem stays convex.
 *
 * @param energy Terms as of `jkoFlow`, with the potential by its values at the sites. The interaction is that of the step before
 *   (semi-implicit): h should be short against it.
 * @param sites m × d. @param masses At the sites, at least 0, summing to 1.
 * @throws NOT_CONVERGED with `details.change`; EMPTY_CLOUD, INVALID_SHAPE, INVALID_ARGUMENT, INVALID_DTYPE, NON_FINITE,
 *   UNSUPPORTED, ABORTED.
 *
 * O(m²d) time for each iteration, O(md) memory. Source: G. Peyré, Entropic approximation of Wasserstein gradient flows, SIAM J.
 * Imaging Sci. 8 (2015), 2323–2351; L. Chizat, G. Peyré, B. Schmitzer, F.-X. Vialard, Math. Comput. 87 (2018).
 *
 * @example await entropicJkoFlow({ entropy: 1 }, grid, masses, { step: 0.05, steps: 10, epsilon: 0.02, volumes: 0.01 })
 */
export async function entropicJkoFlow(
  energy: SiteFreeEnergy,
  sites: NdArrayLike,
  masses: VectorLike,
  options: EntropicJkoOptions,
): Promise<EntropicJkoTrajectory> {
  ({ sites } = checkCall(SIGNATURES.entropicJkoFlow, { energy, sites, options }));
  const { n: m } = checkPoints(sites, 'sites');
  const start = checkWeights(masses, m, 'masses');
  const h = checkPositive(options?.step, 'step');
  const count = checkInteger(options.steps, 'steps', 1);
  const epsilon = checkPositive(options.epsilon, 'epsilon');
  const budget = checkInteger(options.maximumIterations ?? 1000, 'maximumIterations', 1);
  const discrete = new SiteEnergy(energy, sites, volumesOf(options.volumes, m));
  throwIfAborted(options.signal);
  const points = toDtype(sites, options.dtype);
  const kernel = await CloudKernel.of(points, points, 'squaredEuclidean', options);
  checkResolved(kernel, epsilon);
  const tolerance = checkPositive(options.tolerance ?? defaultTolerance(kernel, epsilon, 1e-6), 'tolerance');
  const spread = async (logs: Float64Array) => {
    const softmin = await kernel.softmin(logs, epsilon, false, { signal: options.signal });
    return softmin.map((value) => -value / epsilon);
  };

  const pace = new Pace(options, count);
  const states: SiteState[] = [{ time: 0, masses: start, energy: discrete.value(start) }];
  let iterations = 0;
  let scaling: Float64Array = new Float64Array(m);
  for (let k = 1; k <= count; k++) {
    const before = states[k - 1].masses;
    const { proximal, damping } = discrete.step(before, h, epsilon);
    let [logs, change]: [Float64Array, number] = [before.map(Math.log), Infinity];
    for (let iteration = 1; change > tolerance; iteration++) {
      if (iteration > budget) throw notConverged(change, budget, k);
      const across = await spread(scaling);
      const arriving = await spread(before.map((mass, i) => Math.log(mass) - across[i]));
      const next = proximal(arriving);
      change = next.reduce((sum, value, j) => sum + Math.abs(Math.exp(value) - Math.exp(logs[j])), 0);
      if (Number.isNaN(change)) throw notFinite(kernel, epsilon, iteration);
      logs = next;
      scaling = next.map((value, j) => {
        const full = value - arriving[j];
        return damping === 1 ? full : scaling[j] + damping * (full - scaling[j]);
      });
      iterations++;
      await pace.tick(0);
    }
    const reached = logs.map(Math.exp);
    const total = reached.reduce((sum, mass) => sum + mass, 0);
    const measure = reached.map((mass) => mass / total);
    states.push({ time: k * h, masses: measure, energy: discrete.value(measure) });
    await pace.tick(1);
  }
  await pace.finish();
  return { states, end: states[count], iterations };
}

function volumesOf(value: number | VectorLike | undefined, m: number): Float64Array {
  if (value === undefined || typeof value === 'number') {
    return new Float64Array(m).fill(checkPositive(value ?? 1, 'volumes'));
  }
  const volumes = toVector(value, 'volumes', m);
  const at = volumes.findIndex((volume) => !(volume > 0));
  if (at >= 0) throw invalidArgument(`volumes[${at}]`, 'a number above 0', volumes[at]);
  return volumes;
}

function notConverged(change: number, iterations: number, step: number): RidgeflowError {
  return new RidgeflowError(
    'NOT_CONVERGED',
    `The masses still changed by ${change.toPrecision(3)} after ${iterations} iterations of step ${step}: raise epsilon, maximumIterations or tolerance`,
    { details: { change, iterations, step } },
  );
}
