import type { FloatData } from '../../core/array.js';
import type { RunControl } from './control.js';

/** Sums over the lines of images of p × p pixels modulo the prime p. */
export interface FiniteRadonKernels {
  /**
   * p^(−1/2) Σ_i image[i, (ki + l) mod p] for every slope k < p and offset l, then p^(−1/2) Σ_j image[l, j]: p + 1
   * projections of p values for each of `count` images, which lie behind each other; with `transpose` the transpose of
   * that, images from projections. Summed in float64. O(count · p³) time.
   */
  finiteRadon(
    problem: { data: FloatData; count: number; p: number; transpose?: boolean },
    run?: RunControl,
  ): Promise<FloatData>;
}
