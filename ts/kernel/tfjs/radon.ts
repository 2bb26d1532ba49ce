import { allocate, type FloatData } from '../../core/array.js';
import { RidgeflowError } from '../../core/errors.js';
import { evenTransform } from '../../core/even-transform.js';
import { Pace } from '../../core/pace.js';
import type { Kernels, ParallelBeamProblem, RunControl } from '../contract.js';
import { blocks } from './points.js';

// TensorFlow.js has no operation that fits: these are loops over pixels and the few detectors in each one's shadow.

type Kernel = Parameters<Kernels['backprojectBeam']>[0]['kernel'];

/** Pixels between two looks at the clock. */
const BLOCK = 1 << 14;

/** The weight of a ray at a distance from a pixel's centre, in detectors, and the distance at which it vanishes. */
interface Shadow {
  weight: (distance: number) => number;
  reach: number;
}

function shadowOf(problem: ParallelBeamProblem, kernel: Kernel, angle: number): Shadow {
  const { pixelSize, detectorSpacing } = problem;
  const [c, s] = [Math.abs(Math.cos(angle)), Math.abs(Math.sin(angle))];
  const wide = (Math.max(c, s) * pixelSize) / detectorSpacing;
  const narrow = (Math.min(c, s) * pixelSize) / detectorSpacing;
  if (kernel === 'strip') {
    const scale = pixelSize ** 2 / detectorSpacing / wide;
    const plateau = (wide - narrow) / 2;
    // Area of the pixel's shadow, a trapezoid, between its centre and t.
    const area = (t: number) => {
      const size = Math.abs(t);
      const slant = Math.min(Math.max(size - plateau, 0), narrow);
      const bend = narrow > 0 ? slant ** 2 / (2 * narrow) : 0;
      return Math.sign(t) * (Math.min(size, plateau) + slant - bend);
    };
    return { weight: (t) => scale * (area(t + 0.5) - area(t - 0.5)), reach: (wide + narrow + 1) / 2 };
  }
  const [width, scale] = kernel === 'joseph' ? [wide, pixelSize ** 2 / (wide * detectorSpacing)] : [1, 1];
  return { weight: (t) => scale * Math.max(0, 1 - Math.abs(t) / width), reach: width };
}

/** Calls `visit(pixel, ray, weight)` for every pixel of every angle's rays, angle by angle. */
async function forEachWeight(
  problem: ParallelBeamProblem,
  kernel: Kernel,
  pace: Pace,
  visit: (pixel: number, ray: number, weight: number) => void,
): Promise<void> {
  if (kernel === 'fourier') {
    throw new RidgeflowError(
      'UNSUPPORTED',
      "Expected 'joseph' or 'strip' for kernel but received 'fourier', which only the native backend has: build the " +
        'addon, or take strip, which it approximates',
      { details: { parameter: 'kernel' } },
    );
  }
  const { rows, columns, pixelSize, angles, detectorCount, detectorSpacing, detectorOffset } = problem;
  for (let a = 0; a < angles.length; a++) {
    const { weight, reach } = shadowOf(problem, kernel, angles[a]);
    const acrossColumns = (Math.cos(angles[a]) * pixelSize) / detectorSpacing;
    const acrossRows = (-Math.sin(angles[a]) * pixelSize) / detectorSpacing;
    const centre = (detectorCount - 1) / 2 - detectorOffset / detectorSpacing;
    for (const [start, count] of blocks(rows * columns, BLOCK)) {
      for (let pixel = start; pixel < start + count; pixel++) {
        const i = Math.floor(pixel / columns);
        const position =
          centre +
          acrossColumns * (pixel - i * columns - (columns - 1) / 2) +
          acrossRows * (i - (rows - 1) / 2);
        const last = Math.min(Math.floor(position + reach), detectorCount - 1);
        for (let k = Math.max(Math.ceil(position - reach), 0); k <= last; k++) {
          visit(pixel, a * detectorCount + k, weight(k - position));
        }
      }
      await pace.tick(count);
    }
  }
}

const workOf = ({ rows, columns, angles }: ParallelBeamProblem) => rows * columns * angles.length;

/** {@link Kernels.projectBeam}, summed in float64. */
export async function projectBeam(
  problem: Parameters<Kernels['projectBeam']>[0],
  run?: RunControl,
): Promise<FloatData> {
  const { image, angles, detectorCount, kernel } = problem;
  const pace = new Pace(run, workOf(problem));
  const sum = allocate('float64', angles.length * detectorCount, 'a sinogram');
  await forEachWeight(problem, kernel, pace, (pixel, ray, weight) => {
    sum[ray] += weight * image[pixel];
  });
  await pace.finish();
  return Float32Array.from(sum);
}

/** {@link Kernels.backprojectBeam}, summed in float64. */
export async function backprojectBeam(
  problem: Parameters<Kernels['backprojectBeam']>[0],
  run?: RunControl,
): Promise<FloatData> {
  const { sinogram, rows, columns, kernel } = problem;
  const pace = new Pace(run, workOf(problem));
  const sum = allocate('float64', rows * columns, 'an image');
  await forEachWeight(problem, kernel, pace, (pixel, ray, weight) => {
    sum[pixel] += weight * sinogram[ray];
  });
  await pace.finish();
  return Float32Array.from(sum);
}

/** {@link Kernels.filterRows} as a convolution: O(rows · columns² + length log length) time. */
export async function filterRows(
  { data: { data, rows, columns }, length, response, scales }: Parameters<Kernels['filterRows']>[0],
  run?: RunControl,
): Promise<FloatData> {
  const pace = new Pace(run, rows * columns ** 2);
  // The impulse response of an even filter is the transform of its response again.
  const transform = evenTransform(response);
  const impulse = Float64Array.from(
    { length: columns },
    (_, m) => transform[Math.min(m, length - m)] / length,
  );
  const out = allocate('float32', rows * columns, 'filtered rows');
  for (let r = 0; r < rows; r++) {
    for (let n = 0; n < columns; n++) {
      let sum = 0;
      for (let k = 0; k < columns; k++) sum += data[r * columns + k] * impulse[Math.abs(n - k)];
      out[r * columns + n] = scales[r] * sum;
      await pace.tick(columns);
    }
  }
  await pace.finish();
  return out;
}
