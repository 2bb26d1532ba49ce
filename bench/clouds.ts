import type { DType, NdArray } from '../ts/core/array.js';
import { RandomStream } from '../ts/core/random.js';

/** n standard normal points, the same in every run. */
export function normalCloud(n: number, d: number, dtype: DType = 'float32', seed = 1): NdArray {
  const data = dtype === 'float64' ? new Float64Array(n * d) : new Float32Array(n * d);
  new RandomStream(seed, 'sample').fillNormal(data);
  return { data, shape: [n, d] };
}

/** Points about 50 places of a subspace of 20 dimensions, with little noise across it: what images are like. */
export function cloudNearSubspace(n: number, d: number, dtype: DType = 'float32'): NdArray {
  const inside = 20;
  const places = 50;
  const { data: axes } = normalCloud(inside, d, 'float64', 2);
  const { data: centres } = normalCloud(places, inside, 'float64', 3);
  const { data: within } = normalCloud(n, inside, 'float64', 4);
  const cloud = normalCloud(n, d, dtype, 5);
  for (let i = 0; i < n; i++) {
    for (let k = 0; k < d; k++) {
      let value = 0.05 * cloud.data[i * d + k];
      for (let axis = 0; axis < inside; axis++) {
        const at = 2 * centres[(i % places) * inside + axis] + within[i * inside + axis];
        value += (at * axes[axis * d + k]) / Math.sqrt(d);
      }
      cloud.data[i * d + k] = value;
    }
  }
  return cloud;
}

/** A mixture of so many Gaussians of unequal widths, whose places are normal with three times the unit. */
export function mixtureCloud(n: number, d: number, components: number): NdArray {
  const { data: centres } = normalCloud(components, d, 'float64', 6);
  const cloud = normalCloud(n, d, 'float32', 7);
  for (let i = 0; i < n; i++) {
    const component = i % components;
    const width = 0.2 + (0.6 * component) / components;
    for (let k = 0; k < d; k++)
      cloud.data[i * d + k] = 3 * centres[component * d + k] + width * cloud.data[i * d + k];
  }
  return cloud;
}
