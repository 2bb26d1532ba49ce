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
  const reference = await alignmentReference(b, { ...options, onProgress: undefined }, 'b');
  return alignmentWith(a, reference, options);
}

/** A cloud that others are compared with, and what of the comparison is of it alone. */
export interface AlignmentReference {
  readonly cloud: Matrix;
  readonly product: number;
  readonly debiased: boolean;
}

/** Prepares one side of {@link centredKernelAlignment}, for comparison with several clouds. Throws what that throws. */
export async function alignmentReference(
  points: NdArray,
  options: CallOptions & { debiased?: boolean },
  name = 'points',
): Promise<AlignmentReference> {
  const { debiased = false } = options;
  const converted = toDtype(points, options.dtype);
  const kernels = await kernelsFor(options, dtypeOf(converted));
  checkFinite(kernels, converted, name);
  const cloud = unitCloud(converted, name);
  return { cloud, product: await dependence(kernels, debiased)(cloud, cloud, options), debiased };
}

/** {@link centredKernelAlignment} with a side that is prepared, of as many rows and the same dtype. */
export async function alignmentWith(
  points: NdArray,
  { cloud, product, debiased }: AlignmentReference,
  options: CallOptions,
): Promise<number> {
  const converted = toDtype(points, options.dtype);
  const kernels = await kernelsFor(options, dtypeOf(converted));
  checkFinite(kernels, converted, 'a');
  const own = unitCloud(converted, 'a');
  const of = dependence(kernels, debiased);
  const both = await of(own, cloud, partOf(options, 0, 0.5));
  const left = await of(own, own, partOf(options, 0.5, 1));
  return both / Math.sqrt(left * product);
}

/** The cloud centred, at a mean squared length of 1, so that squares of squares neither overflow nor vanish. */
function unitCloud(points: NdArray, name: string): Matrix {
  const [rows, columns] = points.shape;
  const data = centredRows(points, meanOf(points));
  let largest = 0;
  for (let at = 0; at < data.length; at++) largest = Math.max(largest, Math.abs(data[at]));
  if (!(largest > 0))
    throw new RidgeflowError('DEGENERATE_CLOUD', `Expected points that differ in ${name} but all coincide`);
  let squares = 0;
  for (let at = 0; at < data.length; at++) squares += (data[at] / largest) ** 2;
  const scale = largest * Math.sqrt(squares / rows);
  for (let at = 0; at < data.length; at++) data[at] /= scale;
  return { data, rows, columns };
}

/** The Hilbert–Schmidt independence criterion of linear kernels, up to a factor: ‖XᵀY‖², debiased where asked. */
function dependence(kernels: Kernels, debiased: boolean) {
  return async (x: Matrix, y: Matrix, options: CallOptions): Promise<number> => {
    const products = await kernels.matmul({ a: x, b: y, transposeA: true }, options);
    let sum = 0;
    for (let at = 0; at < products.length; at++) sum += products[at] ** 2;
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
