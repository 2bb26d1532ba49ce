import { type NdArray, allocate } from '../../core/array.js';
import type { CallOptions } from '../../core/options.js';
import type { BlockMap } from './block-map.js';

/** What a few products with the Jacobian say of it, for every row: the m × m Hessenberg matrix of its Krylov space. */
export interface KrylovSpace {
  /** Of row i, m × m from i·m² on; zeros beyond `sizes[i]`. */
  readonly matrices: Float64Array;
  /** Dimensions reached: fewer than m where the space is invariant before. */
  readonly sizes: Int32Array;
  readonly m: number;
}

/**
 * Arnoldi's process at every row of x at once, from the directions v: an orthonormal basis of v, Jv, J²v, … in which J is the
 * Hessenberg matrix Qᵀ J Q (W. E. Arnoldi, Quarterly of Applied Mathematics 9, 1951), by modified Gram and Schmidt's method,
 * twice. Jacobians of blocks are not symmetric and only products with them are at hand, which leaves Lanczos out.
 *
 * m products for each row. O(n d m²) time, O(n d m) memory.
 */
export async function krylovSpace(
  map: BlockMap,
  x: NdArray,
  v: NdArray,
  steps: number,
  options: CallOptions,
): Promise<KrylovSpace> {
  const [n, d] = x.shape;
  const m = Math.min(steps, d);
  const matrices = new Float64Array(n * m * m);
  const sizes = new Int32Array(n).fill(m);
  const basis: (Float32Array | Float64Array)[] = [];
  let next = normalised(v.data, n, d);
  for (let step = 0; step < m; step++) {
    basis.push(next);
    const { data } = await map.jacobianVector(x, { data: next, shape: [n, d] }, options);
    const image = Float64Array.from(data);
    next = allocate('float32', n * d, 'a Krylov space') as Float32Array;
    for (let i = 0; i < n; i++) {
      if (sizes[i] <= step) continue;
      const row = image.subarray(i * d, (i + 1) * d);
      const before = Math.sqrt(dot(row, row, 0));
      for (let pass = 0; pass < 2; pass++) {
        for (let k = 0; k <= step; k++) {
          const along = dot(row, basis[k], i * d);
          matrices[i * m * m + k * m + step] += along;
          for (let c = 0; c < d; c++) row[c] -= along * basis[k][i * d + c];
        }
      }
      const left = Math.sqrt(dot(row, row, 0));
      // Differences of float32 are right to so much: what is left below it is no new direction.
      if (left <= 1e-5 * before) {
        sizes[i] = step + 1;
        continue;
      }
      if (step + 1 < m) matrices[i * m * m + (step + 1) * m + step] = left;
      for (let c = 0; c < d; c++) next[i * d + c] = row[c] / left;
    }
  }
  return { matrices, sizes, m };
}

function dot(row: Float64Array, other: ArrayLike<number>, from: number): number {
  let sum = 0;
  for (let c = 0; c < row.length; c++) sum += row[c] * other[from + c];
  return sum;
}

function normalised(data: ArrayLike<number>, n: number, d: number): Float32Array {
  const out = new Float32Array(n * d);
  for (let i = 0; i < n; i++) {
    let square = 0;
    for (let at = i * d; at < (i + 1) * d; at++) square += data[at] ** 2;
    for (let at = i * d; at < (i + 1) * d; at++) out[at] = data[at] / Math.sqrt(square);
  }
  return out;
}
