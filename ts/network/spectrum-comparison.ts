import { allocate, checkPoints } from '../core/array.js';
import { RidgeflowError } from '../core/errors.js';
import type { NdArrayLike } from '../core/foreign.js';
import { type CallOptions, checkPositive, tell } from '../core/options.js';
import { vectorLength } from '../core/rows.js';
import { smoothed } from '../measure/index.js';
import { type RidgeletPair, ridgeletPair } from '../ridgelet/pair.js';
import { ridgeletTransform } from '../ridgelet/transform.js';
import { centred } from './oracle-units.js';
import type { ShallowNetwork } from './shallow-network.js';
import type { Units } from './units.js';
import { checkCall } from '../core/call.js';
import { SIGNATURES } from './signatures.js';

/** Options of {@link compareWithSpectrum}. */
export interface SpectrumComparisonOptions extends CallOptions {
  /** Points (a, b) at which both are evaluated: a grid, or a sample. */
  positions: Units;
  /** Activation and ridgelet. Default: that of the network's activation. */
  pair?: RidgeletPair;
  /** Standard deviation of the bump that stands for a unit, in those of the positions' coordinates. Default 0.15. */
  bandwidth?: number;
}

/** What {@link compareWithSpectrum} returns. */
export interface SpectrumComparison {
  /** |R_μ[f]| at the positions, over its sum. */
  spectrum: Float64Array;
  /** Density of the network's units, each weighed by |c_j|, at the positions, over its sum. */
  units: Float64Array;
  /** Pearson's correlation of the two over the positions, −1 to 1. */
  correlation: number;
  /** Half the sum of their absolute differences, 0 to 1. */
  totalVariation: number;
}

/**
 * Sets the hidden units (a_j, b_j, c_j) of a network beside the ridgelet spectrum of what it approximates: the density of
 * the units, weighed by |c_j| and smoothed, and |R_μ[f]|, as distributions over the same positions. A unit (−a, −b) does
 * the same as (a, b), up to sign and a linear function: each counts half at either place.
 *
 * @param data Points n × d and values n × k.
 * @throws INVALID_ARGUMENT, INVALID_SHAPE, EMPTY_CLOUD, DEGENERATE_CLOUD (a network whose outputs are constant, positions
 *   or values that are all the same), NON_FINITE, ABORTED. O(positions · (n(d + k) + md)) time.
 *
 * Source: S. Sonoda, I. Ishikawa, M. Ikeda, Ridge regression with over-parametrized two-layer networks converge to
 * ridgelet spectrum, AISTATS 2021.
 */
export async function compareWithSpectrum(
  network: ShallowNetwork,
  data: { points: NdArrayLike; values: NdArrayLike },
  options: SpectrumComparisonOptions,
): Promise<SpectrumComparison> {
  const { data: own } = checkCall(SIGNATURES.compareWithSpectrum, { network, data, options });
  const { positions, bandwidth = 0.15 } = options;
  checkPositive(bandwidth, 'bandwidth');
  const { d } = checkPoints(own.points, 'points', { dimension: network.inputs });
  checkPoints(positions?.a, 'positions.a', { dimension: d, minimum: 2 });
  const pair = options.pair ?? ridgeletPair(network.activation.name, d);
  const { signal, backend } = options;
  const { data: values, shape } = await ridgeletTransform(
    { points: own.points, values: centred(own.values) },
    positions,
    { signal, backend, pair, normalisation: 'profile' },
  );
  const k = shape[1];
  const spectrum = normalised(
    Float64Array.from({ length: shape[0] }, (_, j) => vectorLength(values, j * k, k)),
    'The spectrum of the values vanishes',
  );

  const m = network.width;
  const scales = deviations(positions);
  const units = pairs({ a: network.A, b: network.b }, scales);
  const mirrored = units.map((value) => -value);
  const both = allocate('float32', 2 * units.length, 'units');
  both.set(units);
  both.set(mirrored, units.length);
  const sizes = Float64Array.from({ length: m }, (_, j) =>
    vectorLength(network.C.data, j * network.outputs, network.outputs),
  );
  const shares = normalised(sizes, 'The outputs of the network are constant');
  const weights = Float64Array.from({ length: 2 * m }, (_, j) => shares[j % m] / 2);
  const cloud = smoothed({
    points: { data: both, shape: [2 * m, d + 1] },
    weights,
    variance: bandwidth ** 2,
  });
  const at = { data: Float32Array.from(pairs(positions, scales)), shape: [shape[0], d + 1] };
  const { logDensity } = await cloud.evaluate(at, { logDensity: true }, { signal, backend });
  const density = normalised(
    Float64Array.from(logDensity!, Math.exp),
    'No unit is near any of the positions',
  );
  let totalVariation = 0;
  for (let i = 0; i < density.length; i++) totalVariation += Math.abs(density[i] - spectrum[i]) / 2;
  await tell(options.onProgress, 1);
  return { spectrum, units: density, correlation: correlationOf(spectrum, density), totalVariation };
}

/** Rows (a, b), each coordinate over its scale. */
function pairs({ a, b }: Units, scales: Float64Array): Float64Array {
  const d = a.shape[1];
  const out = new Float64Array(b.data.length * (d + 1));
  for (let j = 0; j < b.data.length; j++) {
    for (let c = 0; c < d; c++) out[j * (d + 1) + c] = a.data[j * d + c] / scales[c];
    out[j * (d + 1) + d] = b.data[j] / scales[d];
  }
  return out;
}

/** Standard deviation of every coordinate of (a, b); 1 where that is 0. */
function deviations({ a, b }: Units): Float64Array {
  const rows = pairs({ a, b }, new Float64Array(a.shape[1] + 1).fill(1));
  const width = a.shape[1] + 1;
  const count = rows.length / width;
  const [mean, square] = [new Float64Array(width), new Float64Array(width)];
  for (let i = 0; i < rows.length; i++) mean[i % width] += rows[i] / count;
  for (let i = 0; i < rows.length; i++) square[i % width] += (rows[i] - mean[i % width]) ** 2 / count;
  return square.map((value) => Math.sqrt(value) || 1);
}

function normalised(values: Float64Array, problem: string): Float64Array {
  const sum = values.reduce((a, b) => a + b, 0);
  if (!(sum > 0)) throw new RidgeflowError('DEGENERATE_CLOUD', problem);
  return values.map((value) => value / sum);
}

function correlationOf(x: Float64Array, y: Float64Array): number {
  const n = x.length;
  const [mx, my] = [x, y].map((values) => values.reduce((a, b) => a + b, 0) / n);
  let [xx, yy, xy] = [0, 0, 0];
  for (let i = 0; i < n; i++) {
    xx += (x[i] - mx) ** 2;
    yy += (y[i] - my) ** 2;
    xy += (x[i] - mx) * (y[i] - my);
  }
  return xx > 0 && yy > 0 ? xy / Math.sqrt(xx * yy) : NaN;
}
