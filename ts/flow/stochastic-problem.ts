import type { FloatData, NdArray } from '../core/array.js';
import { invalidArgument } from '../core/errors.js';
import type { CallOptions } from '../core/options.js';
import type { CheckpointOptions } from './checkpoint.js';

/**
 * A solver of stochastic differential equations with additive noise: 'euler-maruyama' has weak order 1 and takes one
 * evaluation of the drift for each step, 'stochastic-heun' weak order 2 and two. Both have strong order 1.
 */
export type StochasticSolver = 'euler-maruyama' | 'stochastic-heun';

/** How strong the noise is: the same in every coordinate, or one number for each of the d. */
export type NoiseScale = number | ArrayLike<number>;

/** Options of `diffuse`. */
export interface DiffuseOptions extends CallOptions {
  /** Default 0. */
  from?: number;
  /** End time; before `from` integrates backwards, with noise of variance g² |dt|. */
  to: number;
  /** g ≥ 0 in dX = v dt + g dB: a number, d numbers, or either as a function of time. */
  noise: NoiseScale | ((t: number) => NoiseScale);
  /** The number of equal steps, or the longest that a step may be. Steps also end at the times of `saveAt`. */
  step: number | { steps: number };
  /** Default 'stochastic-heun'. */
  solver?: StochasticSolver;
  /** Times between `from` and `to` at which the particles are kept. Default: none but the ends. */
  saveAt?: readonly number[];
  /** Steps allowed. Default 1 000 000. */
  maximumSteps?: number;
  /**
   * Writes the standard normal numbers of a step (counted from 0), n × d, in place of those that come from `seed`: for
   * runs that share their Brownian motion.
   */
  normals?: (step: number, out: FloatData) => void;
  /** Told after every step. The positions are a buffer that later steps write to. */
  onStep?: (info: { t: number; step: number; positions: NdArray }) => void;
  /** Snapshots on disk while the run goes on. Each holds the positions saved so far, too. */
  checkpoint?: CheckpointOptions;
  /** A file that `checkpoint` wrote in the same run: go on from there, to the same bits as if it had not been interrupted. */
  resume?: string;
}

/** The particles at one time. */
export interface DiffusionState {
  time: number;
  /** n × d. */
  positions: NdArray;
}

/** What `diffuse` returns. */
export interface DiffusionPath {
  /** The start, the times of `saveAt`, and the end. */
  states: DiffusionState[];
  end: DiffusionState;
  statistics: { steps: number; evaluations: number };
}

/** Throws INVALID_ARGUMENT unless it is a function of time, or what {@link noiseAt} takes in some dimension. */
export function checkNoise(noise: DiffuseOptions['noise']): void {
  if (typeof noise === 'function') return;
  noiseAt(
    noise,
    0,
    typeof noise === 'number' ? 1 : ((noise as ArrayLike<number> | null | undefined)?.length ?? 1),
  );
}

/** The noise scale at a time: one number, or d. Throws INVALID_ARGUMENT. */
export function noiseAt(noise: DiffuseOptions['noise'], t: number, d: number): NoiseScale {
  const scale = typeof noise === 'function' ? noise(t) : noise;
  const values: ArrayLike<number> | undefined = typeof scale === 'number' ? [scale] : scale;
  const expected = `a finite number of at least 0, or ${d} of them,`;
  if (values?.length !== d && typeof scale !== 'number') throw invalidArgument('noise', expected, scale);
  for (let k = 0; k < values.length; k++) {
    if (!(values[k] >= 0 && values[k] < Infinity)) throw invalidArgument('noise', expected, values[k]);
  }
  return scale;
}
