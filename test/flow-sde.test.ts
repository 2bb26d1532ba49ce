import test from 'ava';
import type { FloatData, NdArray } from '../ts/core/array.js';
import type { RidgeflowError } from '../ts/core/errors.js';
import { RandomStream } from '../ts/core/random.js';
import type { VelocityField } from '../ts/field/field.js';
import { type DiffuseOptions, SOLVERS, type StochasticSolver, diffuse, integrate } from '../ts/flow/index.js';
import { linearField, slopes } from './reference/flow.js';

/** dX = −X dt + g dB, whose mean decays as e^{−t} towards variance g²/2. */
const drift = linearField([[-1]]);
const SOLVERS_OF_NOISE: readonly StochasticSolver[] = ['euler-maruyama', 'stochastic-heun'];

function constantCloud(n: number, ...point: number[]): NdArray {
  return {
    data: Float64Array.from({ length: n * point.length }, (_, i) => point[i % point.length]),
    shape: [n, point.length],
  };
}

function moments({ data, shape: [n, d] }: NdArray, coordinate = 0): { mean: number; variance: number } {
  let sum = 0;
  let square = 0;
  for (let i = coordinate; i < data.length; i += d) {
    sum += data[i];
    square += data[i] ** 2;
  }
  return { mean: sum / n, variance: square / n - (sum / n) ** 2 };
}

for (const solver of SOLVERS_OF_NOISE) {
  const weakOrder = solver === 'euler-maruyama' ? 1 : 2;
  /** What a step of length h multiplies X by, and the variance that it adds per unit of g². */
  const factor = (h: number) => (weakOrder === 1 ? 1 - h : 1 - h + (h * h) / 2);
  const added = (h: number) => (weakOrder === 1 ? h : h * (1 - h / 2) ** 2);

  test(`${solver}: weak order ${weakOrder}`, async (t) => {
    const n = 4000;
    const g = 0.7;
    const errors: number[] = [];
    for (const steps of [8, 16, 32]) {
      const x0 = constantCloud(n, 1000);
      const { end } = await diffuse(drift, x0, { to: 1, noise: g, solver, step: { steps }, seed: steps });
      const { mean, variance } = moments(end.positions);
      errors.push(Math.abs(mean - 1000 * Math.exp(-1)));
      const h = 1 / steps;
      const sampling = 4 * g * Math.sqrt(1 / n);
      t.true(Math.abs(mean - 1000 * factor(h) ** steps) < sampling, `mean ${mean}`);
      const ratio = factor(h) ** 2;
      const expected = (g * g * added(h) * (1 - ratio ** steps)) / (1 - ratio);
      t.true(
        Math.abs(variance / expected - 1) < 4 * Math.sqrt(2 / n),
        `variance ${variance}, expected ${expected}`,
      );
    }
    t.true(Math.abs(slopes(errors).at(-1)! - weakOrder) < 0.3, `orders ${slopes(errors).join(', ')}`);
  });

  test(`${solver}: strong order 1`, async (t) => {
    // The same Brownian paths at every step length: sums of the increments of the finest.
    const finest = 1024;
    const n = 300;
    const paths = Array.from({ length: finest }, (_, i) => {
      const values = new Float64Array(n);
      new RandomStream(7, 'noise', i).fillNormal(values);
      return values;
    });
    const nonlinear: VelocityField = {
      times: { from: -Infinity, to: Infinity },
      differentiable: false,
      evaluate: async (x, time) => ({
        velocity: { data: x.data.map((value) => Math.sin(2 * value) - value + time), shape: x.shape },
      }),
    };
    const run = async (steps: number) => {
      const group = finest / steps;
      const normals = (step: number, out: FloatData) => {
        out.fill(0);
        for (let k = step * group; k < (step + 1) * group; k++)
          paths[k].forEach((value, i) => (out[i] += value));
        out.forEach((value, i) => (out[i] = value / Math.sqrt(group)));
      };
      const { end } = await diffuse(nonlinear, constantCloud(n, 0.5), {
        to: 1,
        noise: 0.8,
        solver,
        step: { steps },
        normals,
      });
      return end.positions.data;
    };
    const reference = await run(finest);
    const errors: number[] = [];
    for (const steps of [8, 16, 32]) {
      const found = await run(steps);
      errors.push(Math.hypot(...found.map((value, i) => value - reference[i])) / Math.sqrt(n));
    }
    t.true(Math.abs(slopes(errors).at(-1)! - 1) < 0.25, `orders ${slopes(errors).join(', ')}`);
  });

  test(`${solver}: without noise it is the method for ordinary equations`, async (t) => {
    const field = linearField(
      [
        [-0.4, 1.3],
        [0, 0.7],
      ],
      { rate: Math.cos },
    );
    const x0 = constantCloud(3, 1, 2);
    const { end, statistics } = await diffuse(field, x0, { to: 2, noise: 0, solver, step: 0.1 });
    const plain = { to: 2, solver: weakOrder === 1 ? SOLVERS.euler : SOLVERS.heun, step: 0.1 };
    const { end: expected, statistics: counted } = await integrate(field, x0, plain);
    end.positions.data.forEach((value, i) => t.true(Math.abs(value - expected.positions.data[i]) < 1e-13));
    t.deepEqual(statistics, { steps: counted.steps, evaluations: counted.evaluations });
  });
}

test('noise by coordinate and by time', async (t) => {
  const still = linearField([
    [0, 0],
    [0, 0],
  ]);
  const n = 6000;
  const run = async (noise: DiffuseOptions['noise'], solver?: StochasticSolver) => {
    const { end } = await diffuse(still, constantCloud(n, 3, -1), {
      to: 2,
      noise,
      solver,
      step: { steps: 20 },
    });
    return [moments(end.positions, 0), moments(end.positions, 1)];
  };
  const [first, second] = await run([0.5, 2]);
  const allowed = 4 * Math.sqrt(2 / n);
  t.true(Math.abs(first.variance / 0.5 - 1) < allowed);
  t.true(Math.abs(second.variance / 8 - 1) < allowed);
  t.true(Math.abs(first.mean - 3) < 4 * Math.sqrt(0.5 / n));
  // ∫₀² t² dt = 8/3, and (2 − t)² in the second coordinate.
  const [rising, falling] = await run((time) => [time, 2 - time]);
  t.true(Math.abs(rising.variance / (8 / 3) - 1) < allowed + 0.01);
  t.true(Math.abs(falling.variance / (8 / 3) - 1) < allowed + 0.01);
  // Euler and Maruyama take the noise at the start of a step: 2/20 Σ t², short of the integral.
  const [early] = await run((time) => [time, 0], 'euler-maruyama');
  t.true(Math.abs(early.variance / 2.47 - 1) < allowed);
});

test('backwards in time the noise adds up, too', async (t) => {
  const { end } = await diffuse(drift, constantCloud(6000, 1), { from: 1, to: 0, noise: 1, step: 0.02 });
  const { mean, variance } = moments(end.positions);
  const expected = (Math.exp(2) - 1) / 2;
  t.true(Math.abs(variance / expected - 1) < 4 * Math.sqrt(2 / 6000) + 0.01);
  t.true(Math.abs(mean - Math.E) < 4 * Math.sqrt(expected / 6000) + 0.001);
});

test('the seed decides every bit; the backend none of the noise', async (t) => {
  const x0 = { data: new Float32Array(40).fill(1), shape: [20, 2] };
  const field = linearField([
    [-1, 0],
    [0, -1],
  ]);
  const run = async (options: Partial<DiffuseOptions>) => {
    const { end } = await diffuse(field, x0, { to: 1, noise: 1, step: 0.1, ...options });
    return end.positions.data;
  };
  const values = await run({ seed: 5 });
  t.deepEqual(await run({ seed: 5 }), values);
  t.notDeepEqual(await run({ seed: 6 }), values);
  const fallback = await run({ seed: 5, backend: 'tfjs-cpu' });
  values.forEach((value, i) => t.true(Math.abs(value - fallback[i]) < 1e-5));
  t.true(x0.data.every((value) => value === 1));
});

test('steps end at the saved times', async (t) => {
  const times: number[] = [];
  const { states, statistics, end } = await diffuse(drift, constantCloud(2, 1), {
    from: 1,
    to: 3,
    noise: 1,
    step: 0.5,
    saveAt: [2, 1.7, 3],
    onStep: ({ t: time }) => times.push(time),
  });
  t.deepEqual(
    states.map(({ time }) => time),
    [1, 1.7, 2, 3],
  );
  t.deepEqual(times, [1.35, 1.7, 2, 2.5, 3]);
  t.is(statistics.steps, 5);
  t.is(end, states[3]);
  const whole = await diffuse(drift, constantCloud(2, 1), {
    from: 1,
    to: 3,
    noise: 1,
    step: { steps: 8 },
    saveAt: [1.5, 2.25],
  });
  t.is(whole.statistics.steps, 8);
  const none = await diffuse(drift, constantCloud(2, 1), { from: 1, to: 1, noise: 1, step: 0.1 });
  t.is(none.states.length, 1);
});

test('an abort ends a long run', async (t) => {
  const controller = new AbortController();
  setTimeout(() => controller.abort(), 50);
  const options = { to: 1, noise: 1, step: { steps: 900_000 }, signal: controller.signal };
  await t.throwsAsync(diffuse(drift, constantCloud(2, 1), options), { code: 'ABORTED' });
});

test('a drift that is not finite is an error with its time', async (t) => {
  const explosive: VelocityField = {
    ...drift,
    evaluate: async (x) => ({ velocity: { data: x.data.map((value) => value ** 3), shape: x.shape } }),
  };
  const fails = await t.throwsAsync<RidgeflowError>(
    diffuse(explosive, constantCloud(2, 10), { to: 10, noise: 0.1, step: 0.5 }),
  );
  t.is(fails.code, 'NON_FINITE');
  t.true(Number(fails.details.time) > 0);
});

const bad: [what: string, options: Partial<DiffuseOptions>, code: string, message: RegExp][] = [
  ['a negative noise', { noise: -1 }, 'INVALID_ARGUMENT', /noise/],
  ['noise for other coordinates', { noise: [1, 2] }, 'INVALID_ARGUMENT', /or 1 of them, for noise/],
  ['no noise', { noise: undefined }, 'INVALID_ARGUMENT', /noise/],
  ['noise that becomes NaN', { noise: (time) => (time > 0.5 ? NaN : 1) }, 'INVALID_ARGUMENT', /noise/],
  ['a step of 0', { step: 0 }, 'INVALID_ARGUMENT', /step/],
  ['a solver of other equations', { solver: 'dopri5' as StochasticSolver }, 'INVALID_ARGUMENT', /solver/],
  ['an endless time', { to: Infinity }, 'INVALID_ARGUMENT', /to but/],
  ['a saved time outside', { saveAt: [2] }, 'INVALID_ARGUMENT', /saveAt\[0\]/],
  ['a seed that is not whole', { seed: 0.5 }, 'INVALID_ARGUMENT', /seed/],
  ['too many steps', { step: 0.01, maximumSteps: 99 }, 'STEP_BUDGET', /100 steps/],
];
for (const [what, options, code, message] of bad) {
  test(`refused: ${what}`, async (t) => {
    const run = diffuse(drift, constantCloud(2, 1), { to: 1, noise: 1, step: 0.1, ...options });
    await t.throwsAsync(run, { code, message });
  });
}

test('refused: points of another dimension', async (t) => {
  await t.throwsAsync(diffuse(drift, constantCloud(2, 1, 2), { to: 1, noise: 1, step: 0.1 }), {
    code: 'INVALID_SHAPE',
  });
});
