import test from 'ava';
import { type DType, type FloatData, type NdArray, dtypeOf } from '../ts/core/array.js';
import { compareDepths, transportCloud } from '../ts/dae/index.js';
import { loadBackend } from '../ts/kernel/backend.js';
import { asMatrix } from '../ts/kernel/checks.js';
import { empirical, gaussianMixture, score, smoothed } from '../ts/measure/index.js';
import { DEFAULT_TOLERANCE } from '../ts/measure/tolerance.js';
import { places } from './native.js';
import { storage } from './reference/clouds.js';
import { Random } from './reference/random.js';

const KINDS = [
  'normal',
  'clustered',
  'heavy-tailed',
  'lattice',
  'collinear',
  'duplicates',
  'outliers',
] as const;

function cloud(kind: (typeof KINDS)[number], dtype: DType, n: number, d: number): NdArray {
  const random = new Random(n + d);
  const anchors = Array.from({ length: 5 }, () => random.normals(d).map((value) => 3 * value));
  const values: number[] = [];
  for (let i = 0; i < n; i++) {
    const anchor = anchors[random.integer(5)];
    const [along, divisor] = random.normals(2);
    for (let k = 0; k < d; k++) {
      const normal = random.normal();
      if (kind === 'clustered') values.push(anchor[k] + 0.05 * normal);
      else if (kind === 'heavy-tailed') values.push(normal / divisor);
      else if (kind === 'lattice') values.push(random.integer(12) / 2);
      else if (kind === 'collinear') values.push(along * (k + 1) - 4);
      else if (kind === 'duplicates') values.push(anchor[k]);
      else values.push(kind === 'outliers' && i < 3 ? 1e6 * (k + 1) : normal);
    }
  }
  return { data: storage(dtype, values), shape: [n, d] };
}

/** The largest difference of numbers beyond what is allowed for each. */
function excess(a: FloatData, b: FloatData, allowed: (i: number) => number): number {
  let worst = 0;
  for (let i = 0; i < b.length; i++) {
    const error = a[i] === b[i] ? 0 : Math.abs(a[i] - b[i]) - allowed(i);
    worst = Number.isNaN(error) ? Infinity : Math.max(worst, error);
  }
  return worst;
}

for (const { backend, dtype } of places) {
  if (backend !== 'native') continue;
  for (const d of [1, 2, 3]) {
    test(`${dtype}, d = ${d}: the default is as good as exact at every bandwidth`, async (t) => {
      const epsilon = dtype === 'float32' ? 2 ** -23 : 2 ** -52;
      for (const kind of KINDS) {
        const points = cloud(kind, dtype, 1500, d);
        const weights = points.data.slice(0, 1500).map((_, j) => (j % 11 === 3 ? 0 : 1 + (j % 5)));
        // Queries at the points and far from all of them.
        const queries = { data: points.data.slice(0, 900 * d), shape: [900, d] };
        for (let k = 0; k < 40 * d; k++) queries.data[k] += 3 * (k % 40);
        for (const sigma of [0.02, 0.3, 1, 10]) {
          const variance = sigma ** 2;
          for (const options of [
            { variance, excludeSelf: true },
            { variance, weights },
          ]) {
            const at = 'weights' in options ? queries : points;
            const exact = await score(at, points, { ...options, backend, tolerance: 0 });
            const fast = await score(at, points, { ...options, backend });
            const where = `${kind} σ=${sigma} ${'weights' in options ? 'weighted' : 'without themselves'}`;
            // Both may err by rounding: of coordinates in σ, times the distance of the heaviest centre, in the logarithms
            // of weights; the mean by that times the distance of the centres that share it.
            const allowed = Float64Array.from(exact.logDensity!, (log, i) => {
              const row = at.data.subarray(i * d, (i + 1) * d);
              const coordinate = Math.max(...Array.from(row, Math.abs)) / sigma;
              const size = Number.isFinite(log) ? 10 + Math.abs(log) : 10;
              return 1.01 * DEFAULT_TOLERANCE[dtype] + 4 * epsilon * (size + coordinate * Math.sqrt(size));
            });
            const reach = exact.logDensity!.map((log) => (Number.isFinite(log) ? 10 + Math.abs(log) : 10));
            const [mean, log, divergence] = [exact.mean!.data, exact.logDensity!, exact.divergence!];
            const size = (value: number) => 4 * epsilon * Math.abs(value);
            const beyond = {
              mean: excess(fast.mean!.data, mean, (i) => {
                const row = Math.floor(i / d);
                return sigma * allowed[row] * Math.sqrt(reach[row]) + 4 * size(mean[i]) + 100 * epsilon;
              }),
              log: excess(fast.logDensity!, log, (i) => allowed[i]),
              divergence: excess(
                fast.divergence!,
                divergence,
                (i) => (4 * allowed[i] * reach[i]) / variance + size(divergence[i]),
              ),
            };
            t.deepEqual(beyond, { mean: 0, log: 0, divergence: 0 }, where);
          }
        }
      }
    });
  }

  test(`${dtype}: tolerance 0 is the exact kernel, to the bit, wherever it is given`, async (t) => {
    const points = cloud('normal', dtype, 1100, 2);
    const kernels = await loadBackend(backend);
    const want = { logDensity: true };
    for (const variance of [0.01, 0.5]) {
      const matrix = asMatrix(points);
      const { logDensity } = await kernels.score({ queries: matrix, centres: matrix, variance, want });
      const options = { variance, want, tolerance: 0, backend };
      t.deepEqual((await score(points, points, options)).logDensity, logDensity);
      const measures = [
        smoothed({ points, variance, tolerance: 0 }),
        smoothed({ points, variance: variance / 2, tolerance: 0 }).heat(variance / 4),
        empirical({ points, tolerance: 0 }).heat(variance / 2),
        gaussianMixture({ means: points, variances: variance, tolerance: 0 }),
      ];
      for (const measure of measures) {
        const values = await measure.evaluate(points, { logDensity: true }, { backend });
        t.is(
          excess(values.logDensity!, logDensity!, (i) => 1e-14 * Math.abs(logDensity![i])),
          0,
        );
      }
    }
  });
}

for (const { backend, dtype } of places) {
  test(`${backend} ${dtype}: runs through DAEs are those of exact sums`, async (t) => {
    const points = cloud('normal', dtype, backend === 'native' ? 1500 : 200, 2);
    for (const depth of [3, 'continuous'] as const) {
      const options = { depth, T: 0.04, smoothing: 0.1, snapshots: 1, backend };
      const exact = await transportCloud(points, { ...options, scoreTolerance: 0 });
      const fast = await transportCloud(points, options);
      t.is(dtypeOf(fast.positions), dtype);
      const error = excess(fast.positions.data, exact.positions.data, () => 0);
      t.true(error < (dtype === 'float32' ? 2e-5 : 1e-8), `${depth}: ${error}`);
    }
  });
}

test('a tolerance out of its range is told by its name', async (t) => {
  const points = cloud('normal', 'float32', 10, 2);
  const code = 'INVALID_ARGUMENT';
  for (const tolerance of [-1, 0.2, NaN, '1' as unknown as number]) {
    await t.throwsAsync(score(points, points, { variance: 1, tolerance }), { code, message: /tolerance/ });
    t.throws(() => smoothed({ points, variance: 1, tolerance }), { code, message: /tolerance/ });
    t.throws(() => empirical({ points, tolerance }), { code, message: /tolerance/ });
    t.throws(() => gaussianMixture({ means: points, variances: 1, tolerance }), {
      code,
      message: /tolerance/,
    });
    const run = { depth: 1, T: 0.1, smoothing: 0.2, scoreTolerance: tolerance } as const;
    await t.throwsAsync(transportCloud(points, run), { code, message: /scoreTolerance/ });
    await t.throwsAsync(compareDepths(points, { scoreTolerance: tolerance }), {
      code,
      message: /scoreTolerance/,
    });
  }
});
