import type { NdArray } from '../core/array.js';

/** Slope and intercept of the least-squares line through the points (log x, log y): the order of a power law. */
export function powerLaw(points: readonly (readonly [x: number, y: number])[]): {
  exponent: number;
  factor: number;
} {
  const logs = points.map(([x, y]) => [Math.log(x), Math.log(y)] as const);
  const meanX = mean(logs.map(([x]) => x));
  const meanY = mean(logs.map(([, y]) => y));
  let [above, below] = [0, 0];
  for (const [x, y] of logs) {
    above += (x - meanX) * (y - meanY);
    below += (x - meanX) ** 2;
  }
  const exponent = above / below;
  return { exponent, factor: Math.exp(meanY - exponent * meanX) };
}

export function mean(values: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i];
  return sum / values.length;
}

/** Standard deviation of the mean of independent values. */
export function standardError(values: ArrayLike<number>): number {
  const centre = mean(values);
  let squares = 0;
  for (let i = 0; i < values.length; i++) squares += (values[i] - centre) ** 2;
  return Math.sqrt(squares / (values.length - 1) / values.length);
}

/** Root mean squared distance between the rows of two clouds. */
export function rootMeanSquareDistance(a: NdArray, b: NdArray): number {
  let sum = 0;
  for (let at = 0; at < a.data.length; at++) sum += (a.data[at] - b.data[at]) ** 2;
  return Math.sqrt(sum / a.shape[0]);
}

/** x + factor · (y − x): an image of x with its displacement scaled. */
export function displaced(x: NdArray, y: NdArray, factor: number): NdArray {
  if (factor === 1) return y;
  const data = y.data.slice();
  for (let at = 0; at < data.length; at++) data[at] = x.data[at] + factor * (data[at] - x.data[at]);
  return { data, shape: y.shape };
}

/** `count` numbers from `from` to `to`, evenly spaced, both among them. */
export function evenly(from: number, to: number, count: number): number[] {
  return Array.from({ length: count }, (_, i) => from + ((to - from) * i) / (count - 1));
}
