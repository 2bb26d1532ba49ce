import type { NdArray } from '../core/array.js';
import type { Contraction } from './contraction.js';

/** Number of layers, or the continuous limit of infinitely many. */
export type Depth = number | 'continuous';

/** How a Wasserstein distance was obtained: exactly, or as the sliced lower bound √d · SW₂. */
export type DistanceMethod = 'exact' | 'sliced';

/** How one DAE transported the cloud. */
export interface DepthRun {
  depth: Depth;
  /** Kozachenko–Leonenko estimate of the entropy of the moved cloud, in nats; −Infinity where it has collapsed onto duplicates. */
  entropy: number;
  /** Its standard error; NaN where it is not known. */
  entropyError?: number;
  /** Leave-one-out nearest-neighbour label accuracy of the moved cloud, 0 to 1; null without labels. */
  accuracy: number | null;
  /** Mean distance between where a point started and where it ended. */
  displacement: number;
  /** W₂ between the cloud and the moved cloud, by `w2Method`. */
  w2: number;
  w2Method: DistanceMethod;
  /** Sliced W₂ (root mean square over directions), for every depth by the same method. */
  slicedW2: number;
  /** Action ∫₀ᵀ mean |v_t|² dt. */
  action: number;
  /** W₂² / (T · action), in (0, 1]. A lower bound where w2Method is `sliced`. NaN where nothing moved. */
  straightness: number;
  /** Smoothing variance of the transported measure at time T. */
  finalSmoothing: number;
  /** How often the score of the whole cloud was evaluated: the number of layers, or what the integrator needed. */
  evaluations: number;
  /** Wall time of the transport, in seconds, without the measurements. */
  seconds: number;
  /** Where the points ended, n × d. */
  positions: NdArray;
  /** The cloud along the way: strictly increasing times from 0 to T, and n × d positions at each. */
  snapshots: { times: number[]; positions: NdArray[] };
}

/** What {@link compareDepths} returns. */
export interface DepthComparison {
  n: number;
  d: number;
  /** Total noise variance, the flow's end time. */
  T: number;
  /** Smoothing variance s of the starting measure (1/n) Σ N(x_i, sI). */
  smoothing: number;
  /** Whether T and the smoothing were given or taken from the data. */
  chosen: { T: 'given' | 'default'; smoothing: 'given' | 'default' };
  /** Over which directions the smoothing contracted. */
  contraction: Contraction;
  backend: string;
  dtype: 'float32' | 'float64';
  seed: number;
  /** Entropy and accuracy of the cloud before anything moved. */
  start: { entropy: number; entropyError?: number; accuracy: number | null };
  runs: DepthRun[];
}
