import { allocate, dtypeOf } from '../../core/array.js';
import { rowsOf } from '../checks.js';
import type { Kernels, Matrix, RunControl, SlicedProblem } from '../contract.js';
import type { TransportKernels } from '../contract/transport.js';
import { notOverRanks } from '../whole.js';
import type { World } from './world.js';

type Native = Pick<Kernels, 'matmul' | 'slicedDistances'>;

/** Rows that are brought to float64 at a time. */
const ROWS = 4096;

/**
 * Distances along directions of clouds whose rows are spread over ranks. Directions are dealt out: in each round every rank
 * gets one, with the projections of all points on it, which it sorts. Memory: a number for each point of both clouds.
 */
export function slicedKernels(world: World, native: Native): Pick<TransportKernels, 'slicedDistances'> {
  return {
    slicedDistances(problem, run) {
      const { a, b, directions, p, weightsA, weightsB, wantGradients = false } = problem;
      if (weightsA ?? weightsB)
        return Promise.reject(notOverRanks('Sliced distances between weighted points do not run'));
      if (wantGradients) return Promise.reject(notOverRanks('Gradients of sliced distances do not run'));
      const same = { columns: a.columns, dtype: dtypeOf(a), directions: directions.rows, p };
      return world.together({ call: 'slicedDistances', same, own: [a.rows, b.rows] }, async (own) => {
        const distances = new Float64Array(directions.rows);
        for (let first = 0; first < directions.rows; first += world.size) {
          const count = Math.min(world.size, directions.rows - first);
          const some = rowsOf(directions, first, count);
          const mine = await world.allDone(projections(native, some, [a, b], run));
          const whole: Float64Array[] = [];
          for (const [cloud, values] of mine.entries())
            whole.push(
              await dealOut(
                world,
                values,
                count,
                own.map((rows) => rows[cloud]),
              ),
            );
          const found = await world.allDone(distanceOf(native, whole, p, world.rank < count, run));
          const all = await world.gatherParts(Float64Array.of(found));
          for (let k = 0; k < count; k++) distances[first + k] = all[k][0];
          run?.onProgress?.((first + count) / directions.rows);
        }
        return { distances };
      });
    },
  };
}

/** Of each cloud the projections of its rows on some directions, count × n, in float64. */
async function projections(
  native: Native,
  directions: Matrix,
  clouds: readonly Matrix[],
  run?: RunControl,
): Promise<Float64Array[]> {
  const { rows: count, columns: d } = directions;
  const axes = { data: Float64Array.from(directions.data), rows: count, columns: d };
  const out: Float64Array[] = [];
  for (const cloud of clouds) {
    const values = allocate('float64', count * cloud.rows, 'projections') as Float64Array;
    for (let first = 0; first < cloud.rows; first += ROWS) {
      const some = rowsOf(cloud, first, Math.min(ROWS, cloud.rows - first));
      const b = { ...some, data: Float64Array.from(some.data) };
      const products = await native.matmul({ a: axes, b, transposeB: true }, { signal: run?.signal });
      for (let k = 0; k < count; k++)
        values.set(products.subarray(k * some.rows, (k + 1) * some.rows), k * cloud.rows + first);
    }
    out.push(values);
  }
  return out;
}

/** Sends row k of `values` to rank k: what that rank gets from all is returned, in the order of the ranks. */
async function dealOut(
  { addon, rank, size }: World,
  values: Float64Array,
  count: number,
  shares: readonly number[],
): Promise<Float64Array> {
  const sentCounts = Int32Array.from({ length: size }, (_, k) => (k < count ? 8 * shares[rank] : 0));
  const receivedCounts = Int32Array.from(shares, (rows) => (rank < count ? 8 * rows : 0));
  const received = new Float64Array(rank < count ? shares.reduce((sum, rows) => sum + rows, 0) : 0);
  await addon.swapParts({ sent: values, sentCounts, received, receivedCounts });
  return received;
}

async function distanceOf(
  native: Native,
  [a, b]: readonly Float64Array[],
  p: number,
  wanted: boolean,
  run?: RunControl,
): Promise<number> {
  if (!wanted) return 0;
  const line = (data: Float64Array): Matrix => ({ data, rows: data.length, columns: 1 });
  const problem: SlicedProblem = { a: line(a), b: line(b), directions: line(Float64Array.of(1)), p };
  return (await native.slicedDistances(problem, { signal: run?.signal })).distances[0];
}
