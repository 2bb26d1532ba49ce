import { type DType, type FloatData, type NdArray, allocate, dtypeOf } from '../core/array.js';
import { RidgeflowError } from '../core/errors.js';
import type { NdArrayLike } from '../core/foreign.js';
import { callOptions, checkInteger, checkPositive, checkSeed, partOf } from '../core/options.js';
import { RandomStream } from '../core/random.js';
import { activation } from '../core/activation.js';
import { takeRows, vectorLength } from '../core/rows.js';
import { logUnitBallVolume } from '../entropy/special.js';
import { kernelsFor } from '../kernel/backend.js';
import { GaussianMixture } from '../measure/mixture.js';
import { type RidgeletData, checkPair, dataSizes } from './arguments.js';
import { ridgeletTransformOfMeasure } from './of-measure.js';
import type { RidgeletPair } from './pair.js';
import { type RidgeletTransformOptions, ridgeletTransform } from './transform.js';
import { checkCall } from '../core/call.js';
import { SIGNATURES } from './signatures.js';

/** Points that biases are proposed about: more cost time and change little. */
const ANCHORS = 1024;
/** Pieces of the radius whose shares the first round estimates. */
const SHELLS = 16;
/** Share of the proposal that stays spread evenly over the shells. */
const EVEN = 0.1;

/** Options of {@link sampleRidgelet}. */
export interface SampleRidgeletOptions extends RidgeletTransformOptions {
  /**
   * Largest |a|: the transform of data does not fall with |a|, as that of a smooth function does. Default: 12 oscillations
   * of ψ over the spread of the points.
   */
  radius?: number;
  /** Candidates per sample, 2 to 1000. Default 8. */
  candidates?: number;
}

/** Units drawn from |R[f]|. */
export interface RidgeletSample {
  /** [count, d]. */
  readonly a: NdArray;
  /** [count]. */
  readonly b: NdArray;
  /** `R[f](a, b)`, [count, k]. */
  readonly values: NdArray;
  /**
   * Estimate of Z = ∫ |R[f]| da db over |a| ≤ radius. Units are drawn with the density |R[f]|/Z, so that
   * Z/count · R[f]/|R[f]| are the output weights of a network that approximates f.
   */
  readonly normaliser: number;
  /** (Σ w)²/Σ w² of the candidates' weights: how many independent exact draws they are worth. */
  readonly effectiveSampleSize: number;
  readonly radius: number;
}

/**
 * Draws units (a, b) from |R[f]|, |a| ≤ radius, in any dimension: importance sampling with resampling.
 *
 * Candidates: a has a uniform direction and a length by shells of the radius, in a second round in proportion to the mass
 * that a first found in each; b = a·x − s z with x among the points and z standard normal, s the extent of ψ. Their
 * density is known, so their weights |R[f]|/density are; `count` of them are drawn by systematic resampling. Draws can
 * repeat: with an effective sample size well above `count` few do. |R[f]| is the length of the vector of a vector-valued f.
 *
 * @param target Data, or a Gaussian mixture, whose density is f.
 * @throws INVALID_ARGUMENT (count, radius, candidates), DEGENERATE_CLOUD (all points coincide and no radius is given),
 *   NOT_CONVERGED (R[f] is 0 at all candidates), and as ridgeletTransform. O(candidates · count · n(d + k)) time.
 *
 * Source: D. B. Rubin's sampling/importance resampling (1987); S. Sonoda, N. Murata, "Sampling hidden parameters from
 * oracle distribution", ICANN 2014, for what it is for.
 *
 * @example
 * const { a, b, effectiveSampleSize } = await sampleRidgelet({ points, values }, 200, { pair, seed: 1 });
 */
export async function sampleRidgelet(
  target: RidgeletData<NdArrayLike> | GaussianMixture,
  count: number,
  options: SampleRidgeletOptions,
): Promise<RidgeletSample> {
  const { target: own } = checkCall(SIGNATURES.sampleRidgelet, { target, options });
  checkInteger(count, 'count', 1, 1e7);
  const { pair, candidates = 8 } = options;
  checkInteger(candidates, 'candidates', 2, 1000);
  const seed = checkSeed(options.seed);
  const mixture = own instanceof GaussianMixture ? own : undefined;
  const d = mixture ? mixture.dimension : dataSizes(own as RidgeletData).d;
  checkPair(pair, d);
  const anchors = mixture
    ? await mixture.sample(ANCHORS, { ...callOptions(options), onProgress: undefined })
    : chosenRows((own as RidgeletData).points, seed);
  const dtype = options.dtype ?? dtypeOf(mixture ? mixture.means : (own as RidgeletData).points);
  const radius =
    options.radius === undefined ? defaultRadius(anchors, pair) : checkPositive(options.radius, 'radius');
  const evaluate = (units: { a: NdArray; b: NdArray }, from: number, to: number) =>
    mixture
      ? ridgeletTransformOfMeasure(mixture, units, { ...partOf(options, from, to), pair, dtype })
      : ridgeletTransform(own as RidgeletData, units, {
          ...partOf(options, from, to),
          ...{ pair, dtype, normalisation: options.normalisation },
        });

  const proposal = { anchors, radius, extent: pair.profile.reach(0.1) / 2, dtype, seed };
  const even = new Float64Array(SHELLS).fill(1 / SHELLS);
  const pilot = await propose(
    { ...proposal, count: Math.max(64 * SHELLS, count), shares: even, round: 0 },
    options,
  );
  const pilotValues = await evaluate(pilot, 0, 0.2);
  const found = new Float64Array(SHELLS);
  weightsOf(pilot, pilotValues).forEach((weight, i) => (found[pilot.shells[i]] += weight));
  const mass = found.reduce((sum, value) => sum + value, 0);
  const shares = found.map(
    (value) => (mass > 0 ? ((1 - EVEN) * value) / mass : 0) + (mass > 0 ? EVEN : 1) / SHELLS,
  );

  const drawn = await propose({ ...proposal, count: count * candidates, shares, round: 1 }, options);
  const values = await evaluate(drawn, 0.2, 1);
  const weights = weightsOf(drawn, values);
  const chosen = systematic(weights, count, new RandomStream(seed, 'acceptance').uniform(0));
  const sum = weights.reduce((total, weight) => total + weight, 0);
  if (!(sum > 0)) {
    throw new RidgeflowError(
      'NOT_CONVERGED',
      'The ridgelet transform is 0 at every candidate: nothing can be drawn',
      {
        details: { radius },
      },
    );
  }
  return {
    a: takeRows(drawn.a, chosen, 'a sample'),
    b: { data: takeRows({ data: drawn.b.data, shape: [weights.length, 1] }, chosen).data, shape: [count] },
    values: takeRows(values, chosen, 'a sample'),
    normaliser: sum / weights.length,
    effectiveSampleSize: effectiveSampleSize(weights),
    radius,
  };
}

interface Proposal {
  anchors: NdArray;
  radius: number;
  /** Standard deviation of biases about the anchors. */
  extent: number;
  dtype: DType;
  seed: number;
  count: number;
  /** Of the shells of the radius. */
  shares: Float64Array;
  /** Rounds draw different numbers. */
  round: number;
}

interface Candidates {
  a: NdArray;
  b: NdArray;
  shells: Int32Array;
  /** log of the proposal's density in (a, b). */
  logDensity: Float64Array;
}

async function propose(
  { anchors, radius, extent, dtype, seed, count, shares, round }: Proposal,
  options: SampleRidgeletOptions,
): Promise<Candidates> {
  const [n, d] = anchors.shape;
  const [directions, lengths, points, noise] = [0, 1, 2, 3].map(
    (part) => new RandomStream(seed, 'directions', 4 * round + part),
  );
  const a = allocate(dtype, count * d, 'candidates');
  const b = allocate(dtype, count, 'candidates');
  const shells = new Int32Array(count);
  const logDensity = new Float64Array(count);
  directions.fillNormal(a);
  const normal = new Float64Array(count);
  noise.fillNormal(normal);
  const logSphere = Math.log(d) + logUnitBallVolume(d);
  const width = radius / SHELLS;
  for (let i = 0; i < count; i++) {
    let u = lengths.uniform(i);
    let shell = 0;
    while (shell < SHELLS - 1 && u >= shares[shell]) u -= shares[shell++];
    const within = Math.min(Math.max(u / shares[shell], 1e-9), 1);
    const length = width * (shell + within);
    let square = 0;
    for (let k = i * d; k < (i + 1) * d; k++) square += a[k] * a[k];
    const scale = length / Math.sqrt(square || 1);
    const anchor = Math.min(Math.floor(points.uniform(i) * n), n - 1);
    let place = 0;
    for (let k = 0; k < d; k++) {
      a[i * d + k] *= scale;
      place += a[i * d + k] * anchors.data[anchor * d + k];
    }
    b[i] = place - extent * normal[i];
    shells[i] = shell;
    // Of the vector a: its length's density over the area of the sphere of that length.
    logDensity[i] = Math.log(shares[shell] / width) - logSphere - (d - 1) * Math.log(length);
  }
  const units = { a: { data: a, shape: [count, d] }, b: { data: b, shape: [count] } };
  const aboutAnchors = await mixtureDensity(units, anchors, extent, dtype, options);
  for (let i = 0; i < count; i++) logDensity[i] += Math.log(Math.max(aboutAnchors[i], 1e-37));
  return { ...units, shells, logDensity };
}

/** (1/n) Σ_i N(b; a·x_i, s²): ridge functions of the normal density. */
async function mixtureDensity(
  { a, b }: { a: NdArray; b: NdArray },
  anchors: NdArray,
  extent: number,
  dtype: DType,
  options: SampleRidgeletOptions,
): Promise<FloatData> {
  const kernels = await kernelsFor(options, dtype);
  const [n, d] = anchors.shape;
  const ones = allocate(dtype, n, 'anchors').fill(1);
  const points = allocate(dtype, n * d, 'anchors');
  for (let i = 0; i < points.length; i++) points[i] = anchors.data[i] / extent;
  const queryBias = b.data.map((value: number) => -value / extent);
  return kernels.ridgeSum(
    {
      queries: { data: a.data, rows: a.shape[0], columns: d },
      queryBias,
      centres: { data: points, rows: n, columns: d },
      values: { data: ones, rows: n, columns: 1 },
      nonlinearity: activation('gaussian').kernel,
      scale: 1 / (n * extent),
    },
    { signal: options.signal },
  );
}

/** |R|/density of every candidate. */
function weightsOf({ logDensity }: Candidates, { data, shape: [m, k = 1] }: NdArray): Float64Array {
  const weights = new Float64Array(m);
  for (let i = 0; i < m; i++) weights[i] = vectorLength(data, i * k, k) * Math.exp(-logDensity[i]);
  return weights;
}

/** `count` draws in proportion to the weights, equally spaced in their cumulative sum from one uniform number on. */
function systematic(weights: ArrayLike<number>, count: number, u: number): Int32Array {
  let total = 0;
  for (let i = 0; i < weights.length; i++) total += weights[i];
  const chosen = new Int32Array(count);
  let sum = 0;
  let i = 0;
  for (let j = 0; j < count; j++) {
    const place = ((j + u) / count) * total;
    while (i < weights.length - 1 && sum + weights[i] <= place) sum += weights[i++];
    chosen[j] = i;
  }
  return chosen;
}

/** (Σ w)²/Σ w²: how many independent exact draws weighted candidates are worth. */
export function effectiveSampleSize(weights: Float64Array): number {
  let [sum, squares] = [0, 0];
  for (const weight of weights) {
    sum += weight;
    squares += weight * weight;
  }
  return (sum * sum) / squares;
}

function chosenRows(points: NdArray, seed: number): NdArray {
  const [n] = points.shape;
  if (n <= ANCHORS) return points;
  return takeRows(points, new RandomStream(seed, 'subsample').choose(n, ANCHORS));
}

/** The |a| at which ψ oscillates 12 times as fast as it must to resolve the points' spread. */
function defaultRadius({ data, shape: [n, d] }: NdArray, pair: RidgeletPair): number {
  let square = 0;
  for (let k = 0; k < d; k++) {
    let [mean, moment] = [0, 0];
    for (let i = 0; i < n; i++) mean += data[i * d + k] / n;
    for (let i = 0; i < n; i++) moment += (data[i * d + k] - mean) ** 2 / n;
    square += moment / d;
  }
  if (!(square > 0)) {
    throw new RidgeflowError(
      'DEGENERATE_CLOUD',
      'Expected points that do not all coincide for data: with a single point give a radius',
      { details: { parameter: 'data' } },
    );
  }
  return 12 / (Math.sqrt(square) * pair.profile.bandwidth(0.5));
}
