import { type NdArray, allocate, checkPoints, dtypeOf } from '../core/array.js';
import { RidgeflowError } from '../core/errors.js';
import type { NdArrayLike } from '../core/foreign.js';
import { type CallOptions, checkInteger, checkPositive } from '../core/options.js';
import { vectorLength } from '../core/rows.js';
import { kernelsFor } from '../kernel/backend.js';
import { type RidgeletPair, ridgeletPair } from '../ridgelet/pair.js';
import { ridgeletTransform } from '../ridgelet/transform.js';
import { centred } from './oracle-units.js';
import type { ShallowNetwork } from './shallow-network.js';
import { checkCall } from '../core/call.js';
import { SIGNATURES } from './signatures.js';

/** Options of {@link spectrumSlice}. */
export interface SpectrumSliceOptions extends CallOptions {
  /** Grid points along either axis, 2 to 2048. Default 72. */
  size?: number;
  /** Largest slope, as the standard deviation of a·x over the points. Default: a quarter more than the units' own. */
  reach?: number;
  /** Activation and ridgelet. Default: that of the network's activation. */
  pair?: RidgeletPair;
}

/** A plane of the ridgelet spectrum with a network's units on it. */
export interface SpectrumSlice {
  /** u, of unit length: the plane is { (αu, b) }. */
  direction: Float64Array;
  /** α, ascending. */
  slopes: Float64Array;
  /** b − αu·x̄, ascending, x̄ the mean of the points. */
  biases: Float64Array;
  /** `R_μ[f](αu, b)`, size × size × k, by slope, then bias. */
  spectrum: NdArray;
  /** The Euclidean size of that, size × size, over the largest. */
  magnitude: Float64Array;
  /** The network's units: a_j·u, b_j − a_j·x̄, and |c_j|. */
  units: { slope: number; bias: number; weight: number }[];
}

/**
 * The ridgelet spectrum of values at points on the plane of one direction, that in which the network's weighted slopes
 * have most of their size, with the units of the network. In one dimension that is the whole spectrum.
 *
 * @param data Points n × d and values n × k.
 * @throws INVALID_ARGUMENT, INVALID_SHAPE, EMPTY_CLOUD, DEGENERATE_CLOUD where the points do not extend in the direction,
 *   NON_FINITE, ABORTED. O(size² n(d + k)) time.
 */
export async function spectrumSlice(
  network: ShallowNetwork,
  data: { points: NdArrayLike; values: NdArrayLike },
  options: SpectrumSliceOptions = {},
): Promise<SpectrumSlice> {
  const { data: pairs } = checkCall(SIGNATURES.spectrumSlice, { network, data, options });
  const { n, d } = checkPoints(pairs.points, 'points', { dimension: network.inputs });
  const size = checkInteger(options.size ?? 72, 'size', 2, 2048);
  const { reach, signal, onProgress, backend } = options;
  if (reach !== undefined) checkPositive(reach, 'reach');
  const pair = options.pair ?? ridgeletPair(network.activation.name, d);
  const direction = await mainDirection(network, options);
  const points = centred(pairs.points);
  const mean = Float64Array.from({ length: d }, (_, c) => pairs.points.data[c] - points.data[c]);
  const along = (row: ArrayLike<number>, start: number) =>
    direction.reduce((sum, value, c) => sum + value * row[start + c], 0);
  let [square, most] = [0, 0];
  for (let i = 0; i < n; i++) {
    const place = along(points.data, i * d);
    square += place ** 2 / n;
    most = Math.max(most, Math.abs(place));
  }
  if (!(square > 0)) {
    throw new RidgeflowError('DEGENERATE_CLOUD', 'The points have no extent in the direction of the slice');
  }
  const k = checkPoints(pairs.values, 'values').d;
  const units = unitsOn(network, direction, mean);
  const farthest = (values: number[]) => values.reduce((far, value) => Math.max(far, Math.abs(value)), 0);
  const own = 1.25 * farthest(units.map(({ slope }) => slope)) || 1 / Math.sqrt(square);
  const steepest = reach === undefined ? own : reach / Math.sqrt(square);
  const widest = reach === undefined ? 1.25 * farthest(units.map(({ bias }) => bias)) : 0;
  const axis = (half: number) =>
    Float64Array.from({ length: size }, (_, i) => half * ((2 * i + 1) / size - 1));
  const [slopes, biases] = [axis(steepest), axis(widest || steepest * most)];
  const a = allocate(dtypeOf(pairs.points), size * size * d, 'a grid of units');
  const b = allocate(dtypeOf(pairs.points), size * size, 'a grid of units');
  for (let i = 0; i < size * size; i++) {
    for (let c = 0; c < d; c++) a[i * d + c] = slopes[Math.floor(i / size)] * direction[c];
    b[i] = biases[i % size];
  }
  const { data: values } = await ridgeletTransform(
    { points, values: centred(pairs.values) },
    { a: { data: a, shape: [size * size, d] }, b: { data: b, shape: [size * size] } },
    { signal, onProgress, backend, pair, normalisation: 'profile' },
  );
  const magnitude = Float64Array.from({ length: size * size }, (_, i) => vectorLength(values, i * k, k));
  const largest = magnitude.reduce((x, y) => Math.max(x, y), 0) || 1;
  return {
    direction,
    slopes,
    biases,
    spectrum: { data: values, shape: [size, size, k] },
    magnitude: magnitude.map((value) => value / largest),
    units,
  };
}

/** The units of a network, as they stand on the plane of a direction, biases from the mean of the points. */
function unitsOn(
  network: ShallowNetwork,
  direction: Float64Array,
  mean: Float64Array,
): SpectrumSlice['units'] {
  const { width, inputs: d, outputs: k, A, b, C } = network;
  return Array.from({ length: width }, (_, j) => {
    let [slope, centre] = [0, 0];
    for (let c = 0; c < d; c++) {
      slope += A.data[j * d + c] * direction[c];
      centre += A.data[j * d + c] * mean[c];
    }
    const weight = vectorLength(C.data, j * k, k);
    return { slope, bias: b.data[j] - centre, weight };
  });
}

/** The main axis of the slopes, each weighed by the squared size of its output weights. */
async function mainDirection(network: ShallowNetwork, options: CallOptions): Promise<Float64Array> {
  const { width: m, inputs: d, outputs: k, A, C } = network;
  if (d === 1) return Float64Array.of(1);
  const rows = new Float64Array(m * d);
  for (let j = 0; j < m; j++) {
    const weight = vectorLength(C.data, j * k, k);
    for (let c = 0; c < d; c++) rows[j * d + c] = weight * A.data[j * d + c];
  }
  const matrix = new Float64Array(d * d);
  for (let j = 0; j < m; j++) {
    for (let c = 0; c < d; c++) {
      for (let e = 0; e < d; e++) matrix[c * d + e] += rows[j * d + c] * rows[j * d + e];
    }
  }
  const kernels = await kernelsFor(options);
  const { vectors } = await kernels.symmetricEigen(matrix, d);
  const axis = vectors.slice((d - 1) * d);
  // Its sign means nothing: the largest component is made positive.
  const lead = axis.reduce((best, value) => (Math.abs(value) > Math.abs(best) ? value : best), 0);
  return lead < 0 ? axis.map((value) => -value) : axis;
}
