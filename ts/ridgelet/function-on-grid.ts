import { allocate, checkArray, dtypeOf } from '../core/array.js';
import { RidgeflowError } from '../core/errors.js';
import type { NdArrayLike } from '../core/foreign.js';
import { checkPositive } from '../core/options.js';
import { toVector } from '../measure/arguments.js';
import type { RidgeletData } from './arguments.js';
import { checkCall } from '../core/call.js';
import { SIGNATURES } from './signatures.js';

/** Where the values of a grid lie. */
export interface GridGeometry {
  /** Coordinates of the first value, d of them: one for each axis, in the order of the shape. */
  from: readonly number[];
  /** Distance of neighbours, for all axes or for each. */
  spacing: number | readonly number[];
}

/**
 * A function by its values on a regular grid, d ≤ 3, as data of a ridgelet transform: points, values, and the volume of a
 * cell as weight, so that sums are integrals (the trapezoidal rule for functions that vanish at the edge: exact to
 * rounding for a smooth one that the grid resolves).
 *
 * @param values [n₁], [n₁, n₂] or [n₁, n₂, n₃].
 * @throws INVALID_SHAPE (d > 3, empty, `from` or `spacing` of another length), INVALID_ARGUMENT, NON_FINITE. O(nd) memory.
 */
export function functionOnGrid(values: NdArrayLike, options: GridGeometry): RidgeletData {
  ({ values } = checkCall(SIGNATURES.functionOnGrid, { values, options }));
  const { from, spacing } = options;
  checkArray(values, 'values');
  const d = values.shape.length;
  const n = values.data.length;
  if (d < 1 || d > 3 || n === 0) {
    throw new RidgeflowError(
      'INVALID_SHAPE',
      `Expected one to three extents of at least 1 for the shape of values but received [${values.shape.join(', ')}]: ` +
        'in higher dimension give points and values',
      { details: { parameter: 'values' } },
    );
  }
  const origin = toVector(from, 'from', d);
  const steps = toVector(
    typeof spacing === 'number' ? new Array<number>(d).fill(spacing) : spacing,
    'spacing',
    d,
  );
  for (const step of steps) checkPositive(step, 'spacing');
  const dtype = dtypeOf(values);
  const points = allocate(dtype, n * d, 'points');
  for (let i = 0; i < n; i++) {
    let rest = i;
    for (let axis = d - 1; axis >= 0; axis--) {
      const extent = values.shape[axis];
      points[i * d + axis] = origin[axis] + (rest % extent) * steps[axis];
      rest = Math.floor(rest / extent);
    }
  }
  const volume = steps.reduce((product, step) => product * step, 1);
  return {
    points: { data: points, shape: [n, d] },
    values: { data: values.data, shape: [n, 1] },
    weights: { data: allocate(dtype, n, 'weights').fill(volume), shape: [n] },
  };
}
