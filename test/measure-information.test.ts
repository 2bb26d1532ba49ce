import test from 'ava';
import { gaussian, gaussianMixture, empirical, smoothed } from '../ts/measure/index.js';
import { backends } from './conformance-backends.js';
import { identity, randomCovariance, referenceDensity } from './reference/mixtures.js';
import { Random } from './reference/random.js';

for (const { name: backend } of backends) {
  test(`${backend}: entropy and Fisher information of a Gaussian are exact`, async (t) => {
    const line = gaussian({ mean: [3], variance: 2 });
    const entropy = await line.entropy({ backend });
    t.is(entropy.method, 'exact');
    t.is(entropy.standardError, undefined);
    t.true(Math.abs(entropy.value - 0.5 * Math.log(2 * Math.PI * Math.E * 2)) < 1e-14);
    t.true(Math.abs((await line.fisherInformation({ backend })).value - 0.5) < 1e-15);

    // det = 1.75, tr Σ⁻¹ = (2 + 1)/1.75.
    const covariance = [
      [2, 0.5],
      [0.5, 1],
    ];
    const plane = gaussian({ mean: [0, 0], covariance });
    const expected = 0.5 * Math.log((2 * Math.PI * Math.E) ** 2 * 1.75);
    t.true(Math.abs((await plane.entropy({ backend })).value - expected) < 1e-13);
    t.true(Math.abs((await plane.fisherInformation({ backend })).value - 3 / 1.75) < 1e-13);
  });

  test(`${backend}: entropy falls at the rate of the Fisher information under backward heat`, async (t) => {
    const measure = gaussian({ mean: [0, 0, 0], covariance: randomCovariance(new Random(2), 3) });
    const step = 1e-4;
    const [before, after] = [await measure.heat(step).entropy(), await measure.heat(-step).entropy()];
    const { value } = await measure.fisherInformation({ backend });
    t.true(Math.abs((after.value - before.value) / (2 * step) + value) < 1e-5 * value);
  });

  test(`${backend}: entropy and Fisher information of a mixture agree with quadrature`, async (t) => {
    const weights = [0.3, 0.7];
    const means = [-1, 2];
    const variances = [0.5, 0.8];
    const components = weights.map((weight, k) => ({
      weight,
      mean: [means[k]],
      covariance: identity(1, variances[k]),
    }));
    const step = 0.01;
    const grid = Array.from({ length: 2001 }, (_, i) => [-10 + i * step]);
    let entropy = 0;
    let information = 0;
    for (const { logDensity, score } of referenceDensity(components, grid)) {
      entropy -= step * logDensity * Math.exp(logDensity);
      information += step * score[0] ** 2 * Math.exp(logDensity);
    }
    const mixture = gaussianMixture({ weights, means, variances });
    for (const [what, expected] of [
      ['entropy', entropy],
      ['fisherInformation', information],
    ] as const) {
      const estimate = await mixture[what]({ backend, seed: 1 });
      t.is(estimate.method, 'monte-carlo');
      const error = Math.abs(estimate.value - expected) / estimate.standardError!;
      t.true(error < 4, `${what}: ${estimate.value} is ${error} standard errors from ${expected}`);
      t.true(estimate.standardError! < 0.02);
      const wider = await mixture[what]({ backend, seed: 1, samples: 512 });
      const ratio = wider.standardError! / estimate.standardError!;
      t.true(ratio > 3 && ratio < 5, `standard error falls as the root of the sample: ${ratio}`);
      t.deepEqual(await mixture[what]({ backend, seed: 1 }), estimate);
    }
  });
}

test('a smoothed cloud of far points has the entropy of one Gaussian plus that of the choice', async (t) => {
  const measure = smoothed({
    points: [
      [0, 0],
      [100, 0],
      [0, 100],
      [100, 100],
    ],
    variance: 0.5,
  });
  const { value, standardError } = await measure.entropy();
  t.true(Math.abs(value - (Math.log(2 * Math.PI * Math.E * 0.5) + Math.log(4))) < 4 * standardError!);
  const one = await smoothed({ points: [[1, 2]], variance: 0.5 }).entropy();
  t.is(one.method, 'exact');
});

test('an empirical measure has no entropy left', async (t) => {
  const measure = empirical({
    points: [
      [1, 2],
      [3, 4],
    ],
  });
  t.deepEqual(await measure.entropy(), { value: -Infinity, method: 'exact' });
  t.deepEqual(await measure.fisherInformation(), { value: Infinity, method: 'exact' });
});

test('estimates can be aborted, report progress and refuse too few samples', async (t) => {
  const measure = smoothed({
    points: [
      [1, 2],
      [3, 4],
    ],
    variance: 1,
  });
  await t.throwsAsync(measure.entropy({ samples: 1 }), { code: 'INVALID_ARGUMENT', message: /for samples / });
  await t.throwsAsync(measure.entropy({ signal: AbortSignal.abort() }), { code: 'ABORTED' });
  const fractions: number[] = [];
  await measure.fisherInformation({ onProgress: (fraction) => fractions.push(fraction) });
  t.is(fractions.at(-1), 1);
  t.deepEqual(
    fractions,
    fractions.toSorted((a, b) => a - b),
  );
});
