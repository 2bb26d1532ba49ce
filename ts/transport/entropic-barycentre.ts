import { type CallOptions, throwIfAborted } from '../core/options.js';
import { LimitedMemoryBfgs, inner } from '../linalg/limited-memory-bfgs.js';
import { type EntropicKernel, notFinite } from './entropic-kernel.js';

/** The proximal weight ρ, over ε: where it starts, by how much it falls, and where it stays. */
const RHO = { first: 1, factor: 0.5, least: 0.01 };
/** Steps of ascent in one proximal problem, at most: what is then left is of rounding, or for the next. */
const STEPS = 200;
/** Iterations at each ε of the scaling that the first potentials come from. */
const SCALING = { factor: 0.25, iterations: 4 };

/** Measures a_s on the sites of a kernel, and their weights λ_s above 0. */
export interface BarycentreProblem {
  kernel: EntropicKernel;
  measures: readonly Float64Array[];
  weights: readonly number[];
  epsilon: number;
  /** Of the duality gap, over ε. */
  tolerance: number;
  /** Most evaluations of the dual. */
  budget: number;
}

/** Where {@link entropicBarycentre} ended. */
export interface BarycentreState {
  masses: Float64Array;
  /** Σ λ_s OT_ε(a_s, b), and how far it may be above the least. */
  value: number;
  dualityGap: number;
  iterations: number;
  converged: boolean;
}

/**
 * The least Σ λ_s OT_ε(a_s, b) over the masses b. With G(φ) = Σ λ_s g_s, g_s the soft minimum over a_s of the potentials φ_s,
 * it is the largest Σ λ_s ⟨φ_s, a_s⟩ + min_j G_j: concave, not smooth, and b are the multipliers of the minimum. Each
 * proximal step, min_b + ρ KL(b | reference), makes the minimum soft, −ρ log Σ_j reference_j e^{−G_j/ρ}, which a quasi-Newton
 * ascent climbs; its b is the next reference, mixed with a little of equal masses, so that no site is lost. Potentials and
 * values are in units of ε.
 *
 * Sources: M. Cuturi, G. Peyré, A smoothed dual approach for variational Wasserstein problems, SIAM J. Imaging Sci. 9
 * (2016); proximal point by divergences: G. Chen, M. Teboulle, SIAM J. Optim. 3 (1993).
 */
export async function entropicBarycentre(
  problem: BarycentreProblem,
  options: CallOptions,
): Promise<BarycentreState> {
  const { kernel, epsilon, tolerance, budget } = problem;
  const dual = new SmoothedDual(problem, options);
  const floor = Math.min(1e-2, 3 * tolerance);
  const sites = kernel.m;
  let reference = new Float64Array(sites).fill(-Math.log(sites));
  let point = await firstPoint(dual, problem, reference);
  let bound = -Infinity;
  for (let rho = RHO.first; ; rho = Math.max(RHO.least, rho * RHO.factor)) {
    point = await climb(dual, point, reference, rho, problem);
    const least = point.levels.reduce((low, value) => Math.min(low, value), Infinity);
    const masses = point.logMasses.map(Math.exp);
    const value = point.linear + inner(masses, point.levels);
    bound = Math.max(bound, point.linear + least);
    const gap = Math.max(0, value - bound);
    if (Number.isNaN(gap)) throw notFinite(kernel, epsilon, dual.evaluations);
    const converged = gap <= tolerance && point.error <= Math.max(tolerance, dual.rounding);
    if (converged || dual.evaluations >= budget) {
      options.onProgress?.(1);
      const iterations = dual.evaluations;
      return { masses, value: value * epsilon, dualityGap: gap * epsilon, iterations, converged };
    }
    reference = masses.map((mass) => Math.log((1 - floor) * mass + floor / sites));
  }
}

/** The smoothed dual at some potentials. */
interface DualPoint {
  potentials: Float64Array[];
  /** Its value, and Σ λ_s ⟨φ_s, a_s⟩, of which that is a part. */
  value: number;
  linear: number;
  /** G_j. */
  levels: Float64Array;
  /** log b_j. */
  logMasses: Float64Array;
  /** log of a_s over the first marginal of its plan to b: what Sinkhorn's algorithm would add to φ_s. */
  residuals: Float64Array[];
  /** Σ λ_s |a_s − that marginal|. */
  error: number;
}

class SmoothedDual {
  evaluations = 0;
  /** What rounding leaves of a logarithm. */
  readonly rounding: number;
  readonly #problem: BarycentreProblem;
  readonly #logs: Float64Array[];
  readonly #options: CallOptions;

  constructor(problem: BarycentreProblem, options: CallOptions) {
    const { kernel, measures, epsilon } = problem;
    this.#problem = problem;
    this.#options = options;
    this.#logs = measures.map((measure) => measure.map(Math.log));
    const unit = kernel.dtype === 'float64' ? 2 ** -52 : 2 ** -23;
    this.rounding = Math.max(1e-12, (unit * kernel.largestCost) / epsilon);
  }

  async at(
    potentials: Float64Array[],
    reference: Float64Array,
    rho: number,
    epsilon = this.#problem.epsilon,
  ): Promise<DualPoint> {
    const { kernel, measures, weights, budget } = this.#problem;
    const { signal, onProgress } = this.#options;
    throwIfAborted(signal);
    const soften = async (logs: Float64Array) => {
      const out = await kernel.softmin(logs, epsilon, false, { signal });
      return out.map((value) => value / epsilon);
    };
    const levels = new Float64Array(reference.length);
    const images: Float64Array[] = [];
    let linear = 0;
    for (const [s, potential] of potentials.entries()) {
      const image = await soften(this.#logs[s].map((log, i) => log + potential[i]));
      images.push(image);
      for (let j = 0; j < levels.length; j++) levels[j] += weights[s] * image[j];
      measures[s].forEach((mass, i) => (linear += mass > 0 ? weights[s] * mass * potential[i] : 0));
    }
    const logits = levels.map((level, j) => reference[j] - level / rho);
    const total = logSum(logits);
    const logMasses = logits.map((logit) => logit - total);
    const residuals: Float64Array[] = [];
    let error = 0;
    for (const [s, potential] of potentials.entries()) {
      const image = await soften(logMasses.map((log, j) => log + images[s][j]));
      const residual = image.map((value, i) => (measures[s][i] > 0 ? value - potential[i] : 0));
      residual.forEach((value, i) => (error += weights[s] * measures[s][i] * Math.abs(Math.expm1(-value))));
      residuals.push(residual);
    }
    this.evaluations++;
    onProgress?.(Math.min(1, this.evaluations / budget));
    return { potentials, value: linear - rho * total, linear, levels, logMasses, residuals, error };
  }
}

/** Potentials by iterated projections (ρ = ε) along a falling ε: climbing from 0 would take as long as the costs are large. */
async function firstPoint(
  dual: SmoothedDual,
  { kernel, measures, epsilon, budget }: BarycentreProblem,
  reference: Float64Array,
): Promise<DualPoint> {
  let potentials: Float64Array[] = measures.map(() => new Float64Array(kernel.n));
  for (let current = Math.max(epsilon, kernel.largestCost); ;) {
    for (let k = 0; k < SCALING.iterations && dual.evaluations < budget; k++) {
      const point = await dual.at(potentials, reference, 1, current);
      potentials = moved(potentials, point.residuals);
    }
    if (current === epsilon) return dual.at(potentials, reference, 1);
    const next = Math.max(epsilon, current * SCALING.factor);
    const factor = current / next;
    potentials = potentials.map((potential) => potential.map((value) => value * factor));
    current = next;
  }
}

/** Climbs the smoothed dual until its marginals are right beside the change that the proximal step makes. */
async function climb(
  dual: SmoothedDual,
  from: DualPoint,
  reference: Float64Array,
  rho: number,
  problem: BarycentreProblem,
): Promise<DualPoint> {
  const { budget } = problem;
  let point = await dual.at(from.potentials, reference, rho);
  const memory = new LimitedMemoryBfgs();
  for (let k = 0; k < STEPS && dual.evaluations < budget; k++) {
    const change = point.logMasses.reduce(
      (sum, log, j) => sum + (log > -700 ? Math.exp(log) * (log - reference[j]) : 0),
      0,
    );
    if (!(point.error > Math.max(dual.rounding, Math.min(1e-2, 0.3 * rho * change)))) break;
    point = await ascend(dual, problem, { point, memory, reference, rho });
  }
  return point;
}

/** A place of the climb and what it takes to leave it. */
interface Place {
  point: DualPoint;
  memory: LimitedMemoryBfgs;
  reference: Float64Array;
  rho: number;
}

/** One step up: by quasi-Newton where that gains, else by that of Sinkhorn's algorithm, damped as ρ asks, which always does. */
async function ascend(
  dual: SmoothedDual,
  problem: BarycentreProblem,
  { point, memory, reference, rho }: Place,
): Promise<DualPoint> {
  const { gradient, diagonal } = slopeOf(problem, point);
  const tryStep = async (step: Float64Array) => {
    const potentials = moved(point.potentials, parts(step, problem.kernel.n));
    return dual.at(potentials, reference, rho);
  };
  const noise = 4 * Number.EPSILON * (Math.abs(point.value) + Math.abs(point.linear));
  let [next, taken]: [DualPoint | undefined, Float64Array] = [undefined, gradient];
  const direction = memory.direction(gradient, diagonal);
  const slope = inner(direction, gradient);
  for (let [length, trial] = [1, 0]; !memory.empty && slope > 0 && trial < 4; trial++, length /= 4) {
    taken = direction.map((value) => length * value);
    const found = await tryStep(taken);
    if (!(found.value >= point.value + 1e-4 * length * slope - noise)) continue;
    next = found;
    break;
  }
  if (!next) {
    memory.clear();
    taken = gradient.map((value, k) => Math.min(1, rho) * value * diagonal[k]);
    next = await tryStep(taken);
  }
  const after = slopeOf(problem, next);
  const change = gradient.map((value, k) => value - after.gradient[k]);
  memory.add(taken, change, after.diagonal);
  return next;
}

/** λ_s (a_s − the first marginal), all in a row, and the diagonal that makes it the step of Sinkhorn's algorithm. */
function slopeOf({ kernel, measures, weights }: BarycentreProblem, { residuals }: DualPoint) {
  const n = kernel.n;
  const gradient = new Float64Array(measures.length * n);
  const diagonal = new Float64Array(measures.length * n);
  for (const [s, residual] of residuals.entries()) {
    for (let i = 0; i < n; i++) {
      const mass = weights[s] * measures[s][i];
      if (mass === 0) continue;
      const slope = -mass * Math.expm1(-residual[i]);
      gradient[s * n + i] = slope;
      diagonal[s * n + i] = slope === 0 ? 1 / mass : residual[i] / slope;
    }
  }
  return { gradient, diagonal };
}

const parts = (values: Float64Array, n: number) =>
  Array.from({ length: values.length / n }, (_, s) => values.subarray(s * n, (s + 1) * n));

function moved(potentials: readonly Float64Array[], steps: readonly Float64Array[]): Float64Array[] {
  return potentials.map((potential, s) => potential.map((value, i) => value + steps[s][i]));
}

function logSum(logs: Float64Array): number {
  const largest = logs.reduce((most, value) => Math.max(most, value), -Infinity);
  return largest + Math.log(logs.reduce((sum, value) => sum + Math.exp(value - largest), 0));
}
