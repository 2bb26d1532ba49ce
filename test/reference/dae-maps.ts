import { Matrix, inverse } from 'ml-matrix';
import { type DType, type FloatData, type NdArray, ndarray } from '../../ts/core/array.js';
import { RidgeflowError } from '../../ts/core/errors.js';
import {
  type EmpiricalMeasure,
  type GaussianMixture,
  empirical,
  gaussian,
  gaussianMixture,
  smoothed,
} from '../../ts/measure/index.js';
import { dot } from './kernels.js';
import {
  type Component,
  diagonal,
  identity,
  randomCovariance,
  randomWeights,
  referenceDensity,
} from './mixtures.js';
import type { Random } from './random.js';

/** Two components on the line. */
export const lineMixture = gaussianMixture({
  weights: [0.3, 0.7],
  means: ndarray([[-1], [2]], undefined, 'float64'),
  variances: [0.5, 0.8],
});

/** n standard normal points, in float64. */
export function cloudOf(random: Random, n: number, d: number): NdArray {
  return ndarray(random.normals(n * d), [n, d], 'float64');
}

/** The code of an error of the library, else what it is. */
export function errorCode(error: unknown): string {
  return error instanceof RidgeflowError ? error.code : String(error);
}

/** A measure with the components that define it; those of an empirical measure have no covariance. */
export interface MeasureCase {
  name: string;
  measure: GaussianMixture | EmpiricalMeasure;
  components: Component[];
}

/** One measure of every kind for which the DAE map has a form of its own. */
export function measureCases(random: Random, d: number, dtype: DType = 'float64'): MeasureCase[] {
  const places = (count: number) => Array.from({ length: count }, () => random.normals(d));
  const [mean] = places(1);
  const covariance = randomCovariance(random, d);
  const variances = Array.from({ length: d }, () => 0.5 + random.uniform());
  const means = places(3);
  const weights = randomWeights(random, 3);
  const covariances = means.map(() => randomCovariance(random, d));
  const cloud = ndarray(places(12), undefined, dtype);
  const points = rowsOf(cloud);
  const shares = randomWeights(random, 12);
  const around = (variance: number) =>
    points.map((point, i) => ({ weight: shares[i], mean: point, covariance: identity(d, variance) }));
  const single = (matrix: number[][]) => [{ weight: 1, mean, covariance: matrix }];
  return [
    { name: 'Gaussian', measure: gaussian({ mean, covariance }), components: single(covariance) },
    {
      name: 'diagonal Gaussian',
      measure: gaussian({ mean, variance: variances }),
      components: single(diagonal(variances)),
    },
    {
      name: 'mixture',
      measure: gaussianMixture({ weights, means, covariances }),
      components: means.map((m, k) => ({ weight: weights[k], mean: m, covariance: covariances[k] })),
    },
    { name: 'empirical', measure: empirical({ points: cloud, weights: shares }), components: around(0) },
    {
      name: 'smoothed',
      measure: smoothed({ points: cloud, weights: shares, variance: 0.4 }),
      components: around(0.4),
    },
  ];
}

/** The map for noise N(0, T), its Jacobian and its potential at several points, from their definitions. */
export function referenceMap(
  components: readonly Component[],
  noise: readonly (readonly number[])[],
  points: readonly number[][],
): { map: number[]; jacobian: number[][]; trace: number; potential: number }[] {
  const corrupted = components.map(({ covariance, ...rest }) => ({
    ...rest,
    covariance: covariance.map((row, k) => row.map((value, l) => value + noise[k][l])),
  }));
  const T = new Matrix(noise.map((row) => [...row]));
  const precision = inverse(T).to2DArray();
  const mean = T.trace() / noise.length;
  return referenceDensity(corrupted, points).map(({ logDensity, score, hessian }, i) => {
    const x = points[i];
    const jacobian = T.mmul(new Matrix(hessian)).add(Matrix.eye(noise.length));
    return {
      map: x.map((value, k) => value + dot(noise[k] as number[], score)),
      jacobian: jacobian.to2DArray(),
      trace: jacobian.trace(),
      potential:
        mean *
        (dot(
          x,
          precision.map((row) => dot(row, x)),
        ) /
          2 +
          logDensity),
    };
  });
}

/** The array's rows as lists. */
export function rowsOf({ data, shape: [n, d] }: NdArray): number[][] {
  return Array.from({ length: n }, (_, i) => Array.from(data.subarray(i * d, (i + 1) * d)));
}

/** Rows in a type, and what became of them there. */
export function rounded(values: readonly number[][], dtype: DType): [NdArray, number[][]] {
  const array = ndarray(values, undefined, dtype);
  return [array, rowsOf(array)];
}

/** The largest difference, relative to the largest expected value. Infinity where the lengths differ. */
export function distance(actual: FloatData, expected: readonly number[]): number {
  if (actual.length !== expected.length) return Infinity;
  const scale = Math.max(...expected.map(Math.abs));
  return Math.max(...expected.map((value, i) => Math.abs(actual[i] - value))) / scale;
}
