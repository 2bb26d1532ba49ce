// Clouds that tests are made of, and how far they are apart.
import { type DType, type NdArray, toDtype } from '../ts/core/array.js';
import { RandomStream } from '../ts/core/random.js';
import { Random } from './reference/random.js';

/** n × d standard normal numbers of the library's own stream. */
export function normalCloud(n: number, d: number, seed: number, dtype: DType = 'float64'): NdArray {
  const data = new Float64Array(n * d);
  new RandomStream(seed, 'sample').fillNormal(data);
  return toDtype({ data, shape: [n, d] }, dtype);
}

/** The same of a generator that is none of the library's. */
export function plainNormalCloud(n: number, d: number, seed: number): NdArray {
  return { data: Float64Array.from(new Random(seed).normals(n * d)), shape: [n, d] };
}

/** A cloud of other values, of the same dtype. */
export function mapCloud(cloud: NdArray, of: (value: number, index: number) => number): NdArray {
  const data = cloud.data.slice();
  data.forEach((value, i) => (data[i] = of(value, i)));
  return { data, shape: cloud.shape };
}

/** The same points, rounded. */
export const toFloat32 = (cloud: NdArray): NdArray => toDtype(cloud, 'float32');

/** The largest absolute difference of two arrays of as many values: NaN where one of them is. */
export function largestDifference(a: NdArray, b: NdArray): number {
  if (a.data.length !== b.data.length) return Infinity;
  let most = 0;
  a.data.forEach((value, at) => (most = Math.max(most, Math.abs(value - b.data[at]))));
  return most;
}
