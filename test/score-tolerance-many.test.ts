import test from 'ava';
import type { DType, NdArray } from '../ts/core/array.js';
import { score } from '../ts/measure/index.js';
import { places } from './native.js';
import { storage } from './reference/clouds.js';
import { Random } from './reference/random.js';

const KINDS = ['clustered', 'uniform', 'duplicates', 'far-off'] as const;
const PLACES = 60;

/** Points about many places, so that few matter to each other; all about as far apart; equal; or some far from all others. */
function cloud(kind: (typeof KINDS)[number], dtype: DType, n: number, d: number): NdArray {
  const random = new Random(n + d);
  const anchors = Array.from({ length: PLACES }, () => random.normals(d).map((value) => 2 * value));
  const values = Array.from({ length: n * d }, (_, at) => {
    const [i, k] = [Math.floor(at / d), at % d];
    const anchor = anchors[(i * 7) % PLACES][k];
    if (kind === 'uniform') return 4 * random.uniform();
    if (kind === 'duplicates') return anchor;
    return anchor + 0.1 * random.normal() + (kind === 'far-off' && i % 97 === 5 ? 200 : 0);
  });
  return { data: storage(dtype, values), shape: [n, d] };
}

/** The largest error over rows of d values, as a length. */
function largestDistance(a: ArrayLike<number>, b: ArrayLike<number>, d: number): number {
  let worst = 0;
  for (let i = 0; i < b.length; i += d) {
    let square = 0;
    for (let k = i; k < i + d; k++) square += (a[k] - b[k]) ** 2;
    worst = Number.isNaN(square) ? Infinity : Math.max(worst, Math.sqrt(square));
  }
  return worst;
}

function largestOf(values: ArrayLike<number>): number {
  let most = 0;
  for (let i = 0; i < values.length; i++) most = Math.max(most, Math.abs(values[i]));
  return most;
}

for (const { backend, dtype } of places) {
  if (backend !== 'native') continue;
  for (const d of [17, 64, 300, 800]) {
    test(`${dtype}, d = ${d}: sums in many dimensions stay within the tolerance`, async (t) => {
      // As many points as make it worth while to look for those that matter.
      const n = 2700;
      for (const [kind, tolerance] of KINDS.flatMap((kind) => [1e-2, 1e-5].map((e) => [kind, e] as const))) {
        const points = cloud(kind, dtype, n, d);
        const weights = points.data.slice(0, n).map((_, j) => (j % 11 === 3 ? 0 : 1 + (j % 5)));
        const variance = tolerance === 1e-2 ? 0.02 : 0.3;
        const options = tolerance === 1e-2 ? { variance, excludeSelf: true } : { variance, weights };
        const exact = await score(points, points, { ...options, backend, tolerance: 0 });
        const fast = await score(points, points, { ...options, backend, tolerance });
        const where = `${kind}, variance ${variance}, tolerance ${tolerance}`;
        // Beside the tolerance, rounding of log-weights of this size, and of coordinates in σ.
        const sigma = Math.sqrt(variance);
        const size = Math.max(100, ...Array.from(exact.logDensity!, Math.abs));
        const coordinate = largestOf(points.data) / sigma;
        const epsilon = dtype === 'float32' ? 2 ** -23 : 2 ** -52;
        const allowed = tolerance + epsilon * (100 * size + 2 * coordinate * Math.sqrt(2 * size));
        const reach = sigma * Math.sqrt(2 * size);
        const mean = largestDistance(fast.mean!.data, exact.mean!.data, d);
        t.true(mean <= sigma * tolerance + reach * (allowed - tolerance), `${where}: mean ${mean}`);
        const log = largestDistance(fast.logDensity!, exact.logDensity!, 1);
        t.true(log <= allowed, `${where}: log-density ${log}`);
        const divergence = largestDistance(fast.divergence!, exact.divergence!, 1);
        const most = (4 * tolerance + 4 * size * (allowed - tolerance)) / variance;
        t.true(divergence <= most, `${where}: divergence ${divergence}, allowed ${most}`);
      }
    });
  }

  for (const d of [64, 257, 800]) {
    test(`${dtype}, d = ${d}: a cloud on itself, each distance once, agrees with its copy`, async (t) => {
      // Odd, and enough for it to pay.
      const n = 4101;
      for (const kind of KINDS) {
        // Their distances need differences of coordinates, which takes long.
        if (kind === 'far-off' && d > 64) continue;
        const points = cloud(kind, dtype, n, d);
        const copy = { data: points.data.slice(), shape: [n, d] };
        const variance = 2 * d;
        const options = { variance, backend, tolerance: 0 };
        const [once, twice] = [await score(points, points, options), await score(copy, points, options)];
        const sigma = Math.sqrt(variance);
        // Float32 holds distances of this size to so much of a nat.
        const loss = dtype === 'float32' ? 1e-4 : 1e-11;
        const mean = largestDistance(once.mean!.data, twice.mean!.data, d);
        const size = largestOf(points.data) * Math.sqrt(d) * (dtype === 'float32' ? 2 ** -23 : 2 ** -52);
        t.true(mean <= sigma * loss + size, `${kind}: mean ${mean}`);
        const ulp = largestOf(twice.logDensity!) * (dtype === 'float32' ? 2 ** -23 : 2 ** -52);
        const log = largestDistance(once.logDensity!, twice.logDensity!, 1);
        t.true(log <= loss + ulp, `${kind}: log-density ${log}`);
        const divergence = largestDistance(once.divergence!, twice.divergence!, 1);
        t.true(divergence <= (4 * loss * d) / variance, `${kind}: divergence ${divergence}`);
      }
    });
  }
}
