import type { DType, FloatData } from '../../ts/core/array.js';
import type { Matrix } from '../../ts/kernel/contract.js';
import type { Random } from './random.js';

/** Awkward sizes: one, two, either side of vector widths and tiles, primes. */
export const SIZES = [1, 2, 15, 16, 17, 31, 97, 257];
export const DIMENSIONS = [1, 2, 3, 4, 5, 8, 16, 17, 63, 64, 65, 200, 784, 800];

/** `shifted`: 1000 times its spread from the origin. `duplicates`: few distinct points. `lattice`: small whole numbers. */
export type CloudKind = 'normal' | 'shifted' | 'duplicates' | 'lattice';

export function storage(dtype: DType, values: readonly number[]): FloatData {
  return dtype === 'float64' ? Float64Array.from(values) : Float32Array.from(values);
}

export function matrix(dtype: DType, values: readonly number[], rows: number, columns: number): Matrix {
  if (values.length !== rows * columns) throw new Error(`${values.length} values for ${rows} × ${columns}`);
  return { data: storage(dtype, values), rows, columns };
}

/** A pair of clouds of one kind, around the same place. */
export function clouds(
  random: Random,
  kind: CloudKind,
  dtype: DType,
  sizes: readonly number[],
  d: number,
): Matrix[] {
  const offset = random.normals(d).map((value) => (kind === 'shifted' ? 1000 * Math.sign(value) : value));
  const distinct = [random.normals(d), random.normals(d), random.normals(d)];
  const point = (): number[] => {
    if (kind === 'lattice') return Array.from({ length: d }, () => random.integer(4) - 1);
    const values = kind === 'duplicates' ? distinct[random.integer(3)] : random.normals(d);
    return values.map((value, k) => value + offset[k]);
  };
  return sizes.map((size) => matrix(dtype, Array.from({ length: size }, point).flat(), size, d));
}

/** All pairs n ≠ m of {@link SIZES}, twice, with every dimension of {@link DIMENSIONS} eight times. */
export function sizesOfPairs(): { n: number; m: number; d: number }[] {
  const pairs = SIZES.flatMap((n) => SIZES.filter((m) => m !== n).map((m) => ({ n, m })));
  return Array.from({ length: 2 * pairs.length }, (_, t) => ({
    ...pairs[(t + 5 * Math.floor(t / pairs.length)) % pairs.length],
    d: DIMENSIONS[t % DIMENSIONS.length],
  }));
}

/** Normalised random log-weights; the second of many is left out, with −∞. */
export function randomLogWeights(random: Random, dtype: DType, m: number): FloatData {
  const weights = Array.from({ length: m }, (_, j) => (j === 1 && m > 2 ? 0 : random.uniform()));
  const total = weights.reduce((a, b) => a + b);
  return storage(
    dtype,
    weights.map((weight) => Math.log(weight / total)),
  );
}
