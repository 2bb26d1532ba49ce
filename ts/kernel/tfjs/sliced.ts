import { argsort } from '../../core/argsort.js';
import { Pace } from '../../core/pace.js';
import type { RunControl } from '../contract.js';
import type { SlicedProblem } from '../contract/transport.js';
import type { Engine } from './engine.js';
import { blocks, requireFloat32 } from './points.js';

/** Points projected in one product. */
const BLOCK = 2048;
/** Directions projected in one product. */
const LINES = 16;

/** The kernel slicedDistances: projections by the engine's product, sorted and summed on the main thread. */
export async function slicedDistances(
  engine: Engine,
  problem: SlicedProblem,
  run?: RunControl,
): Promise<{ distances: Float64Array; gradients?: Float64Array }> {
  const { weightsA, weightsB, p, wantGradients = false } = problem;
  const clouds = [problem.a, problem.b].map((cloud) => requireFloat32(cloud, 'slicedDistances'));
  const directions = requireFloat32(problem.directions, 'slicedDistances');
  const { rows: count, columns: d } = directions;
  const pace = new Pace(run, count);
  const distances = new Float64Array(count);
  const gradients = wantGradients ? new Float64Array(count * d) : undefined;
  for (const [first, lines] of blocks(count, LINES)) {
    const part = directions.data.subarray(first * d, (first + lines) * d);
    const projected: Float32Array[] = [];
    for (const { data, rows } of clouds) {
      const values = new Float32Array(lines * rows);
      for (const [start, size] of blocks(rows, BLOCK)) {
        const transposed = new Float32Array(size * d);
        for (let i = 0; i < size; i++) {
          for (let k = 0; k < d; k++) transposed[k * size + i] = data[(start + i) * d + k];
        }
        const product = engine.product(part, transposed, lines, d, size);
        for (let line = 0; line < lines; line++) {
          values.set(product.subarray(line * size, (line + 1) * size), line * rows + start);
        }
        await pace.tick(0);
      }
      projected.push(values);
    }
    for (let line = 0; line < lines; line++) {
      const [u, v] = projected.map((values, side) => {
        const { rows } = clouds[side];
        return values.subarray(line * rows, (line + 1) * rows);
      });
      const [orderU, orderV] = [await argsort(u, pace), await argsort(v, pace)];
      let [total, largest] = [0, 0];
      const gradient = gradients?.subarray((first + line) * d, (first + line + 1) * d);
      // The differences in units of the largest, as their powers may leave the range of float64.
      runThrough(orderU, weightsA, orderV, weightsB, (i, j) => {
        largest = Math.max(largest, Math.abs(u[i] - v[j]));
      });
      if (largest === 0) continue;
      runThrough(orderU, weightsA, orderV, weightsB, (i, j, mass) => {
        const difference = (u[i] - v[j]) / largest;
        const cost = Math.abs(difference) ** p;
        total += mass * cost;
        if (!gradient || difference === 0) return;
        const slope = (mass * cost) / difference;
        const [x, y] = clouds;
        for (let k = 0; k < d; k++) gradient[k] += slope * (x.data[i * d + k] - y.data[j * d + k]);
      });
      distances[first + line] = largest * total ** (1 / p);
      const factor = total ** (1 / p - 1);
      for (let k = 0; gradient && k < d; k++) gradient[k] *= factor;
      await pace.tick(1);
    }
  }
  await pace.finish();
  return { distances, gradients };
}

/** Runs through the optimal plan of two sorted lines. */
function runThrough(
  orderU: Uint32Array,
  weightsU: Float64Array | undefined,
  orderV: Uint32Array,
  weightsV: Float64Array | undefined,
  body: (i: number, j: number, mass: number) => void,
): void {
  const [n, m] = [orderU.length, orderV.length];
  // Equal weights in units of 1/nm are whole numbers, which do not round.
  const equal = !weightsU && !weightsV;
  const massOfU = (i: number) => (equal ? m : weightsU ? weightsU[orderU[i]] : 1 / n);
  const massOfV = (j: number) => (equal ? n : weightsV ? weightsV[orderV[j]] : 1 / m);
  const unit = equal ? 1 / (n * m) : 1;
  let [i, j] = [0, 0];
  let [leftU, leftV] = [massOfU(0), massOfV(0)];
  while (i < n && j < m) {
    const mass = Math.min(leftU, leftV);
    if (mass > 0) body(orderU[i], orderV[j], mass * unit);
    leftU -= mass;
    leftV -= mass;
    if (leftU <= 0 && ++i < n) leftU += massOfU(i);
    if (leftV <= 0 && ++j < m) leftV += massOfV(j);
  }
}
