import test from 'ava';
import type { RidgeflowError } from '../ts/core/errors.js';
import { type OdeSystem, SOLVERS, solve } from '../ts/flow/index.js';
import { kernels, scalarSystem, vector } from './reference/flow.js';

test('an abort ends a run of short steps', async (t) => {
  const controller = new AbortController();
  setTimeout(() => controller.abort(new Error('enough')), 60);
  const endless = solve(
    scalarSystem((time) => Math.sin(time)),
    [vector(0)],
    { from: 0, to: 1e9, step: 0.5, maximumSteps: 1e10, kernels, signal: controller.signal },
  );
  const fails = await t.throwsAsync<RidgeflowError>(endless);
  t.is(fails.code, 'ABORTED');
  t.is((fails.cause as Error).message, 'enough');
});

test.serial('an abort does not wait for a derivative that ignores it', async (t) => {
  const controller = new AbortController();
  let release: (() => void) | undefined;
  const slow: OdeSystem = {
    derivative: () => new Promise((_, reject) => (release = () => reject(new Error('too late')))),
  };
  setTimeout(() => controller.abort(), 30);
  // The derivative never comes back by itself: only the abort can end this.
  await t.throwsAsync(solve(slow, [vector(0)], { from: 0, to: 1, kernels, signal: controller.signal }), {
    code: 'ABORTED',
  });
  release?.();
  await t.throwsAsync(solve(slow, [vector(0)], { from: 0, to: 1, kernels, signal: AbortSignal.abort() }), {
    code: 'ABORTED',
  });
});

test.serial('progress is the fraction of the time, and ends with 1', async (t) => {
  const fractions: number[] = [];
  const waiting: OdeSystem = {
    async derivative(_t, _y, out) {
      await new Promise((resolve) => setTimeout(resolve, 4));
      out[0].data[0] = 1;
    },
  };
  await solve(waiting, [vector(0)], {
    from: 3,
    to: 1,
    solver: SOLVERS.euler,
    step: { steps: 60 },
    kernels,
    onProgress: (fraction) => fractions.push(fraction),
  });
  t.is(fractions.at(-1), 1);
  t.true(fractions.length > 2 && fractions.length < 30);
  t.deepEqual(
    fractions,
    [...fractions].sort((a, b) => a - b),
  );
  t.true(fractions.every((fraction) => fraction >= 0 && fraction <= 1));
});
