import test from 'ava';
import { backwardHeatField } from '../ts/field/index.js';
import { heatFlow, integrate, trajectoryInformation } from '../ts/flow/index.js';
import { gaussian, gaussianMixture } from '../ts/measure/index.js';

const near = (a: number, b: number, allowed: number) => Math.abs(a - b) <= allowed;

test('of a Gaussian under heat: exact by its law, and estimated by log-densities and positions', async (t) => {
  for (const d of [1, 2, 3]) {
    const measure = gaussian({ mean: Array<number>(d).fill(1), variance: 0.5 });
    const flow = heatFlow(measure, { to: 0.25 });
    const trajectory = await flow.sample(3000, { seed: 3, saveAt: [0.1], track: { logDensity: true } });
    const exact = await trajectoryInformation(trajectory, { law: (time) => flow.law(time) });
    const tracked = await trajectoryInformation(trajectory);
    const states = trajectory.states.map(({ time, positions }) => ({ time, positions }));
    const positions = await trajectoryInformation({ states });
    t.deepEqual(
      exact.map(({ time }) => time),
      [0, 0.1, 0.25],
    );
    exact.forEach(({ time, entropy, fisherInformation }, i) => {
      const variance = 0.5 + 2 * time;
      t.is(entropy.method, 'exact');
      t.true(near(entropy.value, (d / 2) * Math.log(2 * Math.PI * Math.E * variance), 1e-12));
      t.true(near(fisherInformation.value, d / variance, 1e-12));
      t.is(tracked[i].entropy.method, 'monte-carlo');
      t.is(positions[i].entropy.method, 'nearest-neighbours');
      t.is(positions[i].fisherInformation.method, 'kernel-density');
      for (const { entropy: estimate, fisherInformation: information } of [tracked[i], positions[i]]) {
        t.true(near(estimate.value, entropy.value, 4 * estimate.standardError! + 0.03), `entropy, d = ${d}`);
        t.true(near(information.value, fisherInformation.value, 0.1 * fisherInformation.value), `d = ${d}`);
      }
    });
  }
});

test('entropy falls at the rate of the Fisher information along the continuous DAE', async (t) => {
  const measure = gaussianMixture({ weights: [0.4, 0.6], means: [[-1], [1.5]], variances: [0.5, 0.8] });
  const x0 = await measure.sample(4000, { seed: 1, dtype: 'float64' });
  const { logDensity } = await measure.evaluate(x0, { logDensity: true });
  const saveAt = [0.045, 0.05, 0.055];
  const trajectory = await integrate(backwardHeatField(measure), x0, {
    to: 0.1,
    saveAt,
    logDensity0: logDensity,
    tolerance: { relative: 1e-9 },
  });
  const found = await trajectoryInformation(trajectory);
  const rate = (found[3].entropy.value - found[1].entropy.value) / 0.01;
  // The mean of |∇log μ|² over the same particles, up to their sampling error.
  const { value, standardError } = await measure.heat(-0.05).fisherInformation({ samples: 40_000 });
  t.true(near(-rate, value, 0.05 * value + 4 * standardError!), `rate ${rate}, Fisher information ${value}`);
});

test('progress, abort and bad input', async (t) => {
  const positions = await gaussian({ mean: [0, 0], variance: 1 }).sample(200, { seed: 1 });
  const states = [0, 1].map((time) => ({ time, positions }));
  const fractions: number[] = [];
  await trajectoryInformation({ states }, { onProgress: (fraction) => fractions.push(fraction) });
  t.is(fractions.at(-1), 1);
  t.true(fractions.every((fraction, i) => i === 0 || fraction >= fractions[i - 1]));
  await t.throwsAsync(trajectoryInformation({ states }, { signal: AbortSignal.abort() }), {
    code: 'ABORTED',
  });
  await t.throwsAsync(trajectoryInformation({ states }, { law: 3 as never }), { code: 'INVALID_ARGUMENT' });
  await t.throwsAsync(trajectoryInformation(undefined as never), { code: 'INVALID_ARGUMENT' });
});
