import test from 'ava';
import type { NdArray } from '../ts/core/array.js';
import type { RidgeflowError } from '../ts/core/errors.js';
import { fieldFromFunction, type VelocityField } from '../ts/field/index.js';
import { type OdeSystem, SOLVERS, type SolveOptions, integrate, kencarp4, solve } from '../ts/flow/index.js';
import { backends } from './conformance-backends.js';
import { kernels, linearField, slopes } from './reference/flow.js';

const kinds = ['dense', 'krylov'] as const;

/** One row of numbers. */
const row = (...values: number[]): NdArray => ({
  data: Float64Array.from(values),
  shape: [1, values.length],
});

const systemOf = (f: (t: number, y: Float64Array) => number[]): OdeSystem => ({
  async derivative(t, [y], out) {
    out[0].data.set(f(t, y.data as Float64Array));
  },
});

const robertson = systemOf((_t, [a, b, c]) => {
  const [slow, fast] = [-0.04 * a + 1e4 * b * c, 3e7 * b * b];
  return [slow, -slow - fast, fast];
});
const vanDerPol = systemOf((_t, [y, z]) => [z, 1000 * (1 - y * y) * z - y]);

for (const linearise of kinds) {
  const stiff = (system: OdeSystem, y0: NdArray, to: number, options: Partial<SolveOptions>) =>
    solve(system, [y0], { from: 0, to, solver: kencarp4, linearise, kernels, ...options });

  test(`${linearise}: Robertson's reaction, over eleven decades of time`, async (t) => {
    // Reference: F. Mazzia, C. Magherini, Test set for initial value problem solvers (problem ROBER).
    const expected = [0.2083340149701255e-7, 0.8333360770334713e-13, 0.999999979166505];
    const tolerance = { relative: 1e-7, absolute: [Float64Array.of(1e-15, 1e-20, 1e-11)] };
    const { end, statistics } = await stiff(robertson, row(1, 0, 0), 1e11, { tolerance });
    end.y[0].data.forEach((value, i) => t.true(Math.abs(value / expected[i] - 1) < 1e-4, `${i}: ${value}`));
    t.true(statistics.steps < 1500, `${statistics.steps} steps`);
  });

  test(`${linearise}: van der Pol's oscillator with mu = 1000`, async (t) => {
    // Reference: the same test set, problem VDPOL in its own units.
    const expected = [1.706167732170469, -0.8928097010248125e-3];
    const tolerance = { relative: 1e-6, absolute: [Float64Array.of(1e-9, 1e-9)] };
    const { end, statistics } = await stiff(vanDerPol, row(2, 0), 2000, { tolerance });
    end.y[0].data.forEach((value, i) => t.true(Math.abs(value / expected[i] - 1) < 1e-5, `${i}: ${value}`));
    // An explicit solver takes more than a million.
    t.true(statistics.steps < 1000, `${statistics.steps} steps`);
    t.true(statistics.linearisations! < statistics.steps / 2);
  });

  test(`${linearise}: a slow solution, towards which everything runs at rate 10⁶`, async (t) => {
    const chase = systemOf((time, [y]) => [-1e6 * (y - Math.cos(time)) - Math.sin(time)]);
    for (const relative of [1e-4, 1e-7]) {
      const { end, statistics } = await stiff(chase, row(0), 10, {
        tolerance: { relative, absolute: relative },
      });
      t.true(Math.abs(end.y[0].data[0] - Math.cos(10)) < relative);
      t.true(statistics.steps < 1000, `${statistics.steps} steps`);
      t.is(statistics.linearisations, 1, 'the Jacobian does not change');
    }
  });

  test(`${linearise}: the rows of a cloud are systems of their own, and what it carries follows`, async (t) => {
    // Each point runs to the circle of its own radius at rate 10⁴, or about it.
    const field = fieldFromFunction(async (x) => {
      const data = x.data.slice();
      for (let i = 0; i < data.length; i += 2) {
        const [a, b] = x.data.subarray(i, i + 2);
        const pull = 1e4 * (1 - Math.hypot(a, b));
        data.set([pull * a - b, pull * b + a], i);
      }
      return { data, shape: x.shape };
    });
    const x0: NdArray = { data: Float64Array.of(1, 0, 0, 2, -0.3, 0.1, 3, 3, 0.5, -0.5), shape: [5, 2] };
    const { end } = await integrate(field, x0, {
      to: 1,
      solver: kencarp4,
      linearise,
      tolerance: { relative: 1e-7, absolute: 1e-7 },
      track: { arcLength: true, jacobian: true },
    });
    for (let i = 0; i < 5; i++) {
      const angle = Math.atan2(x0.data[2 * i + 1], x0.data[2 * i]) + 1;
      const expected = [Math.cos(angle), Math.sin(angle)];
      expected.forEach((value, k) =>
        t.true(Math.abs(end.positions.data[2 * i + k] - value) < 1e-5, `point ${i}`),
      );
    }
    // Around the circle, and nothing is left of distances across it.
    const jacobian = end.jacobian!.data.subarray(0, 4);
    const expected = [0, -Math.sin(1), 0, Math.cos(1)];
    expected.forEach((value, k) => t.true(Math.abs(jacobian[k] - value) < 1e-4, `${jacobian.join(' ')}`));
    t.true(Math.abs(end.arcLength![0] - 1) < 1e-4);
  });

  test(`${linearise}: where nothing is stiff it agrees with dopri5`, async (t) => {
    const swirl: VelocityField = linearField(
      [
        [-0.2, -1, 0.1],
        [1, -0.1, 0],
        [0, 0.3, -0.4],
      ],
      { rate: (time) => 1 + time / 2 },
    );
    const x0: NdArray = { data: Float64Array.of(1, 0, 2, 0, 3, -1, 0.5, 0.5, 0.5), shape: [3, 3] };
    const options = { to: 2, tolerance: { relative: 1e-9, absolute: 1e-9 }, saveAt: [0.3, 1.1] };
    const track = { logDensity: true, action: true, jacobian: true };
    const plain = await integrate(swirl, x0, { ...options, track });
    const implicit = await integrate(swirl, x0, { ...options, track, solver: kencarp4, linearise });
    plain.states.forEach((state, k) => {
      const other = implicit.states[k];
      const pairs = [
        [state.positions.data, other.positions.data],
        [state.jacobian!.data, other.jacobian!.data],
        [state.logDensity!, other.logDensity!],
        [[state.action!], [other.action!]],
      ];
      for (const [a, b] of pairs)
        for (let i = 0; i < a.length; i++) t.true(Math.abs(a[i] - b[i]) < 1e-6, `state ${k}`);
    });
  });

  test(`${linearise}: a tolerance for each coordinate, of sizes 10⁶ and 10⁻³`, async (t) => {
    const field = linearField([
      [0, 0],
      [0, -500],
    ]);
    const { end } = await integrate(field, row(1e6, 1e-3), {
      to: 0.01,
      solver: kencarp4,
      linearise,
      tolerance: { relative: 1e-6, absolute: [1, 1e-9] },
    });
    t.is(end.positions.data[0], 1e6);
    t.true(Math.abs(end.positions.data[1] - 1e-3 * Math.exp(-5)) < 1e-8);
  });

  test(`${linearise}: fixed steps converge at order 4 in 9 dimensions, without derivatives of the field`, async (t) => {
    const d = 9;
    const matrix = Array.from({ length: d }, (_, i) =>
      Array.from({ length: d }, (_, k) => (i === k ? -1 : Math.sin(3 * i + 5 * k) / 3)),
    );
    const field = linearField(matrix, { differentiable: false });
    const x0 = { data: Float64Array.from({ length: 2 * d }, (_, i) => Math.cos(i)), shape: [2, d] };
    const exact = await integrate(field, x0, { to: 1, solver: SOLVERS.dop853, step: { steps: 40 } });
    const errors: number[] = [];
    for (const steps of [8, 16, 32]) {
      const { end } = await integrate(field, x0, { to: 1, solver: kencarp4, linearise, step: { steps } });
      const difference = end.positions.data.map((value, i) => value - exact.end.positions.data[i]);
      errors.push(Math.hypot(...difference));
    }
    t.true(Math.abs(slopes(errors).at(-1)! - 4) < 0.25, `orders ${slopes(errors).join(', ')}`);
  });

  for (const { name } of backends) {
    test(`${linearise}: a stiff field of float32 points on ${name}`, async (t) => {
      const field = linearField([
        [-1000, 0, 0],
        [999, -1, 0],
        [0, 0, -20],
      ]);
      const x0: NdArray = { data: Float32Array.of(1, 1, 1, 2, 0, -1), shape: [2, 3] };
      const backend = name as 'native';
      const { end, statistics } = await integrate(field, x0, { to: 2, solver: kencarp4, linearise, backend });
      // y₂ + y₁ falls at rate 1 from where it starts; the others are gone.
      const expected = [0, 2 * Math.exp(-2), 0, 0, 2 * Math.exp(-2), 0];
      end.positions.data.forEach((value, i) =>
        t.true(Math.abs(value - expected[i]) < 1e-4, `${i}: ${value}`),
      );
      t.true(statistics.steps < 200, `${statistics.steps} steps`);
    });
  }
}

test('an abort ends an implicit run', async (t) => {
  const controller = new AbortController();
  const evaluated: OdeSystem = {
    async derivative(time, [y], out) {
      if (time > 0.5) controller.abort(new Error('enough'));
      out[0].data.set(y.data.map((value) => -1e3 * value));
    },
  };
  const { signal } = controller;
  const run = solve(evaluated, [row(1, 2)], { from: 0, to: 1, solver: kencarp4, kernels, signal });
  const fails = await t.throwsAsync<RidgeflowError>(run);
  t.is(fails.code, 'ABORTED');
});

test('a fixed step that no stage can be solved for says so; adaptive steps find theirs', async (t) => {
  // y' = y² from 1 is 1/(1 − t): the stages of a step of 3 have no real solution.
  const square = systemOf((_t, [y]) => [y * y]);
  const options = { from: 0, solver: kencarp4, kernels };
  const fails = await t.throwsAsync<RidgeflowError>(
    solve(square, [row(1)], { ...options, to: 6, step: { steps: 2 } }),
  );
  t.is(fails.code, 'NOT_CONVERGED');
  t.regex(fails.message, /shorter steps/);
  t.is(fails.details.time, 0);
  const { end } = await solve(square, [row(1)], {
    ...options,
    to: 0.9,
    tolerance: { relative: 1e-10, absolute: 1e-10 },
  });
  t.true(Math.abs(end.y[0].data[0] - 10) < 1e-4);
});

test('refused: linearise of an explicit solver, or in other words', async (t) => {
  const plain = systemOf(() => [1]);
  const options = { from: 0, to: 1, kernels };
  await t.throwsAsync(solve(plain, [row(1)], { ...options, linearise: 'dense' }), {
    code: 'INVALID_ARGUMENT',
    message: /dopri5\) is explicit/,
  });
  const linearise = 'newton' as 'dense';
  await t.throwsAsync(solve(plain, [row(1)], { ...options, solver: kencarp4, linearise }), {
    code: 'INVALID_ARGUMENT',
    message: /"dense" or "krylov"/,
  });
});
