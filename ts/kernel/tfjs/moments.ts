import { type FloatData, allocate, dtypeOf } from '../../core/array.js';
import { Pace } from '../../core/pace.js';
import { takeRows } from '../../core/rows.js';
import { asMatrix } from '../checks.js';
import type { Kernels, Matrix, RunControl } from '../contract.js';
import { columnMeans } from './points.js';

/** {@link Kernels.covariance}, in float64 throughout: products of float32 would lose the small eigenvalues. */
export async function covariance(
  points: Matrix,
  run?: RunControl,
  chosen?: Int32Array,
): Promise<{ mean: Float64Array; covariance: Float64Array }> {
  const cloud = chosen
    ? asMatrix(takeRows({ data: points.data, shape: [points.rows, points.columns] }, chosen))
    : points;
  const { data, rows, columns: d } = cloud;
  const pace = new Pace(run, rows);
  const mean = await columnMeans(cloud, pace);
  const matrix = allocate('float64', d * d, 'a covariance matrix') as Float64Array;
  const centred = new Float64Array(d);
  for (let i = 0; i < rows; i++) {
    for (let k = 0; k < d; k++) centred[k] = data[i * d + k] - mean[k];
    for (let k = 0; k < d; k++) {
      const factor = centred[k];
      for (let l = k; l < d; l++) matrix[k * d + l] += factor * centred[l];
    }
    await pace.tick(1);
  }
  for (let k = 0; k < d; k++) {
    for (let l = k; l < d; l++) matrix[l * d + k] = matrix[k * d + l] /= rows;
  }
  await pace.finish();
  return { mean, covariance: matrix };
}

/** {@link Kernels.centredRows}. */
export async function centredRows(
  { points, centre, factor = 1, rows }: Parameters<Kernels['centredRows']>[0],
  run?: RunControl,
): Promise<FloatData> {
  const { data, columns: d } = points;
  const count = rows ? rows.length : points.rows;
  const pace = new Pace(run, count);
  const out = allocate(dtypeOf(points), count * d, 'a centred copy');
  for (let i = 0; i < count; i++) {
    const start = (rows ? rows[i] : i) * d;
    for (let k = 0; k < d; k++) out[i * d + k] = (data[start + k] - centre[k]) * factor;
    await pace.tick(1);
  }
  await pace.finish();
  return out;
}

/** {@link Kernels.groupMoments}. */
export async function groupMoments(
  { points, groups, groupCount }: Parameters<Kernels['groupMoments']>[0],
  run?: RunControl,
): Promise<{ means: Float64Array; squares: Float64Array }> {
  const { data, rows: n, columns: d } = points;
  const pace = new Pace(run, 2 * n);
  const means = allocate('float64', groupCount * d, 'means of groups') as Float64Array;
  const squares = new Float64Array(groupCount);
  const counts = new Float64Array(groupCount);
  // About the first row of each group, so that the mean of equal values is that value exactly.
  const origins = new Int32Array(groupCount);
  for (let i = 0; i < n; i++) {
    const group = groups[i];
    if (counts[group]++ === 0) origins[group] = i;
    for (let k = 0; k < d; k++) means[group * d + k] += data[i * d + k] - data[origins[group] * d + k];
    await pace.tick(1);
  }
  for (let group = 0; group < groupCount; group++) {
    if (counts[group] === 0) continue;
    for (let k = 0; k < d; k++)
      means[group * d + k] = data[origins[group] * d + k] + means[group * d + k] / counts[group];
  }
  for (let i = 0; i < n; i++) {
    const group = groups[i];
    for (let k = 0; k < d; k++) squares[group] += (data[i * d + k] - means[group * d + k]) ** 2;
    await pace.tick(1);
  }
  await pace.finish();
  return { means, squares };
}
