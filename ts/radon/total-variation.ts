import { type NdArray, zeros } from '../core/array.js';
import { invalidArgument } from '../core/errors.js';
import {
  History,
  type IterativeOptions,
  type IterativeResult,
  filled,
  inverse,
  residualOf,
  systemOf,
} from './iterative.js';

/** Options of {@link totalVariation}. */
export interface TotalVariationOptions extends IterativeOptions {
  /** λ ≥ 0, in value × length²: what a unit of variation costs against half the squared residual. */
  weight: number;
  /** Keep values at or above 0. Default true. */
  nonNegative?: boolean;
}

/**
 * Reconstruction with few jumps: minimises ½|Pf − g|² + λ Σ_pixels |∇f| over images f (by default f ≥ 0), |∇f| the length
 * of the differences to the next column and the next row. From few angles, an image that is constant in pieces comes back
 * almost exactly. Method of A. Chambolle and T. Pock, with the diagonal steps that need no norm of P.
 *
 * @param options `weight` λ has no default: it grows with the noise. `iterations` defaults to 200.
 * @throws As cgls; INVALID_ARGUMENT for a negative weight. Two projections and one backprojection per iteration, O(image +
 *   sinogram) memory. Source: A. Chambolle, T. Pock, J. Math. Imaging Vis. 40 (2011) 120; T. Pock, A. Chambolle, ICCV 2011.
 */
export async function totalVariation(
  sinogram: NdArray,
  options: TotalVariationOptions,
): Promise<IterativeResult> {
  const { weight, nonNegative = true } = options;
  if (!(weight >= 0 && Number.isFinite(weight))) {
    throw invalidArgument('weight', 'a finite number of at least 0', weight);
  }
  const system = await systemOf(sinogram, options, 200);
  const { image, sinogram: data, problem } = system;
  const { rows, columns } = problem;
  const history = new History(system, options);
  const dtype = data instanceof Float64Array ? 'float64' : 'float32';
  const sigma = inverse(await system.project(filled(image)));
  // Column sums of P and of the differences, of which a pixel takes part in four.
  const tau = await system.backproject(filled(data));
  for (let i = 0; i < tau.length; i++) tau[i] = 1 / (tau[i] + 4);

  const dual = zeros([data.length], dtype).data;
  const right = zeros([image.length], dtype).data;
  const down = zeros([image.length], dtype).data;
  const leading = image.slice();
  let residual = await residualOf(system);
  for (let iteration = 0; iteration < system.iterations; iteration++) {
    history.add(residual);
    const projected = await system.project(leading);
    for (let i = 0; i < dual.length; i++) {
      dual[i] = (dual[i] + sigma[i] * (projected[i] - data[i])) / (1 + sigma[i]);
    }
    for (let i = 0, r = 0; r < rows; r++) {
      for (let c = 0; c < columns; c++, i++) {
        // A difference has row sum 2, so its step is ½.
        const x = c + 1 < columns ? right[i] + 0.5 * (leading[i + 1] - leading[i]) : 0;
        const y = r + 1 < rows ? down[i] + 0.5 * (leading[i + columns] - leading[i]) : 0;
        const length = Math.hypot(x, y);
        const factor = length > weight ? weight / length : 1;
        right[i] = x * factor;
        down[i] = y * factor;
      }
    }
    const back = await system.backproject(dual);
    for (let i = 0, r = 0; r < rows; r++) {
      for (let c = 0; c < columns; c++, i++) {
        const divergence = right[i] - (c > 0 ? right[i - 1] : 0) + down[i] - (r > 0 ? down[i - columns] : 0);
        const value = image[i] - tau[i] * (back[i] - divergence);
        const next = nonNegative && value < 0 ? 0 : value;
        leading[i] = 2 * next - image[i];
        image[i] = next;
      }
    }
    residual = await residualOf(system);
    history.report(iteration + 1);
  }
  return history.finish(residual);
}
