import { type NdArray, checkPoints, dtypeOf } from '../core/array.js';
import { RidgeflowError, invalidArgument } from '../core/errors.js';
import { type NdArrayLike, toOwn } from '../core/foreign.js';
import { type CallOptions, checkInteger } from '../core/options.js';
import { RandomStream } from '../core/random.js';
import { takeRows } from '../core/rows.js';
import { kernelsFor } from '../kernel/backend.js';
import { checkFinite } from '../kernel/checks.js';
import type { Measure } from '../measure/measure.js';

/** What a network is to be fitted to: values at points, a function under a measure, or the score of a measure. */
export type NetworkTarget<A extends NdArrayLike = NdArray> =
  | { points: A; values: A }
  | {
      measure: Measure;
      /** n × d ↦ n × k. Default: the score of the measure. */
      values?: (points: NdArray) => NdArray | Promise<NdArray>;
      /** Points of the measure to fit on. Default 4096. */
      samples?: number;
    };

/** How values and rows are split into those to fit and those to test on. */
export interface SplitOptions extends CallOptions {
  /** Part of the points that is held out, 0 to 0.9, or points and values of their own. Default 0.2. */
  heldOut?: number | { points: NdArrayLike; values: NdArrayLike };
}

/** A target as points and values, part of them held out. */
export interface Split {
  training: { points: NdArray; values: NdArray };
  heldOut?: { points: NdArray; values: NdArray };
}

/** The target's points and values, with those to hold out apart. */
export async function splitTarget(target: NetworkTarget, options: SplitOptions): Promise<Split> {
  const { heldOut = 0.2 } = options;
  const fraction = typeof heldOut === 'number' ? heldOut : 0;
  if (!(fraction >= 0 && fraction <= 0.9))
    throw invalidArgument('heldOut', 'a number from 0 to 0.9', heldOut);
  const all = 'measure' in target ? await sampled(target, options) : target;
  await checkPairs(all, '', options);
  const n = all.points.shape[0];
  if (typeof heldOut !== 'number') {
    const own = {
      points: toOwn(heldOut.points, 'heldOut.points', dtypeOf(all.points)),
      values: toOwn(heldOut.values, 'heldOut.values', dtypeOf(all.values)),
    };
    await checkPairs(own, 'heldOut.', options, all);
    return { training: all, heldOut: own };
  }
  const count = Math.round(fraction * n);
  if (n - count < 2) {
    throw new RidgeflowError('EMPTY_CLOUD', `Expected at least 2 points to fit but received ${n - count}`, {
      details: { points: n, heldOut: count },
    });
  }
  if (count === 0) return { training: all };
  const order = new RandomStream(options.seed, 'shuffle').choose(n, n);
  return { training: rowsAt(all, order.subarray(count)), heldOut: rowsAt(all, order.subarray(0, count)) };
}

async function sampled(
  { measure, values, samples = 4096 }: Extract<NetworkTarget, { measure: Measure }>,
  options: CallOptions,
): Promise<{ points: NdArray; values: NdArray }> {
  checkInteger(samples, 'samples', 2);
  const { seed, backend, signal, dtype } = options;
  const call = { seed, backend, signal, dtype };
  const points = await measure.sample(samples, call);
  if (values) return { points, values: await values(points) };
  const { score } = await measure.evaluate(points, { score: true }, call);
  if (!score) throw new RidgeflowError('UNSUPPORTED', 'The measure gives no score');
  return { points, values: score };
}

async function checkPairs(
  { points, values }: { points: NdArray; values: NdArray },
  prefix: string,
  options: CallOptions,
  like?: { points: NdArray; values: NdArray },
): Promise<void> {
  const { n } = checkPoints(points, `${prefix}points`, { dimension: like?.points.shape[1] });
  checkPoints(values, `${prefix}values`, { dimension: like?.values.shape[1] });
  if (values.shape[0] !== n) {
    throw new RidgeflowError(
      'INVALID_SHAPE',
      `Expected ${n} rows, one for each point, for ${prefix}values but received ${values.shape[0]}`,
      { details: { parameter: `${prefix}values` } },
    );
  }
  const kernels = await kernelsFor(options);
  checkFinite(kernels, points, `${prefix}points`);
  checkFinite(kernels, values, `${prefix}values`);
}

/** The points and values with these numbers. */
export function rowsAt(
  { points, values }: { points: NdArray; values: NdArray },
  rows: Int32Array,
): { points: NdArray; values: NdArray } {
  return { points: takeRows(points, rows), values: takeRows(values, rows) };
}
