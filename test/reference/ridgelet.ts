import { type NdArray, ndarray } from '../../ts/core/array.js';
import type { RidgeletPair } from '../../ts/ridgelet/index.js';
import { Random } from './random.js';

export const rowsOf = ({ data, shape }: NdArray): number[][] =>
  Array.from({ length: shape[0] }, (_, i) => Array.from(data.subarray(i * shape[1], (i + 1) * shape[1])));

export const dot = (a: readonly number[], b: readonly number[]): number =>
  a.reduce((sum, value, k) => sum + value * b[k], 0);

export const largest = (values: Iterable<number>): number =>
  Array.from(values).reduce((a, b) => Math.max(a, Math.abs(b)), 0);

/** A cloud of normal numbers. */
export function normals(seed: number, shape: readonly number[], scale = 1): NdArray {
  const count = shape.reduce((a, b) => a * b, 1);
  return ndarray(
    Float64Array.from(new Random(seed).normals(count), (value) => value * scale),
    shape,
  );
}

/** R[f](a, b) of weighted points, from its definition. */
export function plainTransform(
  pair: RidgeletPair,
  points: number[][],
  values: number[][],
  weights: number[],
  a: number[],
  b: number,
): number[] {
  return values[0].map((_, c) =>
    points.reduce((sum, x, i) => sum + weights[i] * values[i][c] * pair.value(dot(a, x) - b), 0),
  );
}

/** Midpoints of `count` cells of [−half, half], and their width. */
export function midpoints(half: number, count: number): { at: number[]; width: number } {
  const width = (2 * half) / count;
  return { at: Array.from({ length: count }, (_, i) => -half + (i + 0.5) * width), width };
}
