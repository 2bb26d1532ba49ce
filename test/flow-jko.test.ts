import test from 'ava';
import { type NdArray, ndarray } from '../ts/core/array.js';
import { RandomStream } from '../ts/core/random.js';
import { type LineFreeEnergy, freeEnergyFlow, jkoFlow } from '../ts/flow/index.js';
import { exactly } from './native.js';

const quadratic = (strength: number, centre = 0) => ({
  value: (x: number) => (strength * (x - centre) ** 2) / 2,
  derivative: (x: number) => strength * (x - centre),
  secondDerivative: () => strength,
});

function normals(n: number, seed = 1): NdArray & { data: Float64Array } {
  const data = new Float64Array(n);
  new RandomStream(seed, 'sample').fillNormal(data);
  return { data, shape: [n, 1] };
}

const meanSquare = ({ data }: NdArray) => Array.from(data).reduce((sum, v) => sum + v * v, 0) / data.length;
const mean = ({ data }: NdArray) => Array.from(data).reduce((sum, v) => sum + v, 0) / data.length;

/** Particles at rest under a diffusion and the potential x²/2: under the diffusion alone they only dilate. */
async function profile(diffusion: LineFreeEnergy, n: number): Promise<NdArray> {
  const energy = { ...diffusion, potential: quadratic(1) };
  return (await jkoFlow(energy, normals(n), { step: 1e6, steps: 2 })).end.positions;
}

/** Errors at the end for h, h/2, h/4; of first order they halve. */
async function halves(errors: number[]): Promise<boolean> {
  return errors.every((error, i) => i === 0 || Math.abs(errors[i - 1] / error - 2) < 0.25);
}

exactly(
  'the entropy spreads a Gaussian: each step is the closed form, and the error is of first order in h',
  async (t) => {
    const start = await profile({ entropy: 1 }, 101);
    // Particles at rest with entropy and x²/2 have variance 1, as N(0, 1) has.
    t.true(Math.abs(meanSquare(start) - 1) < 1e-10);
    const errors: number[] = [];
    for (const steps of [8, 16, 32]) {
      const h = 1 / steps;
      const { states, end } = await jkoFlow({ entropy: 1 }, start, { step: h, steps });
      let deviation = 1;
      for (const state of states.slice(1)) {
        deviation = (deviation + Math.sqrt(deviation ** 2 + 4 * h)) / 2;
        t.true(Math.abs(meanSquare(state.positions) - deviation ** 2) < 1e-9);
      }
      // The heat equation: variance 1 + 2t.
      errors.push(Math.abs(Math.sqrt(meanSquare(end.positions)) - Math.sqrt(3)));
    }
    t.true(await halves(errors), errors.join(', '));
  },
);

exactly(
  'a quadratic potential contracts: each step is the closed form, and the error is of first order in h',
  async (t) => {
    const start = normals(50);
    const [strength, centre] = [0.8, 2];
    const errors: number[] = [];
    for (const steps of [8, 16, 32]) {
      const h = 1 / steps;
      const { states, end } = await jkoFlow({ potential: quadratic(strength, centre) }, start, {
        step: h,
        steps,
      });
      states[1].positions.data.forEach((x, i) => {
        t.true(Math.abs(x - (start.data[i] + h * strength * centre) / (1 + h * strength)) < 1e-12);
      });
      const factor = Math.exp(-strength);
      errors.push(Math.abs(end.positions.data[7] - (centre + factor * (start.data[7] - centre))));
    }
    t.true(await halves(errors), errors.join(', '));
  },
);

exactly('entropy and potential together follow the Ornstein–Uhlenbeck law at first order in h', async (t) => {
  const profiled = await profile({ entropy: 1 }, 101);
  const start = { data: profiled.data.map((x: number) => 3 + 0.5 * x), shape: profiled.shape };
  const errors: number[] = [];
  for (const steps of [10, 20, 40]) {
    const energy = { entropy: 1, potential: quadratic(1) };
    const { end } = await jkoFlow(energy, start, { step: 1 / steps, steps });
    const m = mean(end.positions);
    const variance = meanSquare(end.positions) - m * m;
    t.true(Math.abs(m - 3 / (1 + 1 / steps) ** steps) < 1e-9);
    errors.push(Math.abs(Math.sqrt(variance) - Math.sqrt(0.25 * Math.exp(-2) + 1 - Math.exp(-2))));
  }
  t.true(await halves(errors), errors.join(', '));
});

for (const exponent of [2, 3, 0.5]) {
  exactly(`the porous medium equation, m = ${exponent}, dilates its own profile`, async (t) => {
    const diffusion = { porousMedium: { exponent, coefficient: 0.7 } };
    const start = await profile(diffusion, 101);
    const h = 0.05;
    const { end } = await jkoFlow(diffusion, start, { step: h, steps: 10 });
    // x = s z with (s − s_k)/h = s^(−m).
    let s = 1;
    for (let k = 0; k < 10; k++) {
      const before = s;
      for (let i = 0; i < 50; i++)
        s -= (s - before - h * s ** -exponent) / (1 + h * exponent * s ** (-exponent - 1));
    }
    end.positions.data.forEach((x, i) =>
      t.true(Math.abs(x - s * start.data[i]) < 1e-7, `${x}, not ${s * start.data[i]}`),
    );
    if (exponent !== 2) return;
    // Barenblatt’s profile cρ = (R² − x²)/4 at rest, of mass 1 and so R³ = 3c, has variance R²/5.
    const variance = (3 * 0.7) ** (2 / 3) / 5;
    t.true(Math.abs(meanSquare(start) / variance - 1) < 0.03, `${meanSquare(start)}, not ${variance}`);
  });
}

exactly('quadratic attraction draws particles to their mean, which stays', async (t) => {
  const start = normals(40, 3);
  const h = 0.1;
  const { end } = await jkoFlow({ interaction: quadratic(2) }, start, { step: h, steps: 5 });
  const centre = mean(start);
  end.positions.data.forEach((x, i) => {
    t.true(Math.abs(x - (centre + (start.data[i] - centre) / (1 + 2 * h) ** 5)) < 1e-10);
  });
});

exactly('the energy falls by at least the cost of the step, also where it is not convex', async (t) => {
  const energy: LineFreeEnergy = {
    entropy: 0.1,
    potential: {
      value: (x) => (x * x - 1) ** 2,
      derivative: (x) => 4 * x * (x * x - 1),
      secondDerivative: (x) => 12 * x * x - 4,
    },
    interaction: {
      value: (x) => Math.exp(-x * x),
      derivative: (x) => -2 * x * Math.exp(-x * x),
      secondDerivative: (x) => (4 * x * x - 2) * Math.exp(-x * x),
    },
  };
  const start = normals(60, 4);
  const { states, statistics, reason } = await jkoFlow(energy, start, { step: 0.05, steps: 30 });
  for (let k = 1; k < states.length; k++) {
    const cost = (states[k].action - states[k - 1].action) / 2;
    t.true(cost > 0 && states[k].energy + cost <= states[k - 1].energy + 1e-12);
  }
  t.is(states.length, 31);
  t.is(reason, 'end');
  t.true(
    statistics.evaluations >= 30 && statistics.evaluations < 300,
    `${statistics.evaluations} Newton steps`,
  );
  // Particles stay in the order they began in.
  const rank = (data: ArrayLike<number>) =>
    Array.from({ length: 60 }, (_, i) => i).sort((i, j) => data[i] - data[j]);
  t.deepEqual(rank(states[30].positions.data), rank(start.data));
});

exactly('the scheme tends to the flow that the integrators follow', async (t) => {
  const energy = { porousMedium: { exponent: 2 }, potential: quadratic(1) };
  const start = normals(20, 5);
  const flow = await freeEnergyFlow(energy, { to: 0.5 }).transport(start, { tolerance: { relative: 1e-8 } });
  const distance = async (steps: number) => {
    const { end } = await jkoFlow(energy, start, { step: 0.5 / steps, steps });
    return Math.max(
      ...end.positions.data.map((x: number, i: number) => Math.abs(x - flow.end.positions.data[i])),
    );
  };
  const [few, many] = [await distance(50), await distance(200)];
  t.true(few < 0.05 && many < 0.3 * few, `${few}, ${many}`);
});

test('bad input is refused with its code', async (t) => {
  const start = ndarray([[0], [1], [3]]);
  const options = { step: 0.1, steps: 2 };
  const refuse = (code: string, energy: unknown, x0: unknown = start, changed: object = options) =>
    t.throwsAsync(jkoFlow(energy as LineFreeEnergy, x0 as NdArray, changed as typeof options), { code });
  await refuse('INVALID_ARGUMENT', {});
  await refuse('INVALID_ARGUMENT', undefined);
  await refuse('INVALID_ARGUMENT', { entropy: -1 });
  await refuse('INVALID_ARGUMENT', { porousMedium: { exponent: 1 } });
  await refuse('INVALID_ARGUMENT', { potential: { value: () => 0 } });
  await refuse(
    'INVALID_SHAPE',
    { entropy: 1 },
    ndarray([
      [0, 1],
      [1, 2],
    ]),
  );
  await refuse('EMPTY_CLOUD', { entropy: 1 }, ndarray([[0]]));
  await refuse('DEGENERATE_CLOUD', { entropy: 1 }, ndarray([[0], [1], [0]]));
  await refuse('NON_FINITE', { entropy: 1 }, ndarray([[0], [NaN], [1]]));
  await refuse('NON_FINITE', { potential: { ...quadratic(1), derivative: () => NaN } });
  for (const changed of [{ step: 0, steps: 2 }, { step: 0.1, steps: 0 }, { step: 0.1, steps: 1.5 }, {}]) {
    await refuse('INVALID_ARGUMENT', { entropy: 1 }, start, changed);
  }
  await refuse('ABORTED', { entropy: 1 }, start, { ...options, signal: AbortSignal.abort() });
  t.throws(() => freeEnergyFlow({}, { to: 1 }), { code: 'INVALID_ARGUMENT' });
  t.throws(() => freeEnergyFlow({ entropy: 1 }, { to: 0 }), { code: 'INVALID_ARGUMENT' });
  await t.throwsAsync(freeEnergyFlow({ entropy: 1 }, { to: 1 }).transport(ndarray([[0], [0]])), {
    code: 'DEGENERATE_CLOUD',
  });
  // Without a density particles may coincide.
  t.is((await jkoFlow({ potential: quadratic(1) }, ndarray([[1], [1]]), options)).states.length, 3);
});
