import { type FloatData, type NdArray, allocate } from '../core/array.js';
import { type CallOptions, checkInteger, partOf } from '../core/options.js';
import { asMatrix } from '../kernel/checks.js';
import type { Kernels } from '../kernel/contract.js';
import { blockCount, blockOf, errorOverBlocks, shuffledRows } from './blocks.js';
import type { SampleEstimate } from './estimate.js';
import { openPair } from './samples.js';
import { digammaInteger } from './special.js';

/** Options of {@link mutualInformation}. */
export interface MutualInformationOptions extends CallOptions {
  /** Which neighbour's distance is used, 1 to n − 1. Default 3, or n − 1 where that is smaller. */
  k?: number;
}

/**
 * Mutual information I(X; Y) = H(X) + H(Y) − H(X, Y) in nats from joint samples, by the first estimator of Kraskov,
 * Stögbauer and Grassberger: with ρ_i the distance of (x_i, y_i) to its k-th neighbour in the maximum norm and n_x, n_y the
 * numbers of points nearer than that in x alone and in y alone, Î = ψ(k) + ψ(n) − mean[ψ(n_x + 1) + ψ(n_y + 1)].
 *
 * Where more than k points coincide, ρ_i = 0, as with discrete variables, point i contributes
 * ψ(k̃) + log n − log(n_x + 1) − log(n_y + 1) with the numbers of points that coincide with it, as Gao and others do: x or y
 * or both may be discrete, or mixtures. No noise is added.
 *
 * @param x n × d_x. @param y n × d_y, of the same dtype: row i of both is one observation. Coordinates are compared with each
 *   other within x and within y: bring them to a common scale if they have different units.
 * @returns nats. The estimate of a small information may be negative. The standard error is that of up to 32 disjoint blocks of
 *   at least max(16, 8k) observations, by the option `seed`; NaN where two such blocks do not fit.
 * @throws INVALID_SHAPE for different numbers of rows; EMPTY_CLOUD for fewer than 2, NON_FINITE, INVALID_ARGUMENT,
 *   INVALID_DTYPE, UNSUPPORTED, OUT_OF_MEMORY, ABORTED.
 *
 * Too low where the dependence is so strong, or d so large, that it changes within the distance to a neighbour. About
 * O(n log n) time for small d, O(n²d) for large; O(nd) memory. Source: A. Kraskov, H. Stögbauer, P. Grassberger, Phys. Rev.
 * E 69, 066138 (2004); W. Gao, S. Kannan, S. Oh, P. Viswanath, NIPS 2017; errors: C. M. Holmes, I. Nemenman, Phys. Rev. E
 * 100, 022404 (2019).
 */
export async function mutualInformation(
  x: NdArray,
  y: NdArray,
  options: MutualInformationOptions = {},
): Promise<SampleEstimate> {
  const [first, second] = await openPair([x, 'x'], [y, 'y'], 2, options, { paired: true });
  const { n, kernels } = first;
  const k = checkInteger(options.k ?? Math.min(3, n - 1), 'k', 1, n - 1);
  const value = await informationOf(kernels, first.points, second.points, k, partOf(options, 0, 0.9));
  const count = blockCount([n], Math.max(16, 8 * k));
  const order = shuffledRows(n, options.seed);
  const standardError = await errorOverBlocks(count, (block) => {
    const [a, b] = [first, second].map(({ points }) => blockOf(points, order, block, count));
    return informationOf(kernels, a, b, k, { signal: options.signal });
  });
  options.onProgress?.(1);
  return { value, standardError };
}

async function informationOf(
  kernels: Kernels,
  x: NdArray,
  y: NdArray,
  k: number,
  options: CallOptions,
): Promise<number> {
  const [n] = x.shape;
  const both = asMatrix(sideBySide(x, y));
  const run = (from: number, to: number) => {
    const { signal, onProgress } = partOf(options, from, to);
    return { signal, onProgress };
  };
  const joint = { queries: both, points: both, norm: 'maximum', excludeSelf: true } as const;
  const { distances } = await kernels.nearestNeighbours({ ...joint, k }, run(0, 0.6));
  const radii = distances.filter((_, at) => at % k === k - 1);
  const tied = radii.includes(0);
  const coincident = tied
    ? await kernels.countWithin({ ...joint, radii: noRadii(radii) }, run(0.6, 0.7))
    : undefined;
  const within = async (part: NdArray, from: number, to: number) => {
    const points = asMatrix(part);
    const problem = { queries: points, points, norm: 'maximum', excludeSelf: true } as const;
    const middle = tied ? (from + to) / 2 : to;
    return {
      nearer: await kernels.countWithin({ ...problem, radii, strict: true }, run(from, middle)),
      equal: tied
        ? await kernels.countWithin({ ...problem, radii: noRadii(radii) }, run(middle, to))
        : undefined,
    };
  };
  const [inX, inY] = [await within(x, 0.7, 0.85), await within(y, 0.85, 1)];
  let sum = 0;
  for (let i = 0; i < n; i++) {
    sum +=
      radii[i] > 0
        ? digammaInteger(k) +
          digammaInteger(n) -
          digammaInteger(inX.nearer[i] + 1) -
          digammaInteger(inY.nearer[i] + 1)
        : digammaInteger(coincident![i]) + Math.log(n / ((inX.equal![i] + 1) * (inY.equal![i] + 1)));
  }
  return sum / n;
}

function noRadii(radii: FloatData): FloatData {
  return allocate(radii instanceof Float64Array ? 'float64' : 'float32', radii.length);
}

/** n × (d_x + d_y). */
function sideBySide(x: NdArray, y: NdArray): NdArray {
  const [n, a] = x.shape;
  const b = y.shape[1];
  const data = allocate(x.data instanceof Float64Array ? 'float64' : 'float32', n * (a + b), 'joint points');
  for (let i = 0; i < n; i++) {
    data.set(x.data.subarray(i * a, (i + 1) * a), i * (a + b));
    data.set(y.data.subarray(i * b, (i + 1) * b), i * (a + b) + a);
  }
  return { data, shape: [n, a + b] };
}
