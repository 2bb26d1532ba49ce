import test from 'ava';
import type { DType, NdArray } from '../../ts/core/array.js';
import { RandomStream } from '../../ts/core/random.js';
import { kernelEntropy, nearestNeighbourEntropy } from '../../ts/entropy/index.js';
import { principalComponents } from '../../ts/linalg/index.js';
import { score } from '../../ts/measure/index.js';
import { silhouette } from '../../ts/representation/index.js';
import { exactly, places } from '../native.js';

function normals(n: number, d: number, seed: number, scale: number, dtype: DType): NdArray {
  const data = new Float64Array(n * d);
  new RandomStream(seed, 'sample').fillNormal(data);
  const scaled = data.map((value) => value * scale);
  return { data: dtype === 'float64' ? scaled : Float32Array.from(scaled), shape: [n, d] };
}

/** Mean, log-density and σ²·divergence of one query, from logits (c − o)·x/σ² − |c − o|²/2σ² about the mean o of the centres. */
function plainly(x: ArrayLike<number>, { data, shape: [m, d] }: NdArray, variance: number) {
  const origin = Array.from({ length: d }, (_, k) => {
    let sum = 0;
    for (let j = 0; j < m; j++) sum += data[j * d + k];
    return sum / m;
  });
  const offset = (j: number, k: number) => data[j * d + k] - origin[k];
  let length = 0;
  for (let k = 0; k < d; k++) length += ((x[k] - origin[k]) / Math.sqrt(variance)) ** 2;
  const logits = Array.from({ length: m }, (_, j) => {
    let sum = 0;
    for (let k = 0; k < d; k++) sum += offset(j, k) * (x[k] - origin[k] - offset(j, k) / 2);
    return sum / variance;
  });
  const most = Math.max(...logits);
  const weights = logits.map((logit) => Math.exp(logit - most));
  const mass = weights.reduce((sum, weight) => sum + weight, 0);
  const mean = origin.map(
    (_, k) => weights.reduce((sum, weight, j) => sum + weight * offset(j, k), 0) / mass,
  );
  let trace = 0;
  weights.forEach((weight, j) => {
    for (let k = 0; k < d; k++) trace += (weight / mass) * (offset(j, k) - mean[k]) ** 2;
  });
  return {
    mean: mean.map((value, k) => value + origin[k]),
    logDensity: most + Math.log(mass / m) - length / 2 - (d / 2) * Math.log(2 * Math.PI * variance),
    divergence: trace / variance - d,
  };
}

for (const { backend, dtype } of places) {
  const far = [30, 70, 300, 1e4, 1e6, 1e8, 1e12, 2e18, ...(dtype === 'float64' ? [1e25, 1e100] : [])];
  for (const d of [1, 3, 7, 24]) {
    // Few pairs, and so many that a tolerance is spent.
    for (const [n, m] of [[5, 50], ...(backend === 'native' ? [[1100, 1000]] : [])]) {
      test(`${backend} ${dtype}: ${n} queries however far from ${m} centres in ${d} dimensions`, async (t) => {
        const centres = normals(m, d, 1, 1, dtype);
        for (const distance of far) {
          const queries = normals(n, d, 2, distance, dtype);
          const found = await score(queries, centres, { variance: 1, backend });
          for (let i = 0; i < n; i += Math.ceil(n / 20)) {
            const right = plainly(queries.data.subarray(i * d, (i + 1) * d), centres, 1);
            // A tie to within the rounding of float64 may go either way.
            const within = dtype === 'float64' ? 1e-6 : 2e-3;
            const label = `${distance}, ${i}`;
            right.mean.forEach((value, k) => {
              t.true(
                Math.abs(found.mean!.data[i * d + k] - value) < within,
                `${label}: mean ${found.mean!.data[i * d + k]}, not ${value}`,
              );
            });
            const log = found.logDensity![i];
            t.true(
              Math.abs(log / right.logDensity - 1) < (dtype === 'float64' ? 1e-12 : 1e-6),
              `${label}: log ${log}`,
            );
            t.true(
              Math.abs(found.divergence![i] - right.divergence) < within * d,
              `${label}: divergence ${found.divergence![i]}, not ${right.divergence}`,
            );
          }
        }
      });
    }
  }

  test(`${backend} ${dtype}: thousands of dimensions`, async (t) => {
    for (const d of [3000, 10_000]) {
      for (const variance of [1, 30, d]) {
        const [queries, centres] = [normals(8, d, 3, 1, dtype), normals(60, d, 4, 1, dtype)];
        const { mean, divergence } = await score(queries, centres, { variance, backend });
        const within = dtype === 'float64' ? 1e-9 : 1e-4;
        for (let i = 0; i < 8; i++) {
          const right = plainly(queries.data.subarray(i * d, (i + 1) * d), centres, variance);
          const off = right.mean.reduce(
            (most, v, k) => Math.max(most, Math.abs(v - mean!.data[i * d + k])),
            0,
          );
          t.true(off < within, `${d} ${variance}: ${off}`);
          t.true(Math.abs(divergence![i] * variance - right.divergence) < within * d);
        }
      }
    }
  });

  test(`${backend} ${dtype}: a query beyond all squares has the centre that is farthest in its direction`, async (t) => {
    const data = [-1, 0, 2, 1, -3, 5];
    const centres: NdArray = {
      data: dtype === 'float64' ? Float64Array.from(data) : Float32Array.from(data),
      shape: [6, 1],
    };
    for (const x of dtype === 'float64' ? [1e19, 1e160, 1e300] : [1e19, 1e25, 3e38]) {
      const both = [x, -x];
      const queries = {
        data: dtype === 'float64' ? Float64Array.from(both) : Float32Array.from(both),
        shape: [2, 1],
      };
      for (const variance of [1, 1e-3, 1e6]) {
        const { mean, logDensity } = await score(queries, centres, {
          variance,
          backend,
          want: { mean: true, logDensity: true },
        });
        t.deepEqual(Array.from(mean!.data), [5, -3], `${x} ${variance}`);
        t.true(logDensity!.every((value) => value < 0 && !Number.isNaN(value)));
      }
    }
  });

  test(`${backend} ${dtype}: variances so small that their inverse is no float32`, async (t) => {
    for (const variance of [1e-30, 1e-38, 1e-40, 1e-44]) {
      const sigma = Math.sqrt(variance);
      // Centres a few σ apart, about 0, and the same far apart.
      for (const unit of [sigma, 1]) {
        const centres = normals(40, 3, 5, unit, dtype);
        const queries = normals(6, 3, 6, unit, dtype);
        const found = await score(queries, centres, {
          variance,
          backend,
          want: { mean: true, logDensity: true },
        });
        for (let i = 0; i < 6; i++) {
          const right = plainly(queries.data.subarray(3 * i, 3 * i + 3), centres, variance);
          right.mean.forEach((value, k) => {
            t.true(Math.abs(found.mean!.data[3 * i + k] - value) < 1e-5 * unit, `${variance}, ${unit}`);
          });
          if (Math.abs(right.logDensity) < 1e38)
            t.true(Math.abs(found.logDensity![i] / right.logDensity - 1) < 1e-5, `${variance}, ${unit}`);
        }
      }
    }
  });
}

exactly('what needs squares refuses numbers without, and says what to do', async (t) => {
  for (const scale of [1e200, 1e-200]) {
    const points = normals(50, 3, 7, scale, 'float64');
    const labels = Array.from({ length: 50 }, (_, i) => i % 2);
    for (const call of [
      () => nearestNeighbourEntropy(points),
      () => kernelEntropy(points),
      () => principalComponents(points, { count: 2 }),
      () => silhouette(points, labels),
    ]) {
      await t.throwsAsync(call, { code: 'NON_FINITE', message: /divide points by a common length/ });
    }
    const ordinary = normals(50, 3, 7, 1, 'float64');
    await t.notThrowsAsync(nearestNeighbourEntropy(ordinary));
  }
});
