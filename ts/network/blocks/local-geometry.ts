import type { NdArray } from '../../core/array.js';
import { type CallOptions, partOf, tell } from '../../core/options.js';
import { RandomStream } from '../../core/random.js';
import { type SampleEstimate } from '../../entropy/estimate.js';
import type { BlockMap } from './block-map.js';
import { type PointGeometry, exactGeometry, probedGeometry } from './point-geometry.js';

/** Factors by which lengths change: root mean square, and the 5th and 95th of a hundred. */
export interface Stretch {
  readonly rms: number;
  readonly low: number;
  readonly high: number;
}

/** What the Jacobian J of a block says at points of the data, A = J − I being that of the displacement. */
export interface LocalGeometry {
  /** Points it was taken at. */
  readonly points: number;
  /** Whether all of J was found, as up to 96 dimensions; else by random directions. */
  readonly exact: boolean;
  /** |Ju|/|u| along random directions, and along differences of two examples. */
  readonly stretch: { readonly random: Stretch; readonly data: Stretch | null };
  /** Means over the points of the largest, middle and smallest singular value; null where J is not known whole. */
  readonly singularValues: {
    readonly largest: number;
    readonly median: number;
    readonly smallest: number;
  } | null;
  /**
   * Mean of log|det J|, by which the entropy of what passes the block rises: along an example, log-density falls by it. Null
   * where J is singular at some point, as where a ReLU or a norm follows the sum; in more than 96 dimensions also where it is so
   * near it that probes do not tell.
   */
  readonly logDeterminant: SampleEstimate | null;
  /** Share of the points at which J is singular, or too near it to tell. */
  readonly singular: number;
  /** Mean of tr A. */
  readonly divergence: SampleEstimate;
  /** ‖(A + Aᵀ)/2‖²/‖A‖² over all points: 1 for a gradient, 0 for a rotation, ½ for a random field. Null where A is 0, or below ten times the
   * error of J. */
  readonly gradientShare: SampleEstimate | null;
}

/** All of J up to so many dimensions. */
const WHOLE = 96;
/** Points at which J is found whole: so many columns in all, but not fewer points than below, and not more than these. */
const COLUMNS = 4096;
const MOST = 256;
const POINTS = 32;
const PROBES = 8;
/** Products with J for each probe. */
const STEPS = 10;
/** Numbers of a Krylov basis that are held at once. */
const HELD = 1 << 24;

/**
 * The geometry of a block at some of the points, drawn by the seed. Up to 96 dimensions J is found whole, at 32 to 256 points; in more, at
 * up to 32, by 8 random signs each and Krylov spaces of 10 products from them (M. F. Hutchinson, Communications in Statistics 19, 1990; as in
 * stochastic Lanczos quadrature of S. Ubaru, J. Chen, Y. Saad, SIAM J. Matrix Anal. Appl. 38, 2017, but by Arnoldi's process, J
 * not being symmetric). Standard errors are those over the points.
 *
 * @param x n × d, n ≥ 2, points that enter the block. Throws as the block, ABORTED.
 *
 * 4096 products with J (2560 in more than 96 dimensions), and O(d³) time for each point, or O(800 d).
 */
export async function localGeometry(map: BlockMap, x: NdArray, options: CallOptions): Promise<LocalGeometry> {
  const [n, d] = x.shape;
  const exact = d <= WHOLE;
  const most = exact
    ? Math.min(MOST, Math.max(POINTS, Math.floor(COLUMNS / d)))
    : Math.max(4, Math.min(POINTS, Math.floor(HELD / (d * STEPS * PROBES))));
  const rows = new RandomStream(options.seed, 'subsample', d).choose(n, Math.min(n, most));
  const at = gathered(x, rows);
  const call = partOf(options, 0, 0.9);
  const found = exact
    ? await exactGeometry(map, at, call)
    : await probedGeometry(map, at, { probes: PROBES, steps: STEPS }, call);
  const count = rows.length;
  const data = await alongData(map, x, rows, options);
  await tell(options.onProgress, 1);
  const regular = found.filter(({ logDeterminant }) => Number.isFinite(logDeterminant)).length;
  return {
    points: count,
    exact,
    stretch: { random: stretchOf(found.flatMap(({ stretches }) => stretches))!, data },
    singularValues: exact
      ? {
          largest: mean(found.map(({ singular }) => singular![0])),
          median: mean(found.map(({ singular }) => singular![d >> 1])),
          smallest: mean(found.map(({ singular }) => singular![d - 1])),
        }
      : null,
    logDeterminant: regular === count ? estimate(found.map(({ logDeterminant }) => logDeterminant)) : null,
    singular: 1 - regular / count,
    divergence: estimate(found.map(({ trace }) => trace)),
    gradientShare: ratio(found, d * (10 * (map.error ?? 0)) ** 2),
  };
}

/** The rows of these numbers. */
export function gathered({ data, shape: [, d] }: NdArray, rows: ArrayLike<number>): NdArray {
  const out = new (data.constructor as Float32ArrayConstructor)(rows.length * d);
  for (let i = 0; i < rows.length; i++) out.set(data.subarray(rows[i] * d, (rows[i] + 1) * d), i * d);
  return { data: out, shape: [rows.length, d] };
}

async function alongData(
  map: BlockMap,
  x: NdArray,
  rows: ArrayLike<number>,
  { seed, ...options }: CallOptions,
): Promise<Stretch | null> {
  const [n, d] = x.shape;
  const from = gathered(x, rows);
  const to = gathered(x, new RandomStream(seed, 'subsample', d + 1).choose(n, rows.length));
  const u = new Float64Array(from.data.length);
  for (let at = 0; at < u.length; at++) u[at] = to.data[at] - from.data[at];
  const image = await map.jacobianVector(
    from,
    { data: u, shape: from.shape },
    { ...options, onProgress: undefined },
  );
  const factors: number[] = [];
  for (let i = 0; i < rows.length; i++) {
    let [before, after] = [0, 0];
    for (let at = i * d; at < (i + 1) * d; at++) {
      before += u[at] ** 2;
      after += image.data[at] ** 2;
    }
    if (before > 0) factors.push(Math.sqrt(after / before));
  }
  return stretchOf(factors);
}

function stretchOf(factors: readonly number[]): Stretch | null {
  if (factors.length === 0) return null;
  const sorted = [...factors].sort((a, b) => a - b);
  const at = (share: number) => sorted[Math.round(share * (sorted.length - 1))];
  return { rms: Math.sqrt(mean(factors.map((value) => value ** 2))), low: at(0.05), high: at(0.95) };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function estimate(values: readonly number[]): SampleEstimate {
  const value = mean(values);
  const squares = values.reduce((sum, other) => sum + (other - value) ** 2, 0);
  return { value, standardError: Math.sqrt(squares / Math.max(1, values.length - 1) / values.length) };
}

/** Σ symmetric / Σ whole, with the standard error of a ratio of means. */
function ratio(found: readonly PointGeometry[], least: number): SampleEstimate | null {
  const whole = mean(found.map(({ norm }) => norm));
  if (!(whole > least)) return null;
  const value = mean(found.map(({ symmetric }) => symmetric)) / whole;
  const { standardError } = estimate(found.map(({ symmetric, norm }) => (symmetric - value * norm) / whole));
  return { value: Math.min(1, Math.max(0, value)), standardError };
}
