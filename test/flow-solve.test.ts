import test from 'ava';
import { RidgeflowError } from '../ts/core/errors.js';
import {
  type OdeSystem,
  SOLVERS,
  type SolveOptions,
  type State,
  type StepInfo,
  type Tableau,
  solve,
} from '../ts/flow/index.js';
import { scaledNorm } from '../ts/flow/tolerance.js';
import { kernels, rotation, scalarSystem, vector } from './reference/flow.js';

const { system, start } = rotation;
const error = (time: number, y: State) => rotation.error(time, y);
const adaptive = (Object.values(SOLVERS) as readonly Tableau[]).filter(({ bError }) => bError);

for (const solver of adaptive) {
  test(`${solver.name}: the error of adaptive steps follows the tolerance`, async (t) => {
    const run = async (tolerance: number) => {
      const options = { from: 0, to: 2, solver, kernels, maximumSteps: 20_000 };
      const { end, statistics } = await solve(system, start, {
        ...options,
        tolerance: { relative: tolerance, absolute: tolerance },
      });
      return { error: error(2, end.y), ...statistics };
    };
    const tolerances = solver.order > 2 ? [1e-4, 1e-6, 1e-8] : [1e-3, 1e-5];
    const runs = await Promise.all(tolerances.map(run));
    runs.forEach((result, i) => {
      const ratio = result.error / tolerances[i];
      t.true(ratio < 20 && ratio > 0.02, `error ${result.error} at tolerance ${tolerances[i]}`);
      t.true(result.rejected <= result.steps / 3);
    });
    t.true(runs.every((result, i) => i === 0 || result.steps > runs[i - 1].steps));
  });
}

test('the start is not changed, and the states that are returned are copies', async (t) => {
  const before = start.map(({ data }) => data.slice());
  const { times, states, end } = await solve(system, start, { from: 0, to: 2, saveAt: [1], kernels });
  t.deepEqual(
    start.map(({ data }) => data),
    before,
  );
  t.deepEqual(times, [0, 1, 2]);
  t.deepEqual(states[0], start);
  t.not(states[0][0].data, start[0].data);
  t.is(end.t, 2);
  t.deepEqual(end.y, states[2]);
});

test('saved times: in any order, once each, at step ends and within steps', async (t) => {
  const saveAt = [1.5, 2, 0.25, 0, 0.1 * 3, 0.1 * 3, 0.3];
  for (const how of [{ step: { steps: 20 } }, { tolerance: { relative: 1e-9, absolute: 1e-9 } }]) {
    const { times, states } = await solve(system, start, { from: 0, to: 2, saveAt, ...how, kernels });
    t.deepEqual(times, [0, 0.25, 0.3, 0.1 * 3, 1.5, 2]);
    times.forEach((time, i) =>
      t.true(error(time, states[i]) < 3e-6, `time ${time}: ${error(time, states[i])}`),
    );
  }
});

test('backwards in time undoes forwards', async (t) => {
  const tolerance = { relative: 1e-10, absolute: 1e-10 };
  const forward = await solve(system, start, { from: 0, to: 2, tolerance, kernels });
  const options = { from: 2, to: 0, tolerance, saveAt: [0.5, 1.5], dense: true, kernels };
  const backward = await solve(system, forward.end.y, options);
  t.deepEqual(backward.times, [2, 1.5, 0.5, 0]);
  backward.times.forEach((time, i) => t.true(error(time, backward.states[i]) < 1e-8));
  t.true(error(1.234, backward.dense!(1.234)) < 1e-8);
  const fixed = await solve(system, forward.end.y, { from: 2, to: 0, step: 0.01, kernels });
  t.is(fixed.statistics.steps, 200);
  t.true(error(0, fixed.end.y) < 1e-8);
});

test('a run of no length returns its start', async (t) => {
  for (const how of [{}, { step: 0.1 }]) {
    const { times, statistics, dense } = await solve(system, start, {
      from: 1,
      to: 1,
      dense: true,
      ...how,
      kernels,
    });
    t.deepEqual(times, [1]);
    t.is(statistics.steps, 0);
    t.deepEqual(dense!(1), start);
  }
});

test('dense output refuses times outside the run', async (t) => {
  const { dense } = await solve(system, start, { from: 0, to: 2, dense: true, kernels });
  t.throws(() => dense!(2.01), { code: 'INVALID_ARGUMENT', message: /between 0 and 2/ });
  t.throws(() => dense!(NaN), { code: 'INVALID_ARGUMENT' });
});

test('the first step fits the scale of the problem, in any unit of time', async (t) => {
  for (const unit of [1e-6, 1, 1e6]) {
    const steps: number[] = [];
    await solve(
      scalarSystem((_t, y) => -y / unit),
      [vector(1)],
      { from: 0, to: unit, kernels, onStep: ({ step, accepted }) => accepted && steps.push(step / unit) },
    );
    t.true(steps[0] > 0.01 && steps[0] < 0.5, `first step ${steps[0]}`);
    t.true(steps.length < 15);
  }
});

test('the error norm is taken by rows', async (t) => {
  const rows = (...values: number[]) => [{ data: Float64Array.from(values), shape: [2, 2] }];
  const only = (state: State) => [{ coefficient: 1, state }];
  const tolerance = { relative: 0.1, absolute: [1] };
  // Errors 5 and 0; lengths 10 and 0: scales 2 and 1.
  const [e, a, b] = [rows(3, 4, 0, 0), rows(6, 8, 0, 0), rows(0, 0, 0, 0)];
  t.is(await scaledNorm(kernels, only(e), a, b, tolerance, 'max'), 2.5);
  t.true(Math.abs((await scaledNorm(kernels, only(e), b, a, tolerance, 'rms')) - 2.5 / Math.SQRT2) < 1e-15);
  t.is(await scaledNorm(kernels, only(e), a, b, { relative: 0.1, absolute: [Infinity] }, 'rms'), 0);
  t.is(
    await scaledNorm(
      kernels,
      only([...e, vector(7)]),
      [...a, vector(60)],
      [...b, vector(60)],
      { relative: 0.1, absolute: [1, 1] },
      'max',
    ),
    2.5,
  );
  t.is(await scaledNorm(kernels, [...only(e), { coefficient: -1, state: e }], a, b, tolerance, 'max'), 0);
  t.true(Number.isNaN(await scaledNorm(kernels, only(b), a, rows(0, 0, Infinity, 0), tolerance, 'rms')));
  t.true(Number.isNaN(await scaledNorm(kernels, only(rows(NaN, 0, 0, 0)), a, b, tolerance, 'max')));
});

test('the norm max bounds every particle, rms the mean', async (t) => {
  // One fast particle among many slow ones.
  const n = 400;
  const fast: OdeSystem = {
    async derivative(time, [y], out) {
      y.data.forEach(
        (value, i) => (out[0].data[i] = (i === 0 ? -20 : -0.1) * value * (1 + Math.sin(9 * time))),
      );
    },
  };
  const ones: State = [{ data: new Float64Array(n).fill(1), shape: [n, 1] }];
  const steps = async (norm: 'rms' | 'max') =>
    (await solve(fast, ones, { from: 0, to: 1, norm, kernels })).statistics.steps;
  t.true((await steps('max')) > 1.2 * (await steps('rms')));
});

test('an array with infinite tolerance does not shorten steps', async (t) => {
  const stiff: OdeSystem = {
    async derivative(time, _y, out) {
      out[0].data[0] = 1;
      out[1].data[0] = Math.sin(300 * time);
    },
  };
  const steps = async (absolute: number[]) => {
    const options = { from: 0, to: 1, tolerance: { relative: 1e-6, absolute }, kernels };
    return (await solve(stiff, [vector(0), vector(0)], options)).statistics.steps;
  };
  t.true((await steps([1e-6, Infinity])) < 10);
  t.true((await steps([1e-6, 1e-6])) > 30);
});

test('a used-up budget is an error that says the time', async (t) => {
  const fails = await t.throwsAsync<RidgeflowError>(
    solve(system, start, { from: 0, to: 2, tolerance: { relative: 1e-10 }, maximumSteps: 7, kernels }),
    { instanceOf: RidgeflowError, message: /budget of 7 steps .* raise maximumSteps/ },
  );
  t.is(fails.code, 'STEP_BUDGET');
  const reached = fails.details.time as number;
  t.true(reached > 0 && reached < 2);
  await t.throwsAsync(solve(system, start, { from: 0, to: 2, step: 0.1, maximumSteps: 19, kernels }), {
    code: 'STEP_BUDGET',
    message: /20 steps/,
  });
  await t.notThrowsAsync(solve(system, start, { from: 0, to: 2, step: 0.1, maximumSteps: 20, kernels }));
});

test('a solution that blows up is an error at its time, not NaN', async (t) => {
  // y' = y², y(0) = 1: y = 1/(1 − t).
  const blowUp = scalarSystem((_t, y) => y * y);
  const options = { from: 0, to: 2, kernels };
  const fails = await t.throwsAsync<RidgeflowError>(solve(blowUp, [vector(1)], options));
  t.true(['STEP_BUDGET', 'NON_FINITE'].includes(fails.code), fails.code);
  t.true(Math.abs((fails.details.time as number) - 1) < 1e-4, String(fails.details.time));
  const fixed = await t.throwsAsync<RidgeflowError>(
    solve(blowUp, [vector(1)], { ...options, step: { steps: 50 } }),
  );
  t.is(fixed.code, 'NON_FINITE');
  t.true((fixed.details.time as number) > 1 && (fixed.details.time as number) < 2);
});

test('a step into NaN is tried again shorter', async (t) => {
  // Defined for y > 0 only: trial stages of long steps leave the domain, the solution does not.
  const root = scalarSystem((_t, y) => (y > 0 ? -Math.sqrt(y) : NaN));
  const { end, statistics } = await solve(root, [vector(1)], {
    from: 0,
    to: 1.99,
    kernels,
    tolerance: { relative: 1e-6, absolute: 1e-9 },
  });
  t.true(Math.abs(end.y[0].data[0] - 0.005 ** 2) < 1e-7);
  t.true(statistics.rejected > 0);
});

/** A field that ends at time 1, where it is singular: y = √(1 − t). */
const collapsing: OdeSystem = {
  async derivative(time, [y], out) {
    if (!(time < 1))
      throw new RidgeflowError('COLLAPSED', 'No measure any more', { details: { collapseTime: 1 } });
    out[0].data[0] = -1 / (2 * y.data[0]);
  },
};

test('a collapse before the end surfaces with its time', async (t) => {
  const times: number[] = [];
  const onStep = ({ t: time, accepted }: StepInfo) => accepted && times.push(time);
  const fails = await t.throwsAsync<RidgeflowError>(
    solve(collapsing, [vector(1)], { from: 0, to: 1.5, kernels, onStep }),
    { message: /No measure any more \(the integration came to time/ },
  );
  t.is(fails.code, 'COLLAPSED');
  t.is(fails.details.collapseTime, 1);
  t.true(Math.abs((fails.details.time as number) - 1) < 1e-6);
  t.is(times.at(-1), fails.details.time as number);
  await t.throwsAsync(solve(collapsing, [vector(1)], { from: 0, to: 1.5, step: 0.1, kernels }), {
    code: 'COLLAPSED',
  });
  await t.notThrowsAsync(solve(collapsing, [vector(1)], { from: 0, to: 0.99, kernels }));
});

test('firstStep is the first trial, and shorter where its error is too large', async (t) => {
  const decay: OdeSystem = {
    async derivative(_, [y], [out]) {
      out.data[0] = -y.data[0];
    },
  };
  const run = async (firstStep?: number) => {
    const trials: { step: number; accepted: boolean }[] = [];
    const { end, statistics } = await solve(decay, [vector(1)], {
      ...{ from: 0, to: 2, kernels, firstStep },
      onStep: ({ step, accepted }) => trials.push({ step, accepted }),
    });
    t.true(Math.abs(end.y[0].data[0] - Math.exp(-2)) < 1e-5);
    return { first: trials[0], evaluations: statistics.evaluations };
  };
  const [guessed, given, long] = [await run(), await run(0.25), await run(50)];
  t.deepEqual(given.first, { step: 0.25, accepted: true });
  t.true(given.evaluations < guessed.evaluations);
  t.deepEqual(long.first, { step: 2, accepted: false });
});

test('minimumStep ends the search sooner', async (t) => {
  const evaluations = async (minimumStep: number) => {
    let count = 0;
    const counted: OdeSystem = {
      derivative: (time, y, out) => (count++, collapsing.derivative(time, y, out)),
    };
    const options = { from: 0, to: 1.5, minimumStep, kernels };
    // Near the singularity the error control may come to its limit before a stage steps over the end.
    await t.throwsAsync(solve(counted, [vector(1)], options), { message: /time 0.99/ });
    return count;
  };
  t.true((await evaluations(1e-3)) < (await evaluations(1e-9)));
});

test('other errors of the system surface as they are', async (t) => {
  const broken: OdeSystem = {
    async derivative() {
      throw new TypeError('not my day');
    },
  };
  await t.throwsAsync(solve(broken, [vector(1)], { from: 0, to: 1, kernels }), {
    instanceOf: TypeError,
    message: 'not my day',
  });
});

test('the same run gives the same bits', async (t) => {
  const run = () => solve(system, start, { from: 0, to: 2, saveAt: [0.7], kernels });
  t.deepEqual(await run(), await run());
});

const bad: [what: string, options: Partial<SolveOptions>, code: string, message: RegExp][] = [
  ['a time that is not finite', { to: Infinity }, 'INVALID_ARGUMENT', /to but received Infinity/],
  ['a step and a tolerance', { step: 0.1, tolerance: {} }, 'INVALID_ARGUMENT', /tolerance/],
  ['a step of length 0', { step: 0 }, 'INVALID_ARGUMENT', /step/],
  ['no steps', { step: { steps: 0 } }, 'INVALID_ARGUMENT', /step\.steps/],
  ['adaptive Euler', { solver: SOLVERS.euler }, 'INVALID_ARGUMENT', /euler has no error estimate/],
  ['a saved time outside', { saveAt: [0.5, 2.5] }, 'INVALID_ARGUMENT', /saveAt\[1\]/],
  ['a saved time NaN', { saveAt: [NaN] }, 'INVALID_ARGUMENT', /saveAt\[0\]/],
  ['a negative tolerance', { tolerance: { relative: -1 } }, 'INVALID_ARGUMENT', /tolerance\.relative/],
  [
    'no tolerance at all',
    { tolerance: { relative: 0, absolute: 0 } },
    'INVALID_ARGUMENT',
    /tolerance\.absolute/,
  ],
  ['tolerances for other arrays', { tolerance: { absolute: [1, 1, 1] } }, 'INVALID_ARGUMENT', /or 2/],
  ['a norm unknown', { norm: 'l1' as 'rms' }, 'INVALID_ARGUMENT', /norm/],
  ['no steps allowed', { maximumSteps: 0 }, 'INVALID_ARGUMENT', /maximumSteps/],
  ['a firstStep of no length', { firstStep: 0 }, 'INVALID_ARGUMENT', /firstStep/],
  ['a firstStep among equal ones', { firstStep: 0.1, step: 0.1 }, 'INVALID_ARGUMENT', /firstStep/],
  ['a negative minimumStep', { minimumStep: -1 }, 'INVALID_ARGUMENT', /minimumStep/],
  ['a solver by name', { solver: 'rk4' as unknown as Tableau }, 'INVALID_ARGUMENT', /solver/],
  ['a gain NaN', { controller: { integral: NaN } }, 'INVALID_ARGUMENT', /integral/],
  ['dense snapshots', { dense: true, resume: 'x.npz' }, 'INVALID_ARGUMENT', /dense/],
];
for (const [what, options, code, message] of bad) {
  test(`refused: ${what}`, async (t) => {
    await t.throwsAsync(solve(system, start, { from: 0, to: 2, kernels, ...options }), { code, message });
  });
}

test('refused: states that are none', async (t) => {
  const options = { from: 0, to: 1, kernels };
  await t.throwsAsync(solve(system, [], options), { code: 'INVALID_ARGUMENT', message: /y0/ });
  await t.throwsAsync(solve(system, [vector(1), vector(NaN)], options), {
    code: 'NON_FINITE',
    message: /y0\[1\]/,
  });
  await t.throwsAsync(solve(system, [{ data: new Float64Array(2), shape: [3] }], options), {
    code: 'INVALID_SHAPE',
    message: /y0\[0\]/,
  });
});
