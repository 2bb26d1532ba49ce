import {
  type DType,
  type NdArray,
  allocate,
  checkArray,
  checkPoints,
  dtypeOf,
  toDtype,
} from '../core/array.js';
import { RidgeflowError, invalidArgument } from '../core/errors.js';
import type { NdArrayLike } from '../core/foreign.js';
import { checkInteger, checkSeed } from '../core/options.js';
import { RandomStream } from '../core/random.js';
import { vectorLength } from '../core/rows.js';
import { kernelsFor } from '../kernel/backend.js';
import { asMatrix, checkFinite } from '../kernel/checks.js';
import { type RidgeletData, checkData, checkPair, dataSizes } from './arguments.js';
import {
  LARGEST_LENGTH,
  type RidgeletAxis,
  type RidgeletGrid,
  checkAxis,
  checkGrid,
  directionsOf,
  volumeOf,
} from './grid.js';
import type { RidgeletPair } from './pair.js';
import { type Spreading, kaiserBessel } from './spreading.js';
import { transformOf } from './ridgelet.js';
import { type RidgeletTransformOptions, factorOf } from './transform.js';
import { checkCall } from '../core/call.js';
import { SIGNATURES } from './signatures.js';

/** A ridgelet transform on a grid. */
export interface RidgeletSpectrum {
  readonly grid: RidgeletGrid;
  /** [a₁ count, (a₂ count,) b count, k]. */
  readonly values: NdArray;
}

/**
 * The ridgelet transform of data at equally spaced biases for each of a list of a, by the fast path: `R[f](αu, ·)` is a
 * filtered projection of the data on u. Points are projected, spread on a fine grid by a Kaiser–Bessel window, and the
 * grid is filtered by ψ̂ over the window's own transform.
 *
 * @param data Points [n, d], values [n, k], weights [n]: see ridgeletTransform.
 * @param a [m, d], any dimension.
 * @param b The biases.
 * @returns [m, b.count, k].
 * @throws As ridgeletTransform; INVALID_ARGUMENT where the biases need a grid beyond 2²² elements.
 *
 * O(mk(n + L log L)) time, L about b.count or what resolves ψ, instead of O(mkn b.count). Errors are below 1e-5 (float32)
 * or 1e-11 (float64) of the largest value. Memory O(nd) and, per thread, some hundred kB to MB for its grids.
 *
 * Source: the Radon transform followed by a wavelet-like transform, E. J. Candès, "Ridgelets: theory and applications",
 * Stanford (1998); spreading as in nonuniform fast Fourier transforms.
 */
export async function ridgeletTransformAlong(
  data: RidgeletData<NdArrayLike>,
  a: NdArrayLike,
  b: RidgeletAxis,
  options: RidgeletTransformOptions,
): Promise<NdArray> {
  const own = checkCall(SIGNATURES.ridgeletTransformAlong, { data, a, b, options });
  ({ a } = own);
  const { d } = dataSizes(own.data);
  checkPair(options.pair, d);
  const { n: m } = checkPoints(a, 'a', { dimension: d });
  checkAxis(b, 'b');
  const dtype = options.dtype ?? dtypeOf(own.data.points);
  const kernels = await kernelsFor(options, dtype);
  checkFinite(kernels, a, 'a');
  const { points, values, weights, share } = checkData(own.data, kernels, dtype);
  const directions = asMatrix(toDtype(a, dtype));
  const scale = share * factorOf(options, dtype);
  const out = await kernels.convolveProjections(
    { points, values, weights, directions, scale, ...planOf(options.pair, b, dtype) },
    options,
  );
  return { data: out, shape: [m, b.count, values.columns] };
}

/** Grid, window and filter for some biases. */
function planOf(pair: RidgeletPair, b: RidgeletAxis, dtype: DType) {
  const tolerance = dtype === 'float64' ? 1e-14 : 1e-8;
  const { profile } = pair;
  const spread: Spreading = kaiserBessel(dtype === 'float64' ? 16 : 8);
  // Twice the elements that ψ's band needs.
  const stride = Math.max(1, Math.ceil((2 * profile.bandwidth(tolerance) * b.spacing) / Math.PI));
  const step = b.spacing / stride;
  const margin = Math.ceil(profile.reach(tolerance) / step) + spread.taps;
  const needed = (b.count - 1) * stride + 1 + 2 * margin;
  if (!(needed <= LARGEST_LENGTH)) {
    throw new RidgeflowError(
      'INVALID_ARGUMENT',
      `Expected biases that a grid of ${LARGEST_LENGTH} elements resolves but these need ${needed}: take fewer, or ` +
        'closer to each other where ψ is narrow, or ridgeletTransform for a list of units',
      { details: { parameter: 'b', needed } },
    );
  }
  const length = goodLength(Math.max(64, needed));
  const re = new Float64Array(length / 2 + 1);
  const im = new Float64Array(length / 2 + 1);
  for (let j = 0; j <= length / 2; j++) {
    const angle = (2 * Math.PI * j) / length;
    const psi = transformOf(profile, Math.max(angle / step, 1e-300));
    const window = spread.transform(angle) * step;
    re[j] = psi.re / window;
    im[j] = j === 0 || j === length / 2 ? 0 : -psi.im / window;
  }
  return {
    grid: { first: b.from - margin * step, perCell: 1 / step, length },
    spread: { taps: spread.taps, degree: spread.degree, coefficients: spread.coefficients },
    response: { re, im },
    read: { offset: margin, stride, count: b.count },
  };
}

/** The smallest of 2^a, 3·2^a, 5·2^a, a ≥ 1, that is at least this. */
function goodLength(atLeast: number): number {
  return Math.min(...[1, 3, 5].map((odd) => odd * 2 ** Math.max(1, Math.ceil(Math.log2(atLeast / odd)))));
}

/**
 * The ridgelet transform on a dense grid of (a, b), d ≤ 2, by the fast path (ridgeletTransformAlong).
 *
 * @throws As ridgeletTransformAlong; INVALID_ARGUMENT for d > 2 and for axes that are none.
 *
 * @example
 * const axis = { from: -8, spacing: 0.125, count: 129 };
 * const { values } = await ridgeletTransformOnGrid({ points, values: f }, { a: [axis], b: axis }, { pair });
 */
export async function ridgeletTransformOnGrid(
  data: RidgeletData<NdArrayLike>,
  grid: RidgeletGrid,
  options: RidgeletTransformOptions,
): Promise<RidgeletSpectrum> {
  const own = checkCall(SIGNATURES.ridgeletTransformOnGrid, { data, grid, options });
  const { d } = dataSizes(own.data);
  checkGrid(grid, d);
  const dtype = options.dtype ?? dtypeOf(own.data.points);
  const out = await ridgeletTransformAlong(own.data, directionsOf(grid, dtype), grid.b, options);
  const values = { data: out.data, shape: [...grid.a.map(({ count }) => count), ...out.shape.slice(1)] };
  return { grid, values };
}

/**
 * Draws units from |R[f]| on a grid, exactly: |R[f]| is taken as constant on the cell about each grid point; cells are
 * drawn from their mass, and the unit uniformly in the cell.
 *
 * @param spectrum Of ridgeletTransformOnGrid.
 * @returns a [count, d], b [count], the values at the cells' middles [count, k], and Z = ∫ |R[f]|: see sampleRidgelet.
 *   Cells are drawn independently; the effective sample size is `count`.
 * @throws INVALID_ARGUMENT, INVALID_SHAPE, INVALID_DTYPE, NOT_CONVERGED (a spectrum of zeros). O(units + count) time.
 */
export function sampleSpectrum(
  spectrum: RidgeletSpectrum,
  count: number,
  options: { seed?: number } = {},
): { a: NdArray; b: NdArray; values: NdArray; normaliser: number } {
  checkCall(SIGNATURES.sampleSpectrum, { spectrum, options });
  checkInteger(count, 'count', 1, 1e7);
  const seed = checkSeed(options.seed);
  if (typeof spectrum !== 'object' || spectrum === null)
    throw invalidArgument('spectrum', '{ grid, values }', spectrum);
  const { grid, values } = spectrum;
  const d = grid?.a?.length;
  checkGrid(grid, d);
  checkArray(values, 'values');
  const cells = grid.a.reduce((product, axis) => product * axis.count, grid.b.count);
  const k = values.shape.at(-1) ?? 1;
  if (k < 1 || values.data.length !== cells * k) {
    throw new RidgeflowError(
      'INVALID_SHAPE',
      `Expected ${cells} rows for values, one for each unit of the grid, but received shape [${values.shape.join(', ')}]`,
      { details: { parameter: 'values' } },
    );
  }
  const cumulative = new Float64Array(cells);
  let total = 0;
  for (let i = 0; i < cells; i++) {
    total += vectorLength(values.data, i * k, k);
    cumulative[i] = total;
  }
  if (!(total > 0))
    throw new RidgeflowError('NOT_CONVERGED', 'The spectrum is 0 everywhere: nothing can be drawn');
  const dtype = dtypeOf(values);
  const a = allocate(dtype, count * d, 'a sample');
  const b = allocate(dtype, count, 'a sample');
  const chosenValues = allocate(dtype, count * k, 'a sample');
  const cellStream = new RandomStream(seed, 'sample');
  const within = new RandomStream(seed, 'noise');
  for (let j = 0; j < count; j++) {
    const cell = firstAbove(cumulative, cellStream.uniform(j) * total);
    const jitter = (axis: number) => within.uniform(j * (d + 1) + axis) - 0.5;
    let rest = Math.floor(cell / grid.b.count);
    b[j] = grid.b.from + ((cell % grid.b.count) + jitter(d)) * grid.b.spacing;
    for (let axis = d - 1; axis >= 0; axis--) {
      const { from, spacing, count: extent } = grid.a[axis];
      a[j * d + axis] = from + ((rest % extent) + jitter(axis)) * spacing;
      rest = Math.floor(rest / extent);
    }
    chosenValues.set(values.data.subarray(cell * k, (cell + 1) * k), j * k);
  }
  return {
    a: { data: a, shape: [count, d] },
    b: { data: b, shape: [count] },
    values: { data: chosenValues, shape: [count, k] },
    normaliser: total * volumeOf(grid),
  };
}

/** The first index whose value is above `place`, by bisection. */
function firstAbove(cumulative: Float64Array, place: number): number {
  let [low, high] = [0, cumulative.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (cumulative[middle] > place) high = middle;
    else low = middle + 1;
  }
  return low;
}
