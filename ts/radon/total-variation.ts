import { type FloatData, zeros } from '../core/array.js';
import { invalidArgument } from '../core/errors.js';
import type { NdArrayLike } from '../core/foreign.js';
import {
  History,
  type IterativeOptions,
  type IterativeResult,
  filled,
  inverse,
  residualOf,
  systemOf,
} from './iteration.js';
import { isFloat64Array } from '../core/realm.js';
import { checkCall } from '../core/call.js';
import { SIGNATURES } from './signatures.js';

/** Options of {@link totalVariation}. */
export type TotalVariationOptions = IterativeOptions & {
  /** λ ≥ 0, in value × length²: what a unit of variation costs against half the squared residual. */
  weight: number;
  /** Keep values at or above 0. Default true. */
  nonNegative?: boolean;
};

/**
 * Reconstruction with few jumps: minimises ½|Pf − g|² + λ Σ_pixels |∇f| over images f (by default f ≥ 0), |∇f| the length
 * of the differences to the next cell along every axis. From few angles, an image that is constant in pieces comes back
 * almost exactly. Method of A. Chambolle and T. Pock, with the diagonal steps that need no norm of P.
 *
 * @param options `weight` λ has no default: it grows with the noise. `iterations` defaults to 200.
 * @throws As cgls; INVALID_ARGUMENT for a negative weight. Two projections and one backprojection per iteration, O(image +
 *   sinogram) memory. Source: A. Chambolle, T. Pock, J. Math. Imaging Vis. 40 (2011) 120; T. Pock, A. Chambolle, ICCV 2011.
 */
export async function totalVariation(
  sinogram: NdArrayLike,
  options: TotalVariationOptions,
): Promise<IterativeResult> {
  ({ sinogram } = checkCall(SIGNATURES.totalVariation, { sinogram, options }));
  const { weight, nonNegative = true } = options;
  if (!(weight >= 0 && Number.isFinite(weight))) {
    throw invalidArgument('weight', 'a finite number of at least 0', weight);
  }
  const system = await systemOf(sinogram, options, 200);
  const { image, sinogram: data, projector } = system;
  const axes = axesOf(projector.imageShape);
  const history = new History(system, options);
  const dtype = isFloat64Array(data) ? 'float64' : 'float32';
  const sigma = inverse(await system.project(filled(image)));
  // Column sums of P and of the differences, of which a pixel takes part in two along every axis.
  const tau = await system.backproject(filled(data));
  for (let i = 0; i < tau.length; i++) tau[i] = 1 / (tau[i] + 2 * axes.length);

  const dual = zeros([data.length], dtype).data;
  const differences = axes.map((axis) => ({ ...axis, values: zeros([image.length], dtype).data }));
  const leading = image.slice();
  let residual = await residualOf(system);
  for (let iteration = 0; iteration < system.iterations; iteration++) {
    history.add(residual);
    const projected = await system.project(leading);
    for (let i = 0; i < dual.length; i++) {
      dual[i] = (dual[i] + sigma[i] * (projected[i] - data[i])) / (1 + sigma[i]);
    }
    shrinkDifferences(differences, leading, weight);
    const back = await system.backproject(dual);
    for (const { stride, extent, values } of differences) {
      for (let i = 0; i < back.length; i++) {
        back[i] -= values[i] - (Math.floor(i / stride) % extent > 0 ? values[i - stride] : 0);
      }
    }
    for (let i = 0; i < image.length; i++) {
      const value = image[i] - tau[i] * back[i];
      const next = nonNegative && value < 0 ? 0 : value;
      leading[i] = 2 * next - image[i];
      image[i] = next;
    }
    residual = await residualOf(system);
    await history.reach(iteration + 1);
  }
  return history.finish(residual);
}

/** An axis of an image: distance of neighbours in its storage, and number of cells. */
interface Axis {
  stride: number;
  extent: number;
}

function axesOf(shape: readonly number[]): Axis[] {
  let stride = 1;
  return [...shape].reverse().map((extent) => {
    const axis = { stride, extent };
    stride *= extent;
    return axis;
  });
}

/** A step of the dual variables of the differences, which are then no longer than the weight. */
function shrinkDifferences(
  differences: readonly (Axis & { values: FloatData })[],
  image: FloatData,
  weight: number,
): void {
  for (const { stride, extent, values } of differences) {
    for (let i = 0; i < image.length; i++) {
      // A difference has row sum 2, so its step is ½.
      values[i] =
        Math.floor(i / stride) % extent < extent - 1 ? values[i] + 0.5 * (image[i + stride] - image[i]) : 0;
    }
  }
  for (let i = 0; i < image.length; i++) {
    let square = 0;
    for (const { values } of differences) square += values[i] * values[i];
    if (!(square > weight * weight)) continue;
    const factor = weight / Math.sqrt(square);
    for (const { values } of differences) values[i] *= factor;
  }
}
