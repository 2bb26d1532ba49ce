import test from 'ava';
import {
  type FlowEvent,
  type OdeSystem,
  SOLVERS,
  type SolveOptions,
  collapse,
  leavingBall,
  solve,
} from '../ts/flow/index.js';
import { kernels, rotation, vector } from './reference/flow.js';

/** A rotation at angular velocity 1. */
const circle: OdeSystem = {
  async derivative(_t, [y], out) {
    out[0].data.set([-y.data[1], y.data[0]]);
  },
};
const start = [vector(1, 0)];
const tight = { tolerance: { relative: 1e-11, absolute: 1e-11 } };
const base: SolveOptions = { from: 0, to: 10, kernels, ...tight };

const crossing = (more: Partial<FlowEvent> = {}): FlowEvent => ({
  name: 'x = 0',
  value: (_t, [{ data }]) => data[0],
  ...more,
});

test('every crossing is found, at its time', async (t) => {
  const { events, reason } = await solve(circle, start, { ...base, events: [crossing()] });
  t.is(reason, 'end');
  t.deepEqual(
    events.map(({ name }) => name),
    ['x = 0', 'x = 0', 'x = 0'],
  );
  events.forEach(({ time, state }, i) => {
    t.true(Math.abs(time - (i + 0.5) * Math.PI) < 1e-9, `event ${i} at ${time}`);
    t.true(Math.abs(state[0].data[0]) < 1e-9);
    t.true(Math.abs(Math.abs(state[0].data[1]) - 1) < 1e-9);
  });
});

test('a direction selects, along the integration', async (t) => {
  const times = async (direction: -1 | 1, options = base) => {
    const { events } = await solve(circle, start, { ...options, events: [crossing({ direction })] });
    return events.map(({ time }) => Math.round((time / Math.PI) * 1e6) / 1e6);
  };
  t.deepEqual(await times(-1), [0.5, 2.5]);
  t.deepEqual(await times(1), [1.5]);
  t.deepEqual(await times(-1, { ...base, to: -10 }), [-0.5, -2.5]);
});

for (const solver of [SOLVERS.rk4, SOLVERS.bosh3, SOLVERS.tsit5, SOLVERS.dop853]) {
  test(`${solver.name}: a terminal event ends the run there`, async (t) => {
    const { end, times, reason, states, dense } = await solve(circle, start, {
      ...base,
      tolerance: undefined,
      solver,
      step: 0.02,
      dense: true,
      saveAt: [1, 1.57, 1.575, 1.58, 4],
      events: [crossing({ terminal: true })],
    });
    t.is(reason, 'x = 0');
    t.true(Math.abs(end.t - Math.PI / 2) < 1e-6);
    t.deepEqual(times, [0, 1, 1.57, end.t]);
    t.is(states[3], end.y);
    t.true(Math.abs(end.y[0].data[0]) < 1e-9);
    t.throws(() => dense!(1.6), { code: 'INVALID_ARGUMENT' });
    t.true(Math.abs(dense!(1.5)[0].data[0] - Math.cos(1.5)) < 1e-6);
  });
}

test('of several events in one step the first terminal one ends the run; those before it are kept', async (t) => {
  const at = (name: string, time: number, terminal: boolean): FlowEvent => ({
    name,
    terminal,
    value: (now) => now - time,
  });
  const { events, reason, end } = await solve(circle, start, {
    from: 0,
    to: 2,
    step: { steps: 1 },
    kernels,
    events: [
      at('late', 1.5, false),
      at('stop', 1.25, true),
      at('stop later', 1.375, true),
      at('early', 0.5, false),
    ],
  });
  t.is(reason, 'stop');
  t.deepEqual(
    events.map(({ name, time }) => [name, time]),
    [
      ['early', 0.5],
      ['stop', 1.25],
    ],
  );
  t.is(end.t, 1.25);
});

test('an event exactly at the end of a step happens once, at the start of the run never', async (t) => {
  const { events } = await solve(circle, start, {
    from: 0,
    to: 2,
    step: { steps: 4 },
    kernels,
    events: [
      { name: 'one', value: (time) => time - 1 },
      { name: 'zero', value: (time) => time },
    ],
  });
  t.deepEqual(
    events.map(({ name, time }) => [name, time]),
    [['one', 1]],
  );
});

test('values may be infinite, steep or asynchronous', async (t) => {
  const { events } = await solve(circle, start, {
    ...base,
    to: 2,
    events: [
      { name: 'steep', value: async (time) => (time < 1.2 ? -Infinity : 1) },
      { name: 'flat', value: (time) => (time - 0.7) ** 5 },
    ],
  });
  t.deepEqual(
    events.map(({ name }) => name),
    ['flat', 'steep'],
  );
  t.true(Math.abs(events[0].time - 0.7) < 1e-6);
  t.true(Math.abs(events[1].time - 1.2) < 1e-9);
});

test('leaving a ball', async (t) => {
  // Points at radius 1 and 2 grow as e^t: the second reaches 6 at log 3.
  const growth: OdeSystem = {
    async derivative(_t, [y], out) {
      out[0].data.set(y.data);
    },
  };
  const points = [{ data: Float64Array.of(6, 5, 7, 7), shape: [2, 2] }];
  const shifted: OdeSystem = {
    async derivative(time, [y], out) {
      await growth.derivative(
        time,
        [{ data: y.data.map((value, i) => value - [5, 5, 5, 7][i]), shape: [2, 2] }],
        out,
      );
    },
  };
  const options = { ...base, events: [leavingBall([5, 7], 6)] };
  const { end, reason } = await solve(shifted, points, options);
  t.is(reason, 'leaving-ball');
  t.true(Math.abs(end.t - Math.log(3)) < 1e-9, `${end.t}`);
  const wrong = solve(shifted, points, { ...base, events: [leavingBall([5], 6)] });
  await t.throwsAsync(wrong, { code: 'INVALID_ARGUMENT', message: /2 coordinates for centre/ });
  t.throws(() => leavingBall([0], 0), { code: 'INVALID_ARGUMENT', message: /radius/ });
});

test('collapse of the smallest principal variance', async (t) => {
  // Variances 4 and 1 with principal axes at 45°; the smaller decays as e^{−2t}.
  const [p, q] = [Math.SQRT2, Math.SQRT1_2];
  const points = [
    { data: Float64Array.of(2, 2, -2, -2, q, -q, -q, q).map((v, i) => (i < 4 ? v : v * p)), shape: [4, 2] },
  ];
  const squeeze: OdeSystem = {
    async derivative(_t, [{ data }], out) {
      for (let i = 0; i < data.length; i += 2) {
        const across = (data[i] - data[i + 1]) / 2;
        out[0].data[i] = -across;
        out[0].data[i + 1] = across;
      }
    },
  };
  // The smaller variance is (2 · 2)/4 · 1/2 = 1 at the start, along (1, −1)/√2.
  const { end, reason } = await solve(squeeze, points, { ...base, events: [collapse(0.01)] });
  t.is(reason, 'collapse');
  t.true(Math.abs(end.t - Math.log(10)) < 1e-8, `${end.t}`);
});

test('refused events', async (t) => {
  const run = (events: unknown) =>
    solve(rotation.system, rotation.start, { ...base, to: 1, events: events as FlowEvent[] });
  await t.throwsAsync(run([{ name: 'a' }]), { code: 'INVALID_ARGUMENT', message: /events\[0\]/ });
  await t.throwsAsync(run([crossing(), crossing()]), {
    code: 'INVALID_ARGUMENT',
    message: /events\[1\]\.name/,
  });
  await t.throwsAsync(run([crossing({ name: 'end' })]), { code: 'INVALID_ARGUMENT' });
  await t.throwsAsync(run([crossing({ direction: 2 as 1 })]), {
    code: 'INVALID_ARGUMENT',
    message: /direction/,
  });
  await t.throwsAsync(run([crossing({ value: () => NaN })]), {
    code: 'NON_FINITE',
    message: /event "x = 0" at time 0/,
  });
});
