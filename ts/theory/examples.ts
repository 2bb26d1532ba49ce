import { type GaussianMixture, gaussianMixture } from '../measure/index.js';

/** The mixtures that several claims look at: on the line, and in the plane. */
export function exampleMixtures(): { line: GaussianMixture; plane: GaussianMixture } {
  return {
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
