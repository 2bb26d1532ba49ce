import type { ExecutionContext, TestFn } from 'ava';
import test from 'ava';
import { type NdArray, ndarray, toDtype } from '../ts/core/array.js';
import { RidgeflowError, type ErrorCode } from '../ts/core/errors.js';
import type { VelocityField } from '../ts/field/field.js';
import { backends } from './conformance-backends.js';
import { Random } from './reference/random.js';

/** Tests in float64, which only the native backend has. */
export const exactly: TestFn | TestFn['skip'] = backends.some(({ dtypes }) => dtypes.includes('float64'))
  ? test
  : test.skip;

/** Mean and covariance (d × d) of the rows. */
export function moments({ data, shape: [n, d] }: NdArray): { mean: number[]; covariance: number[] } {
  const mean = new Array<number>(d).fill(0);
  for (let i = 0; i < data.length; i++) mean[i % d] += data[i] / n;
  const covariance = new Array<number>(d * d).fill(0);
  for (let i = 0; i < n; i++) {
    for (let k = 0; k < d; k++) {
      for (let l = 0; l < d; l++) {
        covariance[k * d + l] += ((data[i * d + k] - mean[k]) * (data[i * d + l] - mean[l])) / n;
      }
    }
  }
  return { mean, covariance };
}

/** The mean of the values, or of a function of them. */
export function mean(values: ArrayLike<number>, of: (value: number) => number = (value) => value): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += of(values[i]);
  return sum / values.length;
}

/** The largest absolute difference. */
export function difference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let largest = a.length === b.length ? 0 : Infinity;
  for (let i = 0; i < a.length; i++) {
    const distance = Math.abs(a[i] - b[i]);
    if (!(distance <= largest)) largest = distance;
  }
  return largest;
}

/** n × d normal numbers of a reproducible kind. */
export function normals(n: number, d: number, seed: number, scale = 1): NdArray {
  const values = new Random(seed).normals(n * d).map((value) => scale * value);
  return ndarray(values, [n, d], 'float64');
}

/** The same in float32, which every backend has. */
export function singles(n: number, d: number, seed: number, scale = 1): NdArray {
  return toDtype(normals(n, d, seed, scale), 'float32');
}

/** Asserts that the call fails with a code, and that the message matches. */
export async function fails(
  t: ExecutionContext,
  code: ErrorCode,
  message: RegExp,
  call: () => unknown,
): Promise<void> {
  const error = await t.throwsAsync(async () => call(), { instanceOf: RidgeflowError, message });
  t.is(error?.code, code);
}

/**
 * The largest error of a field's divergence and Jacobian–vector products against central differences, each point moved
 * while `held` keeps the others where they are.
 */
export async function derivativeErrors(
  field: VelocityField,
  x: NdArray,
  t: number,
  velocityAt: (moved: NdArray) => Promise<NdArray> = async (moved) =>
    (await field.evaluate(moved, t, {})).velocity,
): Promise<{ divergence: number; jacobianVector: number }> {
  const [n, d] = x.shape;
  const u = normals(n, d, 99);
  const step = 1e-5;
  const slope = async (direction: (i: number) => number): Promise<number[]> => {
    const [up, down] = await Promise.all(
      [step, -step].map((by) =>
        velocityAt({ data: x.data.map((value, i) => value + by * direction(i)), shape: x.shape }),
      ),
    );
    return Array.from(up.data, (value, i) => (value - down.data[i]) / (2 * step));
  };
  const trace = new Array<number>(n).fill(0);
  for (let k = 0; k < d; k++) {
    const column = await slope((i) => (i % d === k ? 1 : 0));
    for (let i = 0; i < n; i++) trace[i] += column[i * d + k];
  }
  const { divergence } = await field.evaluate(x, t, { divergence: true });
  const product = await field.jacobianVector!(x, t, u);
  return {
    divergence: difference(divergence!, trace),
    jacobianVector: difference(product.data, await slope((i) => u.data[i])),
  };
}
