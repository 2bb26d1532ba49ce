import type { FloatData, NdArray } from '../core/array.js';
import { invalidArgument } from '../core/errors.js';
import type { NdArrayLike } from '../core/foreign.js';
import { checkInteger, checkPositive } from '../core/options.js';
import { checkCall } from '../core/call.js';
import { SIGNATURES } from './signatures.js';
import { METHODS } from './method-signatures.js';

/**
 * The density ν of additive noise ε = x − y, as functions of many differences at once. Both functions get an array of
 * shape [k, d] in float64 which is written over after the call: they must not keep it.
 */
export interface NoiseDensity {
  /** What errors call the noise. */
  readonly name: string;
  /** d, where the density has a fixed one. */
  readonly dimension?: number;
  /** log ν of each row up to one constant, k values; −∞ where ν vanishes. */
  logDensity(differences: NdArray): ArrayLike<number> | Promise<ArrayLike<number>>;
  /** ∇log ν at each row, k × d values row by row. Without it the map has no Jacobian. */
  score?(differences: NdArray): ArrayLike<number> | Promise<ArrayLike<number>>;
}

/**
 * Independent Laplace noise in each coordinate: ν(ε) ∝ exp(−Σ_k |ε_k|/b), of variance 2b². Its score jumps where a
 * coordinate of ε is 0; there it counts as 0 in that coordinate, the mean of both sides.
 *
 * @param options `scale`: b > 0. @throws INVALID_ARGUMENT.
 */
export function laplaceNoise(options: { scale: number }): NoiseDensity {
  checkCall(SIGNATURES.laplaceNoise, { options });
  const { scale } = options;
  checkPositive(scale, 'scale');
  return {
    name: 'Laplace noise',
    logDensity: (differences) =>
      perRow(differences, (data, from, to) => {
        let sum = 0;
        for (let k = from; k < to; k++) sum += Math.abs(data[k]);
        return -sum / scale;
      }),
    score: (differences) => {
      ({ differences } = checkCall(METHODS.NoiseDensity.score, { differences }));
      return differences.data.map((value) => -Math.sign(value) / scale);
    },
  };
}

/**
 * Noise that is uniform in the closed ball |ε| ≤ R. The posterior mean is the mean of the points within R: a step
 * function of x for a cloud, whose Jacobian is 0 wherever it exists.
 *
 * @param options `radius`: R > 0. @throws INVALID_ARGUMENT.
 */
export function uniformBallNoise(options: { radius: number }): NoiseDensity {
  checkCall(SIGNATURES.uniformBallNoise, { options });
  const { radius } = options;
  checkPositive(radius, 'radius');
  return {
    name: `uniform noise in a ball of radius ${radius}`,
    logDensity: (differences) =>
      perRow(differences, (data, from, to) => {
        let square = 0;
        for (let k = from; k < to; k++) square += data[k] * data[k];
        return square <= radius * radius ? 0 : -Infinity;
      }),
    score: (differences) => {
      ({ differences } = checkCall(METHODS.NoiseDensity.score, { differences }));
      return new Float64Array(differences.data.length);
    },
  };
}

/**
 * Noise of any density the caller can compute.
 *
 * @param density As {@link NoiseDensity} says; `name` is by default "noise of a given density".
 * @throws INVALID_ARGUMENT.
 * @example
 * // Student's t with 3 degrees of freedom, in one dimension
 * noiseFromDensity({ dimension: 1, logDensity: ({ data }) => data.map((e) => -2 * Math.log1p((e * e) / 3)) })
 */
export function noiseFromDensity(
  density: Omit<NoiseDensity, 'name'> & Partial<Pick<NoiseDensity, 'name'>>,
): NoiseDensity {
  checkCall(SIGNATURES.noiseFromDensity, { density });
  const { name = 'noise of a given density', dimension, logDensity, score } = density ?? {};
  if (typeof logDensity !== 'function') throw invalidArgument('logDensity', 'a function', logDensity);
  if (score !== undefined && typeof score !== 'function') {
    throw invalidArgument('score', 'a function or nothing', score);
  }
  if (dimension !== undefined) checkInteger(dimension, 'dimension', 1);
  return { name, dimension, logDensity, score };
}

function perRow(
  differences: NdArrayLike,
  value: (data: FloatData, from: number, to: number) => number,
): Float64Array {
  ({ differences } = checkCall(METHODS.NoiseDensity.logDensity, { differences }));
  const {
    data,
    shape: [rows, d],
  } = differences;
  const values = new Float64Array(rows);
  for (let i = 0; i < rows; i++) values[i] = value(data, i * d, (i + 1) * d);
  return values;
}
