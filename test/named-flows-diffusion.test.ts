import test from 'ava';
import { ndarray } from '../ts/core/array.js';
import {
  continuousDaeFlow,
  dilated,
  fokkerPlanckFlow,
  heatFlow,
  lawOf,
  ornsteinUhlenbeck,
  ornsteinUhlenbeckFlow,
  probabilityFlow,
  varianceExploding,
  variancePreserving,
} from '../ts/flow/index.js';
import { empirical, gaussian, gaussianMixture, smoothed } from '../ts/measure/index.js';
import { backends } from './conformance-backends.js';
import {
  derivativeErrors,
  difference,
  exactly,
  fails,
  mean,
  moments,
  normals,
  singles,
} from './named-flows.js';

const covariance = [
  [1.5, 0.4],
  [0.4, 0.8],
];
const gauss = gaussian({ mean: [1, -2], covariance });
const mixture = gaussianMixture({
  weights: [0.4, 0.6],
  means: [
    [-1.5, 0],
    [1.5, 0.5],
  ],
  variances: [0.5, 0.8],
});
const cloud = smoothed({ points: normals(40, 2, 3), variance: 0.3 });
const float64 = { dtype: 'float64' } as const;
const tight = { tolerance: { relative: 1e-9 } };

exactly('particles of the heat flow of a Gaussian are those of its closed form', async (t) => {
  // Each point moves by x ↦ m + (Σ + 2tI)^{1/2} Σ^{−1/2} (x − m); in one dimension, by the ratio of deviations.
  const measure = gaussian({ mean: [0.5], variance: 0.7 });
  const x = ndarray([[-1], [0.2], [3]], undefined, 'float64');
  const flow = heatFlow(measure, { to: 0.6 });
  const { end } = await flow.transport(x, { ...tight, track: { logDensity: true } });
  const factor = Math.sqrt((0.7 + 1.2) / 0.7);
  t.true(
    difference(
      end.positions.data,
      [...x.data].map((value) => 0.5 + factor * (value - 0.5)),
    ) < 1e-7,
  );
  const exact = await flow.law(0.6).evaluate(end.positions, { logDensity: true });
  t.true(difference(end.logDensity!, exact.logDensity!) < 1e-7);
  const back = await flow.reversed().transport(end.positions, tight);
  t.true(difference(back.end.positions.data, x.data) < 1e-7);
});

exactly(
  'heat and Ornstein–Uhlenbeck flows take samples of a Gaussian to the exact mean and covariance',
  async (t) => {
    const n = 4000;
    const sigma = covariance.flat();
    const decay = Math.exp(-0.8);
    const cases = [
      {
        flow: heatFlow(gauss, { to: 0.5 }),
        mean: [1, -2],
        covariance: sigma.map((value, i) => value + (i % 3 === 0 ? 1 : 0)),
      },
      {
        flow: ornsteinUhlenbeckFlow(gauss, { to: 0.8 }),
        mean: [decay, -2 * decay],
        covariance: sigma.map((value, i) => decay ** 2 * value + (i % 3 === 0 ? 1 - decay ** 2 : 0)),
      },
    ];
    for (const { flow, mean: centre, covariance: expected } of cases) {
      const { end } = await flow.sample(n, { ...float64, seed: 5, track: { logDensity: true } });
      const found = moments(end.positions);
      // Four standard errors of a mean and of a variance.
      const spread = Math.max(...expected);
      t.true(difference(found.mean, centre) < 4 * Math.sqrt(spread / n), flow.name);
      t.true(difference(found.covariance, expected) < 4 * spread * Math.sqrt(2 / n), flow.name);
      const exact = await flow.law(flow.to).evaluate(end.positions, { logDensity: true });
      t.true(difference(end.logDensity!, exact.logDensity!) < 1e-3, flow.name);
      t.true(difference(await flow.law(flow.to).covariance(), expected) < 1e-12, flow.name);
    }
  },
);

exactly('the Ornstein–Uhlenbeck law has rate, diffusion and centre', async (t) => {
  const process = ornsteinUhlenbeck({ rate: 2, diffusion: 3, centre: [4, 5] });
  t.is(process.end, 2.5);
  const decay = Math.exp(-2 * 0.3);
  const law = lawOf(process, gauss, 0.3);
  t.true(difference(law.mean(), [4 - 3 * decay, 5 - 7 * decay]) < 1e-12);
  const added = 1.5 * (1 - decay ** 2);
  const expected = covariance.flat().map((value, i) => decay ** 2 * value + (i % 3 === 0 ? added : 0));
  t.true(difference(await law.covariance(), expected) < 1e-12);
  // What moves the particles must be what the law says: log-densities stay exact.
  const flow = ornsteinUhlenbeckFlow(mixture, { rate: 2, diffusion: 3, centre: [4, 5], to: 0.4 });
  const { end } = await flow.sample(50, { ...float64, ...tight, track: { logDensity: true } });
  const exact = await flow.law(0.4).evaluate(end.positions, { logDensity: true });
  t.true(difference(end.logDensity!, exact.logDensity!) < 1e-7);
});

exactly('log-densities along the flows of a mixture and a cloud are exact', async (t) => {
  for (const measure of [mixture, cloud]) {
    const flows = [
      heatFlow(measure, { to: 0.5 }),
      continuousDaeFlow(measure, { to: 0.8 * measure.collapseTime }),
      probabilityFlow(variancePreserving(), measure),
      probabilityFlow(varianceExploding({ maximum: 20 }), measure),
    ];
    for (const flow of flows) {
      const { end } = await flow.sample(40, { ...float64, ...tight, track: { logDensity: true } });
      const exact = await flow.law(flow.to).evaluate(end.positions, { logDensity: true });
      t.true(difference(end.logDensity!, exact.logDensity!) < 1e-6, flow.name);
    }
  }
});

exactly('the probability flow gives exact log-likelihoods of the measure it starts from', async (t) => {
  for (const measure of [gauss, mixture, cloud]) {
    const x = await measure.sample(30, { ...float64, seed: 8 });
    const { logDensity } = await measure.evaluate(x, { logDensity: true });
    for (const process of [variancePreserving(), varianceExploding({ maximum: 30 }), ornsteinUhlenbeck()]) {
      const found = await probabilityFlow(process, measure).logLikelihood(x, tight);
      t.true(difference(found, logDensity!) < 1e-6, process.name);
    }
    // With the prior in place of the true last law the likelihood is that of what the reversed flow makes of it.
    const prior = gaussian({ mean: [0, 0], variance: 1 });
    const found = await probabilityFlow(variancePreserving(), measure).logLikelihood(x, {
      ...tight,
      reference: prior,
    });
    t.true(difference(found, logDensity!) < 0.1);
    t.true(difference(found, logDensity!) > 1e-6);
  }
});

exactly('the reversed probability flow makes a measure out of noise', async (t) => {
  const n = 2000;
  const { end } = await probabilityFlow(variancePreserving(), mixture)
    .reversed()
    .sample(n, { ...float64, seed: 1 });
  const found = moments(end.positions);
  const expected = await mixture.covariance();
  t.true(difference(found.mean, mixture.mean()) < 4 * Math.sqrt(3 / n));
  t.true(difference(found.covariance, expected) < 4 * 3 * Math.sqrt(2 / n));
});

exactly('velocities of the processes have the derivatives they claim', async (t) => {
  const x = normals(6, 2, 12);
  for (const process of [
    variancePreserving(),
    varianceExploding({ maximum: 10 }),
    ornsteinUhlenbeck({ centre: [1, 2] }),
  ]) {
    const errors = await derivativeErrors(probabilityFlow(process, mixture).field, x, 0.3);
    t.true(errors.divergence < 1e-7 && errors.jacobianVector < 1e-7, process.name);
  }
});

test('scale and variance of every process are the integrals of its drift and noise', (t) => {
  const processes = [
    variancePreserving({ minimum: 0.3, maximum: 5 }),
    varianceExploding({ minimum: 0.1, maximum: 4 }),
    ornsteinUhlenbeck({ rate: 0.7, diffusion: 0.4 }),
  ];
  const step = 1e-5;
  for (const process of processes) {
    t.is(process.scale(0), 1);
    t.is(Math.abs(process.variance(0)), 0);
    for (const time of [0.1, 0.5, 0.9]) {
      const slope = (f: (t: number) => number) => (f(time + step) - f(time - step)) / (2 * step);
      const [f, g, a, s] = [
        process.drift(time),
        process.noise(time),
        process.scale(time),
        process.variance(time),
      ];
      t.true(Math.abs(slope((r) => process.scale(r)) - f * a) < 1e-8, process.name);
      t.true(Math.abs(slope((r) => process.variance(r)) - (2 * f * s + g * g)) < 1e-7, process.name);
    }
  }
});

exactly('entropy falls along the continuous autoencoder at the rate of the Fisher information', async (t) => {
  // dH/dt = −I, both measured on the same particles: H as −mean log μ_t(x_t), with log μ_t carried along the trajectories.
  const step = 1e-3;
  for (const [measure, to] of [
    [gauss, 0.2],
    [mixture, 0.15],
  ] as const) {
    const flow = continuousDaeFlow(measure, { to });
    const times = [0.05, 0.1].flatMap((time) => [time - step, time, time + step]);
    const { states } = await flow.sample(3000, {
      ...float64,
      ...tight,
      seed: 2,
      saveAt: times,
      track: { logDensity: true },
    });
    const entropy = (i: number) => -mean(states[i].logDensity!);
    for (const middle of [2, 5]) {
      const rate = (entropy(middle + 1) - entropy(middle - 1)) / (2 * step);
      const { positions, time } = states[middle];
      const { score } = await flow.law(time).evaluate(positions, { score: true });
      const information = 2 * mean(score!.data, (value) => value * value);
      // The divergence that carries the entropy has the same mean as |score|², but not in each sample.
      t.true(Math.abs(rate + information) < 0.08 * information, `${rate} and ${-information}`);
      const exact = await flow.law(time).fisherInformation({ ...float64, samples: 20_000 });
      t.true(Math.abs(rate + exact.value) < 0.08 * exact.value, `${rate} and ${-exact.value}`);
    }
  }
  // For a Gaussian the particles' mean divergence is the Fisher information itself.
  const flow = continuousDaeFlow(gauss, { to: 0.2 });
  const { divergence } = await flow.field.evaluate(normals(1, 2, 1), 0.1, { divergence: true });
  t.true(Math.abs(divergence![0] + (await flow.law(0.1).fisherInformation()).value) < 1e-10);
});

exactly('the Fokker–Planck flow of a quadratic potential is the Ornstein–Uhlenbeck flow', async (t) => {
  const potential = {
    gradient: (x: { data: Float32Array | Float64Array; shape: readonly number[] }) => x,
    hessianVector: (
      _x: unknown,
      _t: number,
      u: { data: Float32Array | Float64Array; shape: readonly number[] },
    ) => u,
  };
  const known = ornsteinUhlenbeckFlow(mixture, { to: 0.7 });
  const flow = fokkerPlanckFlow({ potential, law: (time) => known.law(time), to: 0.7 });
  const x = normals(20, 2, 4);
  const options = { ...tight, track: { logDensity: true } };
  const [a, b] = [await known.transport(x, options), await flow.transport(x, options)];
  t.true(difference(a.end.positions.data, b.end.positions.data) < 1e-8);
  t.true(difference(a.end.logDensity!, b.end.logDensity!) < 1e-8);

  // With the score of the moving cloud: its equilibrium, smoothed, is about N(0, I).
  const own = fokkerPlanckFlow({ potential, variance: 0.2, to: 6 });
  const { end } = await own.transport(normals(300, 2, 6, 2), { tolerance: { relative: 1e-3 } });
  const found = moments(end.positions);
  t.true(difference(found.mean, [0, 0]) < 0.05);
  t.true(difference(found.covariance, [0.8, 0, 0, 0.8]) < 0.06, String(found.covariance));
});

exactly('a dilated measure is the law of aX + b', async (t) => {
  const scaling = { scale: 0.5, shift: [3, -1] };
  const exact = gaussian({
    mean: [3.5, -2],
    covariance: covariance.map((row) => row.map((value) => value / 4)),
  });
  const measure = dilated(gauss, scaling);
  const x = normals(5, 2, 2);
  const v = normals(5, 2, 7);
  const want = { logDensity: true, score: true, divergence: true };
  const [a, b] = [await measure.evaluate(x, want), await exact.evaluate(x, want)];
  t.true(difference(a.logDensity!, b.logDensity!) < 1e-11);
  t.true(difference(a.score!.data, b.score!.data) < 1e-11);
  t.true(difference(a.divergence!, b.divergence!) < 1e-11);
  t.true(
    difference((await measure.hessianVector(x, v)).data, (await exact.hessianVector(x, v)).data) < 1e-11,
  );
  t.true(difference(measure.mean(), exact.mean()) < 1e-12);
  t.true(difference(await measure.covariance(), await exact.covariance()) < 1e-12);
  t.true(Math.abs(measure.collapseTime - exact.collapseTime) < 1e-12);
  const [warm, exactWarm] = [measure.heat(0.2), exact.heat(0.2)];
  t.true(Math.abs((await warm.entropy()).value - (await exactWarm.entropy()).value) < 1e-11);
  t.true(
    Math.abs((await warm.fisherInformation()).value - (await exactWarm.fisherInformation()).value) < 1e-11,
  );
  const drawn = await measure.sample(3, float64);
  const base = await gauss.sample(3, float64);
  t.true(
    difference(
      drawn.data,
      [...base.data].map((value, i) => 0.5 * value + scaling.shift[i % 2]),
    ) < 1e-15,
  );
  const estimate = await dilated(mixture, { scale: 2 }).fisherInformation({ samples: 100 });
  const half = await mixture.fisherInformation({ samples: 100 });
  t.is(estimate.standardError, half.standardError! / 4);
  t.is(dilated(gauss, { scale: 1 }), gauss);
  await fails(t, 'INVALID_ARGUMENT', /scale/, () => dilated(gauss, { scale: 0 }));
  await fails(t, 'INVALID_SHAPE', /shift/, () => dilated(gauss, { scale: 1, shift: [1] }));
});

test('mixture flows keep their particles, and agree between backends in float32', async (t) => {
  const x = singles(100, 2, 9);
  const runs = await Promise.all(
    backends.map(async ({ name }) => {
      const flow = probabilityFlow(variancePreserving(), mixture);
      const options = { backend: name, step: { steps: 20 }, track: { logDensity: true } };
      const { end } = await flow.transport(x, options);
      t.deepEqual(end.positions.shape, [100, 2], name);
      return end;
    }),
  );
  for (const end of runs.slice(1)) {
    t.true(difference(end.positions.data, runs[0].positions.data) < 1e-3);
    t.true(difference(end.logDensity!, runs[0].logDensity!) < 1e-3);
  }
  t.true(runs.length >= 1);
  // Nothing is lost or gained: the density integrates to 1 all along.
  const side = 161;
  const cell = 20 / (side - 1);
  const grid = ndarray(
    Array.from({ length: side ** 2 }, (_, i) => [cell * (i % side) - 10, cell * Math.floor(i / side) - 10]),
  );
  for (const time of [0, 0.2, 1]) {
    const law = probabilityFlow(variancePreserving(), mixture).law(time);
    const { logDensity } = await law.evaluate(grid, { logDensity: true });
    const mass = (side * cell) ** 2 * mean(logDensity!, Math.exp);
    t.true(Math.abs(mass - 1) < 1e-4, `${time}: ${mass}`);
  }
});

test('times past the collapse, and point masses at time 0, are errors that say so', async (t) => {
  const error = t.throws(() => continuousDaeFlow(mixture, { to: 0.3 }));
  t.like(error, { code: 'COLLAPSED', details: { collapseTime: 0.25 } });
  const points = empirical({ points: singles(10, 2, 1) });
  const flow = probabilityFlow(variancePreserving(), points);
  t.is(flow.from, 1e-3);
  await fails(t, 'COLLAPSED', /0/, () => flow.between(0, 1).transport(singles(5, 2, 2)));
  await t.notThrowsAsync(flow.sample(5));
  await fails(t, 'COLLAPSED', /0/, () => heatFlow(points, { to: 1 }).transport(singles(5, 2, 2)));
});

test('bad arguments are named', async (t) => {
  await fails(t, 'INVALID_ARGUMENT', /\bto\b/, () => heatFlow(gauss, { to: -1 }));
  await fails(t, 'INVALID_ARGUMENT', /\bto\b/, () => continuousDaeFlow(gauss, { to: NaN }));
  await fails(t, 'INVALID_ARGUMENT', /maximum/, () => varianceExploding({ maximum: 0 }));
  await fails(t, 'INVALID_ARGUMENT', /minimum/, () => varianceExploding({ maximum: 1, minimum: 2 }));
  await fails(t, 'INVALID_ARGUMENT', /maximum/, () => variancePreserving({ minimum: 2, maximum: 1 }));
  await fails(t, 'INVALID_ARGUMENT', /rate/, () => ornsteinUhlenbeckFlow(gauss, { rate: 0 }));
  await fails(t, 'INVALID_SHAPE', /centre/, () => ornsteinUhlenbeckFlow(gauss, { centre: [1] }));
  await fails(t, 'NON_FINITE', /centre/, () => ornsteinUhlenbeckFlow(gauss, { centre: [1, NaN] }));
  await fails(t, 'INVALID_ARGUMENT', /from/, () =>
    probabilityFlow(variancePreserving(), gauss, { from: -1 }),
  );
  await fails(t, 'INVALID_ARGUMENT', /process/, () => probabilityFlow({ end: 1 } as never, gauss));
  await fails(t, 'INVALID_ARGUMENT', /measure/, () => probabilityFlow(variancePreserving(), {} as never));
  await fails(t, 'INVALID_ARGUMENT', /\bto\b/, () =>
    probabilityFlow(variancePreserving(), gauss, { to: -1 }),
  );
  await fails(t, 'INVALID_ARGUMENT', /score/, () =>
    fokkerPlanckFlow({ potential: { gradient: (x) => x }, to: 1 }),
  );
  await fails(t, 'INVALID_SHAPE', /x0|dimension/, () =>
    heatFlow(gauss, { to: 1 }).transport(singles(5, 3, 2)),
  );
  await fails(t, 'INVALID_SHAPE', /dimension/, () =>
    heatFlow(gauss, { to: 1 }).logLikelihood(singles(5, 3, 2)),
  );
});

test('a flow can be aborted, and reports its progress', async (t) => {
  const controller = new AbortController();
  const flow = heatFlow(cloud, { to: 1 });
  controller.abort();
  await fails(t, 'ABORTED', /aborted/, () =>
    flow.sample(10, { dtype: 'float32', signal: controller.signal }),
  );
  const fractions: number[] = [];
  await flow.sample(10, { dtype: 'float32', onProgress: (fraction) => fractions.push(fraction) });
  t.is(fractions.at(-1), 1);
  t.deepEqual(
    fractions,
    [...fractions].sort((a, b) => a - b),
  );
});
