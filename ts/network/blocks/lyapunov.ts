import { checkPoints } from '../../core/array.js';
import { checkCall } from '../../core/call.js';
import { invalidArgument } from '../../core/errors.js';
import type { NdArrayLike } from '../../core/foreign.js';
import { type CallOptions, checkInteger } from '../../core/options.js';
import { Pace } from '../../core/pace.js';
import { RandomStream } from '../../core/random.js';
import { SIGNATURES } from '../signatures.js';
import type { BlockMap } from './block-map.js';
import { gathered } from './local-geometry.js';

/** What {@link lyapunovExponents} finds. */
export interface LyapunovExponents {
  /** After every block, the mean over the points of the exponents so far per block, the largest first once the frame has turned: blocks × count. */
  readonly exponents: readonly (readonly number[])[];
  /** Their standard errors over the points. */
  readonly standardErrors: readonly (readonly number[])[];
  readonly points: number;
}

/** What is left of a direction below this part of its length is rounding. */
const LOST = 1e-6;

/**
 * Finite-time Lyapunov exponents of a stream: the mean rates, per block, at which small displacements of the input grow along
 * the `count` directions that grow most. A random frame is carried through the Jacobians of the blocks and made orthonormal
 * after each (G. Benettin et al., Meccanica 15, 1980): above 0 the stream pulls points apart, below 0 together. Over few
 * blocks the frame has not turned to the fastest directions yet, and exponents are those of random ones.
 *
 * @param blocks one after the other, all of one dimension. @param x n × d, points that enter the first.
 * @param options `count` (default 4, at most d); `points` that are drawn (default 32).
 * @throws INVALID_ARGUMENT, EMPTY_CLOUD, INVALID_SHAPE, ABORTED, and as the blocks. `count` products with the Jacobian a
 * block and point. −Infinity where a block flattens the frame.
 */
export async function lyapunovExponents(
  blocks: readonly BlockMap[],
  x: NdArrayLike,
  options: CallOptions & { count?: number; points?: number } = {},
): Promise<LyapunovExponents> {
  ({ x } = checkCall(SIGNATURES.lyapunovExponents, { blocks, x, options }));
  if (!(blocks?.length > 0)) throw invalidArgument('blocks', 'at least one block', blocks);
  const { n: all, d } = checkPoints(x, 'x', { dimension: blocks[0].dimension });
  const count = Math.min(d, checkInteger(options.count ?? 4, 'count', 1));
  const most = checkInteger(options.points ?? 32, 'points', 1);
  const { seed, signal, backend, dtype } = options;
  const call = { seed, signal, backend, dtype };
  const rows = new RandomStream(seed, 'subsample').choose(all, Math.min(all, most));
  let at = gathered(x, rows);
  const n = rows.length;
  const frame = Array.from({ length: count }, (_, k) => {
    const vectors = new Float64Array(n * d);
    new RandomStream(seed, 'directions', k).fillNormal(vectors);
    return vectors;
  });
  orthonormalise(frame, n, d);
  const sums = Array.from({ length: count }, () => new Float64Array(n));
  const exponents: number[][] = [];
  const standardErrors: number[][] = [];
  const pace = new Pace(options, blocks.length);
  for (const [b, block] of blocks.entries()) {
    for (const [k, vectors] of frame.entries()) {
      const image = await block.jacobianVector(at, { data: vectors, shape: at.shape }, call);
      frame[k] = Float64Array.from(image.data);
    }
    const lengths = orthonormalise(frame, n, d);
    sums.forEach((sum, k) => sum.forEach((_, i) => (sum[i] += Math.log(lengths[k][i]))));
    const rates = sums.map((sum) => sum.map((value) => value / (b + 1)));
    const means = rates.map((rate) => rate.reduce((total, value) => total + value / n, 0));
    exponents.push(means);
    standardErrors.push(
      rates.map((rate, k) => {
        const squares = rate.reduce((total, value) => total + (value - means[k]) ** 2, 0);
        return Math.sqrt(squares / Math.max(1, n - 1) / n);
      }),
    );
    at = await block.evaluate(at, call);
    await pace.tick(1);
  }
  return { exponents, standardErrors, points: n };
}

/** Gram's and Schmidt's method at every point, twice; returns the lengths that were left of each vector. */
function orthonormalise(frame: readonly Float64Array[], n: number, d: number): Float64Array[] {
  const lengths = frame.map(() => new Float64Array(n));
  for (let i = 0; i < n; i++) {
    const rows = frame.map((vectors) => vectors.subarray(i * d, (i + 1) * d));
    rows.forEach((row, k) => {
      const whole = norm(row);
      for (let pass = 0; pass < 2; pass++) {
        for (const other of rows.slice(0, k)) {
          let along = 0;
          for (let c = 0; c < d; c++) along += row[c] * other[c];
          for (let c = 0; c < d; c++) row[c] -= along * other[c];
        }
      }
      const left = norm(row);
      const kept = left > LOST * whole;
      lengths[k][i] = kept ? left : 0;
      for (let c = 0; c < d; c++) row[c] = kept ? row[c] / left : 0;
    });
  }
  return lengths;
}

function norm(row: Float64Array): number {
  let square = 0;
  for (const value of row) square += value * value;
  return Math.sqrt(square);
}
