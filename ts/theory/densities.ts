import type { NdArray } from '../core/array.js';
import type { CallOptions } from '../core/options.js';
import type { Measure } from '../measure/index.js';

/** The density of a measure on the line at the points of a grid. */
export async function densityOnGrid(
  measure: Measure,
  grid: readonly number[],
  call: CallOptions,
): Promise<Float64Array> {
  const points: NdArray = { data: Float32Array.from(grid), shape: [grid.length, 1] };
  const { logDensity } = await measure.evaluate(points, { logDensity: true }, call);
  return Float64Array.from(logDensity!, Math.exp);
}
