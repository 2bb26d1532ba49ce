import { type DType, type NdArray, elementCount, ndarray, zeros } from '../ts/core/array.js';
import type { Measure } from '../ts/measure/index.js';
import type { Projector } from '../ts/radon/index.js';
import type { Random } from './reference/random.js';

/** Half the distance from 1 to the next number of a type. */
export const ROUNDING: Record<DType, number> = { float32: 2 ** -24, float64: 2 ** -53 };

/** Backends with the element types that they have. */
export const BACKENDS = [
  ['native', 'float32'],
  ['native', 'float64'],
  ['tfjs-cpu', 'float32'],
] as const;

export function normals(random: Random, shape: readonly number[], dtype: DType): NdArray {
  const array = zeros(shape, dtype);
  array.data.set(random.normals(array.data.length));
  return array;
}

/** Root of the sum of squared differences over that of `expected`. */
export function relativeError(actual: NdArray, expected: NdArray): number {
  let difference = 0;
  let size = 0;
  for (let i = 0; i < expected.data.length; i++) {
    difference += (actual.data[i] - expected.data[i]) ** 2;
    size += expected.data[i] ** 2;
  }
  return Math.sqrt(difference / size);
}

/** |⟨Pf, g⟩ − ⟨f, Pᵀg⟩| for random f and g, over the rounding of the sums that they are. */
export async function adjointError(
  projector: Projector,
  random: Random,
  [backend, dtype]: (typeof BACKENDS)[number],
): Promise<number> {
  const image = normals(random, projector.imageShape, dtype);
  const data = normals(random, projector.dataShape, dtype);
  const forward = (await projector.project(image, { backend })).data;
  const back = (await projector.backproject(data, { backend })).data;
  let [difference, size] = [0, 1e-100];
  for (let i = 0; i < forward.length; i++) {
    difference += forward[i] * data.data[i];
    size += Math.abs(forward[i] * data.data[i]);
  }
  for (let i = 0; i < back.length; i++) {
    difference -= back[i] * image.data[i];
    size += Math.abs(back[i] * image.data[i]);
  }
  return Math.abs(difference) / (size * ROUNDING[dtype]);
}

/** The values of a density at the cells' centres of a grid, whose last axis is x and the one before against y. */
export async function sampled(
  measure: Measure,
  shape: readonly number[],
  pixelSize: number,
): Promise<NdArray> {
  const d = shape.length;
  const points = zeros([elementCount(shape), d], 'float64');
  for (let i = 0; i < points.shape[0]; i++) {
    for (let axis = d - 1, rest = i; axis >= 0; axis--) {
      const place = ((rest % shape[axis]) - (shape[axis] - 1) / 2) * pixelSize;
      rest = Math.floor(rest / shape[axis]);
      points.data[i * d + d - 1 - axis] = d - 1 - axis === 1 ? -place : place;
    }
  }
  const { logDensity } = await measure.evaluate(points, { logDensity: true });
  return ndarray(Float64Array.from(logDensity ?? [], Math.exp), shape);
}

/** Sum of values. */
export function sum(values: ArrayLike<number>): number {
  let total = 0;
  for (let i = 0; i < values.length; i++) total += values[i];
  return total;
}
