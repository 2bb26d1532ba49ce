import { type DType, type NdArray, allocate } from '../core/array.js';
import { type CallOptions, checkInteger } from '../core/options.js';
import { Pace } from '../core/pace.js';
import { RandomStream } from '../core/random.js';
import { kernelsFor } from '../kernel/backend.js';
import type { Kernels, RunControl } from '../kernel/contract.js';
import type { Covariance } from './covariance.js';
import type { WeightedCloud } from './weighted-cloud.js';

/** Values that are made at a time: enough that kernels run in parallel, little enough for the event loop. */
const BLOCK_VALUES = 1 << 16;

/**
 * n independent draws: a point of the cloud by its weight, plus Gaussian noise of its covariance where there is one.
 * Row i depends on the seed and i alone, to the same bits on every backend. Computed in float64. O(n(d + log m)) time,
 * O(nd²) with a full covariance.
 */
export async function samplePoints(
  cloud: WeightedCloud,
  covarianceOf: ((row: number) => Covariance) | undefined,
  n: number,
  dtype: DType,
  options: CallOptions,
): Promise<NdArray> {
  checkInteger(n, 'n', 1);
  const d = cloud.dimension;
  const data = allocate(dtype, n * d, 'a sample');
  const kernels = await kernelsFor(options);
  const run = { signal: options.signal };
  const components = new RandomStream(options.seed, 'component');
  const stream = new RandomStream(options.seed, 'sample');
  const pace = new Pace(options, n);
  const height = Math.min(n, Math.max(1, Math.floor(BLOCK_VALUES / d)));
  const noise = new Float64Array(height * d);
  for (let start = 0; start < n; start += height) {
    const count = Math.min(height, n - start);
    const rows = noise.subarray(0, count * d);
    const centres = Int32Array.from({ length: count }, (_, i) =>
      cloud.size === 1 ? 0 : cloud.pick(components.uniform(start + i)),
    );
    if (covarianceOf) {
      await kernels.normals({ stream, out: rows, first: start * d }, run);
      await colourRows(kernels, rows, d, byCovariance(centres, covarianceOf), run);
    }
    const points = cloud.points.data;
    for (let i = 0, at = 0; i < count; i++) {
      const centre = centres[i] * d;
      for (let k = 0; k < d; k++, at++) data[start * d + at] = points[centre + k] + rows[at];
    }
    await pace.tick(count);
  }
  await pace.finish();
  return { data, shape: [n, d] };
}

/** Which rows have which covariance. */
function byCovariance(
  centres: Int32Array,
  covarianceOf: (row: number) => Covariance,
): Map<Covariance, number[]> {
  const groups = new Map<Covariance, number[]>();
  centres.forEach((centre, i) => {
    const covariance = covarianceOf(centre);
    const group = groups.get(covariance);
    if (group) group.push(i);
    else groups.set(covariance, [i]);
  });
  return groups;
}

async function colourRows(
  kernels: Kernels,
  noise: Float64Array,
  d: number,
  groups: Map<Covariance, number[]>,
  run: RunControl,
): Promise<void> {
  for (const [covariance, members] of groups) {
    if (groups.size === 1)
      return covariance.colour(kernels, { data: noise, rows: members.length, columns: d }, run);
    const gathered = new Float64Array(members.length * d);
    members.forEach((row, i) => gathered.set(noise.subarray(row * d, (row + 1) * d), i * d));
    await covariance.colour(kernels, { data: gathered, rows: members.length, columns: d }, run);
    members.forEach((row, i) => noise.set(gathered.subarray(i * d, (i + 1) * d), row * d));
  }
}
