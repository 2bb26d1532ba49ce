import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import {
  type FlowEvent,
  type IntegrateOptions,
  type RidgeflowError,
  SOLVERS,
  fieldFromFunction,
  integrate,
  linearField,
  ndarray,
} from '../../ts/index.js';

const origin = ndarray([[0]], undefined, 'float64');

/** A field of the time alone, on one point. */
const inTime = (rate: (t: number) => number) =>
  fieldFromFunction(async ({ data, shape }, t) => ({ data: data.map(() => rate(t)), shape }));
const moved = async (rate: (t: number) => number, options: IntegrateOptions) => {
  const steps: number[] = [];
  const result = await integrate(inTime(rate), origin, {
    ...options,
    onStep: ({ step, accepted }) => accepted && steps.push(Math.abs(step)),
  });
  return { value: result.end.positions.data[0], steps, result };
};
const gaussian = (t: number) => 2 * Math.exp(-(((t - 10) / 0.1) ** 2));
const pulse = (t: number) => (t >= 10 && t < 10.1 ? 3.5 : 0);

for (const [from, to] of [
  [0, 20],
  [20, 0],
]) {
  test(`an impulse is not stepped over with maximumStep, from ${from} to ${to}`, async (t) => {
    const right = Math.sign(to - from) * 0.2 * Math.sqrt(Math.PI);
    const { value, steps } = await moved(gaussian, { from, to, maximumStep: 0.1 });
    t.true(Math.abs(value - right) < 1e-4, String(value));
    t.true(Math.max(...steps) <= 0.1 * (1 + 1e-9));
    t.true(Math.abs((await moved(gaussian, { from, to })).value - right) > 0.1);
  });

  test(`a field that jumps at stopAt, from ${from} to ${to}`, async (t) => {
    const { value, steps, result } = await moved(pulse, { from, to, stopAt: [10.1, 10] });
    t.true(Math.abs(value - Math.sign(to - from) * 0.35) < 1e-12, String(value));
    t.true(steps.length < 40, String(steps.length));
    t.is(result.statistics.rejected, 0);
  });
}

test('every solver stops at the jumps, with equal steps and dense output too', async (t) => {
  for (const solver of Object.values(SOLVERS)) {
    const { value, result } = await moved(pulse, {
      to: 12,
      solver,
      step: 0.7,
      stopAt: [10, 10.1],
      dense: true,
      saveAt: [10.05],
    });
    t.true(Math.abs(value - 0.35) < 1e-12, `${solver.name} ${value}`);
    t.true(Math.abs(result.states[1].positions.data[0] - 0.175) < 1e-12, solver.name);
    t.true(Math.abs(result.dense!(10.02).positions.data[0] - 0.07) < 1e-12, solver.name);
  }
});

test('an event within a step between stops', async (t) => {
  const half: FlowEvent = { name: 'half', value: (_t, [{ data }]) => data[0] - 0.175 };
  const { result } = await moved(pulse, { to: 20, stopAt: [10, 10.1], events: [half] });
  t.is(result.events.length, 1);
  t.true(Math.abs(result.events[0].time - 10.05) < 1e-10);
});

for (const backend of ['native', 'tfjs-cpu'] as const) {
  test(`a tolerance for each coordinate, ${backend}`, async (t) => {
    const field = linearField({
      matrix: ndarray(
        [
          [0, 0],
          [0, -1],
        ],
        undefined,
        'float64',
      ),
    });
    const dtype = backend === 'native' ? 'float64' : 'float32';
    const x0 = ndarray(
      [
        [1e6, 1e-3],
        [-1e6, 2e-3],
      ],
      undefined,
      dtype,
    );
    const worst = async (absolute: number | number[], relative = 1e-5) => {
      const { end } = await integrate(field, x0, { to: 5, backend, tolerance: { relative, absolute } });
      return Math.max(
        ...[1, 3].map((i) => Math.abs(end.positions.data[i] / (x0.data[i] * Math.exp(-5)) - 1)),
      );
    };
    t.true((await worst([1, 1e-9])) < 1e-3);
    t.true((await worst(1)) > 0.1);
    await t.throwsAsync(worst([1, 1, 1]), { code: 'INVALID_ARGUMENT', message: /tolerance\.absolute/ });
    await t.throwsAsync(worst([1, -1]), { code: 'INVALID_ARGUMENT', message: /tolerance\.absolute\[1\]/ });
  });
}

for (const [name, options, message] of [
  ['a maximumStep of 0', { maximumStep: 0 }, /maximumStep/],
  ['maximumStep beside step', { maximumStep: 1, step: 0.1 }, /maximumStep/],
  ['maximumStep below minimumStep', { maximumStep: 1e-3, minimumStep: 1e-2 }, /maximumStep/],
  ['a stop outside', { stopAt: [3] }, /stopAt\[0\]/],
] as const) {
  test(`refused: ${name}`, async (t) => {
    const error = await t.throwsAsync<RidgeflowError>(moved(pulse, { to: 2, ...options }));
    t.is(error.code, 'INVALID_ARGUMENT');
    t.regex(error.message, message);
  });
}

test('a run with jumps resumes to the same bits from a stop', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'stops-'));
  const path = join(folder, 'snapshot.npz');
  const options = { from: 20, to: 0, stopAt: [10, 10.1] };
  const steps: number[] = [];
  const whole = await integrate(inTime(pulse), origin, {
    ...options,
    onStep: ({ t: time, accepted }) => accepted && steps.push(time),
  });
  const every = { steps: steps.indexOf(10.1) + 1 };
  const stopped = integrate(inTime(pulse), origin, {
    ...options,
    checkpoint: { file: path, every },
    maximumSteps: every.steps + 1,
  });
  await t.throwsAsync(stopped, { code: 'STEP_BUDGET' });
  const resumed = await integrate(inTime(pulse), origin, { ...options, resume: path });
  t.is(resumed.end.positions.data[0], whole.end.positions.data[0]);
  await rm(folder, { recursive: true });
});
