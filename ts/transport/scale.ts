import { type FloatData, type NdArray, allocate, checkDType, dtypeOf, toDtype } from '../core/array.js';
import type { CallOptions } from '../core/options.js';
import { Pace } from '../core/pace.js';
import { vectorLength } from '../core/rows.js';
import { kernelsFor } from '../kernel/backend.js';
import { asMatrix, checkFinite } from '../kernel/checks.js';
import type { Kernels, Matrix } from '../kernel/contract.js';

/** Exponents of two of the units that need no change: squares and sums of squares are far from the ends of float32. */
const FITTING = [-30, 20];
/** Beyond these the reciprocal of the unit, or its product with a length, would leave the range of float64. */
const LIMITS = [-1000, 1000];

/** Clouds in a unit of length in which powers of their differences keep within the range of numbers. */
export interface ScaledClouds {
  kernels: Kernels;
  /** The clouds over `unit`, in the dtype of the call. The same matrix where the same array was given. */
  from: Matrix;
  to: Matrix;
  /** A power of two, near the largest difference between two coordinates, or 1 where that is of ordinary size. */
  unit: number;
  /** The diagonal of the box around both clouds, in the unit. */
  diagonal: number;
}

/**
 * Checks that two clouds are finite, loads the backend, and brings both to the dtype of the call, in a unit in which
 * squared distances neither overflow nor vanish: whatever scale the points are in, results then differ by powers of the
 * unit, which are exact. With `rows` they may be those of one of many ranks. `exponents` bound the unit's logarithm, where its square must be a number.
 *
 * @throws NON_FINITE, INVALID_DTYPE, UNSUPPORTED, OUT_OF_MEMORY, ABORTED. O((n + m)d) time.
 */
export async function scaledClouds(
  a: NdArray,
  b: NdArray,
  options: CallOptions,
  exponents: readonly number[] = LIMITS,
  rows?: 'spread',
): Promise<ScaledClouds> {
  const dtype = options.dtype ?? dtypeOf(a);
  checkDType(dtype);
  const kernels = await kernelsFor(options, dtype, rows);
  checkFinite(kernels, a, 'a');
  if (b !== a) checkFinite(kernels, b, 'b');
  const { sides, largest } = await boxAround(kernels, b === a ? [a] : [a, b], options);
  // Of clouds far from 0, which are nearly one point, the places count too.
  const size = sides.reduce((most, side) => Math.max(most, side), largest * 2 ** -40);
  let exponent = size > 0 ? Math.floor(Math.log2(size)) : 0;
  if (exponent >= FITTING[0] && exponent <= FITTING[1]) exponent = 0;
  const unit = 2 ** Math.min(Math.max(exponent, exponents[0]), exponents[1]);
  const bring = async (cloud: NdArray) => asMatrix(toDtype(await over(cloud, unit, options), dtype));
  const from = await bring(a);
  const to = b === a ? from : await bring(b);
  return { kernels, from, to, unit, diagonal: vectorLength(sides.map((side) => side / unit)) };
}

/** value · unit^power, power 1 or 2: 0 stays 0, whatever the unit. */
export function timesUnit(value: number, unit: number, power: number): number {
  return power === 2 ? value * unit * unit : value * unit;
}

async function boxAround(kernels: Kernels, clouds: readonly NdArray[], { signal }: CallOptions) {
  const d = clouds[0].shape[1];
  let low: Float64Array = new Float64Array(d).fill(Infinity);
  let high: Float64Array = new Float64Array(d).fill(-Infinity);
  const pace = new Pace({ signal }, 1);
  for (const { data, shape } of clouds) {
    for (let i = 0; i < shape[0]; i++) {
      for (let k = 0; k < d; k++) {
        const value = data[i * d + k];
        if (value < low[k]) low[k] = value;
        if (value > high[k]) high[k] = value;
      }
      if (i % 256 === 0) await pace.tick(0);
    }
  }
  low = (await kernels.largestOverRanks(low.map((value) => -value))).map((value) => -value);
  high = await kernels.largestOverRanks(high);
  const largest = low.reduce((most, value, k) => Math.max(most, -value, high[k]), 0);
  return { sides: high.map((value, k) => Math.min(value - low[k], Number.MAX_VALUE)), largest };
}

async function over(cloud: NdArray, unit: number, { signal }: CallOptions): Promise<NdArray> {
  if (unit === 1) return cloud;
  const { data, shape } = cloud;
  const out: FloatData = allocate(dtypeOf(cloud), data.length, 'a cloud in another unit');
  const pace = new Pace({ signal }, 1);
  for (let k = 0; k < data.length; k++) {
    out[k] = data[k] / unit;
    if (k % 4096 === 0) await pace.tick(0);
  }
  return { data: out, shape };
}
