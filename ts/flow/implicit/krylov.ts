import { type FloatData, allocate, dtypeOf } from '../../core/array.js';
import type { RowJacobian, RowSolver } from './row-jacobian.js';

/**
 * The residual that may be left: relative to the right-hand side, so that Newton's iteration converges at this rate, and in
 * units of the error that is allowed, since what is small beside a fast direction may be large in a slow one.
 */
const TOLERANCE = 1e-3;
const REMAINDER = 1e-3;
/** Dimensions of a Krylov space before it is begun anew. */
const LARGEST_SPACE = 40;
const MOST_CYCLES = 5;

/**
 * {@link RowSolver} by GMRES, for each row in a Krylov space of its own: all rows take their products together. It ends
 * where every row's residual is small, or after so many cycles: Newton's iteration notices.
 *
 * Source: Y. Saad, M. H. Schultz, SIAM J. Sci. Stat. Comput. 7 (1986), 856–869; for stages of implicit solvers: P. N. Brown,
 * A. C. Hindmarsh, SIAM J. Numer. Anal. 23 (1986), 610–638.
 */
export class KrylovRows implements RowSolver {
  readonly #jacobian: RowJacobian;
  readonly #tick: () => Promise<void>;
  /** Orthonormal vectors of every row, kept for the next solve. */
  readonly #basis: FloatData[] = [];
  /** Numbers are measured by their sizes, so that none is lost beside a larger one. */
  readonly #sizes: Float64Array;
  readonly #scaled: FloatData;
  #shift = 0;

  /** @param relative The relative error that is allowed. */
  constructor(
    jacobian: RowJacobian,
    tick: () => Promise<void>,
    readonly relative: number,
  ) {
    this.#jacobian = jacobian;
    this.#tick = tick;
    const { rows, columns, dtype } = jacobian.field;
    this.#sizes = allocate('float64', rows * columns, 'sizes') as Float64Array;
    this.#scaled = allocate(dtype, rows * columns, 'a product with the Jacobian');
  }

  async linearise(t: number, x: FloatData): Promise<void> {
    await this.#jacobian.take(t, x);
    this.#jacobian.sizes(this.#sizes);
  }

  async setShift(shift: number): Promise<void> {
    this.#shift = shift;
  }

  async solve(r: FloatData): Promise<void> {
    const { rows: n, columns: m } = this.#jacobian.field;
    const sizes = this.#sizes;
    for (let i = 0; i < r.length; i++) r[i] /= sizes[i];
    const allowed = REMAINDER * this.relative * Math.sqrt(m);
    // No vector of the element type says more.
    const least = 10 * (dtypeOf({ data: r }) === 'float64' ? 2 ** -52 : 2 ** -23);
    const goals = lengthsOf(r, m, n).map((length) =>
      Math.max(Math.min(TOLERANCE * length, allowed), least * length),
    );
    const solution = allocate(dtypeOf({ data: r }), n * m, 'a solution of GMRES');
    const right = r.slice();
    for (let cycle = 0; cycle < MOST_CYCLES; cycle++) {
      if (await this.#cycle(r, solution, goals)) break;
      await this.#apply(solution, r);
      for (let i = 0; i < r.length; i++) r[i] = right[i] - r[i];
    }
    for (let i = 0; i < r.length; i++) r[i] = sizes[i] * solution[i];
  }

  /** Adds to the solution what one Krylov space of the residual r gives. True where all rows have reached their goals. */
  async #cycle(r: FloatData, solution: FloatData, goals: Float64Array): Promise<boolean> {
    const { rows: n, columns: m } = this.#jacobian.field;
    const space = Math.min(m, LARGEST_SPACE);
    const rows = lengthsOf(r, m, n).map((length, i) => (length > goals[i] ? length : 0));
    const problems = Array.from(rows, (length) => new LeastSquares(space, length));
    const first = this.#vector(0);
    for (let i = 0; i < first.length; i++) first[i] = rows[(i / m) | 0] > 0 ? r[i] / rows[(i / m) | 0] : 0;
    for (let j = 0; j < space; j++) {
      await this.#tick();
      if (problems.every((problem, row) => problem.residual <= goals[row])) break;
      const next = this.#vector(j + 1);
      await this.#apply(this.#basis[j], next);
      for (let row = 0; row < n; row++) this.#extend(problems[row], row, j, goals[row]);
    }
    problems.forEach((problem, row) => {
      problem.solution().forEach((weight, j) => {
        const vector = this.#basis[j];
        for (let i = row * m, end = i + m; i < end; i++) solution[i] += weight * vector[i];
      });
    });
    return problems.every((problem, row) => problem.residual <= goals[row]);
  }

  /** Makes a row of the vector j + 1 orthonormal to those before it, unless the row has reached its goal. */
  #extend(problem: LeastSquares, row: number, j: number, goal: number): void {
    const m = this.#jacobian.field.columns;
    const next = this.#basis[j + 1];
    const [start, end] = [row * m, (row + 1) * m];
    if (problem.residual <= goal) {
      next.fill(0, start, end);
      return;
    }
    const column = new Float64Array(j + 2);
    for (let k = 0; k <= j; k++) {
      const vector = this.#basis[k];
      let product = 0;
      for (let i = start; i < end; i++) product += next[i] * vector[i];
      for (let i = start; i < end; i++) next[i] -= product * vector[i];
      column[k] = product;
    }
    let squares = 0;
    for (let i = start; i < end; i++) squares += next[i] * next[i];
    const length = Math.sqrt(squares);
    column[j + 1] = length;
    for (let i = start; i < end; i++) next[i] = length > 0 ? next[i] / length : 0;
    problem.add(column);
  }

  /** out ← (I − s J) u, both in units of the sizes. */
  async #apply(u: FloatData, out: FloatData): Promise<void> {
    const sizes = this.#sizes;
    for (let i = 0; i < out.length; i++) this.#scaled[i] = sizes[i] * u[i];
    await this.#jacobian.product(this.#scaled, out);
    for (let i = 0; i < out.length; i++) out[i] = u[i] - (this.#shift * out[i]) / sizes[i];
  }

  #vector(j: number): FloatData {
    const { rows, columns, dtype } = this.#jacobian.field;
    return (this.#basis[j] ??= allocate(dtype, rows * columns, 'a Krylov space of an implicit solver'));
  }
}

/** min |length · e₁ − H y| with a Hessenberg matrix H that grows by a column at a time, by Givens rotations. */
class LeastSquares {
  readonly #columns: Float64Array[] = [];
  readonly #rotations: [cosine: number, sine: number][] = [];
  readonly #right: Float64Array;

  constructor(space: number, length: number) {
    this.#right = new Float64Array(space + 1);
    this.#right[0] = length;
  }

  get residual(): number {
    return Math.abs(this.#right[this.#columns.length]);
  }

  add(column: Float64Array): void {
    const j = this.#columns.length;
    this.#rotations.forEach(([cosine, sine], k) => {
      const [upper, lower] = [column[k], column[k + 1]];
      column[k] = cosine * upper + sine * lower;
      column[k + 1] = cosine * lower - sine * upper;
    });
    const length = Math.hypot(column[j], column[j + 1]);
    const [cosine, sine] = length > 0 ? [column[j] / length, column[j + 1] / length] : [1, 0];
    column[j] = length;
    this.#rotations.push([cosine, sine]);
    this.#right[j + 1] = -sine * this.#right[j];
    this.#right[j] *= cosine;
    this.#columns.push(column);
  }

  solution(): Float64Array {
    const y = this.#right.slice(0, this.#columns.length);
    for (let j = y.length - 1; j >= 0; j--) {
      // A singular column adds nothing.
      y[j] = this.#columns[j][j] > 0 ? y[j] / this.#columns[j][j] : 0;
      for (let k = 0; k < j; k++) y[k] -= this.#columns[j][k] * y[j];
    }
    return y;
  }
}

function lengthsOf(data: FloatData, m: number, n: number): Float64Array {
  const lengths = new Float64Array(n);
  for (let i = 0; i < data.length; i++) lengths[(i / m) | 0] += data[i] * data[i];
  return lengths.map(Math.sqrt);
}
