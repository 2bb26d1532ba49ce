import { type NdArray, checkPoints, checkSameDtype, dtypeOf, toDtype } from '../core/array.js';
import { RidgeflowError } from '../core/errors.js';
import { type CallOptions, partOf } from '../core/options.js';
import { kernelsFor } from '../kernel/backend.js';
import type { Kernels, Matrix } from '../kernel/contract.js';
import { checkFinite } from '../kernel/checks.js';
import { centredRows, meanOf } from './centred.js';

/**
 * Linear centred kernel alignment of two representations of the same points: ‖XᵀY‖²/(‖XᵀX‖·‖YᵀY‖) of the centred
 * clouds in Frobenius norms, 0 to 1; 1 where they agree up to rotation, shift and scale (S. Kornblith, M. Norouzi,
 * H. Lee, G. Hinton, ICML 2019).
 *
 * @param a n × d₁. @param b n × d₂, the same points in the same order.
 * @param options with `debiased` the unbiased estimator of each product (L. Song et al., JMLR 13, 2012), which does not
 *   rise with d/n and may be slightly below 0; it needs 4 points. Default: as it is.
 * @throws EMPTY_CLOUD, INVALID_SHAPE, INVALID_DTYPE, NON_FINITE, DEGENERATE_CLOUD where all points of one coincide,
 * UNSUPPORTED, ABORTED. O(n(d₁ + d₂)²) time; O(n(d₁ + d₂) + (d₁ + d₂)²) memory.
 */
export async function centredKernelAlignment(
  a: NdArray,
  b: NdArray,
  options: CallOptions & { debiased?: boolean } = {},
): Promise<number> {
  const { debiased = false } = options;
  const { n } = checkPoints(a, 'a', { minimum: debiased ? 4 : 2 });
  const other = checkPoints(b, 'b');
  checkSameDtype(a, 'a', b, 'b');
  if (other.n !== n) {
    throw new RidgeflowError(
      'INVALID_SHAPE',
      `Expected as many points in b as in a, ${n}, but received ${other.n}`,
      { details: { parameter: 'b' } },
    );
  }
  const [x, y] = [toDtype(a, options.dtype), toDtype(b, options.dtype)];
  const kernels = await kernelsFor(options, dtypeOf(x));
  checkFinite(kernels, x, 'a');
  checkFinite(kernels, y, 'b');
  const [first, second] = [unitCloud(x, 'a'), unitCloud(y, 'b')];
  const product = dependence(kernels, debiased);
  const both = await product(first, second, partOf(options, 0, 0.4));
  const left = await product(first, first, partOf(options, 0.4, 0.7));
  const right = await product(second, second, partOf(options, 0.7, 1));
  return both / Math.sqrt(left * right);
}

/** The cloud centred, at a mean squared length of 1, so that squares of squares neither overflow nor vanish. */
function unitCloud(points: NdArray, name: string): Matrix {
  const [rows, columns] = points.shape;
  const data = centredRows(points, meanOf(points));
  let largest = 0;
  for (const value of data) largest = Math.max(largest, Math.abs(value));
  if (!(largest > 0))
    throw new RidgeflowError('DEGENERATE_CLOUD', `Expected points that differ in ${name} but all coincide`);
  let squares = 0;
  for (const value of data) squares += (value / largest) ** 2;
  const scale = largest * Math.sqrt(squares / rows);
  for (let at = 0; at < data.length; at++) data[at] /= scale;
  return { data, rows, columns };
}

/** The Hilbert–Schmidt independence criterion of linear kernels, up to a factor: ‖XᵀY‖², debiased where asked. */
function dependence(kernels: Kernels, debiased: boolean) {
  return async (x: Matrix, y: Matrix, options: CallOptions): Promise<number> => {
    const products = await kernels.matmul({ a: x, b: y, transposeA: true }, options);
    let sum = 0;
    for (const value of products) sum += value ** 2;
    if (!debiased) return sum;
    // The centred rows sum to zero, so that the sums over the kernel matrices are sums over their diagonals.
    const n = x.rows;
    const [a, b] = [x, y].map(({ data, columns }) => {
      const squares = new Float64Array(n);
      kernels.squaredRowLengths(data, columns, squares);
      return squares;
    });
    let [crossed, totalA, totalB] = [0, 0, 0];
    for (let i = 0; i < n; i++) {
      crossed += a[i] * b[i];
      totalA += a[i];
      totalB += b[i];
    }
    return sum - crossed + (totalA * totalB) / ((n - 1) * (n - 2)) - (2 * crossed) / (n - 2);
  };
}
