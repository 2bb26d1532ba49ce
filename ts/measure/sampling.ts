import { type DType, type NdArray, allocate } from '../core/array.js';
import { type CallOptions, checkInteger } from '../core/options.js';
import { Pace } from '../core/pace.js';
import { RandomStream } from '../core/random.js';
import type { Covariance } from './covariance.js';
import type { WeightedCloud } from './weighted-cloud.js';

/** Work, in multiplications, between two looks at the clock. */
const STRIDE = 1 << 16;

/**
 * n independent draws: a point of the cloud by its weight, plus Gaussian noise of its covariance where there is one.
 * Row i depends on the seed and i alone. Computed in float64, without a backend. O(n(d + log m)) time, O(nd²) with a
 * full covariance.
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
  const components = new RandomStream(options.seed, 'component');
  const normals = new RandomStream(options.seed, 'sample');
  const pace = new Pace(options, n);
  const block = Math.max(1, Math.floor(STRIDE / d ** (covarianceOf ? 2 : 1)));
  const row = new Float64Array(d);
  for (let i = 0; i < n; i++) {
    const centre = cloud.size === 1 ? 0 : cloud.pick(components.uniform(i));
    row.fill(0);
    if (covarianceOf) {
      normals.fillNormal(row, i * d);
      covarianceOf(centre).colour(row);
    }
    for (let k = 0; k < d; k++) data[i * d + k] = cloud.points.data[centre * d + k] + row[k];
    if ((i + 1) % block === 0) await pace.tick(block);
  }
  pace.finish();
  return { data, shape: [n, d] };
}
