import { type DType, type NdArray, allocate } from '../core/array.js';
import { checkInteger } from '../core/options.js';
import { RandomStream } from '../core/random.js';

/**
 * `count` directions, independent and uniform on the unit sphere of ℝ^d, as rows. The same seed gives the same bits; a `substream`,
 * 0 to 2³² − 1, others for each step of a run.
 *
 * @throws INVALID_ARGUMENT for a count or d below 1 or a bad seed, OUT_OF_MEMORY.
 */
export function uniformDirections(
  count: number,
  d: number,
  seed: number | undefined,
  dtype: DType,
  substream = 0,
): NdArray {
  checkInteger(count, 'directions', 1);
  checkInteger(d, 'd', 1);
  const normal = allocate('float64', count * d, 'directions');
  new RandomStream(seed, 'directions', substream).fillNormal(normal);
  const data = allocate(dtype, count * d, 'directions');
  for (let i = 0; i < count; i++) {
    let square = 0;
    for (let k = 0; k < d; k++) square += normal[i * d + k] ** 2;
    const scale = 1 / Math.sqrt(square);
    for (let k = 0; k < d; k++) data[i * d + k] = normal[i * d + k] * scale;
  }
  return { data, shape: [count, d] };
}
