import { type NdArray, checkPoints, checkSameDtype, dtypeOf } from '../../core/array.js';
import type { NdArrayLike } from '../../core/foreign.js';
import { type CallOptions, checkPositive, partOf } from '../../core/options.js';
import { kernelsFor } from '../../kernel/backend.js';
import { asMatrix, checkSquarable } from '../../kernel/checks.js';
import { checkCall } from '../../core/call.js';
import { SIGNATURES } from '../signatures.js';

/** Options of {@link maximumMeanDiscrepancy}. */
export interface MaximumMeanDiscrepancyOptions extends CallOptions {
  /** Variance h of the Gaussian kernel, above 0. */
  variance: number;
}

/**
 * The maximum mean discrepancy between the empirical measures of two clouds in the kernel k(x, y) = exp(−|x − y|²/2h):
 * MMD² = mean k(a, a′) + mean k(b, b′) − 2 mean k(a, b) over all pairs, a point with itself too. From 0 for equal measures
 * to √2. In float32 the square is good to about 1e-7.
 *
 * @param a n × d. @param b m × d, of the same dtype.
 * @throws INVALID_ARGUMENT, INVALID_SHAPE, INVALID_DTYPE, EMPTY_CLOUD, NON_FINITE, UNSUPPORTED (float64 on tfjs), ABORTED.
 *
 * O((n + m)²d) time, linear memory. Source: A. Gretton et al., A kernel two-sample test, J. Mach. Learn. Res. 13 (2012),
 * 723–773.
 */
export async function maximumMeanDiscrepancy(
  a: NdArrayLike,
  b: NdArrayLike,
  options: MaximumMeanDiscrepancyOptions,
): Promise<number> {
  ({ a, b } = checkCall(SIGNATURES.maximumMeanDiscrepancy, { a, b, options }));
  const { d } = checkPoints(a, 'a');
  checkPoints(b, 'b', { dimension: d });
  checkSameDtype(a, 'a', b, 'b');
  const variance = checkPositive(options?.variance, 'variance');
  const kernels = await kernelsFor(options, dtypeOf(a));
  checkSquarable(kernels, a, 'a');
  checkSquarable(kernels, b, 'b');
  const offset = (d / 2) * Math.log(2 * Math.PI * variance);
  const meanKernel = async (x: NdArray, y: NdArray, part: number) => {
    const problem = { queries: asMatrix(x), centres: asMatrix(y), variance, want: { logDensity: true } };
    const { logDensity } = await kernels.score(problem, partOf(options, part / 3, (part + 1) / 3));
    let sum = 0;
    for (const value of logDensity!) sum += Math.exp(value + offset);
    return sum / logDensity!.length;
  };
  const square = (await meanKernel(a, a, 0)) + (await meanKernel(b, b, 1)) - 2 * (await meanKernel(a, b, 2));
  return Math.sqrt(Math.max(0, square));
}
