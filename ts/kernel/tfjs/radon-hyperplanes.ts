import { type FloatData, allocate, elementCount } from '../../core/array.js';
import { Pace } from '../../core/pace.js';
import type { CellShadows, HyperplaneProblem, Kernels, RunControl } from '../contract.js';
import { blocks } from './points.js';

// Loops over cells and the few detectors in each one's shadow: TensorFlow.js has no operation that fits.

type Kernel = 'joseph' | 'strip' | 'interpolated';

/** Cells between two looks at the clock. */
const BLOCK = 1 << 14;

/** The weight of detector k for a cell at a place is `scale · (weight(k, place))`, zero beyond `below` and `above`. */
interface Shadow {
  below: number;
  above: number;
  scale: number;
  weight: (distance: number) => number;
}

/** C(t) of one direction: see CellShadows. */
function cumulative({ knots, coefficients, knotCount, degree }: CellShadows, direction: number) {
  const first = direction * knotCount;
  const last = first + knotCount - 1;
  return (t: number): number => {
    if (t <= knots[first]) return 0;
    if (t >= knots[last]) return 1;
    let i = first;
    while (i + 1 < last && t >= knots[i + 1]) i++;
    const width = knots[i + 1] - knots[i];
    const z = width > 0 ? (2 * t - knots[i] - knots[i + 1]) / width : 0;
    const start = (direction * (knotCount - 1) + i - first) * (degree + 1);
    let sum = 0;
    for (let m = degree; m >= 0; m--) sum = sum * z + coefficients[start + m];
    return sum;
  };
}

function shadowOf(problem: HyperplaneProblem, kernel: Kernel, direction: number): Shadow {
  const { extents, steps, detectorSpacing, cellVolume, shadows } = problem;
  if (kernel === 'strip' && shadows) {
    const share = cumulative(shadows, direction);
    const first = shadows.knots[direction * shadows.knotCount];
    const last = shadows.knots[(direction + 1) * shadows.knotCount - 1];
    return {
      below: first - 0.5,
      above: last + 0.5,
      scale: cellVolume / detectorSpacing,
      weight: (t) => share(t + 0.5) - share(t - 0.5),
    };
  }
  const own = steps.subarray(direction * extents.length, (direction + 1) * extents.length);
  const main = own.reduce((largest, step) => Math.max(largest, Math.abs(step)), 0);
  const [width, scale] = kernel === 'interpolated' ? [1, 1] : [main / detectorSpacing, cellVolume / main];
  return { below: -width, above: width, scale, weight: (t) => Math.max(0, 1 - Math.abs(t) / width) };
}

/** Calls `visit(cell, ray, weight)` for every cell and the rays near it, direction by direction. */
async function forEachWeight(
  problem: HyperplaneProblem,
  kernel: Kernel,
  run: RunControl | undefined,
  visit: (cell: number, ray: number, weight: number) => void,
): Promise<void> {
  const { extents, steps, detectorCount, detectorSpacing, firstDetector } = problem;
  const d = extents.length;
  const cells = elementCount(extents);
  const directions = steps.length / d;
  const pace = new Pace(run, cells * directions);
  for (let l = 0; l < directions; l++) {
    const { below, above, scale, weight } = shadowOf(problem, kernel, l);
    for (const [start, count] of blocks(cells, BLOCK)) {
      for (let cell = start; cell < start + count; cell++) {
        let position = -firstDetector;
        for (let axis = d - 1, rest = cell; axis >= 0; axis--) {
          const index = rest % extents[axis];
          rest = (rest - index) / extents[axis];
          position += steps[l * d + axis] * (index - (extents[axis] - 1) / 2);
        }
        const place = position / detectorSpacing;
        const last = Math.min(Math.floor(place + above), detectorCount - 1);
        for (let k = Math.max(Math.ceil(place + below), 0); k <= last; k++) {
          visit(cell, l * detectorCount + k, scale * weight(k - place));
        }
      }
      await pace.tick(count);
    }
  }
  await pace.finish();
}

/** {@link Kernels.projectHyperplanes}, summed in float64. */
export async function projectHyperplanes(
  problem: Parameters<Kernels['projectHyperplanes']>[0],
  run?: RunControl,
): Promise<FloatData> {
  const { values, extents, steps, detectorCount, kernel } = problem;
  const sums = allocate('float64', (steps.length / extents.length) * detectorCount, 'projections');
  await forEachWeight(problem, kernel, run, (cell, ray, weight) => {
    sums[ray] += weight * values[cell];
  });
  return Float32Array.from(sums);
}

/** {@link Kernels.backprojectHyperplanes}, summed in float64. */
export async function backprojectHyperplanes(
  problem: Parameters<Kernels['backprojectHyperplanes']>[0],
  run?: RunControl,
): Promise<FloatData> {
  const { projections, extents, kernel } = problem;
  const sums = allocate('float64', elementCount(extents), 'a grid');
  await forEachWeight(problem, kernel, run, (cell, ray, weight) => {
    sums[cell] += weight * projections[ray];
  });
  return Float32Array.from(sums);
}
