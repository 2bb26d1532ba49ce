import test from 'ava';
import type { NdArray } from '../ts/core/array.js';
import {
  langevin,
  metropolisAdjustedLangevin,
  reverseDiffusion,
  steinVariationalGradientDescent,
  varianceExploding,
  variancePreserving,
} from '../ts/flow/index.js';
import { empirical, gaussian, gaussianMixture, smoothed, type Measure } from '../ts/measure/index.js';
import { backends } from './conformance-backends.js';
import { derivativeErrors, difference, exactly, fails, moments, normals, singles } from './named-flows.js';

const gauss = gaussian({
  mean: [1, -1],
  covariance: [
    [1.2, 0.5],
    [0.5, 0.7],
  ],
});
const mixture = gaussianMixture({
  weights: [0.35, 0.65],
  means: [
    [-1, 0.5],
    [1, 0],
  ],
  variances: [0.5, 0.8],
});
const float64 = { dtype: 'float64' } as const;

/** How far the mean and covariance of a sample are from those of a measure, in their standard errors for n normal points. */
async function deviations(sample: NdArray, measure: Measure): Promise<{ mean: number; covariance: number }> {
  const [n, d] = sample.shape;
  const found = moments(sample);
  const expected = await measure.covariance();
  const mean = measure.mean();
  let [worstMean, worstCovariance] = [0, 0];
  for (let k = 0; k < d; k++) {
    const error = Math.sqrt(expected[k * d + k] / n);
    worstMean = Math.max(worstMean, Math.abs(found.mean[k] - mean[k]) / error);
    for (let l = 0; l < d; l++) {
      const square = expected[k * d + k] * expected[l * d + l] + expected[k * d + l] ** 2;
      const distance = Math.abs(found.covariance[k * d + l] - expected[k * d + l]);
      worstCovariance = Math.max(worstCovariance, distance / Math.sqrt(square / n));
    }
  }
  return { mean: worstMean, covariance: worstCovariance };
}

exactly('the reverse diffusion samples a Gaussian, a mixture and a smoothed cloud', async (t) => {
  const cloud = smoothed({ points: normals(30, 2, 3), variance: 0.2 });
  for (const measure of [gauss, mixture, cloud]) {
    for (const process of [variancePreserving(), varianceExploding({ maximum: 30, minimum: 0.1 })]) {
      const flow = reverseDiffusion(process, measure);
      const { end } = await flow.sample(1500, { ...float64, seed: 4, step: { steps: 200 } });
      const found = await deviations(end.positions, measure);
      t.true(found.mean < 4 && found.covariance < 4, `${flow.name}: ${found.mean}, ${found.covariance}`);
      t.is(end.time, 0);
    }
  }
});

test('the reverse diffusion of point masses ends near them', async (t) => {
  const points = singles(6, 2, 5);
  const flow = reverseDiffusion(variancePreserving(), empirical({ points }));
  const { end } = await flow.sample(100, { step: { steps: 300 } });
  const { data } = end.positions;
  for (let i = 0; i < 100; i++) {
    const distances = Array.from({ length: 6 }, (_, j) =>
      Math.hypot(data[2 * i] - points.data[2 * j], data[2 * i + 1] - points.data[2 * j + 1]),
    );
    t.true(Math.min(...distances) < 0.1, `${Math.min(...distances)}`);
  }
});

exactly('Langevin dynamics reach the mean and covariance of a Gaussian and a mixture', async (t) => {
  for (const target of [gauss, mixture]) {
    const x0 = normals(2000, 2, 6, 2);
    const { end, statistics } = await langevin(target, { step: 0.02, steps: 300 }).transport(x0, { seed: 3 });
    const found = await deviations(end.positions, target);
    t.true(found.mean < 4 && found.covariance < 4, `${found.mean}, ${found.covariance}`);
    t.is(statistics.steps, 300);
  }
});

exactly('the Metropolis step takes away the bias of long Langevin steps', async (t) => {
  const target = gaussian({ mean: [0], variance: 1 });
  const x0 = await target.sample(4000, { ...float64, seed: 1 });
  const parameters = { step: 0.8, steps: 60 };
  const options = { seed: 2 };
  const plain = await langevin(target, parameters).transport(x0, options);
  // The stationary variance of x ← (1 − h)x + √(2h) z is 2h/(1 − (1 − h)²) = 1/(1 − h/2).
  const biased = gaussian({ mean: [0], variance: 1 / 0.6 });
  const adjusted = await metropolisAdjustedLangevin(target, parameters).transport(x0, options);
  t.true((await deviations(plain.end.positions, target)).covariance > 8);
  t.true((await deviations(plain.end.positions, biased)).covariance < 4);
  const found = await deviations(adjusted.end.positions, target);
  t.true(found.mean < 4 && found.covariance < 4);
  t.true(adjusted.acceptance > 0.5 && adjusted.acceptance < 0.95, String(adjusted.acceptance));
});

exactly('adjusted Langevin chains reach a mixture, and keep what is asked for', async (t) => {
  const x0 = normals(2000, 2, 7, 2);
  const copy = x0.data.slice();
  const sampler = metropolisAdjustedLangevin(mixture, { step: 0.25, steps: 60 });
  const path = await sampler.transport(x0, { seed: 9, saveAt: [5] });
  const found = await deviations(path.end.positions, mixture);
  t.true(found.mean < 4 && found.covariance < 4, `${found.mean}, ${found.covariance}`);
  t.deepEqual(
    path.states.map(({ time }) => time),
    [0, 5, 15],
  );
  t.deepEqual(x0.data, copy);
  const again = await sampler.transport(x0, { seed: 9, saveAt: [5] });
  t.deepEqual(again.end.positions.data, path.end.positions.data);
  const other = await sampler.transport(x0, { seed: 10 });
  t.notDeepEqual(other.end.positions.data, path.end.positions.data);
});

exactly('Stein variational gradient descent reaches a Gaussian and a mild mixture', async (t) => {
  for (const target of [gauss, mixture]) {
    const n = 200;
    const flow = steinVariationalGradientDescent(target, { to: 40 });
    const { end } = await flow.transport(normals(n, 2, 8, 0.5), { tolerance: { relative: 1e-3 } });
    const found = await deviations(end.positions, target);
    t.true(found.mean < 2 && found.covariance < 3, `${found.mean}, ${found.covariance}`);
  }
});

exactly('the Stein field is its definition, and has the derivatives it claims', async (t) => {
  const n = 12;
  const h = 0.6;
  const particles = normals(n, 3, 2);
  const target = gaussian({ mean: [1, 0, -1], variance: [1, 2, 0.5] });
  const { field } = steinVariationalGradientDescent(target, { variance: h });
  const { score } = await target.evaluate(particles, { score: true });
  const velocityAt = async ({ data, shape }: NdArray): Promise<NdArray> => {
    const out = new Float64Array(data.length);
    for (let i = 0; i < shape[0]; i++) {
      for (let j = 0; j < n; j++) {
        let square = 0;
        for (let k = 0; k < 3; k++) square += (data[3 * i + k] - particles.data[3 * j + k]) ** 2;
        const kernel = Math.exp(-square / (2 * h)) / n;
        for (let k = 0; k < 3; k++) {
          const away = (data[3 * i + k] - particles.data[3 * j + k]) / h;
          out[3 * i + k] += kernel * (score!.data[3 * j + k] + away);
        }
      }
    }
    return { data: out, shape };
  };
  const { velocity } = await field.evaluate(particles, 0, {});
  t.true(difference(velocity.data, (await velocityAt(particles)).data) < 1e-12);
  const errors = await derivativeErrors(field, particles, 0, velocityAt);
  t.true(errors.divergence < 1e-8 && errors.jacobianVector < 1e-8, JSON.stringify(errors));
});

test('Stein particles agree between backends in float32', async (t) => {
  const x = singles(60, 2, 9);
  const flow = steinVariationalGradientDescent(mixture);
  const ends = await Promise.all(
    backends.map(async ({ name }) => {
      const { velocity } = await flow.field.evaluate(x, 0, {}, { backend: name });
      return velocity.data;
    }),
  );
  for (const end of ends.slice(1)) t.true(difference(end, ends[0]) < 1e-4);
});

test('samples are of the type that those of the measure are', async (t) => {
  const step = { steps: 2 };
  const single = await reverseDiffusion(variancePreserving(), mixture).sample(3, { step });
  t.true(single.end.positions.data instanceof Float32Array);
  if (!backends.some(({ dtypes }) => dtypes.includes('float64'))) return;
  const cloud = smoothed({ points: normals(5, 2, 1), variance: 1 });
  const double = await reverseDiffusion(variancePreserving(), cloud).sample(3, { step });
  t.true(double.end.positions.data instanceof Float64Array);
});

test('seeds give the same bits', async (t) => {
  const flow = reverseDiffusion(variancePreserving(), mixture);
  const run = async (seed: number) =>
    (await flow.sample(20, { seed, step: { steps: 20 } })).end.positions.data;
  t.deepEqual(await run(1), await run(1));
  t.notDeepEqual(await run(1), await run(2));
});

test('bad arguments are named', async (t) => {
  const x = singles(5, 2, 1);
  await fails(t, 'INVALID_ARGUMENT', /step/, () => langevin(gauss, { step: 0, steps: 3 }));
  await fails(t, 'INVALID_ARGUMENT', /steps/, () => langevin(gauss, { step: 1, steps: 0.5 }));
  await fails(t, 'INVALID_ARGUMENT', /steps/, () => metropolisAdjustedLangevin(gauss, { step: 1 } as never));
  await fails(t, 'INVALID_ARGUMENT', /target/, () =>
    metropolisAdjustedLangevin({} as never, { step: 1, steps: 1 }),
  );
  await fails(t, 'INVALID_SHAPE', /x0/, () =>
    metropolisAdjustedLangevin(gauss, { step: 1, steps: 1 }).transport(singles(5, 3, 1)),
  );
  await fails(t, 'INVALID_ARGUMENT', /saveAt/, () =>
    metropolisAdjustedLangevin(gauss, { step: 1, steps: 1 }).transport(x, { saveAt: [2] }),
  );
  await fails(t, 'UNSUPPORTED', /smooth/, () =>
    langevin(empirical({ points: x }), { step: 1, steps: 1 }).transport(x),
  );
  await fails(t, 'UNSUPPORTED', /transport/, () => langevin(gauss, { step: 1, steps: 1 }).sample(5));
  await fails(t, 'UNSUPPORTED', /transport/, () => steinVariationalGradientDescent(gauss).sample(5));
  await fails(t, 'INVALID_ARGUMENT', /variance/, () =>
    steinVariationalGradientDescent(gauss, { variance: -1 }),
  );
  await fails(t, 'INVALID_ARGUMENT', /\bto\b/, () => steinVariationalGradientDescent(gauss, { to: 0 }));
  await fails(t, 'DEGENERATE_CLOUD', /variance/, () =>
    steinVariationalGradientDescent(gauss).transport({ data: new Float32Array(10), shape: [5, 2] }),
  );
  await fails(t, 'INVALID_ARGUMENT', /process/, () => reverseDiffusion(undefined as never, gauss));
  const controller = new AbortController();
  controller.abort();
  await fails(t, 'ABORTED', /aborted/, () =>
    metropolisAdjustedLangevin(gauss, { step: 1, steps: 1 }).transport(x, { signal: controller.signal }),
  );
});
