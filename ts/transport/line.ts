import { argsort } from '../core/argsort.js';
import { RidgeflowError, invalidArgument } from '../core/errors.js';
import { type CallOptions, checkPositive } from '../core/options.js';
import { Pace } from '../core/pace.js';
import { type VectorLike, toVector } from '../measure/arguments.js';
import { checkWeights } from './arguments.js';
import { checkCall } from '../core/call.js';
import { SIGNATURES } from './signatures.js';

/** The smaller part of the golden section's whole. */
const GOLDEN = (Math.sqrt(5) - 1) / 2;

/** Options of transport on the line and on the circle. Work is done in float64 on the main thread. */
export interface LineTransportOptions extends Pick<CallOptions, 'signal'> {
  /** The order p of the cost |x − y|^p, at least 1. Default 2. */
  p?: number;
  /** Weights of the points of a, which sum to 1. Default: equal. */
  weightsA?: VectorLike;
  /** Weights of the points of b, likewise. */
  weightsB?: VectorLike;
}

/** Result of {@link lineTransport}. */
export interface LinePlan {
  /** W_p. */
  value: number;
  /** ⟨π, |a − b|^p⟩ = W_p^p; 0 or Infinity where that power, unlike `value`, leaves the range of float64. */
  cost: number;
  /** The monotone plan, at most n + m − 1 entries: masses[k] goes from a[rows[k]] to b[columns[k]]. */
  plan: { rows: Int32Array; columns: Int32Array; masses: Float64Array };
  /** Dual potentials f_i + g_j ≤ |a_i − b_j|^p, with equality where the plan has an entry; all NaN where such powers are Infinity. */
  f: Float64Array;
  g: Float64Array;
  /** cost − (⟨f, weightsA⟩ + ⟨g, weightsB⟩), which is 0 but for rounding; Infinity where the cost is. */
  dualityGap: number;
}

/**
 * Exact optimal transport on the line: W_p^p = ∫₀¹ |F⁻¹ − G⁻¹|^p, for any p ≥ 1, by sorting.
 *
 * @param a n points on the line.
 * @param b m points on the line.
 * @throws EMPTY_CLOUD, INVALID_ARGUMENT, INVALID_SHAPE, NON_FINITE, ABORTED. O((n + m) log(n + m)) time.
 *
 * @example
 * const { value } = await lineTransport([0, 1], [3, 5], { p: 1 }); // 3.5
 */
export async function lineTransport(
  a: VectorLike,
  b: VectorLike,
  options: LineTransportOptions = {},
): Promise<LinePlan> {
  checkCall(SIGNATURES.lineTransport, { options });
  const { x, y, weightsA, weightsB, p } = checkLine(a, b, options);
  const pace = new Pace(options, 1);
  const [i, j] = [await argsort(x, pace), await argsort(y, pace)];
  const [n, m] = [x.length, y.length];
  const distance = (s: number, t: number) => Math.abs(x[i[s]] - y[j[t]]) ** p;
  const plan = {
    rows: new Int32Array(n + m),
    columns: new Int32Array(n + m),
    masses: new Float64Array(n + m),
  };
  const [f, g] = [new Float64Array(n), new Float64Array(m)];
  g[j[0]] = distance(0, 0);
  let [s, t, count, cost] = [0, 0, 0, 0];
  let [leftA, leftB] = [weightsA[i[0]], weightsB[j[0]]];
  for (;;) {
    const mass = Math.min(leftA, leftB);
    if (mass > 0) {
      plan.rows[count] = i[s];
      plan.columns[count] = j[t];
      plan.masses[count++] = mass;
      cost += mass * distance(s, t);
    }
    leftA -= mass;
    leftB -= mass;
    if (s === n - 1 && t === m - 1) break;
    // One side at a time: the staircase of pairs that are passed is a basis, and makes the duals.
    if (t === m - 1 || (s < n - 1 && leftA <= leftB)) {
      s++;
      leftA += weightsA[i[s]];
      f[i[s]] = distance(s, t) - g[j[t]];
    } else {
      t++;
      leftB += weightsB[j[t]];
      g[j[t]] = distance(s, t) - f[i[s]];
    }
    if ((s + t) % 4096 === 0) await pace.tick(0);
  }
  let dual = 0;
  for (let k = 0; k < n; k++) dual += weightsA[k] * f[k];
  for (let k = 0; k < m; k++) dual += weightsB[k] * g[k];
  for (const key of ['rows', 'columns'] as const) plan[key] = plan[key].slice(0, count);
  plan.masses = plan.masses.slice(0, count);
  const value = rootOfPowers(plan.masses, (k) => Math.abs(x[plan.rows[k]] - y[plan.columns[k]]), p);
  // Beyond the range of float64 there is no cost, and nothing is proved.
  const proved = Number.isFinite(dual) && cost < Infinity;
  const dualityGap = proved ? cost - dual : Infinity;
  if (!proved) for (const potentials of [f, g]) potentials.fill(NaN);
  return { value, cost, plan, f, g, dualityGap };
}

/**
 * Exact optimal transport on a circle: W_p for the distance along it, any p ≥ 1. The optimal plan is monotone after a cut
 * and a turn of the quantiles; the cost is convex in the turn, which is found by golden section, to rounding. As of
 * {@link lineTransport}, `cost` is W_p^p, 0 or Infinity where that leaves the range of float64.
 *
 * @param a n points, as places on the line that is wound around the circle.
 * @param b m points.
 * @param options `period`: the circumference, default 1; for angles 2π.
 * @throws EMPTY_CLOUD, INVALID_ARGUMENT, INVALID_SHAPE, NON_FINITE, ABORTED. O((n + m) log(n + m)) time.
 *
 * Sources: J. Delon, J. Salomon, A. Sobolevski, SIAM J. Appl. Math. 70 (2010); J. Rabin, J. Delon, Y. Gousseau, J. Math.
 * Imaging Vis. 41 (2011).
 */
export async function circleTransport(
  a: VectorLike,
  b: VectorLike,
  options: LineTransportOptions & { period?: number } = {},
): Promise<{ value: number; cost: number }> {
  checkCall(SIGNATURES.circleTransport, { options });
  const period = checkPositive(options.period ?? 1, 'period');
  const { x, y, weightsA, weightsB, p } = checkLine(a, b, options);
  const pace = new Pace(options, 1);
  const from = await wind(x, weightsA, period, pace);
  const to = await wind(y, weightsB, period, pace);
  // Turns by more than once around never pay. The golden section looks at values alone: no turn, such as one that brings
  // two steps of the quantiles together, is a special case.
  let [low, high] = [-2, 2];
  let [left, right] = [high - GOLDEN * (high - low), low + GOLDEN * (high - low)];
  let [atLeft, atRight] = [await turned(from, to, left, p, pace), await turned(from, to, right, p, pace)];
  let least = Math.min(atLeft, atRight);
  while (low < left && left < right && right < high) {
    if (atLeft <= atRight) {
      [high, right, atRight] = [right, left, atLeft];
      left = high - GOLDEN * (high - low);
      atLeft = await turned(from, to, left, p, pace);
    } else {
      [low, left, atLeft] = [left, right, atRight];
      right = low + GOLDEN * (high - low);
      atRight = await turned(from, to, right, p, pace);
    }
    least = Math.min(least, atLeft, atRight);
  }
  const value = least * period;
  return { value, cost: value ** p };
}

/** (Σ m_k d_k^p)^(1/p), the differences in units of the largest: their powers may leave the range of float64. */
function rootOfPowers(masses: ArrayLike<number>, difference: (k: number) => number, p: number): number {
  let largest = 0;
  for (let k = 0; k < masses.length; k++) largest = Math.max(largest, difference(k));
  if (largest === 0) return 0;
  let sum = 0;
  for (let k = 0; k < masses.length; k++) sum += masses[k] * (difference(k) / largest) ** p;
  return largest * sum ** (1 / p);
}

/** Points on [0, 1) in order, and their cumulative weights, the last exactly 1. */
interface Wound {
  places: Float64Array;
  ends: Float64Array;
}

async function wind(x: Float64Array, weights: Float64Array, period: number, pace: Pace): Promise<Wound> {
  const onCircle = x.map((value) => {
    // The remainder of a division is exact, whatever the two sizes are.
    const rest = value % period;
    const place = (rest < 0 ? rest + period : rest) / period;
    return place < 1 ? place : 0;
  });
  const order = (await argsort(onCircle, pace)).filter((i) => weights[i] > 0);
  let sum = 0;
  const ends = Float64Array.from(order, (i) => (sum += weights[i]));
  ends[ends.length - 1] = 1;
  return { places: Float64Array.from(order, (i) => onCircle[i]), ends };
}

/** (∫₀¹ |F⁻¹(t) − G⁻¹(t − θ)|^p dt)^(1/p), G⁻¹ continued by G⁻¹(t + 1) = G⁻¹(t) + 1. */
async function turned(
  { places: x, ends: endsX }: Wound,
  { places: y, ends: endsY }: Wound,
  theta: number,
  p: number,
  pace: Pace,
): Promise<number> {
  const m = y.length;
  // The atom of G at t = 0 is the first whose end, turned, lies beyond 0.
  let winding = Math.floor(-theta);
  const start = -theta - winding;
  let j = 0;
  for (let [low, high] = [0, m - 1]; low < high;) {
    const middle = (low + high) >> 1;
    if (endsY[middle] > start) high = middle;
    else low = middle + 1;
    j = low;
  }
  // At most as many pieces as both have steps, and one more where the turned ends come round.
  const [masses, differences] = [new Float64Array(x.length + m + 1), new Float64Array(x.length + m + 1)];
  let [count, at, i] = [0, 0, 0];
  while (i < x.length) {
    const place = y[j] + winding;
    const endY = endsY[j] + winding + theta;
    const end = Math.min(endsX[i], endY, 1);
    if (end > at) {
      masses[count] = end - at;
      differences[count++] = Math.abs(x[i] - place);
    }
    at = Math.max(at, end);
    if (endY < endsX[i]) {
      j++;
      if (j === m) {
        j = 0;
        winding++;
      }
    } else {
      i++;
    }
    if ((i + j) % 4096 === 0) await pace.tick(0);
  }
  return rootOfPowers(masses.subarray(0, count), (k) => differences[k], p);
}

function checkLine(a: VectorLike, b: VectorLike, options: LineTransportOptions) {
  const { p = 2 } = options;
  if (typeof p !== 'number' || !(p >= 1 && p < Infinity))
    throw invalidArgument('p', 'a finite number of at least 1', p);
  const [x, y] = [toVector(a, 'a'), toVector(b, 'b')];
  for (const [name, points] of [['a', x] as const, ['b', y] as const]) {
    if (points.length > 0) continue;
    throw new RidgeflowError('EMPTY_CLOUD', `Expected at least 1 point for ${name} but received 0`, {
      details: { parameter: name, points: 0 },
    });
  }
  const weightsA = checkWeights(options.weightsA, x.length, 'weightsA');
  const weightsB = checkWeights(options.weightsB, y.length, 'weightsB');
  return { x, y, weightsA, weightsB, p };
}
