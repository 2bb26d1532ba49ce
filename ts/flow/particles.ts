import { type FloatData, type NdArray, allocate, dtypeOf, zeros } from '../core/array.js';
import type { CallOptions } from '../core/options.js';
import type { FieldValues, VelocityField } from '../field/field.js';
import type { Kernels } from '../kernel/contract.js';
import type { Share } from '../kernel/contract/shares.js';
import { totalsOf } from '../kernel/whole.js';
import {
  type JacobianVector,
  differenceDistance,
  divergenceEstimate,
  jacobianVectors,
} from './divergence.js';
import { checkedValues } from './field-values.js';
import type { IndependentRows, OdeSystem } from './problem.js';
import type { State } from './state.js';

/** What is carried along with the particles. */
export interface Track {
  /** log μ_t(x_t) along each trajectory, by d/dt log μ_t(x_t) = −div v_t(x_t). Implied by `logDensity0`. */
  logDensity?: boolean;
  /** ∫ mean |v_t|² dt. */
  action?: boolean;
  /** Length of each particle's path. */
  arcLength?: boolean;
  /** The Jacobian of the flow map at each particle. d ≤ 64; d products Dv·u for each evaluation, d times the memory. */
  jacobian?: boolean;
}

/** The particles at one time. */
export interface TrajectoryState {
  time: number;
  /** n × d. */
  positions: NdArray;
  logDensity?: Float64Array;
  /** Since the start. */
  action?: number;
  /** Since the start. */
  arcLength?: Float64Array;
  /** ∂x_t/∂x_0, n × d × d: its singular values are the local stretch. */
  jacobian?: NdArray;
}

/** How {@link Particles} move. */
export interface ParticleOptions extends CallOptions {
  /** −1 where time runs backwards. */
  direction: number;
  kernels: Kernels;
  /** Where these rows are in the whole cloud. */
  place: Share;
  logDensity0?: FloatData;
  track: Track;
  divergence: 'exact' | 'hutchinson';
  probes: number;
  /** Spread of the cloud, for finite differences. */
  scale: number;
}

/**
 * Particles in a velocity field, with what is tracked, as one system of differential equations. Its state is the
 * positions, then, as far as they are tracked: log-densities, action, arc lengths, and d arrays of tangent vectors, of
 * which the k-th holds the k-th column of each particle's Jacobian.
 */
export class Particles implements OdeSystem {
  readonly #field: VelocityField;
  readonly #options: ParticleOptions;
  readonly #n: number;
  readonly #d: number;
  readonly #at: { logDensity: number; action: number; arcLength: number; tangents: number };
  readonly #product: JacobianVector;
  /** Storage for what is used up at once. */
  readonly #divergence?: FloatData;
  readonly #squares: Float64Array;
  readonly #estimate?: ReturnType<typeof divergenceEstimate>;
  /** A particle's velocity depends on where it is; what it carries along follows from that. */
  readonly rows: IndependentRows;
  /** The state at the start. */
  readonly initial: State;

  constructor(field: VelocityField, start: NdArray, options: ParticleOptions) {
    const { track, logDensity0, divergence, probes, seed, scale } = options;
    [this.#n, this.#d] = start.shape;
    this.#field = field;
    this.#options = options;
    this.#product = jacobianVectors(options.kernels, field, differenceDistance(start, scale));
    const state: NdArray[] = [start];
    const add = (wanted: boolean | undefined, array: () => NdArray) =>
      wanted ? state.push(array()) - 1 : -1;
    // Sums over many steps are kept in float64: they are small.
    this.#at = {
      logDensity: add(track.logDensity || logDensity0 !== undefined, () => ({
        data: Float64Array.from(logDensity0 ?? new Float64Array(this.#n)),
        shape: [this.#n],
      })),
      action: add(track.action, () => zeros([1], 'float64')),
      arcLength: add(track.arcLength, () => zeros([this.#n], 'float64')),
      tangents: track.jacobian ? state.length : -1,
    };
    if (track.jacobian) {
      for (let k = 0; k < this.#d; k++) {
        const tangent = zeros(start.shape, dtypeOf(start), 'tangent vectors');
        for (let i = k; i < tangent.data.length; i += this.#d) tangent.data[i] = 1;
        state.push(tangent);
      }
    }
    const { logDensity: tracked, action, arcLength } = this.#at;
    if (tracked > 0) this.#divergence = allocate(dtypeOf(start), this.#n, 'divergences');
    this.#squares = new Float64Array(action > 0 || arcLength > 0 ? this.#n : 0);
    if (tracked > 0 && divergence === 'hutchinson')
      this.#estimate = divergenceEstimate(this.#product, start, { probes, seed });
    this.initial = state;
    this.rows = {
      array: 0,
      tangents: track.jacobian ? Array.from({ length: this.#d }, (_, k) => this.#at.tangents + k) : [],
      derivative: async (t, x, out) => void (await this.#velocity(t, x, out, false)),
      ...(field.differentiable && {
        product: (t, x, u, out) => this.#product(x, t, u, out, this.#call),
      }),
    };
  }

  get #call(): CallOptions {
    const { signal, seed, backend } = this.#options;
    return { signal, seed, backend };
  }

  /** Writes the velocities into `out`, and returns the divergences where they are wanted. */
  async #velocity(
    t: number,
    x: NdArray,
    out: FloatData,
    exact: boolean,
  ): Promise<Pick<FieldValues, 'divergence'>> {
    const into = { velocity: out, divergence: this.#divergence };
    const { velocity, divergence } = await this.#field.evaluate(
      x,
      t,
      { divergence: exact, into },
      this.#call,
    );
    const velocities = checkedValues('velocity', velocity.data, x.data.length);
    if (velocities !== out) out.set(velocities);
    return { divergence };
  }

  /** Absolute tolerances, one for each array. Action and length are integrals along paths that are controlled already. */
  tolerances(
    positions: number | ArrayLike<number>,
    logDensity: number,
    tangents: number,
  ): (number | ArrayLike<number>)[] {
    return this.initial.map((_, k) => {
      if (k === 0) return positions;
      if (k === this.#at.logDensity) return logDensity;
      return k === this.#at.action || k === this.#at.arcLength ? Infinity : tangents;
    });
  }

  async derivative(t: number, y: State, out: State): Promise<void> {
    const { direction } = this.#options;
    const options = this.#call;
    const [x] = y;
    const { logDensity, action, arcLength, tangents } = this.#at;
    const exact = logDensity > 0 && !this.#estimate;
    const { divergence } = await this.#velocity(t, x, out[0].data, exact);
    if (action > 0 || arcLength > 0) await this.#measure(out[0], out, direction);
    if (logDensity > 0) {
      const values = exact
        ? checkedValues('divergence', divergence, this.#n)
        : await this.#estimate!(x, t, options);
      const change = out[logDensity].data;
      for (let i = 0; i < this.#n; i++) change[i] = -values[i];
    }
    if (tangents < 0) return;
    for (let k = tangents; k < tangents + this.#d; k++) await this.#product(x, t, y[k], out[k].data, options);
  }

  async #measure(velocity: NdArray, out: State, direction: number): Promise<void> {
    const { action, arcLength } = this.#at;
    const squares = this.#squares;
    const { kernels, place } = this.#options;
    if (this.#n > 0) kernels.squaredRowLengths(velocity.data, this.#d, squares);
    let energy = 0;
    for (let i = 0; i < this.#n; i++) energy += squares[i];
    if (action > 0) out[action].data[0] = (direction * (await totalsOf(kernels, energy))[0]) / place.total;
    if (arcLength < 0) return;
    const lengths = out[arcLength].data;
    for (let i = 0; i < this.#n; i++) lengths[i] = direction * Math.sqrt(squares[i]);
  }

  /** What a state of the system says. Shares its storage. */
  unpack(time: number, y: State): TrajectoryState {
    const { logDensity, action, arcLength, tangents } = this.#at;
    return {
      time,
      positions: y[0],
      ...(logDensity > 0 && { logDensity: y[logDensity].data as Float64Array }),
      ...(action > 0 && { action: y[action].data[0] }),
      ...(arcLength > 0 && { arcLength: y[arcLength].data as Float64Array }),
      ...(tangents > 0 && { jacobian: this.#jacobian(y.slice(tangents)) }),
    };
  }

  #jacobian(columns: State): NdArray {
    const [n, d] = [this.#n, this.#d];
    const data = allocate(dtypeOf(columns[0]), n * d * d, 'Jacobians');
    columns.forEach((column, k) => {
      for (let i = 0; i < n * d; i++) data[i * d + k] = column.data[i];
    });
    return { data, shape: [n, d, d] };
  }
}
