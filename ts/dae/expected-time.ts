import type { NdArray } from '../core/array.js';
import type { CallOptions } from '../core/options.js';
import { takeRows } from '../core/rows.js';
import { asMatrix } from '../kernel/checks.js';
import type { Kernels } from '../kernel/contract.js';
import type { Depth } from './depth-comparison.js';

/** How long a comparison of depths will take, from a measured sample of one evaluation. */
export interface ExpectedTime {
  /** At most about so long: kernels that narrow on the way take less, and measurements are not counted. */
  seconds: number;
  /** Evaluations of the score of the whole cloud; those of a continuous run are a guess. */
  evaluations: number;
}

/** Points that the sample evaluates the score at. */
const SAMPLE = 256;
/** Operations of one evaluation, n²d, below which it is not worth a word. */
const LONG = 2 ** 34;
/** Highest dimension in which evaluations do not take all pairs, so that a sample says nothing of the whole. */
const SHORTCUTS = 16;
/** What the integrator needs for T = 0.4 s, more or less. */
const CONTINUOUS_EVALUATIONS = 25;

/** How often a run of this depth evaluates the score of the whole cloud; of a continuous one a guess. */
export function evaluationsOf(depth: Depth): number {
  return depth === 'continuous' ? CONTINUOUS_EVALUATIONS : depth;
}

/** Times the score at some points of a large cloud; undefined for clouds that take no time, or less than all pairs. */
export async function expectedTime(
  kernels: Kernels,
  cloud: NdArray,
  depths: readonly Depth[],
  variance: number,
  { signal }: CallOptions,
): Promise<ExpectedTime | undefined> {
  const [n, d] = cloud.shape;
  if (d <= SHORTCUTS || n * n * d < LONG) return undefined;
  const rows = Array.from({ length: SAMPLE }, (_, i) => Math.floor(((i + 0.5) * n) / SAMPLE));
  const queries = asMatrix(takeRows(cloud, rows));
  const centres = asMatrix(cloud);
  const begin = performance.now();
  await kernels.score({ queries, centres, variance, want: { mean: true, divergence: true } }, { signal });
  const evaluation = ((performance.now() - begin) / 1000) * (n / SAMPLE);
  const evaluations = depths.reduce<number>((sum, depth) => sum + evaluationsOf(depth), 0);
  if (evaluations === 0) return undefined;
  return { seconds: evaluation * evaluations, evaluations };
}
