import test from 'ava';
import {
  type IntegrateOptions,
  type RidgeflowError,
  diffuse,
  integrate,
  leavingBall,
  linearField,
  ndarray,
} from '../../ts/index.js';

/** Seconds since 1970, as logs have them: float64 tells them apart by 2.4e-7. */
const NOW = 1.7e9;
const x0 = ndarray([[1], [2]], undefined, 'float64');
const follow = (matrix: number, options: Partial<IntegrateOptions> = {}) =>
  integrate(linearField({ matrix }), x0, { from: NOW, to: NOW + 1, ...options });

for (const [name, options] of [
  ['adaptive', {}],
  ['backward', { from: NOW + 1, to: NOW }],
  ['before 1970', { from: -NOW, to: 1 - NOW }],
  ['dense', { dense: true }],
  ['with events', { events: [leavingBall([0], 1e9)] }],
  ['with saved times', { saveAt: [NOW + 0.5] }],
  ['a tight tolerance', { tolerance: { relative: 1e-12 } }],
  ['equal steps', { step: 1e-8, maximumSteps: 1e9 }],
  ['a number of equal steps', { step: { steps: 1e8 }, maximumSteps: 1e9 }],
] as const) {
  test(`steps that float64 time cannot hold: ${name}`, async (t) => {
    const matrix = name === 'backward' ? 1e6 : -1e6;
    const error = await t.throwsAsync<RidgeflowError>(follow(matrix, options));
    t.is(error.code, 'STEP_BUDGET');
    t.regex(error.message, /shift time/);
    t.false(/raise maximumSteps/.test(error.message), error.message);
  });
}

test('the remedy works: the same run from time 0, and a slower field at the same time', async (t) => {
  const { end } = await integrate(linearField({ matrix: -1e6 }), x0, { to: 1e-5 });
  t.true(Math.abs(end.positions.data[0] - Math.exp(-10)) < 1e-5);
  const slow = await follow(-1);
  t.true(Math.abs(slow.end.positions.data[0] - Math.exp(-1)) < 1e-4);
});

test('a diffusion refuses steps that do not change the time, and takes the shortest that do', async (t) => {
  const noise = { noise: 1, from: NOW };
  const error = await t.throwsAsync<RidgeflowError>(
    diffuse(linearField({ matrix: -1 }), x0, { ...noise, to: NOW + 1e-3, step: 1e-8 }),
  );
  t.is(error.code, 'STEP_BUDGET');
  t.regex(error.message, /shift time/);
  const spacing = 2 ** -22;
  const run = { ...noise, to: NOW + 10 * spacing, step: spacing };
  const { statistics } = await diffuse(linearField({ matrix: -1 }), x0, run);
  t.is(statistics.steps, 10);
});
