import { mkdtemp, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { RidgeflowError } from '../ts/core/errors.js';
import {
  type FlowEvent,
  SOLVERS,
  type SolveOptions,
  type State,
  diffuse,
  integrate,
  solve,
} from '../ts/flow/index.js';
import { readNpz, writeNpz } from '../ts/io/npz.js';
import { kernels, linearField, rotation, vector } from './reference/flow.js';

const { system } = rotation;
const start: State = [{ data: Float32Array.of(1, 0), shape: [1, 2] }, vector(1)];

async function withFolder(run: (path: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'ridgeflow-'));
  try {
    await run(join(folder, 'run.npz'));
  } finally {
    await rm(folder, { recursive: true });
  }
}

const crossing: FlowEvent = { name: 'x = 0', value: (_t, [{ data }]) => data[0] };
const stop: FlowEvent = { name: 'stop', value: (time) => time - 3.2, terminal: true };

const kinds: [name: string, options: Partial<SolveOptions>][] = [
  ['adaptive', { tolerance: { relative: 1e-7, absolute: 1e-7 } }],
  [
    'adaptive, not FSAL, PID',
    { solver: SOLVERS.heun, controller: { derivative: 0.1 }, tolerance: { relative: 1e-3 } },
  ],
  ['adaptive, backwards', { from: 4, to: 0.5, solver: SOLVERS.dop853 }],
  ['fixed steps', { solver: SOLVERS.rk4, step: { steps: 30 } }],
  ['implicit, dense', { solver: SOLVERS.kencarp4, tolerance: { relative: 1e-6, absolute: 1e-6 } }],
  ['implicit, krylov', { solver: SOLVERS.kencarp4, linearise: 'krylov', step: { steps: 30 } }],
  ['with a terminal event', { events: [crossing, stop] }],
];
for (const [name, more] of kinds) {
  test(`interrupted and resumed: the same bits (${name})`, async (t) => {
    await withFolder(async (path) => {
      const options: SolveOptions = {
        from: 0,
        to: 4,
        kernels,
        saveAt: [0.6, 1, 2.2, 2.9, 3.5],
        events: [crossing],
        ...more,
      };
      const whole = await solve(system, start, options);
      const controller = new AbortController();
      let accepted = 0;
      const interrupted = solve(system, start, {
        ...options,
        signal: controller.signal,
        checkpoint: { file: path, every: { steps: 2 } },
        onStep: (info) => {
          if (info.accepted && ++accepted === 5) controller.abort();
        },
      });
      await t.throwsAsync(interrupted, { code: 'ABORTED' });
      let steps = 0;
      const resumed = await solve(system, start, { ...options, resume: path, onStep: () => steps++ });
      t.deepEqual(resumed, whole);
      const { statistics } = whole;
      t.true(
        steps > 0 && steps <= statistics.steps + statistics.rejected - 4,
        `${steps} steps after the snapshot`,
      );
    });
  });
}

test('trajectories with all that is tracked resume to the same bits', async (t) => {
  await withFolder(async (path) => {
    const field = linearField(
      [
        [-1, 2],
        [0, 0.5],
      ],
      { differentiable: false },
    );
    const x0 = { data: Float32Array.of(1, 2, 3, 4, 5, 7), shape: [3, 2] };
    const options = {
      to: 2,
      seed: 5,
      saveAt: [0.5, 1],
      track: { logDensity: true, action: true, arcLength: true, jacobian: true },
      backend: 'native' as const,
    };
    const whole = await integrate(field, x0, options);
    await integrate(field, x0, { ...options, checkpoint: { file: path, every: { steps: 5 } } });
    t.deepEqual(await integrate(field, x0, { ...options, resume: path }), whole);
    await t.throwsAsync(integrate(field, x0, { ...options, track: {}, resume: path }), {
      code: 'INVALID_ARGUMENT',
    });
  });
});

test('diffusions resume to the same bits', async (t) => {
  await withFolder(async (path) => {
    const drift = linearField([[-1]]);
    const x0 = { data: Float32Array.of(1, 2, 3), shape: [3, 1] };
    const options = { to: 1, noise: 0.5, step: { steps: 20 }, saveAt: [0.25, 0.5], seed: 3 };
    const whole = await diffuse(drift, x0, options);
    const controller = new AbortController();
    let steps = 0;
    const interrupted = diffuse(drift, x0, {
      ...options,
      signal: controller.signal,
      checkpoint: { file: path, every: { steps: 4 } },
      onStep: () => ++steps === 14 && controller.abort(),
    });
    await t.throwsAsync(interrupted, { code: 'ABORTED' });
    let left = 0;
    t.deepEqual(await diffuse(drift, x0, { ...options, resume: path, onStep: () => left++ }), whole);
    t.is(left, 8);
    await t.throwsAsync(diffuse(drift, x0, { ...options, seed: 4, resume: path }), {
      code: 'INVALID_ARGUMENT',
      message: /differs in its seed/,
    });
  });
});

test('a snapshot is whole, is an .npz of plain arrays, and leaves no other file', async (t) => {
  await withFolder(async (path) => {
    await solve(system, start, { from: 0, to: 4, kernels, checkpoint: { file: path, every: { steps: 1 } } });
    const arrays = await readNpz(path);
    t.true(arrays.y_0_0.data instanceof Float32Array);
    t.deepEqual(arrays.y_0_0.shape, [1, 2]);
    t.is(arrays.clock.data[0], 4);
    t.deepEqual(await readdir(join(path, '..')), ['run.npz']);
    // The run is over: there is nothing left to do.
    let steps = 0;
    const resumed = await solve(system, start, {
      from: 0,
      to: 4,
      kernels,
      resume: path,
      onStep: () => steps++,
    });
    t.is(steps, 0);
    t.is(resumed.end.t, 4);
  });
});

test('by default a snapshot is written once a minute: none in a short run', async (t) => {
  await withFolder(async (path) => {
    await solve(system, start, { from: 0, to: 1, kernels, checkpoint: { file: path } });
    await t.throwsAsync(stat(path), { code: 'ENOENT' });
    await solve(system, start, {
      from: 0,
      to: 1,
      kernels,
      checkpoint: { file: path, every: { seconds: 1e-6 } },
    });
    await t.notThrowsAsync(stat(path));
  });
});

test('refused: what is no snapshot of this run', async (t) => {
  await withFolder(async (path) => {
    const options: SolveOptions = { from: 0, to: 4, kernels };
    const refused = (code: string, message: RegExp, more: Partial<SolveOptions> = {}, y0 = start) =>
      t.throwsAsync(solve(system, y0, { ...options, resume: path, ...more }), {
        instanceOf: RidgeflowError,
        code,
        message,
      });
    await refused('FILE_NOT_FOUND', /run\.npz/);
    await writeFile(path, 'not a zip file');
    await refused('FILE_TRUNCATED', /run\.npz/);
    await writeNpz(path, { x: start[0] });
    await refused('FILE_FORMAT', /expected a snapshot/);
    await solve(system, start, { ...options, checkpoint: { file: path, every: { steps: 2 } } });
    await refused('INVALID_ARGUMENT', /differs in its interval/, { to: 5 });
    await refused('INVALID_ARGUMENT', /differs in its solver/, { solver: SOLVERS.tsit5 });
    await refused('INVALID_ARGUMENT', /differs in its fixedSteps/, { step: 0.1 });
    await refused('INVALID_ARGUMENT', /differs in its events/, { events: [crossing] });
    await refused('INVALID_ARGUMENT', /differs in its starting state/, {}, [start[0], vector(2)]);
    const whole = await readFile(path);
    await writeFile(path, whole.subarray(0, whole.length - 300));
    const error = await t.throwsAsync<RidgeflowError>(solve(system, start, { ...options, resume: path }));
    t.true(['FILE_TRUNCATED', 'FILE_FORMAT'].includes(error.code));
  });
});

test('refused: options of checkpoints', async (t) => {
  const run = (checkpoint: unknown) =>
    solve(system, start, { from: 0, to: 1, kernels, checkpoint: checkpoint as SolveOptions['checkpoint'] });
  await t.throwsAsync(run({}), { code: 'INVALID_ARGUMENT', message: /checkpoint\.file/ });
  await t.throwsAsync(run({ file: 'x', every: { steps: 0 } }), { message: /every\.steps/ });
  await t.throwsAsync(run({ file: 'x', every: { seconds: -1 } }), { message: /every\.seconds/ });
  await t.throwsAsync(run({ path: 'x', file: 'x' }), { code: 'INVALID_ARGUMENT', message: /path/ });
  await t.throwsAsync(run({ file: '/nowhere/x.npz', every: { steps: 1 } }), { code: 'FILE_WRITE' });
});

test('refused: snapshots with entries that are missing, foreign, sparse or out of range', async (t) => {
  await withFolder(async (path) => {
    const options: SolveOptions = { from: 0, to: 4, kernels, saveAt: [1, 2], events: [crossing] };
    await solve(system, start, { ...options, checkpoint: { file: path, every: { steps: 1 } } });
    const good = Object.entries(await readNpz(path));
    const numbers = (...values: number[]) => ({ data: Float64Array.from(values), shape: [values.length] });
    const state = start[0];
    const byName = new Map(good);
    const clock = byName.get('clock')!.data;
    const times = byName.get('times')!.data;
    const added: [name: string, array: (typeof good)[0][1]][] = [
      ['__proto__', state],
      ['__proto___0_0', state],
      ['constructor_0_0', state],
      ['toString', numbers(1)],
      ['saved_30000000_0', state],
      ['k_4294967294_0', state],
      ['y_1_0', state],
      ['y_00_0', state],
      ['y_0_7', state],
      ['saved_1_1000000000', state],
      ['another', numbers(1)],
      ['clock', numbers()],
      ['clock', numbers(1, 2, 3)],
      ['clock', numbers(NaN, ...clock.slice(1))],
      ['clock', numbers(9, ...clock.slice(1))],
      ['clock', numbers(clock[0], 0.5, 0, 7)],
      ['clock', numbers(clock[0], -1, 0, 7)],
      ['clock', { data: Float64Array.from(clock), shape: [2, 2] }],
      ['controller', numbers()],
      ['controller', numbers(0.1, NaN, 1, 0)],
      ['controller', numbers(-0.1, 1, 1, 0)],
      ['controller', numbers(0.1, 1, 1, 2)],
      ['times', numbers()],
      ['times', numbers(...times.slice(1), 4)],
      ['times', numbers(...times.slice().reverse())],
      ['eventTimes', numbers()],
      ['eventNumbers', numbers(...Array.from(byName.get('eventNumbers')!.data, () => 1))],
      ['eventNumbers', numbers(...Array.from(byName.get('eventNumbers')!.data, () => -1))],
      ['y_0_0', { data: Float64Array.of(1, 0), shape: [1, 2] }],
      ['y_0_0', { data: Float32Array.of(1, 0), shape: [2, 1] }],
    ];
    const refused = async (entries: typeof good, what: string) => {
      await writeNpz(path, Object.fromEntries(entries));
      const error = await t.throwsAsync<RidgeflowError>(
        solve(system, start, { ...options, resume: path }),
        undefined,
        what,
      );
      t.true(error instanceof RidgeflowError && error.code === 'FILE_FORMAT', `${what}: ${String(error)}`);
    };
    t.true(byName.get('eventNumbers')!.data.length > 0);
    for (const [name, array] of added) {
      const others = good.filter(([other]) => other !== name);
      await refused([...others, [name, array]], `${name} of [${array.shape.join()}]`);
    }
    t.is((Object.prototype as Record<string, unknown>)[0], undefined);
    for (const name of [
      'clock',
      'controller',
      'times',
      'eventTimes',
      'eventNumbers',
      'y_0_0',
      'saved_0_0',
      'saved_1_1',
    ])
      await refused(
        good.filter(([other]) => other !== name),
        `without ${name}`,
      );
    await writeNpz(path, Object.fromEntries(good));
    await t.notThrowsAsync(solve(system, start, { ...options, resume: path }));
  });
});

test('refused: snapshots of diffusions that miss something or have too much', async (t) => {
  await withFolder(async (path) => {
    const drift = linearField([[-1]]);
    const x0 = { data: Float32Array.of(1, 2, 3), shape: [3, 1] };
    const options = { to: 1, noise: 0.5, step: { steps: 8 }, saveAt: [0.25, 0.5], seed: 3 };
    await diffuse(drift, x0, { ...options, checkpoint: { file: path, every: { steps: 1 } } });
    const good = await readNpz(path);
    const numbers = (...values: number[]) => ({ data: Float64Array.from(values), shape: [values.length] });
    const cases: [string, Record<string, (typeof good)[string]>][] = [
      ...['clock', 'y_0_0', 'saved_0_0', 'saved_1_0', 'saved_3_0'].map((name): [string, typeof good] => [
        `without ${name}`,
        Object.fromEntries(Object.entries(good).filter(([other]) => other !== name)),
      ]),
      ['a clock that is beyond the end', { ...good, clock: numbers(9, 3) }],
      ['a clock that is not whole', { ...good, clock: numbers(1.5, 3) }],
      ['a clock of three', { ...good, clock: numbers(8, 3, 0) }],
      ['a sparse index', { ...good, saved_30000000_0: x0 }],
      ['more than was saved', { ...good, saved_4_0: x0 }],
    ];
    for (const [what, entries] of cases) {
      await writeNpz(path, entries);
      const error = await t.throwsAsync(diffuse(drift, x0, { ...options, resume: path }), undefined, what);
      t.is((error as RidgeflowError).code, 'FILE_FORMAT', `${what}: ${error?.message}`);
    }
  });
});
