import type { NdArray } from '../../core/array.js';
import { invalidArgument } from '../../core/errors.js';
import { checkPositive } from '../../core/options.js';
import { type VectorLike, toVector } from '../../measure/arguments.js';

/** A free energy of a measure on m sites, of the terms that are given; as `LineFreeEnergy`, in any dimension. */
export interface SiteFreeEnergy {
  /** β > 0 of β ∫ ρ log ρ. */
  entropy?: number;
  /** c ∫ ρ^m/(m − 1), m > 0 and not 1; c > 0, default 1. */
  porousMedium?: { exponent: number; coefficient?: number };
  /** V at the sites, m values. */
  potential?: VectorLike;
  /** W(x − y), even, of ½ ∫∫ W(x − y) dρ dρ. Called m² times. */
  interaction?: (difference: Float64Array) => number;
}

const NEWTON_STEPS = 200;

/** Σ over sites of volume w and mass s: β s log(s/w) + c w (s/w)^m/(m − 1) + V s, and the interaction. */
export class SiteEnergy {
  readonly #beta: number;
  readonly #exponent: number;
  /** 0 where there is no porous medium. */
  readonly #coefficient: number;
  readonly #potential: Float64Array;
  readonly #interaction: SiteFreeEnergy['interaction'];
  readonly #sites: NdArray;
  readonly #logVolumes: Float64Array;

  /** Throws INVALID_ARGUMENT, INVALID_SHAPE, NON_FINITE. */
  constructor(energy: SiteFreeEnergy, sites: NdArray, volumes: Float64Array) {
    if (typeof energy !== 'object' || energy === null)
      throw invalidArgument('energy', 'an object of terms', energy);
    const { entropy, porousMedium, potential, interaction } = energy;
    const m = sites.shape[0];
    this.#beta = entropy === undefined ? 0 : checkPositive(entropy, 'energy.entropy');
    this.#exponent = porousMedium ? checkPositive(porousMedium.exponent, 'energy.porousMedium.exponent') : 2;
    if (this.#exponent === 1) {
      throw invalidArgument(
        'energy.porousMedium.exponent',
        'a number other than 1, which is the entropy,',
        1,
      );
    }
    this.#coefficient = porousMedium
      ? checkPositive(porousMedium.coefficient ?? 1, 'energy.porousMedium.coefficient')
      : 0;
    this.#potential =
      potential === undefined ? new Float64Array(m) : toVector(potential, 'energy.potential', m);
    if (interaction !== undefined && typeof interaction !== 'function') {
      throw invalidArgument('energy.interaction', 'a function', interaction);
    }
    if (!entropy && !porousMedium && !potential && !interaction) {
      throw invalidArgument('energy', 'entropy, porousMedium, potential or interaction', energy);
    }
    this.#interaction = interaction;
    this.#sites = sites;
    this.#logVolumes = volumes.map(Math.log);
  }

  value(masses: Float64Array): number {
    const felt = this.#felt(masses);
    let sum = 0;
    for (let i = 0; i < masses.length; i++) {
      if (masses[i] === 0) continue;
      const logDensity = Math.log(masses[i]) - this.#logVolumes[i];
      const m = this.#exponent;
      const medium = (this.#coefficient * Math.exp((m - 1) * logDensity)) / (m - 1);
      sum += masses[i] * (this.#beta * logDensity + medium + this.#potential[i] + felt[i] / 2);
    }
    return sum;
  }

  /**
   * The proximal step of 2h F in ε KL: from log q to log of argmin ε KL(s | q) + 2h F(s), with ε/4h less of the entropy, which
   * the blur of the plan makes up for, and the interaction with the masses before. Where that leaves too little of the entropy
   * the scaling iteration would swing: `damping` is the share of its step that it may take.
   */
  step(
    before: Float64Array,
    h: number,
    epsilon: number,
  ): { proximal: (logs: Float64Array) => Float64Array; damping: number } {
    const felt = this.#felt(before);
    const entropic = 2 * h * this.#beta - epsilon / 2;
    const slope = epsilon + entropic;
    const m = this.#exponent;
    const rate = (2 * h * this.#coefficient * m) / (m - 1);
    const proximal = (logs: Float64Array) =>
      logs.map((log, i) => {
        const volume = this.#logVolumes[i];
        const outside = 2 * h * (this.#potential[i] + felt[i]) + entropic * (1 - volume);
        const linear = (epsilon * log - outside) / slope;
        if (rate === 0 || linear === -Infinity) return linear;
        // slope (z − linear) + rate e^{(m−1)(z − volume)} = 0, rising in z; from `linear` Newton does not overshoot.
        let z = linear;
        for (let step = 0; step < NEWTON_STEPS; step++) {
          const medium = rate * Math.exp(Math.min(700, (m - 1) * (z - volume)));
          const move = (slope * (z - linear) + medium) / (slope + (m - 1) * medium);
          z -= move;
          if (Math.abs(move) <= 1e-14 * (1 + Math.abs(z))) break;
        }
        return z;
      });
    return { proximal, damping: Math.min(1, slope / epsilon) };
  }

  /** Σ_j W(x_i − x_j) masses_j. */
  #felt(masses: Float64Array): Float64Array {
    const felt = new Float64Array(masses.length);
    const interaction = this.#interaction;
    if (!interaction) return felt;
    const { data, shape } = this.#sites;
    const [m, d] = shape;
    const difference = new Float64Array(d);
    for (let i = 0; i < m; i++) {
      for (let j = 0; j < m; j++) {
        if (masses[j] === 0) continue;
        for (let k = 0; k < d; k++) difference[k] = data[i * d + k] - data[j * d + k];
        felt[i] += masses[j] * interaction(difference);
      }
    }
    return felt;
  }
}
