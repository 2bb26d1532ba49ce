import type { FloatData } from '../../core/array.js';
import type { Matrix } from '../contract.js';

/** Sums over the centres of one query, of a Gaussian kernel density. */
export interface PlainRow {
  /** log Σ_j w_j exp(−|x − c_j|²/2σ²). */
  logSum: number;
  mean: Float64Array;
  /** The trace of the posterior covariance, over σ². */
  trace: number;
}

/**
 * The result of one query in float64, however far it is from every centre: O(md). Logits are differences to that of the
 * nearest centre c₀, (c − c₀)·(2x − c₀ − c)/2σ², which have the digits that squares of distances would lose, and so have
 * moments about c₀. Undefined where every centre is left out.
 */
export function plainRow(
  x: FloatData,
  { data, rows: m, columns: d }: Matrix,
  logWeights: FloatData,
  variance: number,
  skipped: number,
): PlainRow | undefined {
  let [nearest, most] = [-1, -Infinity];
  for (let j = 0; j < m; j++) {
    if (j === skipped || logWeights[j] === -Infinity) continue;
    let square = 0;
    for (let k = 0; k < d; k++) square += (x[k] - data[j * d + k]) ** 2;
    const logit = logWeights[j] - square / variance / 2;
    if (nearest >= 0 && !(logit > most)) continue;
    [nearest, most] = [j, logit];
  }
  if (nearest < 0) return undefined;
  const origin = data.subarray(nearest * d, (nearest + 1) * d);
  const logits = new Float64Array(m).fill(-Infinity);
  let best = 0;
  for (let j = 0; j < m; j++) {
    if (j === skipped || logWeights[j] === -Infinity) continue;
    let nearer = 0;
    for (let k = 0; k < d; k++) {
      const c = data[j * d + k];
      nearer += (c - origin[k]) * (2 * x[k] - origin[k] - c);
    }
    logits[j] = logWeights[j] - logWeights[nearest] + nearer / variance / 2;
    best = Math.max(best, logits[j]);
  }
  let [mass, moment, square] = [0, 0, 0];
  const mean = new Float64Array(d);
  for (let j = 0; j < m; j++) {
    const share = Math.exp(logits[j] - best);
    if (share === 0) continue;
    mass += share;
    for (let k = 0; k < d; k++) {
      const offset = data[j * d + k] - origin[k];
      mean[k] += share * offset;
      moment += share * offset * offset;
    }
  }
  for (let k = 0; k < d; k++) {
    const offset = mean[k] / mass;
    square += offset * offset;
    mean[k] = origin[k] + offset;
  }
  const trace = Math.max(0, moment / mass - square) / variance;
  return { logSum: most + best + Math.log(mass), mean, trace };
}
