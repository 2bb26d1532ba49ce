import test from 'ava';
import { type NdArray, ndarray } from '../ts/core/array.js';
import { type SiteFreeEnergy, entropicJkoFlow, jkoFlow } from '../ts/flow/index.js';
import { backendNames, exactly } from './native.js';

const SITES = 121;
const SPACING = 0.1;
const places = Float64Array.from({ length: SITES }, (_, i) => (i - 60) * SPACING);
const line: NdArray = { data: places, shape: [SITES, 1] };

function bump(mean: number, deviation: number): Float64Array {
  const values = places.map((x) => Math.exp(-((x - mean) ** 2) / (2 * deviation ** 2)));
  const sum = values.reduce((total, v) => total + v, 0);
  return values.map((v) => v / sum);
}

function moments(masses: Float64Array): { mean: number; deviation: number } {
  const mean = masses.reduce((sum, w, i) => sum + w * places[i], 0);
  return { mean, deviation: Math.sqrt(masses.reduce((sum, w, i) => sum + w * (places[i] - mean) ** 2, 0)) };
}

const options = { step: 0.05, steps: 6, epsilon: 0.03, volumes: SPACING };
const run = (energy: SiteFreeEnergy, masses: Float64Array, changed: object = {}) =>
  entropicJkoFlow(energy, line, masses, { ...options, ...changed });

exactly('entropy and potential move a Gaussian as the exact scheme does', async (t) => {
  const h = options.step;
  const heat = await run({ entropy: 1 }, bump(0, 0.8));
  let deviation = 0.8;
  for (const { masses, time } of heat.states.slice(1)) {
    deviation = (deviation + Math.sqrt(deviation ** 2 + 4 * h)) / 2;
    t.true(
      Math.abs(moments(masses).deviation - deviation) < 2e-3,
      `t = ${time}: ${moments(masses).deviation}, not ${deviation}`,
    );
    t.true(Math.abs(masses.reduce((sum, w) => sum + w, 0) - 1) < 1e-12);
  }
  const drift = await run({ potential: places.map((x) => (x - 1) ** 2) }, bump(-1, 1));
  drift.states.forEach(({ masses }, k) => {
    const { mean, deviation } = moments(masses);
    t.true(Math.abs(mean - (1 - 2 / (1 + 2 * h) ** k)) < 2e-3, `${mean}`);
    t.true(Math.abs(deviation - 1 / (1 + 2 * h) ** k) < 4e-3, `${deviation}`);
  });
  for (const { states } of [heat, drift]) {
    for (let k = 1; k < states.length; k++) t.true(states[k].energy < states[k - 1].energy);
  }
});

exactly('a quadratic interaction contracts about the mean', async (t) => {
  const { end } = await run({ interaction: ([r]) => r * r }, bump(0.5, 1));
  const { mean, deviation } = moments(end.masses);
  t.true(Math.abs(mean - 0.5) < 1e-3);
  t.true(Math.abs(deviation - 1 / (1 + 2 * options.step) ** options.steps) < 4e-3, `${deviation}`);
});

exactly('the porous medium spreads as particles of the exact scheme do', async (t) => {
  const energy = { porousMedium: { exponent: 2 } };
  const { end } = await run(energy, bump(0, 0.7));
  // Quantiles of the same start.
  const start = bump(0, 0.7);
  const quantiles: number[] = [];
  let below = 0;
  for (let i = 0; i < SITES && quantiles.length < 200; i++) {
    while (quantiles.length < 200 && (quantiles.length + 0.5) / 200 <= below + start[i]) {
      quantiles.push(places[i] + SPACING * (((quantiles.length + 0.5) / 200 - below) / start[i] - 0.5));
    }
    below += start[i];
  }
  const exact = await jkoFlow(energy, ndarray(quantiles, [200, 1], 'float64'), { step: 0.05, steps: 6 });
  const spread = Math.sqrt(Array.from(exact.end.positions.data).reduce((sum, x) => sum + x * x, 0) / 200);
  t.true(
    Math.abs(moments(end.masses).deviation - spread) < 0.01,
    `${moments(end.masses).deviation}, not ${spread}`,
  );
});

for (const backend of backendNames) {
  test(`${backend}: heat in the plane, in float32`, async (t) => {
    const rows = Array.from({ length: 441 }, (_, i) => [(i % 21) * 0.3 - 3, Math.floor(i / 21) * 0.3 - 3]);
    const weights = rows.map(([x, y]) => Math.exp(-(x * x + y * y) / 1.28));
    const sum = weights.reduce((total, w) => total + w, 0);
    const call = { step: 0.1, steps: 2, epsilon: 0.2, volumes: 0.09, tolerance: 1e-4, backend };
    const { end } = await entropicJkoFlow(
      { entropy: 1 },
      ndarray(rows),
      weights.map((w) => w / sum),
      call,
    );
    let deviation = 0.8;
    for (let k = 0; k < 2; k++) deviation = (deviation + Math.sqrt(deviation ** 2 + 0.4)) / 2;
    const square = end.masses.reduce((total, w, i) => total + w * (rows[i][0] ** 2 + rows[i][1] ** 2), 0);
    t.true(Math.abs(Math.sqrt(square / 2) - deviation) < 0.03, `${Math.sqrt(square / 2)}, not ${deviation}`);
  });
}

test('bad input is refused with its code', async (t) => {
  const sites = ndarray([[0], [1], [2]]);
  const masses = [0.2, 0.3, 0.5];
  const base = { step: 0.1, steps: 1, epsilon: 1 };
  const refuse = (code: string, energy: unknown, weights: number[] = masses, changed: object = {}) =>
    t.throwsAsync(entropicJkoFlow(energy as SiteFreeEnergy, sites, weights, { ...base, ...changed }), {
      code,
    });
  await refuse('INVALID_ARGUMENT', {});
  await refuse('INVALID_ARGUMENT', null);
  await refuse('INVALID_ARGUMENT', { entropy: 0 });
  await refuse('INVALID_ARGUMENT', { porousMedium: { exponent: 1 } });
  await refuse('INVALID_ARGUMENT', { interaction: 3 });
  await refuse('INVALID_SHAPE', { potential: [1, 2] });
  await refuse('NON_FINITE', { potential: [1, NaN, 2] });
  await refuse('INVALID_ARGUMENT', { entropy: 1 }, [0.2, 0.3, 0.6]);
  await refuse('INVALID_SHAPE', { entropy: 1 }, [0.5, 0.5]);
  for (const changed of [
    { step: 0 },
    { steps: 0 },
    { epsilon: -1 },
    { volumes: 0 },
    { volumes: [1, 0, 1] },
    { tolerance: 0 },
  ]) {
    await refuse('INVALID_ARGUMENT', { entropy: 1 }, masses, changed);
  }
  await refuse('NOT_CONVERGED', { entropy: 1 }, masses, { tolerance: 1e-12, maximumIterations: 1 });
  await refuse('ABORTED', { entropy: 1 }, masses, { signal: AbortSignal.abort() });
});
