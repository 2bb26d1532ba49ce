import { type FloatData, dtypeOf } from '../core/array.js';
import { Pace } from '../core/pace.js';
import type { Kernels, Matrix, RunControl } from '../kernel/contract.js';
import { productInFloat64 } from './product.js';

/** A symmetric matrix by its axes: Vᵀ·diag(values)·V, with orthonormal eigenvectors as the rows of V. */
export class Spectrum {
  readonly values: Float64Array;
  /** Absent where the axes are those of the coordinates. */
  readonly #vectors: Float64Array | undefined;
  #rounded: Float32Array | undefined;

  private constructor(values: Float64Array, vectors?: Float64Array) {
    this.values = values;
    this.#vectors = vectors;
  }

  /** O(d³) time, O(d²) for a diagonal matrix. */
  static async of(kernels: Kernels, matrix: Float64Array, d: number): Promise<Spectrum> {
    const diagonal = matrix.every((entry, at) => entry === 0 || at % (d + 1) === 0);
    if (diagonal) return new Spectrum(Float64Array.from({ length: d }, (_, k) => matrix[k * d + k]));
    const { values, vectors } = await kernels.symmetricEigen(matrix, d);
    return new Spectrum(values, vectors);
  }

  /** Whether the axes are those of the coordinates. */
  get isDiagonal(): boolean {
    return this.#vectors === undefined;
  }

  /** rows·Vᵀ·diag(scales): coordinates along the axes, scaled. A new array, of the type of the rows. O(nd²) time. */
  async toAxes(
    kernels: Kernels,
    rows: Matrix,
    scales: Float64Array,
    run: RunControl = {},
  ): Promise<FloatData> {
    const out = await this.#rotated(kernels, rows, true, run);
    return scaleColumns(out, scales);
  }

  /** rows·diag(scales)·V, scales 1 by default: with inverse scales, back from the axes. A new array. O(nd²) time. */
  async fromAxes(
    kernels: Kernels,
    rows: Matrix,
    scales: Float64Array | undefined,
    run: RunControl = {},
  ): Promise<FloatData> {
    const data = scales ? scaleColumns(rows.data.slice(), scales) : rows.data;
    return this.#vectors
      ? this.#rotated(kernels, { ...rows, data }, false, run)
      : scales
        ? data
        : data.slice();
  }

  /** Vᵀ·diag(values)·V for other values on the same axes, d × d. O(d³) time, O(d²) for a diagonal matrix. */
  async withValues(kernels: Kernels, values: Float64Array, run: RunControl = {}): Promise<Float64Array> {
    const d = values.length;
    const matrix = new Float64Array(d * d);
    const vectors = this.#vectors;
    if (!vectors) {
      values.forEach((value, k) => (matrix[k * d + k] = value));
      return matrix;
    }
    for (let k = 0; k < d; k++) {
      for (let l = 0; l < d; l++) matrix[l * d + k] = values[k] * vectors[k * d + l];
    }
    const [a, b] = [matrix, vectors].map((data) => ({ data, rows: d, columns: d }));
    return productInFloat64(kernels, new Pace({ signal: run.signal }, d), run)(a, b, false);
  }

  /** rows·Vᵀ or rows·V. */
  async #rotated(kernels: Kernels, rows: Matrix, toAxes: boolean, run: RunControl): Promise<FloatData> {
    const vectors = this.#vectors;
    if (!vectors) return rows.data.slice();
    const { columns: d, data } = rows;
    if (dtypeOf(rows) === 'float64') {
      const product = productInFloat64(kernels, new Pace({ signal: run.signal }, rows.rows), run);
      const a = { ...rows, data: data as Float64Array };
      return product(a, { data: vectors, rows: d, columns: d }, toAxes);
    }
    this.#rounded ??= Float32Array.from(vectors);
    const b = { data: this.#rounded, rows: d, columns: d };
    return kernels.matmul({ a: rows, b, transposeB: toAxes }, { signal: run.signal });
  }
}

/** rows·diag(scales), in place. */
function scaleColumns(data: FloatData, scales: Float64Array): FloatData {
  const d = scales.length;
  for (let start = 0; start < data.length; start += d) {
    for (let k = 0; k < d; k++) data[start + k] *= scales[k];
  }
  return data;
}
