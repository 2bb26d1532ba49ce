import test from 'ava';
import { SOLVERS, type State, type Tableau, solve } from '../ts/flow/index.js';
import { ImplicitStages } from '../ts/flow/implicit/stages.js';
import { type Derivative, RungeKutta } from '../ts/flow/runge-kutta.js';
import { combine } from '../ts/flow/state.js';
import { kernels, rotation, slopes } from './reference/flow.js';

const { system, start } = rotation;
const error = (time: number, y: State) => rotation.error(time, y);

/** Coarse enough that rounding does not show, fine enough for the asymptotic order. */
const coarsest = (solver: Tableau) => (solver.order >= 8 ? 6 : solver.order >= 5 ? 16 : 32);

const stepsOf = (solver: Tableau, count = 3) =>
  Array.from({ length: count }, (_, i) => coarsest(solver) * 2 ** i);

function near(values: readonly number[], order: number, tolerance = 0.25): boolean {
  return Math.abs(values.at(-1)! - order) < tolerance;
}

for (const solver of Object.values(SOLVERS) as readonly Tableau[]) {
  test(`${solver.name}: the tableau is consistent`, (t) => {
    const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0);
    const { a, b, c, bError, bErrorThird, stages, interpolant, diagonal = 0 } = solver;
    for (const list of [a, b, c, ...(bError ? [bError] : [])]) t.is(list.length, stages);
    a.forEach((row, i) => {
      t.is(row.length, i);
      const own = i > 0 ? diagonal : 0;
      // As good as the rounding of its largest coefficients, up to 43 for dop853, lets it be.
      t.true(Math.abs(sum(row) + own - c[i]) < 1e-14, `row ${i} sums to ${sum(row)}, not ${c[i]}`);
    });
    t.true(Math.abs(sum(b) - 1) < 1e-15);
    for (const weights of [bError, bErrorThird, ...(interpolant?.d ?? [])]) {
      t.true(Math.abs(sum(weights ?? [])) < 5e-13);
    }
    interpolant?.extra?.a.forEach((row, i) => {
      t.is(row.length, stages + i);
      t.true(Math.abs(sum(row) - interpolant.extra!.c[i]) < 1e-14);
    });
    if (solver.fsal) t.deepEqual([...a[stages - 1], diagonal], b);
  });

  test(`${solver.name}: the solution converges at order ${solver.order}`, async (t) => {
    const errors: number[] = [];
    for (const steps of stepsOf(solver)) {
      const { end } = await solve(system, start, { from: 0, to: 2, solver, step: { steps }, kernels });
      errors.push(error(2, end.y));
    }
    // Tsitouras' leading error is so small that the next term still shows.
    const tolerance = solver.name === 'tsit5' ? 0.7 : 0.25;
    t.true(near(slopes(errors), solver.order, tolerance), `orders ${slopes(errors).join(', ')}`);
  });

  test(`${solver.name}: dense output has the order of its interpolant`, async (t) => {
    const expected = Math.min(solver.order, (solver.interpolant?.order ?? 3) + 1);
    const errors: number[] = [];
    for (const steps of stepsOf(solver)) {
      const { dense } = await solve(system, start, {
        from: 0,
        to: 2,
        solver,
        step: { steps },
        kernels,
        dense: true,
      });
      const times = Array.from({ length: 301 }, (_, i) => i / 150);
      errors.push(Math.max(...times.map((time) => error(time, dense!(time)))));
    }
    t.true(near(slopes(errors), expected, 0.35), `orders ${slopes(errors).join(', ')}`);
  });

  test(`${solver.name}: within one step the interpolant has one order more`, async (t) => {
    const expected = solver.interpolant?.order ?? 3;
    const errors: number[] = [];
    for (const h of [0.2, 0.1, 0.05]) {
      const stepper = stepperAt(0.3, solver);
      await stepper.attempt(0.3 + h);
      const dense = await stepper.dense();
      const out = copyOf(start);
      const errorAt = (theta: number) => {
        dense.evaluate(0.3 + theta * h, out);
        return error(0.3 + theta * h, out);
      };
      errors.push(Math.max(...[0.2, 0.4, 0.6, 0.8].map(errorAt)));
    }
    const bound = Math.min(expected, solver.order) + 1;
    t.true(slopes(errors).at(-1)! > bound - 0.35, `orders ${slopes(errors).join(', ')}, expected ${bound}`);
  });

  if (!solver.bError) continue;
  test(`${solver.name}: the error estimate has order ${solver.embeddedOrder! + 1}`, async (t) => {
    const estimates: number[] = [];
    for (const h of [0.1, 0.05, 0.025]) {
      const stepper = stepperAt(0.3, solver);
      await stepper.attempt(0.3 + h);
      const size = (weights: readonly number[]) => {
        const out = copyOf(start);
        combine(kernels, out, stepper.difference(weights));
        return Math.hypot(...out[0].data, ...out[1].data);
      };
      const first = size(solver.bError!);
      const third = solver.bErrorThird && size(solver.bErrorThird);
      estimates.push(third ? first ** 2 / Math.hypot(first, third / 10) : first);
    }
    t.true(near(slopes(estimates), solver.embeddedOrder! + 1, 0.3), `orders ${slopes(estimates).join(', ')}`);
  });
}

test('float32 and float64 arrays evolve together, each at its precision', async (t) => {
  const mixed: State = [{ data: Float32Array.of(1, 0), shape: [1, 2] }, start[1]];
  const { end } = await solve(system, mixed, { from: 0, to: 2, step: { steps: 100 }, kernels });
  t.true(end.y[0].data instanceof Float32Array);
  t.true(end.y[1].data instanceof Float64Array);
  t.true(Math.abs(end.y[1].data[0] - 1 / (1 + Math.sin(2))) < 1e-11);
  t.true(error(2, end.y) < 2e-6);
  t.true(error(2, end.y) > 0);
});

test('FSAL saves one evaluation for every step, and interpolation is paid for only where it is used', async (t) => {
  const evaluations = async (solver: Tableau, saveAt: number[] = []) => {
    const solution = await solve(system, start, {
      from: 0,
      to: 2,
      solver,
      step: { steps: 10 },
      saveAt,
      kernels,
    });
    return solution.statistics.evaluations;
  };
  t.is(await evaluations(SOLVERS.dopri5), 61);
  t.is(await evaluations(SOLVERS.bosh3), 31);
  t.is(await evaluations(SOLVERS.rk4), 40);
  t.is(await evaluations(SOLVERS.dop853), 121);
  t.is(await evaluations(SOLVERS.dop853, [0.31, 0.35]), 124);
  // The derivative at the end of a step is the first stage of the next: no evaluation is lost, unless it was the last.
  t.is(await evaluations(SOLVERS.rk4, [0.31, 0.35]), 40);
  t.is(await evaluations(SOLVERS.rk4, [1.9]), 41);
});

function stepperAt(time: number, solver: Tableau): RungeKutta {
  const angle = time + 1 - Math.cos(time);
  const y: State = [
    { data: Float64Array.of(Math.cos(angle), Math.sin(angle)), shape: [1, 2] },
    { data: Float64Array.of(1 / (1 + Math.sin(time))), shape: [1] },
  ];
  const derivative: Derivative = (at, state, out) => system.derivative(at, state, out);
  const nothing = async () => {};
  const stages = new ImplicitStages(
    {
      ...{ kernels, system, derivative, tolerance: undefined, linearise: undefined },
      ...{ evaluate: (work) => work(), tick: nothing, onLinearise: () => {} },
    },
    y,
  );
  return new RungeKutta(kernels, solver, derivative, time, y, solver.diagonal ? stages : undefined);
}

function copyOf(state: State): State {
  return state.map(({ data, shape }) => ({ data: data.slice(), shape }));
}
