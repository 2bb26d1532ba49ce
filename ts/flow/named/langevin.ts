import { type FloatData, type NdArray, checkPoints, dtypeOf, toDtype } from '../../core/array.js';
import { invalidArgument } from '../../core/errors.js';
import type { NdArrayLike } from '../../core/foreign.js';
import { type CallOptions, checkInteger, checkPositive } from '../../core/options.js';
import { Pace } from '../../core/pace.js';
import { RandomStream } from '../../core/random.js';
import { scoreField } from '../../field/index.js';
import { kernelsFor } from '../../kernel/backend.js';
import { checkFinite } from '../../kernel/checks.js';
import type { Kernels } from '../../kernel/contract.js';
import type { Measure } from '../../measure/measure.js';
import type { DiffusionPath } from '../stochastic-problem.js';
import { timeGrid } from '../time-grid.js';
import { StochasticFlow } from './stochastic-flow.js';
import { checkCall } from '../../core/call.js';
import { SIGNATURES } from '../signatures.js';
import { METHODS } from '../method-signatures.js';

/** Parameters of {@link langevin} and {@link metropolisAdjustedLangevin}. */
export interface LangevinParameters {
  /** Length h of a step in time, above 0: well below the smallest variance of the target. */
  step: number;
  /** Number of steps, at least 1. The flow ends at time step · steps. */
  steps: number;
}

/**
 * Overdamped Langevin dynamics, dX = ∇log π(X) dt + √2 dB, whose law tends to the target π, by the Euler–Maruyama method: the
 * unadjusted Langevin algorithm x ← x + h ∇log π(x) + √(2h) z. What it samples differs from π by O(h).
 *
 * @param target Any measure with a density; only its score is used.
 * @throws INVALID_ARGUMENT.
 *
 * A step costs one evaluation of the target. Source: G. O. Roberts, R. L. Tweedie, Exponential convergence of Langevin
 * distributions and their discrete approximations, Bernoulli 2 (1996), 341–363.
 */
export function langevin(target: Measure, parameters: LangevinParameters): StochasticFlow {
  checkCall(SIGNATURES.langevin, { target, parameters });
  const { step, steps } = checkParameters(parameters);
  return new StochasticFlow({
    name: 'Langevin dynamics',
    drift: scoreField(target),
    noise: Math.SQRT2,
    from: 0,
    to: step * steps,
    step: { steps },
    solver: 'euler-maruyama',
  });
}

/** Options of {@link MetropolisLangevin.transport}. */
export interface MetropolisOptions extends CallOptions {
  /** Times between 0 and the end at which the particles are kept. Default: none but the ends. */
  saveAt?: readonly number[];
}

/** What {@link MetropolisLangevin.transport} returns. */
export interface MetropolisPath extends DiffusionPath {
  /** Share of the proposals that were accepted, 0 to 1. About 0.57 is best in high dimension; raise the step above that. */
  acceptance: number;
}

/**
 * Langevin dynamics with the target as its exact stationary law (MALA): each step of {@link langevin} is a proposal, which a
 * particle accepts with the probability of Metropolis and Hastings, or stays where it is. Particles are independent chains.
 *
 * @param target Any measure with a density.
 * @throws INVALID_ARGUMENT.
 *
 * A step costs one evaluation of the target and O(nd). Source: J. Besag, discussion of U. Grenander, M. I. Miller, J. R.
 * Stat. Soc. B 56 (1994), 591–592; G. O. Roberts, J. S. Rosenthal, J. R. Stat. Soc. B 60 (1998), 255–268.
 */
export function metropolisAdjustedLangevin(
  target: Measure,
  parameters: LangevinParameters,
): MetropolisLangevin {
  checkCall(SIGNATURES.metropolisAdjustedLangevin, { target, parameters });
  if (typeof target?.evaluate !== 'function') throw invalidArgument('target', 'a measure', target);
  return new MetropolisLangevin(target, checkParameters(parameters));
}

function checkParameters(parameters: LangevinParameters): LangevinParameters {
  const { step, steps } = parameters ?? {};
  return { step: checkPositive(step, 'step'), steps: checkInteger(steps, 'steps', 1) };
}

/** Positions with what the target says of them. */
interface Chains {
  positions: NdArray;
  logDensity: FloatData;
  score: FloatData;
}

/** The chains of {@link metropolisAdjustedLangevin}. */
export class MetropolisLangevin {
  readonly name = 'Metropolis-adjusted Langevin algorithm';
  readonly #target: Measure;
  readonly #parameters: LangevinParameters;

  /** @internal */
  constructor(target: Measure, parameters: LangevinParameters) {
    this.#target = target;
    this.#parameters = parameters;
  }

  /**
   * Moves points by all the steps. The same seed gives the same bits.
   *
   * @param x0 n × d.
   * @throws EMPTY_CLOUD, INVALID_SHAPE, NON_FINITE, INVALID_ARGUMENT, ABORTED, UNSUPPORTED.
   */
  async transport(x0: NdArrayLike, options: MetropolisOptions = {}): Promise<MetropolisPath> {
    ({ x0 } = checkCall(METHODS.MetropolisLangevin.transport, { x0, options }));
    const { n } = checkPoints(x0, 'x0', { dimension: this.#target.dimension });
    const start = toDtype(x0, options.dtype ?? dtypeOf(x0));
    const kernels = await kernelsFor(options, dtypeOf(start));
    checkFinite(kernels, start, 'x0');
    const { step, steps } = this.#parameters;
    const grid = timeGrid(0, step * steps, { steps }, options.saveAt ?? []);
    const pace = new Pace(options, grid.count);
    const states = [{ time: 0, positions: copyOf(start) }];
    let accepted = 0;
    const chains = await this.#at(copyOf(start), options);
    for (let number = 0; number < grid.count; number++) {
      const time = grid.time(number + 1);
      accepted += await this.#step(kernels, chains, time - grid.time(number), number, options);
      if (grid.saved.has(number + 1)) states.push({ time, positions: copyOf(chains.positions) });
      await pace.tick(1);
    }
    await pace.finish();
    return {
      states,
      end: states[states.length - 1],
      statistics: { steps: grid.count, evaluations: grid.count + 1 },
      acceptance: accepted / (n * grid.count),
    };
  }

  async #at(positions: NdArray, { signal, backend }: CallOptions): Promise<Chains> {
    const want = { logDensity: true, score: true };
    const { logDensity, score } = await this.#target.evaluate(positions, want, { signal, backend });
    return { positions, logDensity: logDensity!, score: score!.data };
  }

  /** One proposal for each chain. Returns how many were accepted. */
  async #step(
    kernels: Kernels,
    chains: Chains,
    h: number,
    number: number,
    options: CallOptions,
  ): Promise<number> {
    const { data, shape } = chains.positions;
    const [n, d] = shape;
    const normals = new Float64Array(n * d);
    const stream = new RandomStream(options.seed, 'noise', number);
    await kernels.normals({ stream, out: normals }, { signal: options.signal });
    const uniforms = new Float64Array(n);
    new RandomStream(options.seed, 'acceptance', number).fillUniform(uniforms);
    const moved = data.slice();
    const spread = Math.sqrt(2 * h);
    for (let i = 0; i < moved.length; i++) moved[i] += h * chains.score[i] + spread * normals[i];
    const proposals = await this.#at({ data: moved, shape }, options);
    let accepted = 0;
    for (let i = 0; i < n; i++) {
      const ratio = logRatio(chains, proposals, i * d, d, h) + proposals.logDensity[i] - chains.logDensity[i];
      if (!(Math.log(uniforms[i]) < ratio)) continue;
      accepted++;
      data.set(moved.subarray(i * d, (i + 1) * d), i * d);
      chains.score.set(proposals.score.subarray(i * d, (i + 1) * d), i * d);
      chains.logDensity[i] = proposals.logDensity[i];
    }
    return accepted;
  }
}

/** log q(x | y) − log q(y | x) for the proposal y of one chain, q(y | x) the normal density about x + h ∇log π(x) of variance 2h. */
function logRatio(from: Chains, to: Chains, start: number, d: number, h: number): number {
  let difference = 0;
  for (let k = start; k < start + d; k++) {
    const move = to.positions.data[k] - from.positions.data[k];
    difference += (move - h * from.score[k]) ** 2 - (move + h * to.score[k]) ** 2;
  }
  return difference / (4 * h);
}

function copyOf({ data, shape }: NdArray): NdArray {
  return { data: data.slice(), shape };
}
