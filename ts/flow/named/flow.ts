import { type FloatData, type NdArray, allocate, checkPoints } from '../../core/array.js';
import { RidgeflowError, invalidArgument } from '../../core/errors.js';
import type { NdArrayLike } from '../../core/foreign.js';
import { type CallOptions, partOf, tell } from '../../core/options.js';
import type { VelocityField } from '../../field/field.js';
import type { Measure } from '../../measure/measure.js';
import { type IntegrateOptions, type Trajectory, integrate } from '../integrate.js';
import { checkCall } from '../../core/call.js';
import { METHODS } from '../method-signatures.js';

/** What a {@link Flow} is made of. */
export interface FlowParts {
  name: string;
  field: VelocityField;
  /** Where particles start. */
  from: number;
  /** Where they end; before `from` the flow runs backwards in time. */
  to: number;
  /** The law of the particles at a time, where it is known. It need not have a density at every time. */
  law?: (t: number) => Measure;
  /** How it is followed where the caller does not say otherwise. */
  defaults?: Pick<IntegrateOptions, 'solver' | 'step'>;
}

/** Options of {@link Flow.transport}: those of `integrate`, with the flow's own times as defaults. */
export type TransportOptions = Omit<IntegrateOptions, 'to'> & Partial<Pick<IntegrateOptions, 'to'>>;

/** Options of {@link Flow.logLikelihood}. */
export interface LikelihoodOptions extends Omit<TransportOptions, 'logDensity0' | 'track' | 'saveAt'> {
  /** What the points are distributed by where the flow ends. Default: the law of the flow there. */
  reference?: Measure;
}

/** Throws INVALID_ARGUMENT unless both times of a flow are finite. */
export function checkTimes(from: number, to: number): void {
  if (!Number.isFinite(from)) throw invalidArgument('from', 'a finite time', from);
  if (!Number.isFinite(to)) throw invalidArgument('to', 'a finite time', to);
}

/**
 * A velocity field with the times between which particles follow it, and their law where that is known. All flows by name
 * are made of this; the field can be given to `integrate` as well.
 */
export class Flow {
  readonly name: string;
  readonly field: VelocityField;
  readonly from: number;
  readonly to: number;
  readonly #parts: FlowParts;

  /** Throws INVALID_ARGUMENT. */
  constructor(parts: FlowParts) {
    checkCall(METHODS.Flow.new, { parts });
    const { name, field, from, to } = parts;
    checkTimes(from, to);
    this.name = name;
    this.field = field;
    this.from = from;
    this.to = to;
    this.#parts = parts;
  }

  /** Whether {@link Flow.law} has an answer. */
  get hasLaw(): boolean {
    return this.#parts.law !== undefined;
  }

  /** The law of the particles at time t. Throws UNSUPPORTED where it has no closed form. */
  law(t: number): Measure {
    checkCall(METHODS.Flow.law, { t });
    if (this.#parts.law) return this.#parts.law(t);
    throw new RidgeflowError(
      'UNSUPPORTED',
      `The law of the flow "${this.name}" has no closed form: move points of your own with transport(x0)`,
    );
  }

  /** The same flow backwards in time. */
  reversed(): Flow {
    return new Flow({ ...this.#parts, name: `${this.name}, reversed`, from: this.to, to: this.from });
  }

  /** The same flow between other times. */
  between(from: number, to: number): Flow {
    checkCall(METHODS.Flow.between, { from, to });
    return new Flow({ ...this.#parts, from, to });
  }

  /**
   * Moves points along the flow. With `track: { logDensity: true }` the log-densities start from the law of the flow,
   * where that is known, unless `logDensity0` is given.
   *
   * @param x0 n × d, where the points are at the start.
   * @throws All that `integrate` throws.
   */
  async transport(x0: NdArrayLike, options: TransportOptions = {}): Promise<Trajectory> {
    ({ x0 } = checkCall(METHODS.Flow.transport, { x0, options }));
    const { from = this.from, to = this.to } = options;
    const known = options.track?.logDensity && options.logDensity0 === undefined && this.#parts.law;
    const logDensity0 = known ? await logDensityOf(known(from), x0, options) : options.logDensity0;
    return integrate(this.field, x0, { ...this.#parts.defaults, ...options, from, to, logDensity0 });
  }

  /**
   * n independent points of the flow's law at its start, moved to its end. Throws UNSUPPORTED where that law is not known,
   * and all that `integrate` throws.
   */
  async sample(n: number, options: TransportOptions = {}): Promise<Trajectory> {
    checkCall(METHODS.Flow.sample, { options });
    const x0 = await this.law(options.from ?? this.from).sample(n, callOptions(options, 0, 0.05));
    return this.transport(x0, { ...options, ...callOptions(options, 0.05, 1) });
  }

  /**
   * log μ(x) at points of the flow's start, by the change of variables: log μ(x) = log ν(x_T) + ∫ div v_t(x_t) dt, with ν the
   * law where the flow ends. Exact to the tolerance of the solver where the field's divergence is.
   *
   * @returns n values, nats.
   * @throws UNSUPPORTED where the law at the end is neither known nor given as `reference`; all that `integrate` throws.
   */
  async logLikelihood(x: NdArrayLike, options: LikelihoodOptions = {}): Promise<FloatData> {
    ({ x } = checkCall(METHODS.Flow.logLikelihood, { x, options }));
    const { reference, ...rest } = options;
    const { n } = checkPoints(x, 'x', { dimension: this.field.dimension });
    const measure = reference ?? this.law(options.to ?? this.to);
    const { end } = await this.transport(x, {
      ...rest,
      ...callOptions(options, 0, 0.95),
      logDensity0: new Float64Array(n),
    });
    const final = await logDensityOf(measure, end.positions, options);
    // Along the way the log-density fell by the integral of the divergence.
    const values = allocate('float64', final.length, 'log-likelihoods');
    for (let i = 0; i < values.length; i++) values[i] = final[i] - end.logDensity![i];
    await tell(options.onProgress, 1);
    return values;
  }
}

async function logDensityOf(measure: Measure, x: NdArray, options: CallOptions): Promise<FloatData> {
  const { logDensity } = await measure.evaluate(x, { logDensity: true }, callOptions(options, 0, 0));
  return logDensity!;
}

/** The part of the options that every call takes, with its share of the progress; none where the share is empty. */
function callOptions(options: CallOptions, start: number, end: number): CallOptions {
  const { signal, seed, dtype, backend } = options;
  const onProgress = end > start ? partOf(options, start, end).onProgress : undefined;
  return { signal, seed, dtype, backend, onProgress };
}
