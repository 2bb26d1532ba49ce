import { type DType, type NdArray, allocate } from '../core/array.js';
import { RidgeflowError, invalidArgument } from '../core/errors.js';
import { checkInteger, checkPositive } from '../core/options.js';
import type { RidgeUnits } from './arguments.js';
import { checkCall } from '../core/call.js';
import { SIGNATURES } from './signatures.js';

/** Elements of the longest grid. */
export const LARGEST_LENGTH = 2 ** 22;

/** Equally spaced numbers: from, from + spacing, … */
export interface RidgeletAxis {
  readonly from: number;
  /** Above 0. */
  readonly spacing: number;
  readonly count: number;
}

/** A dense grid of (a, b), d ≤ 2. */
export interface RidgeletGrid {
  /** One axis for each coordinate of a. */
  readonly a: readonly RidgeletAxis[];
  readonly b: RidgeletAxis;
}

/** All a of a grid, the last coordinate fastest. */
export function directionsOf({ a }: RidgeletGrid, dtype: DType): NdArray {
  const m = a.reduce((product, { count }) => product * count, 1);
  const data = allocate(dtype, m * a.length, 'a grid');
  for (let i = 0; i < m; i++) {
    let rest = i;
    for (let axis = a.length - 1; axis >= 0; axis--) {
      const { from, spacing, count } = a[axis];
      data[i * a.length + axis] = from + (rest % count) * spacing;
      rest = Math.floor(rest / count);
    }
  }
  return { data, shape: [m, a.length] };
}

/**
 * The units of a grid as a list, with the volume da db of a cell as weight, in the order of a spectrum's values: for
 * dualRidgeletTransform.
 *
 * @throws INVALID_ARGUMENT, OUT_OF_MEMORY. O(units · d) memory.
 */
export function unitsOfGrid(
  grid: RidgeletGrid,
  options: { dtype?: DType } = {},
): RidgeUnits & { readonly weights: NdArray } {
  checkCall(SIGNATURES.unitsOfGrid, { grid, options });
  checkGrid(grid, grid?.a?.length);
  const dtype = options.dtype ?? 'float32';
  const directions = directionsOf(grid, dtype);
  const [m, d] = directions.shape;
  const { count, from, spacing } = grid.b;
  const a = allocate(dtype, m * count * d, 'units');
  const b = allocate(dtype, m * count, 'units');
  for (let i = 0; i < m * count; i++) {
    const row = Math.floor(i / count);
    for (let k = 0; k < d; k++) a[i * d + k] = directions.data[row * d + k];
    b[i] = from + (i % count) * spacing;
  }
  const weights = allocate(dtype, m * count, 'units').fill(volumeOf(grid));
  return {
    a: { data: a, shape: [m * count, d] },
    b: { data: b, shape: [m * count] },
    weights: { data: weights, shape: [m * count] },
  };
}

/** The volume da db of a cell. */
export const volumeOf = ({ a, b }: RidgeletGrid) =>
  a.reduce((product, { spacing }) => product * spacing, b.spacing);

/** Throws INVALID_ARGUMENT. */
export function checkAxis(axis: RidgeletAxis, name: string): void {
  if (typeof axis !== 'object' || axis === null)
    throw invalidArgument(name, '{ from, spacing, count }', axis);
  if (!Number.isFinite(axis.from)) throw invalidArgument(`${name}.from`, 'a finite number', axis.from);
  checkPositive(axis.spacing, `${name}.spacing`);
  checkInteger(axis.count, `${name}.count`, 1, LARGEST_LENGTH);
}

/** Throws INVALID_ARGUMENT, of grids of more than two dimensions too. */
export function checkGrid(grid: RidgeletGrid, d: number): void {
  if (typeof grid !== 'object' || grid === null || !Array.isArray(grid.a))
    throw invalidArgument('grid', '{ a, b }', grid);
  if (d > 2) {
    throw new RidgeflowError(
      'INVALID_ARGUMENT',
      `Expected dimension 1 or 2 for a grid of (a, b) but received ${d}: a grid would have too many cells. Take a list of ` +
        'units (ridgeletTransform, ridgeletTransformAlong) or draw them (sampleRidgelet)',
      { details: { parameter: 'grid', dimension: d } },
    );
  }
  if (grid.a.length !== d || d < 1) throw invalidArgument('grid.a', `${d} axes`, grid.a);
  (grid.a as readonly RidgeletAxis[]).forEach((axis, k) => checkAxis(axis, `grid.a[${k}]`));
  checkAxis(grid.b, 'grid.b');
}
