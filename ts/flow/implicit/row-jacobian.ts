import { type DType, type FloatData, type NdArray, allocate } from '../../core/array.js';
import { RidgeflowError } from '../../core/errors.js';

/** A field on n independent rows of m numbers each. */
export interface RowField {
  readonly rows: number;
  readonly columns: number;
  readonly dtype: DType;
  derivative(t: number, x: NdArray, out: FloatData): Promise<void>;
  product?(t: number, x: NdArray, u: NdArray, out: FloatData): Promise<void>;
}

/**
 * The Jacobian of every row at one point, as products: the field's own, or forward differences of its derivative, each row
 * moved by the square root of the rounding in units of its coordinates' sizes.
 */
export class RowJacobian {
  readonly #x: NdArray;
  readonly #value: FloatData;
  readonly #moved: NdArray;
  readonly #root: number;
  #time = NaN;

  /** @param least The least that a difference moves each column. */
  constructor(
    readonly field: RowField,
    readonly least: Float64Array,
  ) {
    const { rows, columns, dtype } = field;
    this.#root = Math.sqrt(dtype === 'float64' ? 2 ** -52 : 2 ** -23);
    const make = (needed: boolean) =>
      allocate(dtype, needed ? rows * columns : 0, 'a Jacobian by differences');
    this.#x = { data: make(true), shape: [rows, columns] };
    this.#value = make(!field.product);
    this.#moved = { data: make(!field.product), shape: [rows, columns] };
  }

  /** Takes the Jacobian at x. */
  async take(t: number, x: FloatData): Promise<void> {
    this.#time = t;
    this.#x.data.set(x);
    if (!this.field.product) await this.field.derivative(t, this.#x, this.#value);
  }

  /** Writes the size of every number of x into `out`: what it is itself, or what the least move takes it for. */
  sizes(out: Float64Array): void {
    const m = this.field.columns;
    this.#x.data.forEach((value, i) => (out[i] = Math.max(Math.abs(value), this.least[i % m] / this.#root)));
  }

  /** out ← J u, row by row. */
  async product(u: FloatData, out: FloatData): Promise<void> {
    const { field } = this;
    const { rows, columns } = field;
    if (field.product) return field.product(this.#time, this.#x, { data: u, shape: [rows, columns] }, out);
    const steps = new Float64Array(rows);
    for (let row = 0, start = 0; row < rows; row++, start += columns) {
      steps[row] = this.#move(u, start);
    }
    await field.derivative(this.#time, this.#moved, out);
    for (let row = 0, i = 0; row < rows; row++) {
      for (const end = i + columns; i < end; i++) {
        out[i] = steps[row] === 0 ? 0 : (out[i] - this.#value[i]) / steps[row];
      }
    }
  }

  /** Moves one row along u, and returns how far in units of u; 0 where u is 0. */
  #move(u: FloatData, start: number): number {
    const [x, moved, m, root] = [this.#x.data, this.#moved.data, this.field.columns, this.#root];
    let largest = 0;
    let sign = 1;
    for (let k = 0; k < m; k++) {
      const size = Math.max(root * Math.abs(x[start + k]), this.least[k]);
      const part = Math.abs(u[start + k]) / size;
      if (!(part > largest)) continue;
      largest = part;
      // Away from 0, where derivatives more often exist.
      sign = x[start + k] * u[start + k] < 0 ? -1 : 1;
    }
    const step = largest === 0 ? 0 : sign / largest;
    for (let k = 0; k < m; k++) moved[start + k] = x[start + k] + step * u[start + k];
    return step;
  }
}

/** Solves (I − s J) δ = r for every row. */
export interface RowSolver {
  /** Takes the Jacobian at x. */
  linearise(t: number, x: FloatData): Promise<void>;
  /** Sets s. Throws NON_FINITE where the matrix of a row is singular. */
  setShift(shift: number): Promise<void>;
  /** r ← δ. */
  solve(r: FloatData): Promise<void>;
}

/** NON_FINITE, which makes the integrator try another step. */
export function singular(t: number): RidgeflowError {
  return new RidgeflowError(
    'NON_FINITE',
    `The linear system of an implicit stage is singular at time ${t}: take shorter steps, or adaptive ones`,
    {
      details: { time: t },
    },
  );
}
