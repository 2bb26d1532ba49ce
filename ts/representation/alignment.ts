import { type FloatData, checkPoints, checkSameDtype } from '../core/array.js';
import { RidgeflowError } from '../core/errors.js';
import type { NdArrayLike } from '../core/foreign.js';
import type { CallOptions } from '../core/options.js';
import type { Kernels, Matrix } from '../kernel/contract.js';
import { totalsOf } from '../kernel/whole.js';
import { type CloudMoments, cloudMoments, unitRows } from './moments.js';
import { isFloat64Array } from '../core/realm.js';
import { checkCall } from '../core/call.js';
import { SIGNATURES } from './signatures.js';

/**
 * Linear centred kernel alignment of two representations of the same points: ‖XᵀY‖²/(‖XᵀX‖·‖YᵀY‖) of the centred
 * clouds in Frobenius norms, 0 to 1; 1 where they agree up to rotation, shift and scale (S. Kornblith, M. Norouzi,
 * H. Lee, G. Hinton, ICML 2019).
 *
 * @param a n × d₁. @param b n × d₂, the same points in the same order.
 * @param options with `debiased` the unbiased estimator of each product (L. Song et al., JMLR 13, 2012), which does not
 *   rise with d/n and may be slightly below 0, down to −1; it needs 4 points. Default: as it is.
 * @throws EMPTY_CLOUD, INVALID_SHAPE, INVALID_DTYPE, NON_FINITE, DEGENERATE_CLOUD where all points of one coincide, or with
 * `debiased` where its estimate of one with itself is 0 up to rounding, as of points that are all equally far from each other
 * or all coincide but one: the ratio is then 0/0. UNSUPPORTED, ABORTED. O(n(d₁ + d₂)²) time; O(n(d₁ + d₂) + (d₁ + d₂)²) memory.
 */
export async function centredKernelAlignment(
  a: NdArrayLike,
  b: NdArrayLike,
  options: CallOptions & { debiased?: boolean } = {},
): Promise<number> {
  ({ a, b } = checkCall(SIGNATURES.centredKernelAlignment, { a, b, options }));
  const { debiased = false } = options;
  const { n } = checkPoints(a, 'a', { minimum: 0 });
  const other = checkPoints(b, 'b', { minimum: 0 });
  checkSameDtype(a, 'a', b, 'b');
  if (other.n !== n) {
    throw new RidgeflowError(
      'INVALID_SHAPE',
      `Expected as many points in b as in a, ${n}, but received ${other.n}`,
      { details: { parameter: 'b' } },
    );
  }
  const minimum = debiased ? 4 : 2;
  const right = await cloudMoments(b, options, { name: 'b', minimum });
  const reference = await alignmentReference(right, options, debiased);
  return alignmentWith(await cloudMoments(a, options, { name: 'a', minimum }), reference, options);
}

/** A cloud that others are compared with, and what of the comparison is of it alone. */
export interface AlignmentReference {
  /** At a mean squared length of 1. */
  readonly rows: Matrix;
  /** Squared lengths of the rows, where the comparison is debiased. */
  readonly squares: Float64Array | undefined;
  readonly product: number;
}

/** Prepares one side of {@link centredKernelAlignment}, for comparison with several clouds. */
export async function alignmentReference(
  moments: CloudMoments,
  options: CallOptions,
  debiased: boolean,
): Promise<AlignmentReference> {
  const rows = await unitRows(moments, options);
  const squares = debiased ? squaredLengths(moments.kernels, rows) : undefined;
  return { rows, squares, product: await ownProduct(moments, squares) };
}

/**
 * {@link centredKernelAlignment} with a side that is prepared, of as many rows and the same dtype: debiased where that is.
 * O(nd₁d₂) time, O(nd₁ + d₁d₂) memory.
 */
export async function alignmentWith(
  moments: CloudMoments,
  reference: AlignmentReference,
  options: CallOptions,
): Promise<number> {
  const { kernels } = moments;
  const rows = await unitRows(moments, options);
  const sum = sumOfSquares(
    await crossProducts(kernels, rows, reference.rows, options),
    reference.rows.columns,
  );
  if (!reference.squares)
    return Math.min(1, sum / Math.sqrt((await ownProduct(moments, undefined)) * reference.product));
  const squares = squaredLengths(kernels, rows);
  const own = await ownProduct(moments, squares);
  // An inner product over the root of both squared norms, which rounding may carry past 1.
  const { value: crossed } = await debias(kernels, sum, squares, reference.squares);
  const value = crossed / Math.sqrt(own * reference.product);
  return Math.max(-1, Math.min(1, value));
}

/** XᵀY of the rows of all ranks, in float64 where they are spread over some. */
async function crossProducts(kernels: Kernels, a: Matrix, b: Matrix, run: CallOptions): Promise<FloatData> {
  const own = a.rows > 0 && (await kernels.matmul({ a, b, transposeA: true }, run));
  if (own && kernels.ranks.size === 1) return own;
  return kernels.sumOverRanks(own || new Float64Array(a.columns * b.columns));
}

/**
 * The Hilbert–Schmidt independence criterion of a cloud with itself, up to a factor: ‖XᵀX‖² of its rows at unit length.
 * Debiased, it is the squared norm of the U-centred kernel matrix (G. J. Székely, M. L. Rizzo, Ann. Statist. 42, 2014), at
 * least 0, by sums that cancel.
 *
 * @throws DEGENERATE_CLOUD where nothing but their rounding is left.
 */
async function ownProduct(moments: CloudMoments, squares: Float64Array | undefined): Promise<number> {
  const { name, kernels, cloud, n, matrix, size, variance } = moments;
  const sum = sumOfSquares(matrix, size, 1 / variance) * n ** 2;
  if (!squares) return sum;
  const { value, scale } = await debias(kernels, sum, squares, squares);
  const unit = isFloat64Array(cloud.data) ? 2 ** -53 : 2 ** -24;
  // Products in the dtype round at random; the sums are in float64, of up to n terms after one another.
  const rounding = (8 + Math.sqrt(Math.max(n, cloud.columns))) * unit + n * 2 ** -53;
  if (value > 4 * rounding * scale) return value;
  throw new RidgeflowError(
    'DEGENERATE_CLOUD',
    `Expected points whose distances tell them apart in ${name} but they are equally far from each other, or coincide but one, up to rounding: leave \`debiased\` out`,
    { details: { parameter: name } },
  );
}

/** Of all entries times the factor, row by row, so that the rounding goes with their length and not their product. */
function sumOfSquares(matrix: FloatData, columns: number, factor = 1): number {
  let total = 0;
  for (let start = 0; start < matrix.length; start += columns) {
    let sum = 0;
    for (let at = start; at < start + columns; at++) sum += (matrix[at] * factor) ** 2;
    total += sum;
  }
  return total;
}

function squaredLengths(kernels: Kernels, { data, rows, columns }: Matrix): Float64Array {
  const out = new Float64Array(rows);
  // A rank may have none.
  if (rows > 0) kernels.squaredRowLengths(data, columns, out);
  return out;
}

/**
 * The unbiased estimate from ‖XᵀY‖² and the squared lengths of the rows. The centred rows sum to zero, so that the sums over
 * the kernel matrices are sums over their diagonals. Its rounding goes with the size of its terms.
 */
async function debias(
  kernels: Kernels,
  sum: number,
  a: Float64Array,
  b: Float64Array,
): Promise<{ value: number; scale: number }> {
  const own = [0, 0, 0];
  for (let i = 0; i < a.length; i++) {
    own[0] += a[i] * b[i];
    own[1] += a[i];
    own[2] += b[i];
  }
  const [crossed, totalA, totalB, n] = await totalsOf(kernels, ...own, a.length);
  const product = (totalA * totalB) / ((n - 1) * (n - 2));
  const doubled = (2 * crossed) / (n - 2);
  return { value: sum - crossed + product - doubled, scale: sum + crossed + product + doubled };
}
