import { type FloatData, allocate } from '../../core/array.js';
import { factorise, substitute } from './lu.js';
import { type RowJacobian, type RowSolver, singular } from './row-jacobian.js';

/** {@link RowSolver} by the m × m Jacobian of each row, from m products, and LU factorisation. */
export class DenseRows implements RowSolver {
  readonly #jacobian: RowJacobian;
  readonly #tick: () => Promise<void>;
  readonly #matrices: Float64Array;
  readonly #factors: Float64Array;
  readonly #pivots: Int32Array;
  readonly #unit: FloatData;
  readonly #image: FloatData;
  #time = NaN;

  constructor(jacobian: RowJacobian, tick: () => Promise<void>) {
    const { rows: n, columns: m, dtype } = jacobian.field;
    this.#jacobian = jacobian;
    this.#tick = tick;
    this.#matrices = allocate('float64', n * m * m, 'Jacobians of an implicit solver') as Float64Array;
    this.#factors = allocate('float64', n * m * m, 'Jacobians of an implicit solver') as Float64Array;
    this.#pivots = new Int32Array(n * m);
    this.#unit = allocate(dtype, n * m, 'unit vectors');
    this.#image = allocate(dtype, n * m, 'a column of the Jacobians');
  }

  async linearise(t: number, x: FloatData): Promise<void> {
    const { rows: n, columns: m } = this.#jacobian.field;
    this.#time = t;
    await this.#jacobian.take(t, x);
    for (let k = 0; k < m; k++) {
      for (let row = 0; row < n; row++) this.#unit[row * m + k] = 1;
      await this.#jacobian.product(this.#unit, this.#image);
      for (let row = 0; row < n; row++) {
        this.#unit[row * m + k] = 0;
        for (let i = 0; i < m; i++) this.#matrices[(row * m + i) * m + k] = this.#image[row * m + i];
      }
    }
  }

  async setShift(shift: number): Promise<void> {
    const { rows: n, columns: m } = this.#jacobian.field;
    const factors = this.#factors;
    for (let i = 0; i < factors.length; i++) factors[i] = -shift * this.#matrices[i];
    for (let row = 0; row < n; row++) {
      if (row % rowsBetweenTicks(m ** 3) === 0) await this.#tick();
      for (let k = 0; k < m; k++) factors[(row * m + k) * m + k] += 1;
      if (!factorise(factors, this.#pivots, m, row)) throw singular(this.#time);
    }
  }

  async solve(r: FloatData): Promise<void> {
    const { rows: n, columns: m } = this.#jacobian.field;
    const right = new Float64Array(m);
    for (let row = 0; row < n; row++) {
      if (row % rowsBetweenTicks(m ** 2) === 0) await this.#tick();
      right.set(r.subarray(row * m, (row + 1) * m));
      substitute(this.#factors, this.#pivots, m, row, right);
      r.set(right, row * m);
    }
  }
}

/** Rows of so much work each that take some milliseconds. */
function rowsBetweenTicks(operations: number): number {
  return Math.max(1, Math.ceil(2e6 / operations));
}
