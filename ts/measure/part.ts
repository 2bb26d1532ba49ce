import type { FloatData } from '../core/array.js';
import type { Kernels, Matrix, RunControl } from '../kernel/contract.js';

/** Score (n × d) and divergence of the score (n) at the rows of a tile. */
export interface Derivatives {
  readonly score: FloatData;
  readonly divergence: FloatData;
}

/** One term of a density Σ_k w_k p_k, at the rows of a tile. */
export interface PartValues {
  /** log p_k, without its weight. */
  readonly logDensity: FloatData;
  /** Of log p_k. What is not needed, because the weight vanishes on the whole tile, is not computed. */
  derivatives(): Promise<Derivatives>;
}

/** A term w_k p_k of a density, in the element type of the tiles it is given. */
export interface Part {
  readonly logWeight: number;

  evaluate(
    kernels: Kernels,
    tile: Matrix,
    want: { derivatives: boolean },
    run: RunControl,
  ): Promise<PartValues>;

  /** ∇² log p_k(x_i) · v_i for every row of the tile. */
  hessianVector(kernels: Kernels, tile: Matrix, vectors: Matrix, run: RunControl): Promise<FloatData>;
}
