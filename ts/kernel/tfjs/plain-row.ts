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

/** Posterior weights of one query. */
interface PlainWeights {
  /** log Σ_j w_j exp(−|x − c_j|²/2σ²). */
  logSum: number;
  /** Of each centre, that of the heaviest 1, and what they add up to. */
  shares: Float64Array;
  mass: number;
  /** The nearest centre, which moments are taken about. */
  origin: FloatData;
}

/**
 * The posterior weights of one query in float64, however far it is from every centre: O(md). Logits are differences to that of
 * the nearest centre c₀, (c − c₀)·(2x − c₀ − c)/2σ², which have the digits that squares of distances would lose. Undefined where
 * every centre is left out.
 */
function plainWeights(
  x: FloatData,
  { data, rows: m, columns: d }: Matrix,
  logWeights: FloatData,
  variance: number,
  skipped: number,
): PlainWeights | undefined {
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
  const shares = new Float64Array(m).fill(-Infinity);
  let best = 0;
  for (let j = 0; j < m; j++) {
    if (j === skipped || logWeights[j] === -Infinity) continue;
    let nearer = 0;
    for (let k = 0; k < d; k++) {
      const c = data[j * d + k];
      nearer += (c - origin[k]) * (2 * x[k] - origin[k] - c);
    }
    shares[j] = logWeights[j] - logWeights[nearest] + nearer / variance / 2;
    best = Math.max(best, shares[j]);
  }
  let mass = 0;
  for (let j = 0; j < m; j++) mass += shares[j] = Math.exp(shares[j] - best);
  return { logSum: most + best + Math.log(mass), shares, mass, origin };
}

/** The result of one query by its plain weights: O(md). Undefined where every centre is left out. */
export function plainRow(
  x: FloatData,
  centres: Matrix,
  logWeights: FloatData,
  variance: number,
  skipped: number,
): PlainRow | undefined {
  const weights = plainWeights(x, centres, logWeights, variance, skipped);
  if (weights === undefined) return undefined;
  const { data, rows: m, columns: d } = centres;
  const { logSum, shares, mass, origin } = weights;
  let [moment, square] = [0, 0];
  const mean = new Float64Array(d);
  for (let j = 0; j < m; j++) {
    const share = shares[j];
    if (share === 0) continue;
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
  return { logSum, mean, trace };
}

/** Writes Cov(c)·v of one query by its plain weights: O(md). Zeros where every centre is left out. */
export function plainCovarianceProduct(
  x: FloatData,
  v: FloatData,
  centres: Matrix,
  logWeights: FloatData,
  variance: number,
  out: FloatData,
): void {
  out.fill(0);
  const weights = plainWeights(x, centres, logWeights, variance, -1);
  if (weights === undefined) return;
  const { data, rows: m, columns: d } = centres;
  const { shares, mass, origin } = weights;
  const [mean, product] = [new Float64Array(d), new Float64Array(d)];
  for (let j = 0; j < m; j++) {
    for (let k = 0; k < d; k++) mean[k] += (shares[j] / mass) * (data[j * d + k] - origin[k]);
  }
  for (let j = 0; j < m; j++) {
    if (shares[j] === 0) continue;
    let slope = 0;
    for (let k = 0; k < d; k++) slope += (data[j * d + k] - origin[k] - mean[k]) * v[k];
    for (let k = 0; k < d; k++)
      product[k] += (shares[j] / mass) * slope * (data[j * d + k] - origin[k] - mean[k]);
  }
  out.set(product);
}
