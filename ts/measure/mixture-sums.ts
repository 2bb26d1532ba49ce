import type { FloatData } from '../core/array.js';
import type { Matrix } from '../kernel/contract.js';
import type { Derivatives } from './part.js';

/** Parts below e^−60 of the largest change no digit, not even where their score is 10⁶ times that of the largest. */
const NEGLIGIBLE = 60;

/** Sums over the parts for the rows of a tile, in float64 and relative to exp(max), so that no tail underflows. */
export class MixtureSums {
  readonly #rows: number;
  readonly #d: number;
  readonly #max: Float64Array;
  readonly #mass: Float64Array;
  /** The weight of the part that is being added, for each row. */
  readonly #weights: Float64Array;
  /** Σ γ s, in the end the score. */
  readonly score: Float64Array;
  /** Σ γ (|s|² + div s), in the end the divergence. */
  readonly second: Float64Array;
  readonly #vectors?: Matrix;
  /** Σ γ (H v + s (s·v)), in the end the Hessian times v. */
  readonly product?: Float64Array;

  constructor({ rows, columns }: Matrix, derivatives: boolean, vectors?: Matrix) {
    this.#rows = rows;
    this.#d = columns;
    this.#max = new Float64Array(rows).fill(-Infinity);
    this.#mass = new Float64Array(rows);
    this.#weights = new Float64Array(rows);
    this.score = new Float64Array(derivatives ? rows * columns : 0);
    this.second = new Float64Array(derivatives ? rows : 0);
    this.#vectors = vectors;
    if (vectors) this.product = new Float64Array(rows * columns);
  }

  /** Takes in a part's weight at each row; whether it matters to any. */
  weigh(logWeight: number, logDensity: FloatData): boolean {
    let matters = false;
    for (let i = 0; i < this.#rows; i++) {
      const logit = logWeight + logDensity[i];
      if (logit > this.#max[i]) this.#raise(i, logit);
      const relative = logit - this.#max[i];
      this.#weights[i] = relative > -NEGLIGIBLE ? Math.exp(relative) : 0;
      this.#mass[i] += this.#weights[i];
      matters ||= this.#weights[i] > 0;
    }
    return matters;
  }

  #raise(i: number, max: number): void {
    const factor = Math.exp(this.#max[i] - max);
    this.#max[i] = max;
    this.#mass[i] *= factor;
    if (this.score.length === 0) return;
    this.second[i] *= factor;
    for (let k = i * this.#d; k < (i + 1) * this.#d; k++) {
      this.score[k] *= factor;
      if (this.product) this.product[k] *= factor;
    }
  }

  /** Adds the derivatives of the part that was weighed last, and its Hessian times the vectors. */
  add({ score, divergence }: Derivatives, hessianVector?: FloatData): void {
    const d = this.#d;
    for (let i = 0; i < this.#rows; i++) {
      const weight = this.#weights[i];
      if (weight === 0) continue;
      let square = 0;
      let slope = 0;
      for (let k = i * d; k < (i + 1) * d; k++) {
        this.score[k] += weight * score[k];
        square += score[k] * score[k];
        if (this.#vectors) slope += score[k] * this.#vectors.data[k];
      }
      this.second[i] += weight * (square + divergence[i]);
      if (!this.product || !hessianVector) continue;
      for (let k = i * d; k < (i + 1) * d; k++) {
        this.product[k] += weight * (hessianVector[k] + slope * score[k]);
      }
    }
  }

  /** Divides by the mass and takes off what the score of the whole has. */
  finish(): void {
    if (this.score.length === 0) return;
    const d = this.#d;
    for (let i = 0; i < this.#rows; i++) {
      let square = 0;
      let slope = 0;
      for (let k = i * d; k < (i + 1) * d; k++) {
        this.score[k] /= this.#mass[i];
        square += this.score[k] * this.score[k];
        if (this.#vectors) slope += this.score[k] * this.#vectors.data[k];
      }
      this.second[i] = this.second[i] / this.#mass[i] - square;
      if (!this.product) continue;
      for (let k = i * d; k < (i + 1) * d; k++) {
        this.product[k] = this.product[k] / this.#mass[i] - slope * this.score[k];
      }
    }
  }

  logDensity(): Float64Array {
    return this.#max.map((max, i) => max + Math.log(this.#mass[i]));
  }
}
