import { ACTIVATION_NAMES, activation } from '../../core/activation.js';
import { allocate, type FloatData } from '../../core/array.js';
import { functionOfTable } from '../../core/piecewise.js';
import { Pace } from '../../core/pace.js';
import type { RunControl } from '../contract.js';
import type { Nonlinearity, RidgeletKernels, RidgeSumProblem } from '../contract/ridgelet.js';
import type { Engine } from './engine.js';
import { blocks, requireFloat32 } from './points.js';

/** Most multiplications in one product, so that it takes a few milliseconds, or some 30 on the slowest engine. */
const STEP = 1 << 23;
const ROWS = 256;
const COLUMNS = 1024;

/** The function itself. */
function functionOf(nonlinearity: Nonlinearity): (z: number) => number {
  if ('code' in nonlinearity) {
    const found = ACTIVATION_NAMES.map((name) => activation(name)).find(
      ({ kernel }) => kernel.code === nonlinearity.code && kernel.order === nonlinearity.order,
    );
    if (!found) throw new RangeError(`There is no activation ${nonlinearity.code}, ${nonlinearity.order}`);
    return found.value;
  }
  return functionOfTable(nonlinearity);
}

/** {@link RidgeletKernels.ridgeSum} by tiles: two float32 products, with the nonlinearity in float64 between them. */
export async function ridgeSum(
  engine: Engine,
  problem: RidgeSumProblem,
  run?: RunControl,
): Promise<FloatData> {
  const queries = requireFloat32(problem.queries, 'ridgeSum');
  const centres = requireFloat32(problem.centres, 'ridgeSum');
  const values = requireFloat32(problem.values, 'ridgeSum');
  const { queryBias, centreBias, weights, scale = 1 } = problem;
  const [n, m, d, k] = [queries.rows, centres.rows, queries.columns, values.columns];
  const f = functionOf(problem.nonlinearity);
  const pace = new Pace(run, n * m);
  const width = Math.min(COLUMNS, Math.max(16, Math.floor(STEP / (ROWS * Math.max(d, k)))));
  const out = allocate('float32', n * k, 'sums of ridge functions');
  for (const [firstRow, rowCount] of blocks(n, ROWS)) {
    const x = queries.data.subarray(firstRow * d, (firstRow + rowCount) * d);
    const sums = new Float64Array(rowCount * k);
    for (const [first, count] of blocks(m, width)) {
      const transposed = new Float32Array(d * count);
      const weighted = new Float32Array(count * k);
      for (let j = 0; j < count; j++) {
        for (let c = 0; c < d; c++) transposed[c * count + j] = centres.data[(first + j) * d + c];
        const weight = weights ? weights[first + j] : 1;
        for (let c = 0; c < k; c++) weighted[j * k + c] = weight * values.data[(first + j) * k + c];
      }
      const activations = engine.product(x, transposed, rowCount, d, count);
      await pace.tick(0);
      for (let i = 0; i < rowCount; i++) {
        const alpha = queryBias ? queryBias[firstRow + i] : 0;
        for (let j = 0; j < count; j++) {
          const beta = centreBias ? centreBias[first + j] : 0;
          activations[i * count + j] = f(activations[i * count + j] + alpha + beta);
        }
        await pace.tick(count);
      }
      const added = engine.product(activations, weighted, rowCount, count, k);
      for (let t = 0; t < added.length; t++) sums[t] += added[t];
      await pace.tick(0);
    }
    for (let t = 0; t < sums.length; t++) out[firstRow * k + t] = scale * sums[t];
  }
  await pace.finish();
  return out;
}

/** {@link RidgeletKernels.activate} on the main thread. */
export async function activate(
  { values, rowBias, columnBias, nonlinearity }: Parameters<RidgeletKernels['activate']>[0],
  run?: RunControl,
): Promise<void> {
  const { data, rows, columns } = requireFloat32(values, 'activate');
  const f = functionOf(nonlinearity);
  const pace = new Pace(run, rows * columns);
  for (let i = 0; i < rows; i++) {
    const alpha = rowBias ? rowBias[i] : 0;
    for (const [first, count] of blocks(columns, 1 << 14)) {
      for (let j = first; j < first + count; j++) {
        data[i * columns + j] = f(data[i * columns + j] + alpha + (columnBias ? columnBias[j] : 0));
      }
      await pace.tick(count);
    }
  }
  await pace.finish();
}
