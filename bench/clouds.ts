import type { DType, NdArray } from '../ts/core/array.js';
import { RandomStream } from '../ts/core/random.js';

/** n standard normal points, the same in every run. */
export function normalCloud(n: number, d: number, dtype: DType = 'float32', seed = 1): NdArray {
  const data = dtype === 'float64' ? new Float64Array(n * d) : new Float32Array(n * d);
  new RandomStream(seed, 'sample').fillNormal(data);
  return { data, shape: [n, d] };
}
