import {
  type FloatData,
  type NdArray,
  checkPoints,
  checkSameDtype,
  dtypeOf,
  toDtype,
} from '../core/array.js';
import { RidgeflowError } from '../core/errors.js';
import { type CallOptions, checkInteger } from '../core/options.js';
import { Pace } from '../core/pace.js';
import { kernelsFor } from '../kernel/backend.js';
import { asMatrix, checkFinite } from '../kernel/checks.js';
import { uniformDirections } from './directions.js';

/** Directions projected at a time: bounds the memory at two blocks of 16 × n values. */
const BLOCK = 16;

/** Distance with the standard error that the choice of directions leaves in it. */
export interface SlicedDistance {
  value: number;
  standardError: number;
}

/**
 * Sliced Wasserstein distance of order 2 between two clouds of equal size: SW₂² is the mean over directions u of the
 * squared W₂ of the projections, and each of those the mean squared difference of sorted values. Always
 * √d · SW₂ ≤ W₂.
 *
 * @param options `directions`, default 256, uniform on the sphere by `seed`; in d = 1 the one direction there is, and
 *   the distance is W₂ exactly.
 * @throws INVALID_SHAPE for clouds of different size or dimension, EMPTY_CLOUD, NON_FINITE, INVALID_DTYPE,
 *   INVALID_ARGUMENT, UNSUPPORTED, OUT_OF_MEMORY, ABORTED.
 *
 * O(L n (d + log n)) time for L directions, O(n) memory. Source: N. Bonneel, J. Rabin, G. Peyré, H. Pfister, J. Math.
 * Imaging Vis. 51 (2015).
 */
export async function slicedWasserstein(
  a: NdArray,
  b: NdArray,
  options: CallOptions & { directions?: number } = {},
): Promise<SlicedDistance> {
  const { n, d } = checkPoints(a, 'a');
  const other = checkPoints(b, 'b', { dimension: d });
  checkSameDtype(a, 'a', b, 'b');
  if (other.n !== n) {
    throw new RidgeflowError(
      'INVALID_SHAPE',
      `Expected as many points in b as in a, ${n}, but received ${other.n}`,
    );
  }
  const asked = checkInteger(options.directions ?? 256, 'directions', 1);
  const [from, to] = [toDtype(a, options.dtype), toDtype(b, options.dtype)];
  const dtype = dtypeOf(from);
  const kernels = await kernelsFor(options, dtype);
  checkFinite(kernels, from, 'a');
  checkFinite(kernels, to, 'b');
  const count = d === 1 ? 1 : asked;
  const directions =
    d === 1
      ? { data: from.data.slice(0, 1).fill(1), shape: [1, 1] }
      : uniformDirections(count, d, options.seed, dtype);

  // Sorting is done here, on the main thread.
  const pace = new Pace(options, count);
  const squares: number[] = [];
  for (let first = 0; first < count; first += BLOCK) {
    const rows = Math.min(BLOCK, count - first);
    const block = { data: directions.data.subarray(first * d, (first + rows) * d), rows, columns: d };
    const project = (points: NdArray) =>
      kernels.matmul({ a: block, b: asMatrix(points), transposeB: true }, { signal: options.signal });
    const [left, right] = [await project(from), await project(to)];
    for (let r = 0; r < rows; r++) {
      const [u, v] = [left, right].map((values) => values.subarray(r * n, (r + 1) * n).sort());
      squares.push(meanSquaredDifference(u, v));
      await pace.tick(1);
    }
  }
  pace.finish();
  return rootOfMean(squares);
}

function meanSquaredDifference(a: FloatData, b: FloatData): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] - b[i]) ** 2;
  return sum / a.length;
}

/** √mean, and its standard error by the delta method. */
function rootOfMean(values: readonly number[]): SlicedDistance {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const value = Math.sqrt(mean);
  if (values.length < 2 || value === 0) return { value, standardError: 0 };
  const variance = values.reduce((sum, square) => sum + (square - mean) ** 2, 0) / (values.length - 1);
  return { value, standardError: Math.sqrt(variance / values.length) / (2 * value) };
}
