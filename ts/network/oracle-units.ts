import type { ActivationName } from '../core/activation.js';
import { type NdArray, checkPoints } from '../core/array.js';
import { RidgeflowError } from '../core/errors.js';
import type { NdArrayLike } from '../core/foreign.js';
import { type CallOptions, checkInteger } from '../core/options.js';
import { Pace } from '../core/pace.js';
import { RandomStream } from '../core/random.js';
import { takeRows, vectorLength } from '../core/rows.js';
import { type RidgeletPair, ridgeletPair } from '../ridgelet/pair.js';
import { effectiveSampleSize } from '../ridgelet/sampling.js';
import { ridgeletTransform } from '../ridgelet/transform.js';
import { type RandomUnitOptions, type Units, randomUnits } from './units.js';
import { checkCall } from '../core/call.js';
import { SIGNATURES } from './signatures.js';

/** Options of {@link oracleUnits}. */
export interface OracleUnitOptions extends CallOptions, Pick<RandomUnitOptions, 'scale'> {
  /** m. */
  width: number;
  /** The network's activation, to which ψ belongs; or a pair. Default 'tanh'. */
  activation?: ActivationName | RidgeletPair;
  /** Units to choose from. Default: 16 for each unit wanted, at least 4096. */
  candidates?: number;
}

/** What {@link oracleUnits} returns. */
export interface OracleUnits extends Units {
  /** `|R[f](a_j, b_j)|` of each unit. */
  magnitude: Float64Array;
  /** (Σ w)²/Σ w² of the candidates' weights: how many independent draws they are worth. */
  effectiveSampleSize: number;
}

/** Points from which the range of a projection is taken. */
const SAMPLE = 512;

/**
 * Oracle sampling: units drawn from the density `|R_μ[f](a, b)|`, the ridgelet spectrum of the values at the points, over
 * the shell of slopes that `scale` bounds and the biases that the data reach. By importance: candidates as in
 * {@link randomUnits} but with uniform biases are weighed by |R_μ[f]| over their own density, and `width` of them are
 * drawn without replacement. No unit comes twice and their order is random, so that the first of them are a draw as well:
 * what the hidden layer of a network needs. `sampleRidgelet` draws independently, with the normaliser that output
 * weights without a regression need.
 *
 * @param points n × d.
 * @param values n × k; |R| is the Euclidean size over the k outputs.
 * @throws INVALID_ARGUMENT, INVALID_SHAPE, EMPTY_CLOUD, DEGENERATE_CLOUD (all points or all values the same), NON_FINITE,
 *   ABORTED. O(candidates · n(d + k)) time.
 *
 * Source: S. Sonoda, N. Murata, Sampling hidden parameters from oracle distribution, ICANN 2014; keys for sampling without
 * replacement: P. S. Efraimidis, P. G. Spirakis, Inf. Process. Lett. 97 (2006) 181.
 */
export async function oracleUnits(
  points: NdArrayLike,
  values: NdArrayLike,
  options: OracleUnitOptions,
): Promise<OracleUnits> {
  ({ points, values } = checkCall(SIGNATURES.oracleUnits, { points, values, options }));
  const { n, d } = checkPoints(points, 'points', { minimum: 2 });
  checkPoints(values, 'values');
  if (values.shape[0] !== n) {
    throw new RidgeflowError(
      'INVALID_SHAPE',
      `Expected ${n} rows for values but received ${values.shape[0]}`,
      {
        details: { parameter: 'values' },
      },
    );
  }
  const width = checkInteger(options.width, 'width', 1);
  const { activation = 'tanh', seed } = options;
  const pair = typeof activation === 'object' ? activation : ridgeletPair(activation, d);
  const candidates = checkInteger(options.candidates ?? Math.max(4096, 16 * width), 'candidates', width);
  const drawn = randomUnits(points, { width: candidates, scale: options.scale, seed });
  const pace = new Pace({ signal: options.signal }, candidates);
  const ranges = await spreadBiases(drawn, points, new RandomStream(seed, 'acceptance'), pace);
  const spectrum = await ridgeletTransform(
    { points, values: centred(values) },
    { a: drawn.a, b: drawn.b },
    { ...callOf(options), pair, normalisation: 'profile' },
  );
  const k = spectrum.shape[1];
  const magnitude = Float64Array.from({ length: candidates }, (_, j) =>
    vectorLength(spectrum.data, j * k, k),
  );
  // Slopes are uniform in direction and in the logarithm of their length: their density falls as |a|^−d.
  const logWeights = magnitude.map((size, j) => {
    let square = 0;
    for (let c = 0; c < d; c++) square += drawn.a.data[j * d + c] ** 2;
    return Math.log(size) + (d / 2) * Math.log(square) + Math.log(ranges[j]);
  });
  const top = logWeights.reduce((a, b) => Math.max(a, b), -Infinity);
  if (!(top > -Infinity)) {
    throw new RidgeflowError(
      'DEGENERATE_CLOUD',
      'The spectrum of the values vanishes: they are all the same',
    );
  }
  const weights = logWeights.map((value) => Math.exp(value - top));
  const uniforms = new Float64Array(candidates);
  new RandomStream(seed, 'component').fillUniform(uniforms);
  // Exponential clocks: those that ring first are a draw without replacement.
  const keys = logWeights.map((value, j) => Math.log(-Math.log(uniforms[j])) - value);
  const order = Int32Array.from(keys, (_, j) => j).sort((i, j) => keys[i] - keys[j]);
  const chosen = order.subarray(0, width);
  const biases = { data: drawn.b.data, shape: [candidates, 1] };
  return {
    a: takeRows(drawn.a, chosen, 'units'),
    b: { data: takeRows(biases, chosen, 'units').data, shape: [width] },
    magnitude: Float64Array.from(chosen, (j) => magnitude[j]),
    effectiveSampleSize: effectiveSampleSize(weights),
  };
}

function callOf({ signal, onProgress, dtype, backend }: CallOptions): CallOptions {
  return { signal, onProgress, dtype, backend };
}

/** The values less their mean, which a ridgelet does not see but for rounding and the data's density. */
export function centred({ data, shape: [n, k] }: NdArray): NdArray {
  const means = new Float64Array(k);
  for (let i = 0; i < data.length; i++) means[i % k] += data[i] / n;
  return { data: data.map((value, i) => value - means[i % k]), shape: [n, k] };
}

/** Draws every unit's bias uniformly over the range of its projection of the data; returns the lengths of the ranges. */
async function spreadBiases(
  { a, b }: Units,
  { data, shape: [n, d] }: NdArray,
  stream: RandomStream,
  pace: Pace,
): Promise<Float64Array> {
  const count = Math.min(n, SAMPLE);
  const ranges = new Float64Array(b.data.length);
  for (let j = 0; j < ranges.length; j++) {
    let [least, most] = [Infinity, -Infinity];
    for (let i = 0; i < count; i++) {
      const row = Math.floor((i * n) / count) * d;
      let projection = 0;
      for (let c = 0; c < d; c++) projection += a.data[j * d + c] * data[row + c];
      least = Math.min(least, projection);
      most = Math.max(most, projection);
    }
    ranges[j] = most - least;
    b.data[j] = least + ranges[j] * stream.uniform(j);
    await pace.tick(1);
  }
  return ranges;
}
