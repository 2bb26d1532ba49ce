import { allocate, type FloatData } from '../../core/array.js';
import { Pace } from '../../core/pace.js';
import type { RunControl } from '../contract.js';
import type { ConvolveProjectionsProblem } from '../contract/ridgelet.js';
import { blocks, requireFloat32 } from './points.js';

const BLOCK = 1 << 13;

/**
 * The complex Fourier transform of any length, recursively by its smallest prime factor, in float64: X[k] = Σ x[n] e^{∓2πi
 * nk/N}, the upper sign unless `inverse`. Meant for lengths with small factors.
 */
export function fourier(re: Float64Array, im: Float64Array, inverse: boolean): [Float64Array, Float64Array] {
  const n = re.length;
  if (n === 1) return [re, im];
  let factor = 2;
  while (n % factor) factor++;
  const size = n / factor;
  const parts = Array.from({ length: factor }, (_, p) =>
    fourier(
      Float64Array.from({ length: size }, (__, i) => re[i * factor + p]),
      Float64Array.from({ length: size }, (__, i) => im[i * factor + p]),
      inverse,
    ),
  );
  const [outRe, outIm] = [new Float64Array(n), new Float64Array(n)];
  const turn = ((inverse ? 2 : -2) * Math.PI) / n;
  for (let k = 0; k < n; k++) {
    for (let p = 0; p < factor; p++) {
      const [c, s] = [Math.cos(turn * ((p * k) % n)), Math.sin(turn * ((p * k) % n))];
      const [x, y] = [parts[p][0][k % size], parts[p][1][k % size]];
      outRe[k] += x * c - y * s;
      outIm[k] += x * s + y * c;
    }
  }
  return [outRe, outIm];
}

/** {@link RidgeletKernels.convolveProjections} on the main thread, in float64. */
export async function convolveProjections(
  problem: ConvolveProjectionsProblem,
  run?: RunControl,
): Promise<FloatData> {
  const { weights, grid, spread, response, read, scale } = problem;
  const points = requireFloat32(problem.points, 'convolveProjections');
  const values = requireFloat32(problem.values, 'convolveProjections');
  const directions = requireFloat32(problem.directions, 'convolveProjections');
  const [n, d, k, m] = [points.rows, points.columns, values.columns, directions.rows];
  const { length } = grid;
  const { taps, degree, coefficients } = spread;
  const pace = new Pace(run, m * k * (n + length));
  const out = allocate('float32', m * read.count * k, 'a transform');
  for (let row = 0; row < m * k; row++) {
    const [direction, channel] = [Math.floor(row / k), row % k];
    const sums = new Float64Array(length);
    for (const [start, count] of blocks(n, BLOCK)) {
      for (let i = start; i < start + count; i++) {
        let t = -grid.first;
        for (let c = 0; c < d; c++) t += directions.data[direction * d + c] * points.data[i * d + c];
        const place = t * grid.perCell;
        if (!(place >= taps / 2 && place < length - taps / 2)) continue;
        const cell = Math.floor(place);
        const s = 2 * (place - cell) - 1;
        const value = values.data[i * k + channel] * (weights ? weights[i] : 1);
        for (let c = 0; c < taps; c++) {
          let tap = coefficients[degree * taps + c];
          for (let p = degree - 1; p >= 0; p--) tap = tap * s + coefficients[p * taps + c];
          sums[cell - taps / 2 + 1 + c] += value * tap;
        }
      }
      await pace.tick(count);
    }
    const [re, im] = fourier(sums, new Float64Array(length), false);
    for (let j = 0; j < length; j++) {
      const at = Math.min(j, length - j);
      const [x, y] = [re[j], im[j]];
      const [r, i] = [response.re[at], j === at ? response.im[at] : -response.im[at]];
      re[j] = x * r - y * i;
      im[j] = x * i + y * r;
    }
    await pace.tick(length / 2);
    const [result] = fourier(re, im, true);
    for (let j = 0; j < read.count; j++) {
      out[(direction * read.count + j) * k + channel] =
        (scale / length) * result[read.offset + j * read.stride];
    }
    await pace.tick(length / 2);
  }
  await pace.finish();
  return out;
}
