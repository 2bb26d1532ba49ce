import { type NdArray, checkPoints } from '../core/array.js';
import { RidgeflowError, invalidArgument } from '../core/errors.js';
import { vectorLength } from '../core/rows.js';

/** Directions as rows of an array, as directionSet makes them, or as an array of rows. */
export type Directions = NdArray | readonly (readonly number[])[];

/**
 * Directions of ℝ^d in float64, scaled to length 1. Throws INVALID_ARGUMENT for none, or for one whose length is not 1 to
 * 10⁻⁴; INVALID_SHAPE for another dimension; NON_FINITE.
 */
export function unitVectors(directions: Directions, d: number): Float64Array {
  const values = rowsOf(directions, d);
  for (let start = 0; start < values.length; start += d) {
    const row = values.subarray(start, start + d);
    const length = vectorLength(row);
    if (!Number.isFinite(length)) {
      throw new RidgeflowError('NON_FINITE', `Expected finite numbers in row ${start / d} of directions`, {
        details: { parameter: 'directions', row: start / d },
      });
    }
    if (!(Math.abs(length - 1) <= 1e-4)) {
      throw invalidArgument(`row ${start / d} of directions`, 'a vector of length 1', Array.from(row));
    }
    row.forEach((component, axis) => (row[axis] = component / length));
  }
  return values;
}

function rowsOf(directions: Directions, d: number): Float64Array {
  const none = () => invalidArgument('directions', 'at least one direction', directions);
  if (directions === null || typeof directions !== 'object') throw none();
  if (!Array.isArray(directions)) {
    const array = directions as NdArray;
    if (Array.isArray(array.shape) && array.shape[0] === 0) throw none();
    checkPoints(array, 'directions', { dimension: d });
    return Float64Array.from(array.data);
  }
  if (directions.length === 0) throw none();
  const values = new Float64Array(directions.length * d);
  (directions as readonly (readonly number[])[]).forEach((row, i) => {
    if (!Array.isArray(row) || row.length !== d) {
      throw new RidgeflowError(
        'INVALID_SHAPE',
        `Expected ${d} coordinates in row ${i} of directions but received ${Array.isArray(row) ? row.length : String(row)}`,
        { details: { parameter: 'directions', row: i } },
      );
    }
    values.set(row, i * d);
  });
  return values;
}
