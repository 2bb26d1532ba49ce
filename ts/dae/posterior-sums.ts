import type { FloatData } from '../core/array.js';

/** What is asked of the Jacobian J = Cov_r(y, s): its product with a vector, or its trace. */
export type Derivative = { vector: FloatData } | 'trace';

/**
 * Weighted sums over points y_j seen from one query, with weights r_j given by their logarithms, taken in block by block.
 * In float64 and relative to the largest weight so far.
 */
export class PosteriorSums {
  readonly #d: number;
  readonly #derivative: Derivative | undefined;
  #max = -Infinity;
  #mass = 0;
  /** Σ r y. */
  readonly #first: Float64Array;
  /** Σ r (s·v) and Σ r (s·v) y; for the trace Σ r s·y and Σ r s. */
  #scalar = 0;
  readonly #second: Float64Array;

  constructor(d: number, derivative?: Derivative) {
    this.#d = d;
    this.#derivative = derivative;
    this.#first = new Float64Array(d);
    this.#second = new Float64Array(derivative ? d : 0);
  }

  /** Whether all weights so far are 0. */
  get empty(): boolean {
    return this.#max === -Infinity;
  }

  /** Takes in points (k × d), the logarithms of their weights and, for a derivative, their s (k × d). */
  add(points: Float64Array, logWeights: Float64Array, scores?: ArrayLike<number>): void {
    let largest = -Infinity;
    for (let j = 0; j < logWeights.length; j++) largest = Math.max(largest, logWeights[j]);
    if (largest > this.#max) this.#raise(largest);
    if (this.empty) return;
    const [d, max, first] = [this.#d, this.#max, this.#first];
    let mass = 0;
    for (let j = 0; j < logWeights.length; j++) {
      const weight = Math.exp(logWeights[j] - max);
      if (weight === 0) continue;
      mass += weight;
      for (let k = 0; k < d; k++) first[k] += weight * points[j * d + k];
      if (scores) this.#addDerivative(weight, points, scores, j * d);
    }
    this.#mass += mass;
  }

  #raise(max: number): void {
    const factor = Math.exp(this.#max - max);
    this.#max = max;
    this.#mass *= factor;
    this.#scalar *= factor;
    for (const sums of [this.#first, this.#second]) {
      for (let k = 0; k < sums.length; k++) sums[k] *= factor;
    }
  }

  #addDerivative(weight: number, points: Float64Array, scores: ArrayLike<number>, at: number): void {
    const trace = this.#derivative === 'trace' || this.#derivative === undefined;
    const other: FloatData = trace ? points : this.#derivative.vector;
    const from = trace ? at : 0;
    let product = 0;
    for (let k = 0; k < this.#d; k++) product += scores[at + k] * other[from + k];
    this.#scalar += weight * product;
    for (let k = 0; k < this.#d; k++) {
      this.#second[k] += weight * (trace ? scores[at + k] : product * points[at + k]);
    }
  }

  /** E[y]. */
  mean(): Float64Array {
    return this.#first.map((sum) => sum / this.#mass);
  }

  /** E[(s·v) y] − E[s·v] E[y]. */
  jacobianVector(): Float64Array {
    const slope = this.#scalar / this.#mass;
    return this.#second.map((sum, k) => (sum - slope * this.#first[k]) / this.#mass);
  }

  /** E[s·y] − E[s]·E[y]. */
  trace(): number {
    const product = this.#second.reduce((sum, value, k) => sum + value * this.#first[k], 0);
    return (this.#scalar - product / this.#mass) / this.#mass;
  }
}
