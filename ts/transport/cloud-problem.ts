import type { NdArray } from '../core/array.js';
import { type PairCost, checkClouds, checkPairCost, checkSpreadWeights } from './arguments.js';
import { CloudKernel } from './entropic-kernel.js';
import { type SinkhornOptions, checkSinkhorn } from './sinkhorn-iteration.js';

/** The entropic transport problem between two clouds, which may be spread over ranks, checked. */
export async function cloudProblem(a: NdArray, b: NdArray, options: SinkhornOptions & { cost?: PairCost }) {
  const cost = checkPairCost(options.cost);
  const { n, m } = checkClouds(a, b, 0);
  const anyMass = options.marginalPenalty !== undefined;
  const kernel = await CloudKernel.of(a, b, cost, options, 'spread');
  const { kernels } = kernel;
  const weightsA = await checkSpreadWeights(kernels, options.weightsA, n, 'weightsA', { anyMass });
  const weightsB = await checkSpreadWeights(kernels, options.weightsB, m, 'weightsB', { anyMass });
  const problem = checkSinkhorn(kernel, weightsA, weightsB, options);
  return { n, kernel, weightsA, weightsB, problem };
}
