import { type GaussianMixture, type Measure, gaussian, gaussianMixture } from '../measure/index.js';

/** What several claims look at: a Gaussian of the plane, and mixtures on the line and in the plane. */
export function exampleMeasures(): { normal: Measure; line: GaussianMixture; plane: GaussianMixture } {
  return {
    normal: gaussian({
      mean: [1, 0],
      covariance: [
        [2, 0.8],
        [0.8, 1],
      ],
    }),
    line: gaussianMixture({ weights: [0.3, 0.7], means: [[-1], [2]], variances: [0.5, 0.8] }),
    plane: gaussianMixture({
      weights: [0.4, 0.3, 0.3],
      means: [
        [-2, 0],
        [1.5, 1.5],
        [1.5, -1.5],
      ],
      variances: [0.4, 0.3, 0.5],
    }),
  };
}
