import { RidgeflowError, invalidArgument } from '../core/errors.js';
import { type CallOptions, checkInteger, checkPositive, tell } from '../core/options.js';
import { totalsOf } from '../kernel/whole.js';
import { type VectorLike, toVector } from '../measure/arguments.js';
import { type EntropicKernel, checkEpsilonAgainst, notFinite, defaultTolerance } from './entropic-kernel.js';

/** What every entropic problem of the library takes. */
export interface SinkhornOptions extends CallOptions {
  /** ε > 0, in the unit of the cost: the plan blurs over costs of this size. */
  epsilon: number;
  /** Weights of the sources, which sum to 1. Default: equal. With `marginalPenalty` they may sum to anything above 0. */
  weightsA?: VectorLike;
  /** Weights of the targets, likewise. */
  weightsB?: VectorLike;
  /**
   * ρ > 0: unbalanced transport. The marginals of the plan may differ from the weights, at ρ times their Kullback–Leibler
   * divergence. Default: they must be the weights.
   */
  marginalPenalty?: number;
  /**
   * The marginal error (see {@link SinkhornState.marginalError}) at which to stop. Default 1e-4, or what rounding leaves where
   * that is more: in float32 about 1e-8 of the largest cost over ε. 0 uses up all iterations.
   */
  tolerance?: number;
  /** Budget of iterations, each of two half-steps. Default 1000. */
  maximumIterations?: number;
  /**
   * ε-scaling: the first iterations run at larger ε, from the largest cost down by this factor at each, for potentials
   * that are far better to start from. From 0 to 1 exclusive, or false. Default 0.25, or false with `initial`.
   */
  epsilonScaling?: number | false;
  /** Potentials to start from, as another call returned them (n and m values). */
  initial?: { f: VectorLike; g: VectorLike };
  /** Reject with NOT_CONVERGED where the budget ends first. Default false: it is reported in the result. */
  requireConvergence?: boolean;
}

/** Where Sinkhorn's algorithm ended. */
export interface SinkhornState {
  /** Dual potentials, n and m values, in the unit of the cost. */
  f: Float64Array;
  g: Float64Array;
  iterations: number;
  converged: boolean;
  /**
   * Σ_j |π_j − b_j|, the error of the plan's second marginal; the first is exact. Of unbalanced transport, the same sum
   * for the fixed-point equation that stands in its place.
   */
  marginalError: number;
  /** Σ π_ij: of balanced transport 1, up to rounding. */
  mass: number;
}

/** A problem whose arguments have been checked. */
export interface EntropicProblem {
  kernel: EntropicKernel;
  a: Float64Array;
  b: Float64Array;
  epsilon: number;
  /** ρ, Infinity where the marginals are exact. */
  penalty: number;
  tolerance: number;
  maximumIterations: number;
  scaling: number | false;
  initial?: { f: Float64Array; g: Float64Array };
  requireConvergence: boolean;
}

/** The checked numbers of a call. Throws INVALID_ARGUMENT, INVALID_SHAPE, NON_FINITE. */
export function checkSinkhorn(
  kernel: EntropicKernel,
  a: Float64Array,
  b: Float64Array,
  options: SinkhornOptions,
): EntropicProblem {
  const epsilon = checkPositive(options.epsilon, 'epsilon');
  checkEpsilonAgainst(kernel, epsilon);
  const { initial, marginalPenalty } = options;
  const tolerance = options.tolerance ?? defaultTolerance(kernel, epsilon, 1e-4);
  if (typeof tolerance !== 'number' || !(tolerance >= 0 && tolerance < Infinity))
    throw invalidArgument('tolerance', 'a finite number of at least 0', tolerance);
  const scaling = options.epsilonScaling ?? (initial ? false : 0.25);
  if (scaling !== false && !(typeof scaling === 'number' && scaling > 0 && scaling < 1))
    throw invalidArgument('epsilonScaling', 'false or a number between 0 and 1', scaling);
  return {
    kernel,
    a,
    b,
    epsilon,
    penalty: marginalPenalty === undefined ? Infinity : checkPositive(marginalPenalty, 'marginalPenalty'),
    tolerance,
    maximumIterations: checkInteger(options.maximumIterations ?? 1000, 'maximumIterations', 1),
    scaling,
    initial: initial && {
      f: toVector(initial.f, 'initial.f', kernel.n),
      g: toVector(initial.g, 'initial.g', kernel.m),
    },
    requireConvergence: options.requireConvergence ?? false,
  };
}

/** h_j = log w_j + potential_j/ε; −∞ where the weight is 0. */
export function logWeightsOf(weights: Float64Array, potential: Float64Array, epsilon: number): Float64Array {
  const out = new Float64Array(weights.length);
  for (let j = 0; j < out.length; j++) out[j] = Math.log(weights[j]) + potential[j] / epsilon;
  return out;
}

/**
 * Sinkhorn's algorithm in the log domain with ε-scaling: f ← λ softmin(g), g ← λ softmin(f), with λ = ρ/(ρ + ε) of
 * unbalanced transport, 1 of balanced.
 */
export async function iterate(problem: EntropicProblem, run: CallOptions): Promise<SinkhornState> {
  const { kernel, a, b, penalty } = problem;
  let g = problem.initial?.g ?? new Float64Array(kernel.m);
  return alternate(problem, run, b, async (epsilon, options) => {
    const f = await relaxed(
      kernel.softmin(logWeightsOf(b, g, epsilon), epsilon, false, options),
      penalty,
      epsilon,
    );
    const next = await relaxed(
      kernel.softmin(logWeightsOf(a, f, epsilon), epsilon, true, options),
      penalty,
      epsilon,
    );
    const state = { f, g, next };
    g = next;
    return state;
  });
}

/**
 * The same of a cloud with itself, where both potentials are one: averaging it with its update converges in a few
 * iterations. Source: J. Feydy et al., Interpolating between optimal transport and MMD using Sinkhorn divergences,
 * AISTATS 2019.
 */
export async function iterateSymmetrically(
  problem: EntropicProblem,
  run: CallOptions,
): Promise<SinkhornState> {
  const { kernel, a, penalty } = problem;
  let f = problem.initial?.f ?? new Float64Array(kernel.n);
  return alternate(problem, run, a, async (epsilon, options) => {
    const update = await relaxed(
      kernel.softmin(logWeightsOf(a, f, epsilon), epsilon, false, options),
      penalty,
      epsilon,
    );
    const state = { f, g: f, next: update };
    f = f.map((value, i) => (value + update[i]) / 2);
    return state;
  });
}

async function relaxed(
  softmin: Promise<Float64Array>,
  penalty: number,
  epsilon: number,
): Promise<Float64Array> {
  const out = await softmin;
  if (penalty === Infinity) return out;
  const factor = penalty / (penalty + epsilon);
  for (let i = 0; i < out.length; i++) out[i] *= factor;
  return out;
}

type Step = (
  epsilon: number,
  run: Pick<CallOptions, 'signal'>,
) => Promise<{ f: Float64Array; g: Float64Array; next: Float64Array }>;

async function alternate(
  problem: EntropicProblem,
  { signal, onProgress }: CallOptions,
  weights: Float64Array,
  step: Step,
): Promise<SinkhornState> {
  const { kernel, epsilon, tolerance, maximumIterations, scaling } = problem;
  let current = scaling === false ? epsilon : Math.max(epsilon, kernel.largestCost);
  let firstError = 0;
  for (let iterations = 1; ; iterations++) {
    const last = iterations === maximumIterations;
    if (last) current = epsilon;
    const { f, g, next } = await step(current, { signal });
    if (current === epsilon) {
      const [marginalError] = await totalsOf(kernel.kernels, errorOf(weights, g, next, epsilon));
      if (Number.isNaN(marginalError)) throw notFinite(kernel, epsilon, iterations);
      firstError ||= marginalError;
      const converged = marginalError <= tolerance;
      if (converged || last) {
        await tell(onProgress, 1);
        const [mass] = await totalsOf(kernel.kernels, massOf(problem, weights, g, next));
        return finished(problem, { f, g, iterations, converged, marginalError, mass });
      }
      const byError = Math.log(firstError / marginalError) / Math.log(firstError / tolerance);
      await tell(
        onProgress,
        Math.max(iterations / maximumIterations, byError > 0 && byError < 1 ? byError : 0),
      );
    } else {
      await tell(onProgress, iterations / maximumIterations);
    }
    if (scaling !== false) current = Math.max(epsilon, current * scaling);
  }
}

function finished(problem: EntropicProblem, state: SinkhornState): SinkhornState {
  const { iterations, converged, marginalError } = state;
  if (!converged && problem.requireConvergence) {
    throw new RidgeflowError(
      'NOT_CONVERGED',
      `Sinkhorn's algorithm has a marginal error of ${marginalError} after ${iterations} iterations, above the tolerance ` +
        `${problem.tolerance}. Allow more iterations (maximumIterations), or a larger epsilon or tolerance`,
      { details: { iterations, marginalError } },
    );
  }
  return state;
}

/** Σ_j w_j |exp((g_j − next_j)/ε) − 1| of this rank's rows. */
function errorOf(weights: Float64Array, g: Float64Array, next: Float64Array, epsilon: number): number {
  let sum = 0;
  for (let j = 0; j < g.length; j++) {
    if (weights[j] > 0) sum += weights[j] * Math.abs(Math.expm1((g[j] - next[j]) / epsilon));
  }
  return sum;
}

/** Σ_ij π_ij, from the potentials of one side and their update, of this rank's rows of that side. */
function massOf(
  { epsilon, penalty }: EntropicProblem,
  weights: Float64Array,
  g: Float64Array,
  next: Float64Array,
): number {
  const unrelaxed = penalty === Infinity ? 1 : (penalty + epsilon) / penalty;
  let mass = 0;
  for (let j = 0; j < g.length; j++) {
    if (weights[j] > 0) mass += weights[j] * Math.exp((g[j] - unrelaxed * next[j]) / epsilon);
  }
  return mass;
}
