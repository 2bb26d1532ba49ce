import { allocate, dtypeOf, type FloatData } from '../../core/array.js';
import { choleskyRow } from '../../core/cholesky.js';
import type { Kernels, LinearTerm, Matrix, RunControl, ScaledErrorProblem } from '../contract.js';
import type { LinearKernels } from '../contract/linear.js';
import type { Engine } from './engine.js';
import { Pace } from '../../core/pace.js';
import { blocks, requireFloat32 } from './points.js';

type ProductProblem = Parameters<Kernels['matmul']>[0];

const TILE = 128;
/** Rows or columns that one product sums over; longer sums are put together in float64. */
const INNER_TILE = 512;

/** {@link Kernels.matmul} in tiles: float32 products, summed over the inner dimension in float64. */
export async function matmul(engine: Engine, problem: ProductProblem, run?: RunControl): Promise<FloatData> {
  const a = requireFloat32(problem.a, 'matmul');
  const b = requireFloat32(problem.b, 'matmul');
  const { transposeA = false, transposeB = false } = problem;
  const [n, inner] = transposeA ? [a.columns, a.rows] : [a.rows, a.columns];
  const columns = transposeB ? b.rows : b.columns;
  const pace = new Pace(run, n * columns);
  const out = problem.into ?? allocate('float32', n * columns, 'a matrix product');
  for (const [row, height] of blocks(n, TILE)) {
    for (const [column, width] of blocks(columns, TILE)) {
      const sum = new Float64Array(height * width);
      for (const [from, depth] of blocks(inner, INNER_TILE)) {
        const left = submatrix(a, transposeA, row, height, from, depth);
        const right = submatrix(b, transposeB, from, depth, column, width);
        const part = engine.product(left, right, height, depth, width);
        for (let t = 0; t < part.length; t++) sum[t] += part[t];
        await pace.tick((height * width * depth) / inner);
      }
      for (let i = 0; i < height; i++) {
        out.set(sum.subarray(i * width, (i + 1) * width), (row + i) * columns + column);
      }
    }
  }
  await pace.finish();
  return out;
}

/** A copy of height × width values of the matrix, or of its transpose. */
function submatrix(
  { data, columns }: Matrix<Float32Array>,
  transpose: boolean,
  row: number,
  height: number,
  column: number,
  width: number,
): Float32Array {
  const out = new Float32Array(height * width);
  const [down, right] = transpose ? [1, columns] : [columns, 1];
  for (let i = 0; i < height; i++) {
    const start = (row + i) * down + column * right;
    for (let j = 0; j < width; j++) out[i * width + j] = data[start + j * right];
  }
  return out;
}

/** {@link Kernels.signedSums}. */
export async function signedSums(
  { points, places, each, columns, scale }: Parameters<Kernels['signedSums']>[0],
  run?: RunControl,
): Promise<FloatData> {
  const { data, rows: n, columns: d } = points;
  const pace = new Pace(run, n);
  const out = allocate(dtypeOf(points), n * columns, 'a projection');
  const sums = new Float64Array(columns);
  for (let i = 0; i < n; i++) {
    sums.fill(0);
    for (let k = 0, at = 0; k < d; k++) {
      const value = data[i * d + k];
      for (const end = at + each; at < end; at++) {
        const place = places[at];
        if (place < 0) sums[~place] -= value;
        else sums[place] += value;
      }
    }
    for (let j = 0; j < columns; j++) out[i * columns + j] = scale * sums[j];
    await pace.tick(1);
  }
  await pace.finish();
  return out;
}

/** {@link Kernels.symmetricEigen} by tridiagonal reduction and QL iterations. */
export async function symmetricEigen(
  matrix: Float64Array,
  d: number,
): Promise<{ values: Float64Array; vectors: Float64Array }> {
  const { EigenvalueDecomposition, Matrix: DenseMatrix } = await import('ml-matrix');
  const dense = new DenseMatrix(d, d);
  for (let i = 0; i < d; i++) {
    for (let j = 0; j < d; j++) dense.set(i, j, matrix[i * d + j]);
  }
  const { realEigenvalues, eigenvectorMatrix } = new EigenvalueDecomposition(dense, {
    assumeSymmetric: true,
  });
  const order = realEigenvalues.map((_, i) => i).sort((i, j) => realEigenvalues[i] - realEigenvalues[j]);
  const values = Float64Array.from(order, (column) => realEigenvalues[column]);
  const vectors = new Float64Array(d * d);
  order.forEach((column, row) => {
    for (let i = 0; i < d; i++) vectors[row * d + i] = eigenvectorMatrix.get(i, column);
  });
  return { values, vectors };
}

/** {@link Kernels.solvePositiveDefinite} by Cholesky's factorisation in float64. */
export async function solvePositiveDefinite(
  matrix: Float64Array,
  d: number,
  sides: Float64Array,
  run?: RunControl,
): Promise<Float64Array | undefined> {
  const pace = new Pace(run, d ** 3 / 6 + sides.length * d);
  const factor = allocate('float64', d * d, 'a factor') as Float64Array;
  for (let i = 0; i < d; i++) {
    if (!choleskyRow(matrix, factor, d, i)) return undefined;
    await pace.tick(i ** 2 / 2);
  }
  const solutions = sides.slice();
  for (let start = 0; start < solutions.length; start += d) {
    const x = solutions.subarray(start, start + d);
    for (let i = 0; i < d; i++) {
      for (let k = 0; k < i; k++) x[i] -= factor[i * d + k] * x[k];
      x[i] /= factor[i * d + i];
    }
    for (let i = d - 1; i >= 0; i--) {
      for (let k = i + 1; k < d; k++) x[i] -= factor[k * d + i] * x[k];
      x[i] /= factor[i * d + i];
    }
    await pace.tick(d * d);
  }
  await pace.finish();
  return solutions;
}

/** {@link Kernels.lowerTriangularProduct}. */
export async function lowerTriangularProduct(
  { data, rows, columns: d }: Matrix<Float64Array>,
  factor: Float64Array,
  run?: RunControl,
): Promise<void> {
  const pace = new Pace(run, rows * d * d);
  for (let start = 0; start < rows * d; start += d) {
    for (let k = d - 1; k >= 0; k--) {
      let sum = 0;
      for (let l = 0; l <= k; l++) sum += factor[k * d + l] * data[start + l];
      data[start + k] = sum;
    }
    await pace.tick(d * d);
  }
  await pace.finish();
}

/** {@link Kernels.linearCombination}, a block at a time, so that the sums stay in cache and `out` may be a term. */
export function linearCombination(out: FloatData, terms: readonly LinearTerm[]): void {
  const sum = new Float64Array(Math.min(1024, out.length));
  for (const [start, count] of blocks(out.length, 1024)) {
    sum.fill(0);
    for (const { coefficient, array } of terms) {
      for (let i = 0; i < count; i++) sum[i] += coefficient * array[start + i];
    }
    out.set(count < sum.length ? sum.subarray(0, count) : sum, start);
  }
}

/** {@link Kernels.scaledError}. */
export async function scaledError({
  terms,
  a,
  b,
  columns,
  relative,
  absolute,
}: ScaledErrorProblem): ReturnType<LinearKernels['scaledError']> {
  let sum = 0;
  let largest = 0;
  for (let start = 0; start < a.length; start += columns) {
    let [square, from, to] = [0, 0, 0];
    for (let i = start; i < start + columns; i++) {
      let error = 0;
      for (const { coefficient, array } of terms) error += coefficient * array[i];
      square += error * error;
      from += a[i] * a[i];
      to += b[i] * b[i];
    }
    // NaN, unlike a comparison, comes through Math.max.
    const scale = absolute + relative * Math.sqrt(Math.max(from, to));
    const scaled = Number.isFinite(scale) ? square / (scale * scale) : NaN;
    if (square === 0 && Number.isFinite(scale)) continue;
    sum += scaled;
    largest = Math.max(largest, scaled);
  }
  return { sum, largest, rows: a.length / columns };
}

/** {@link Kernels.firstNonFinite}. */
export function firstNonFinite(data: FloatData): number {
  for (let i = 0; i < data.length; i++) if (!Number.isFinite(data[i])) return i;
  return -1;
}

/** {@link Kernels.squaredRowLengths}. */
export function squaredRowLengths(data: FloatData, columns: number, out: Float64Array): void {
  for (let row = 0, i = 0; row < out.length; row++) {
    let sum = 0;
    for (const end = i + columns; i < end; i++) sum += data[i] * data[i];
    out[row] = sum;
  }
}
