import { type DType, type NdArray, checkPoints, dtypeOf, toDtype } from '../core/array.js';
import { RidgeflowError, invalidArgument } from '../core/errors.js';
import type { CallOptions } from '../core/options.js';
import { kernelsFor, runsOverRanks } from '../kernel/backend.js';
import { checkFinite } from '../kernel/checks.js';
import type { Kernels } from '../kernel/contract.js';

/** An open interval of times. */
export interface Times {
  from: number;
  to: number;
}

/** Where a field exists, as far as that is not everywhere and always. */
export interface FieldDomain {
  /** Dimension of the points, where the field has a fixed one. */
  dimension?: number;
  /** The open interval of times on which the field exists. Default: always. */
  times?: Times;
}

export const ALWAYS: Times = { from: -Infinity, to: Infinity };

/** Throws INVALID_ARGUMENT unless `times` is an interval that is not empty; returns it. */
export function checkTimes(times: Times = ALWAYS): Times {
  const { from, to } = times;
  if (!(from < to)) throw invalidArgument('times', 'from below to', [from, to]);
  return { from, to };
}

/** Throws INVALID_ARGUMENT where t is not a finite number, COLLAPSED where it is outside of `times`. */
export function checkTime(t: number, times: Times): void {
  if (typeof t !== 'number' || !Number.isFinite(t)) throw invalidArgument('t', 'a finite time', t);
  if (t > times.from && t < times.to) return;
  const collapseTime = t <= times.from ? times.from : times.to;
  throw new RidgeflowError(
    'COLLAPSED',
    `The field exists only between times ${times.from} and ${times.to}, but was asked for at ${t}: ` +
      'stay strictly within them',
    { details: { collapseTime, time: t } },
  );
}

/** An UNSUPPORTED error for derivatives that a field has not been given. */
export function notDifferentiable(what: string, remedy: string): RidgeflowError {
  return new RidgeflowError('UNSUPPORTED', `The field does not know its ${what}: ${remedy}`);
}

/** Checked points in the element type of the computation, and the kernels it runs on. */
export async function prepare(
  x: NdArray,
  dimension: number | undefined,
  options: CallOptions,
): Promise<{ kernels: Kernels; points: NdArray; dtype: DType }> {
  checkPoints(x, 'x', { minimum: (await runsOverRanks(options)) ? 0 : 1, dimension });
  const dtype = options.dtype ?? dtypeOf(x);
  const kernels = await kernelsFor(options, dtype, 'own');
  checkFinite(kernels, x, 'x');
  return { kernels, points: toDtype(x, dtype), dtype };
}

/** Throws unless `u` holds one finite vector for each of the points; returns it in the same element type. */
export function checkVectors(kernels: Kernels, u: NdArray, points: NdArray): NdArray {
  const [n, d] = points.shape;
  checkPoints(u, 'u', { minimum: 0, dimension: d });
  if (u.shape[0] !== n) {
    throw new RidgeflowError(
      'INVALID_SHAPE',
      `Expected ${n} vectors, one for each row of x, for u but received ${u.shape[0]}`,
      { details: { parameter: 'u' } },
    );
  }
  checkFinite(kernels, u, 'u');
  return toDtype(u, dtypeOf(points));
}
