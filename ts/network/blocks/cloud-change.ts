import { type FloatData, type NdArray, dtypeOf } from '../../core/array.js';
import { type CallOptions, partOf } from '../../core/options.js';
import { RandomStream } from '../../core/random.js';
import { type SampleEstimate, meanWithError } from '../../entropy/estimate.js';
import { nearestNeighbours } from '../../entropy/index.js';
import { displacementOf } from '../analysis/steps.js';
import { exactTransport } from '../../transport/index.js';
import { gathered } from './local-geometry.js';

/** What a block does to the cloud as a whole. */
export interface CloudChange {
  /** Mean squared distance moved. */
  readonly action: number;
  /** Root of it over the root mean squared distance from the mean before; null where the points coincide. */
  readonly relativeDisplacement: number | null;
  /**
   * Change of the nearest-neighbour entropy, in nats, with the standard error of the paired log-distances; null where points
   * coincide before or after.
   */
  readonly entropyChange: SampleEstimate | null;
  /** W₂² between the clouds before and after over the action: 1 where no cheaper way leads to the same cloud. Null without action. */
  readonly optimality: number | null;
  /** Points that W₂ was found of, exactly. */
  readonly transported: number;
}

/** Which neighbour's distance the entropy is estimated from. */
const NEIGHBOUR = 3;
/** The clouds of the exact plan: of more a random part. */
const TRANSPORTED = 1000;

/**
 * Compares the same points before and after a block. Entropies are Kozachenko's and Leonenko's, whose errors are mostly the
 * same before and after: the standard error is that of the difference. Exact transport of up to 1000 points, drawn by the
 * seed: in high dimension few points are far from each other, and their plan is easily optimal.
 *
 * @param before n × d, n ≥ 2. @param after n × d. Throws NON_FINITE, OUT_OF_MEMORY, ABORTED. O(n²d) time.
 */
export async function cloudChange(
  before: NdArray,
  after: NdArray,
  options: CallOptions,
): Promise<CloudChange> {
  const [n, d] = before.shape;
  const { meanSquare } = displacementOf(before, after);
  const k = Math.min(NEIGHBOUR, n - 1);
  const quiet = { ...partOf(options, 0, 1), onProgress: undefined };
  const near: FloatData[] = [];
  for (const cloud of [before, after])
    near.push((await nearestNeighbours(cloud, undefined, { ...quiet, k })).distances.data);
  const change = meanWithError(n, (i) => {
    const at = i * k + k - 1;
    return d * (Math.log(near[1][at]) - Math.log(near[0][at]));
  });
  const rows = new RandomStream(options.seed, 'subsample').choose(n, Math.min(n, TRANSPORTED));
  const [from, to] = [before, after].map((cloud) => gathered(sameType(cloud, before), rows));
  const moved = displacementOf(from, to).meanSquare;
  const plan = moved > 0 ? await exactTransport(from, to, quiet) : undefined;
  const spread = spreadOf(before);
  return {
    action: meanSquare,
    relativeDisplacement: spread > 0 ? Math.sqrt(meanSquare) / spread : null,
    entropyChange: Number.isFinite(change.value) ? change : null,
    optimality: plan ? Math.min(1, plan.value ** 2 / moved) : null,
    transported: rows.length,
  };
}

function sameType(cloud: NdArray, other: NdArray): NdArray {
  if (dtypeOf(cloud) === dtypeOf(other)) return cloud;
  return { data: new (other.data.constructor as Float32ArrayConstructor)(cloud.data), shape: cloud.shape };
}

/** Root mean squared distance from the mean: 0 where all points coincide, without rounding. */
export function spreadOf({ data, shape: [n, d] }: NdArray): number {
  let total = 0;
  for (let c = 0; c < d; c++) {
    let mean = 0;
    for (let i = 0; i < n; i++) mean += (data[i * d + c] - data[c]) / n;
    for (let i = 0; i < n; i++) total += (data[i * d + c] - data[c] - mean) ** 2 / n;
  }
  return Math.sqrt(total);
}
