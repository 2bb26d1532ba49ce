import { type FloatData, type NdArray, allocate, allocateIntegers, checkDType } from '../core/array.js';
import { invalidArgument } from '../core/errors.js';
import { type CallOptions, checkInteger, checkPositive } from '../core/options.js';
import { RandomStream } from '../core/random.js';
import { checkCall } from '../core/call.js';
import { SIGNATURES } from './signatures.js';

/** Points with a class for each. It can be given to `empirical` and `smoothed` as it is. */
export interface SampleSet {
  /** n × d. */
  points: NdArray;
  /** n class numbers from 0. */
  labels: Int32Array;
}

/** Options of every sample set. The same seed gives the same bits on every machine. */
export interface SampleSetOptions extends Pick<CallOptions, 'seed' | 'dtype'> {
  /** Standard deviation of the Gaussian noise added to each coordinate, at least 0. Default 0, unless said otherwise. */
  noise?: number;
}

/** A place on the set, before noise, and its class. `u` and `v` are uniform on (0, 1), given by the row. */
type Placement = (row: number, u: number, v: number) => { point: readonly number[]; label: number };

/** Quarters into which the length of a curve is cut for labels. */
const QUARTERS = 4;

/**
 * The swiss roll in ℝ³: (t cos t, 21 v, t sin t) with t = (3π/2)(1 + 2u), u and v uniform on (0, 1). Labels 0 to 3 are
 * the quarters of u, from the inside out. As in scikit-learn's make_swiss_roll.
 *
 * @throws INVALID_ARGUMENT. O(n) time.
 */
export function swissRoll(n: number, options: SampleSetOptions = {}): SampleSet {
  checkCall(SIGNATURES.swissRoll, { options });
  return place(n, 3, options, 0, (_, u, v) => {
    const t = 1.5 * Math.PI * (1 + 2 * u);
    return { point: [t * Math.cos(t), 21 * v, t * Math.sin(t)], label: Math.floor(QUARTERS * u) };
  });
}

/**
 * The S-curve in ℝ³: (sin t, 2v, sign(t)(cos t − 1)) with t = 3π(u − ½), u and v uniform on (0, 1). Labels 0 to 3 are
 * the quarters of u. As in scikit-learn's make_s_curve.
 *
 * @throws INVALID_ARGUMENT. O(n) time.
 */
export function sCurve(n: number, options: SampleSetOptions = {}): SampleSet {
  checkCall(SIGNATURES.sCurve, { options });
  return place(n, 3, options, 0, (_, u, v) => {
    const t = 3 * Math.PI * (u - 0.5);
    return {
      point: [Math.sin(t), 2 * v, Math.sign(t) * (Math.cos(t) - 1)],
      label: Math.floor(QUARTERS * u),
    };
  });
}

/**
 * Two interleaving half circles in ℝ²: ⌊n/2⌋ points (cos θ, sin θ) with label 0, the rest (1 − cos θ, ½ − sin θ) with
 * label 1, θ evenly spaced from 0 to π on each, in random order. As in scikit-learn's make_moons.
 *
 * @throws INVALID_ARGUMENT. O(n) time.
 */
export function twoMoons(n: number, options: SampleSetOptions = {}): SampleSet {
  checkCall(SIGNATURES.twoMoons, { options });
  const order = shuffled(n, options.seed);
  const outer = Math.floor(n / 2);
  const angle = (i: number, count: number) => (count > 1 ? (Math.PI * i) / (count - 1) : 0);
  return place(n, 2, options, 0, (row) => {
    const i = order[row];
    if (i < outer) {
      const theta = angle(i, outer);
      return { point: [Math.cos(theta), Math.sin(theta)], label: 0 };
    }
    const theta = angle(i - outer, n - outer);
    return { point: [1 - Math.cos(theta), 0.5 - Math.sin(theta)], label: 1 };
  });
}

/** Options of {@link circles}. */
export interface CirclesOptions extends SampleSetOptions {
  /** Radius of the inner circle, from 0 to below 1. Default 0.8. */
  factor?: number;
}

/**
 * A circle of radius 1 around one of radius `factor` in ℝ²: ⌊n/2⌋ points (cos θ, sin θ) with label 0, the rest
 * factor·(cos θ, sin θ) with label 1, θ evenly spaced over a turn, in random order. As in scikit-learn's make_circles.
 *
 * @throws INVALID_ARGUMENT. O(n) time.
 */
export function circles(n: number, options: CirclesOptions = {}): SampleSet {
  checkCall(SIGNATURES.circles, { options });
  const { factor = 0.8 } = options;
  if (!(factor >= 0 && factor < 1)) throw invalidArgument('factor', 'a number from 0 to below 1', factor);
  const order = shuffled(n, options.seed);
  const outer = Math.floor(n / 2);
  return place(n, 2, options, 0, (row) => {
    const i = order[row];
    const label = i < outer ? 0 : 1;
    const theta = (2 * Math.PI * (label ? i - outer : i)) / (label ? n - outer : outer);
    const radius = label ? factor : 1;
    return { point: [radius * Math.cos(theta), radius * Math.sin(theta)], label };
  });
}

/** Options of {@link checkerboard}. */
export interface CheckerboardOptions extends SampleSetOptions {
  /** Squares along a side, at least 2. Default 4. */
  squares?: number;
  /** Side of a square, above 0. Default 2. */
  size?: number;
}

/**
 * The uniform distribution on the dark squares of a board centred at 0 in ℝ²: square (i, j) is dark where i + j is
 * even. Labels number the dark squares row by row, from below. With the defaults, the board [−4, 4]² of the literature
 * on normalising flows.
 *
 * @throws INVALID_ARGUMENT. O(n) time.
 */
export function checkerboard(n: number, options: CheckerboardOptions = {}): SampleSet {
  checkCall(SIGNATURES.checkerboard, { options });
  const squares = checkInteger(options.squares ?? 4, 'squares', 2, 1024);
  const size = checkPositive(options.size ?? 2, 'size');
  const dark = Math.ceil(squares ** 2 / 2);
  return place(n, 2, options, 0, (_, u, v) => {
    // The fraction of u within its square is uniform and independent of which square it is.
    const label = Math.floor(dark * u);
    const [column, row] = darkSquare(label, squares);
    const centred = (at: number) => size * (at - squares / 2);
    return { point: [centred(column + dark * u - label), centred(row + v)], label };
  });
}

/** Column and row of a dark square by its number. */
function darkSquare(label: number, squares: number): [column: number, row: number] {
  // In reading order every second square is dark on a board of odd side; one of even side shifts each second row.
  const row = Math.floor((2 * label) / squares);
  const column = (2 * label) % squares;
  return squares % 2 === 0 && row % 2 === 1 ? [column + 1, row] : [column, row];
}

/** Options of {@link gaussianGrid}. */
export interface GaussianGridOptions extends SampleSetOptions {
  /** Gaussians along a side, at least 1. Default 5. */
  side?: number;
  /** Distance between neighbouring centres, above 0. Default 2. */
  spacing?: number;
}

/**
 * Equally likely Gaussians centred on a square grid around 0 in ℝ², of standard deviation `noise` (default 0.05) in
 * each coordinate. Labels number the Gaussians row by row, from below. With the defaults, the 25 Gaussians of the
 * literature on generative models.
 *
 * @throws INVALID_ARGUMENT. O(n) time.
 */
export function gaussianGrid(n: number, options: GaussianGridOptions = {}): SampleSet {
  checkCall(SIGNATURES.gaussianGrid, { options });
  const side = checkInteger(options.side ?? 5, 'side', 1, 1024);
  const spacing = checkPositive(options.spacing ?? 2, 'spacing');
  const centred = (at: number) => spacing * (at - (side - 1) / 2);
  return place(n, 2, options, 0.05, (_, u) => {
    const label = Math.floor(side ** 2 * u);
    return { point: [centred(label % side), centred(Math.floor(label / side))], label };
  });
}

function shuffled(n: number, seed: number | undefined): Int32Array {
  checkInteger(n, 'n', 1);
  return new RandomStream(seed, 'shuffle').choose(n, n);
}

function place(
  n: number,
  d: number,
  { seed, dtype = 'float32', noise }: SampleSetOptions,
  defaultNoise: number,
  placement: Placement,
): SampleSet {
  checkInteger(n, 'n', 1);
  checkDType(dtype);
  const deviation = noise ?? defaultNoise;
  if (typeof deviation !== 'number' || !(deviation >= 0 && deviation < Infinity)) {
    throw invalidArgument('noise', 'a finite number of at least 0', deviation);
  }
  const points = allocate(dtype, n * d, 'a sample set');
  const labels = allocateIntegers(n, 'labels');
  const uniforms: FloatData = new Float64Array(2);
  const normals = new Float64Array(d);
  const positions = new RandomStream(seed, 'sample');
  const noises = new RandomStream(seed, 'noise');
  for (let row = 0; row < n; row++) {
    positions.fillUniform(uniforms, 2 * row);
    if (deviation > 0) noises.fillNormal(normals, row * d);
    const { point, label } = placement(row, uniforms[0], uniforms[1]);
    for (let k = 0; k < d; k++) points[row * d + k] = point[k] + deviation * normals[k];
    labels[row] = label;
  }
  return { points: { data: points, shape: [n, d] }, labels };
}
