import { type FloatData, type NdArray, elementCount } from '../core/array.js';
import { invalidArgument } from '../core/errors.js';
import type { Kernels, ScaledErrorProblem } from '../kernel/contract.js';
import { holdsEverywhere } from '../kernel/whole.js';
import type { State, StateTerm } from './state.js';

/** How large the error of a step may be. */
export interface Tolerance {
  /** Relative to the Euclidean length of a row. Default 1e-5. */
  relative?: number;
  /**
   * In the units of the state; one number, or one for each array of it (Infinity leaves an array out). Where an array's own
   * is a list, with one number for each of its columns, every coordinate is judged by itself, in units of
   * absolute + relative · |coordinate|, and a row's error is the root mean square over its coordinates. Default 1e-6.
   */
  absolute?: number | readonly (number | ArrayLike<number>)[];
}

/**
 * How the errors of a state's rows make one number, the largest over its arrays: root mean square over rows, or the
 * largest row.
 */
export type ErrorNorm = 'rms' | 'max';

/** A tolerance as the controller takes it: absolute has one value for each array of the state. */
export interface CheckedTolerance {
  readonly relative: number;
  readonly absolute: readonly (number | Float64Array)[];
}

/** A tolerance with its defaults, checked, one absolute value for each array, or one for each of its columns. */
export function checkTolerance(tolerance: Tolerance, state: State): CheckedTolerance {
  const arrays = state.length;
  const { relative = 1e-5, absolute = 1e-6 } = tolerance;
  if (!(relative >= 0 && relative < 1))
    throw invalidArgument('tolerance.relative', 'a number from 0 to 1', relative);
  const list =
    typeof absolute === 'number'
      ? Array.from({ length: arrays }, () => absolute)
      : Array.from(absolute, (value) => (typeof value === 'number' ? value : Float64Array.from(value)));
  if (list.length !== arrays)
    throw invalidArgument('tolerance.absolute', `a number, or ${arrays} (one for each array)`, absolute);
  list.forEach((value, k) => {
    const columns = columnsOf(state[k]);
    if (typeof value !== 'number' && value.length !== columns)
      throw invalidArgument('tolerance.absolute', `one number for each of the ${columns} columns`, value);
  });
  for (const value of list.flatMap((each) => (typeof each === 'number' ? [each] : [...each]))) {
    if (!(value >= 0) || (value === 0 && relative === 0))
      throw invalidArgument(
        'tolerance.absolute',
        'a number of at least 0, above 0 where relative is 0',
        value,
      );
  }
  return { relative, absolute: list };
}

/**
 * The size of an error, a sum of terms, in units of the tolerance: 1 is just allowed. For each row (point) of each array the
 * Euclidean length of its error over absolute + relative · |row|, the larger of the row's lengths in `a` and `b`. NaN where
 * the error, a or b is not finite; of arrays that are left out only b is looked at.
 */
export async function scaledNorm(
  kernels: Pick<Kernels, 'scaledError' | 'firstNonFinite' | 'ranks' | 'sumOverRanks' | 'shareOf'>,
  error: readonly StateTerm[],
  a: State,
  b: State,
  tolerance: CheckedTolerance,
  norm: ErrorNorm,
): Promise<number> {
  const { relative, absolute } = tolerance;
  const terms = error.filter(({ coefficient }) => coefficient !== 0);
  let largest = 0;
  for (const [k, { data, shape }] of a.entries()) {
    if (absolute[k] === Infinity) {
      if (!(await holdsEverywhere(kernels, kernels.firstNonFinite(b[k].data) < 0))) return NaN;
      continue;
    }
    const columns = columnsOf({ shape, data });
    const judged = {
      terms: terms.map(({ coefficient, state }) => ({ coefficient, array: state[k].data })),
      a: data,
      b: b[k].data,
      columns,
      relative,
    };
    const own = absolute[k];
    const found =
      typeof own === 'number'
        ? await kernels.scaledError({ ...judged, absolute: own })
        : await coordinateError(kernels, judged, own);
    if (found.rows === 0) continue;
    // NaN, unlike a comparison, comes through Math.max.
    largest = Math.max(largest, Math.sqrt(norm === 'max' ? found.largest : found.sum / found.rows));
  }
  return largest;
}

/** Length of a row of an array. */
export function columnsOf({ shape }: NdArray): number {
  return elementCount(shape.slice(1));
}

/** The error where every coordinate has a tolerance of its own: means over a row's coordinates, the largest over all. */
async function coordinateError(
  kernels: Pick<Kernels, 'scaledError'>,
  { terms, a, b, columns, relative }: Omit<ScaledErrorProblem, 'absolute'>,
  absolute: Float64Array,
): ReturnType<Kernels['scaledError']> {
  let [sum, largest, rows] = [0, 0, 0];
  for (const [column, own] of absolute.entries()) {
    // A coordinate that is left out is looked at for NaN all the same, by a scale that no error reaches.
    const found = await kernels.scaledError({
      terms: terms.map(({ coefficient, array }) => ({
        coefficient,
        array: strided(array, column, columns),
      })),
      a: strided(a, column, columns),
      b: strided(b, column, columns),
      columns: 1,
      relative,
      absolute: Math.min(own, Number.MAX_VALUE),
    });
    sum += found.sum / columns;
    largest = Math.max(largest, found.largest);
    ({ rows } = found);
  }
  return { sum, largest, rows };
}

/** One column of a row-major array. */
function strided(data: FloatData, column: number, columns: number): FloatData {
  if (columns === 1) return data;
  const out = new (data.constructor as Float64ArrayConstructor)(data.length / columns);
  for (let i = column, row = 0; i < data.length; i += columns) out[row++] = data[i];
  return out;
}
