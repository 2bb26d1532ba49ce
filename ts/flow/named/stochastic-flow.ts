import type { NdArray } from '../../core/array.js';
import { RidgeflowError } from '../../core/errors.js';
import type { NdArrayLike } from '../../core/foreign.js';
import { type CallOptions, partOf } from '../../core/options.js';
import type { VelocityField } from '../../field/field.js';
import { diffuse } from '../sde.js';
import { type DiffuseOptions, type DiffusionPath, checkNoise } from '../stochastic-problem.js';
import { checkCall } from '../../core/call.js';
import { METHODS } from '../method-signatures.js';
import { checkTimes } from './flow.js';

/** What a {@link StochasticFlow} is made of. */
export interface StochasticFlowParts extends Pick<DiffuseOptions, 'noise' | 'step' | 'solver'> {
  name: string;
  drift: VelocityField;
  /** Where particles start. */
  from: number;
  /** Where they end; before `from` the flow runs backwards in time. */
  to: number;
  /** Makes n points of the law at a time, where there is a law to start from. */
  start?: (n: number, time: number, options: CallOptions) => Promise<NdArray>;
}

/** Options of {@link StochasticFlow.transport}: those of `diffuse`, with the flow's own as defaults. */
export type StochasticTransportOptions = Partial<DiffuseOptions>;

/**
 * A drift and a noise with the times between which particles follow them, dX = v_t(X) dt + g(t) dB. The parts can be given
 * to `diffuse` as well.
 */
export class StochasticFlow {
  readonly name: string;
  readonly drift: VelocityField;
  readonly noise: DiffuseOptions['noise'];
  readonly from: number;
  readonly to: number;
  readonly #parts: StochasticFlowParts;

  /** Throws INVALID_ARGUMENT. */
  constructor(parts: StochasticFlowParts) {
    checkCall(METHODS.StochasticFlow.new, { parts });
    checkTimes(parts.from, parts.to);
    checkNoise(parts.noise);
    this.name = parts.name;
    this.drift = parts.drift;
    this.noise = parts.noise;
    this.from = parts.from;
    this.to = parts.to;
    this.#parts = parts;
  }

  /**
   * Moves points along the flow. The same seed gives the same bits.
   *
   * @param x0 n × d, where the points are at the start.
   * @throws All that `diffuse` throws.
   */
  async transport(x0: NdArrayLike, options: StochasticTransportOptions = {}): Promise<DiffusionPath> {
    ({ x0 } = checkCall(METHODS.StochasticFlow.transport, { x0, options }));
    const { from, to, noise, step, solver } = this.#parts;
    return diffuse(this.drift, x0, { from, to, noise, step, solver, ...options });
  }

  /** n points of the law that the flow starts from, moved to its end. Throws UNSUPPORTED where the flow has none. */
  async sample(n: number, options: StochasticTransportOptions = {}): Promise<DiffusionPath> {
    checkCall(METHODS.StochasticFlow.sample, { options });
    if (!this.#parts.start) {
      throw new RidgeflowError(
        'UNSUPPORTED',
        `The flow "${this.name}" starts from no law of its own: move points of yours with transport(x0)`,
      );
    }
    const { signal, seed, dtype, backend } = options;
    const { onProgress } = partOf(options, 0, 0.05);
    const x0 = await this.#parts.start(n, options.from ?? this.from, {
      signal,
      seed,
      dtype,
      backend,
      onProgress,
    });
    return this.transport(x0, { ...options, ...partOf(options, 0.05, 1) });
  }
}
