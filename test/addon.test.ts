// The addon's own functions, called as no library code calls them: whatever they are given, they refuse or work.
import { execFile } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import test from 'ava';
import { RidgeflowError } from '../ts/core/errors.js';
import { type Addon, loadAddon } from '../ts/kernel/native/addon.js';
import {
  BAD_NUMBERS,
  KERNELS,
  type Kernel,
  MEANINGFUL,
  OPTIONAL,
  type Values,
  WELL_FORMED,
  badArrays,
  floats,
  heavyScore,
} from './addon-calls.js';

const ADDON_MODULE = new URL('../ts/kernel/native/addon.ts', import.meta.url).href;

/** Runs an ES module program with a loaded `addon` in a process of its own. */
async function runProgram(program: string, flags: readonly string[] = []) {
  const source = `import { loadAddon } from ${JSON.stringify(ADDON_MODULE)};\nconst addon = loadAddon();\n${program}`;
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [...flags, '--import=tsx', '--input-type=module', '--eval', source],
    { cwd: new URL('..', import.meta.url) },
  );
  return stdout.trim();
}

function testsOf(addon: Addon): void {
  const call = (name: string, ...given: unknown[]) =>
    (addon as unknown as Record<string, (...given: unknown[]) => unknown>)[name](...given);

  for (const kernel of KERNELS) {
    test(`${kernel}: runs a well-formed call, and refuses it with any one field changed`, (t) => {
      t.is(call(kernel, WELL_FORMED[kernel]()), undefined);
      for (const [field, good] of Object.entries(WELL_FORMED[kernel]())) {
        const bad = typeof good === 'number' ? BAD_NUMBERS : badArrays(good as Float32Array);
        const refused = bad.filter((v) => !(typeof v === 'number' && (MEANINGFUL[field]?.(v) ?? false)));
        for (const value of OPTIONAL.has(field) ? refused : [undefined, null, ...refused]) {
          const error = t.throws(() => call(kernel, { ...WELL_FORMED[kernel](), [field]: value }), {
            instanceOf: TypeError,
          });
          t.regex(error?.message ?? '', /^Expected .* for \w+/);
        }
      }
      for (const given of [[], [undefined], [null], [3], ['score'], [{}], [[]], [() => 1]]) {
        t.throws(() => call(kernel, ...given), { instanceOf: TypeError });
      }
    });

    test(`${kernel}: passes on what a getter throws`, (t) => {
      const trap = new Proxy(
        {},
        {
          get() {
            throw new RangeError('from the getter');
          },
        },
      );
      t.throws(() => call(kernel, trap), { instanceOf: RangeError, message: 'from the getter' });
    });

    test(`${kernel}: values that are not finite end in an answer or an error`, async (t) => {
      for (const value of [NaN, Infinity, -Infinity]) {
        const problem = WELL_FORMED[kernel]();
        for (const array of Object.values(problem)) if (array instanceof Float32Array) array.fill(value);
        if (kernel === 'symmetricEigen') (problem.matrix as Float64Array).fill(value);
        if (kernel === 'assignment' || kernel === 'networkSimplex')
          (problem.costs as Float64Array).fill(value);
        try {
          await call(kernel, problem);
        } catch (error) {
          t.is((error as { code?: string }).code, 'KERNEL_FAILED');
        }
      }
      t.pass();
    });
  }

  test('extents that multiply past 2⁶⁴, and products that do not fit together, are refused', (t) => {
    const refuse = (kernel: Kernel, changes: Values, message: RegExp) =>
      t.throws(() => call(kernel, { ...WELL_FORMED[kernel](), ...changes }), {
        instanceOf: TypeError,
        message,
      });
    refuse('score', { n: 2 ** 32, d: 2 ** 33 }, /for queries/);
    refuse('nearestNeighbours', { m: 2 ** 40, d: 2 ** 40 }, /for queries|for points/);
    refuse('covariance', { d: 2 ** 52 }, /for points/);
    refuse('symmetricEigen', { d: 40_000 }, /from 1 to 32766 for d/);
    refuse('matmul', { rowsB: 4, columnsB: 3 }, /the inner extent of a for b/);
    refuse('matmul', { transposeA: true }, /the inner extent of a for b/);
    refuse('nearestNeighbours', { k: 6, distances: new Float32Array(36), indices: new Int32Array(36) }, /k/);
    refuse('nearestNeighbours', { excludeSelf: true }, /no more queries than points/);
    refuse('score', { excludeSelf: true }, /as many queries as centres/);
  });

  test('linearCombination, firstNonFinite, setThreads and gemmRate refuse what they cannot use', (t) => {
    const out = new Float32Array(3);
    const one = Float64Array.of(1);
    const refuse = (name: string, ...given: unknown[]) =>
      t.throws(() => call(name, ...given), { instanceOf: TypeError }, `${name} ${given.length}`);
    for (const arrays of [
      ...[undefined, {}, [], [null], [[1, 2, 3]], [new Float64Array(3)], [new Int32Array(3)]],
      ...[[new Float32Array(2)], [new Float32Array(4)], new Array<unknown>(1), [out, out]],
    ]) {
      refuse('linearCombination', { out, coefficients: one, arrays });
    }
    for (const coefficients of [undefined, [1], 1, new Float32Array(1), new Float64Array(2)]) {
      refuse('linearCombination', { out, coefficients, arrays: [out] });
    }
    for (const bad of [undefined, null, [0, 0, 0], new Int32Array(3), new DataView(new ArrayBuffer(12))]) {
      refuse('linearCombination', { out: bad, coefficients: one, arrays: [bad] });
      refuse('firstNonFinite', bad);
    }
    // A field that is something else each time it is read.
    const kinds = [new Float64Array(3), new Int32Array(3), new Float64Array(3), new Float64Array(3)];
    let reads = 0;
    const changing = {
      coefficients: one,
      arrays: [new Int32Array(3)],
      get out() {
        return kinds[reads++ % kinds.length];
      },
    };
    for (let first = 0; first < kinds.length; first++) {
      reads = first;
      refuse('linearCombination', changing);
    }
    const before = addon.info().threads;
    for (const bad of [undefined, null, '2', NaN, -1, 0, 0.5, 1025, Infinity, 1e9]) refuse('setThreads', bad);
    t.is(addon.info().threads, before);
    const gemm = { float64: true, size: 4, threads: 1, repetitions: 1 };
    t.true(addon.gemmRate(gemm) > 0);
    for (const bad of [undefined, '2', NaN, -1, 0, 1e9]) {
      for (const field of ['size', 'threads', 'repetitions']) refuse('gemmRate', { ...gemm, [field]: bad });
    }
  });

  test('arrays over a SharedArrayBuffer work like others', async (t) => {
    const shared = (array: Float32Array) => {
      const copy = new Float32Array(new SharedArrayBuffer(array.byteLength));
      copy.set(array);
      return copy;
    };
    const plain = heavyScore(300);
    await addon.score(plain as never);
    const queries = shared(floats(300 * 20));
    const problem = { ...heavyScore(300), queries, centres: queries, mean: shared(new Float32Array(6000)) };
    await addon.score(problem);
    t.deepEqual(Array.from(problem.mean), Array.from(plain.mean));
  });

  test('an abort cell that is set before the start or during the work ends the call', async (t) => {
    const small = { ...WELL_FORMED.score(), control: Int32Array.of(1, 0) };
    t.throws(() => call('score', small), { code: 'ABORTED' });
    const problem = { ...heavyScore(1000), control: Int32Array.of(1, 0) };
    await t.throwsAsync(call('score', problem) as Promise<undefined>, { code: 'ABORTED' });
    // Long enough for whatever else this file runs meanwhile.
    const long = heavyScore(200_000);
    const finished = t.throwsAsync(call('score', long) as Promise<undefined>, { code: 'ABORTED' });
    while (Atomics.load(long.control, 1) === 0) await sleep(5);
    Atomics.store(long.control, 0, 1);
    await finished;
    t.true(long.control[1] < 1e6, `${long.control[1]} millionths`);
  });

  test('many long calls at once leave the event loop free, and threads to short calls', async (t) => {
    const long = Array.from({ length: 3 }, () => heavyScore(60_000));
    const ended = long.map((problem) =>
      t.throwsAsync(call('score', problem) as Promise<undefined>, { code: 'ABORTED' }),
    );
    await sleep(1);
    await (call('score', heavyScore(300)) as Promise<undefined>);
    for (const { control } of long) {
      t.true(control[1] < 1e6, `${control[1]} millionths`);
      Atomics.store(control, 0, 1);
    }
    await Promise.all(ended);
  });

  test('many calls at once all finish, to the same bits', async (t) => {
    const alone = heavyScore(2000);
    await addon.score(alone as never);
    const problems = Array.from({ length: 100 }, () => heavyScore(2000));
    await Promise.all(problems.map((problem) => call('score', problem) as Promise<undefined>));
    for (const { mean, control } of problems) {
      t.deepEqual(mean, alone.mean);
      t.is(control[1], 1e6);
    }
  });

  test('the collector may run, and the caller may let go of every array, while a kernel works', async (t) => {
    const answer = await runProgram(
      `
      const n = 3000, d = 8;
      const start = () => {
        const queries = Float32Array.from({ length: n * d }, (_, i) => Math.sin(i));
        const problem = { queries, centres: queries.slice(), n, m: n, d, variance: 1, mean: new Float32Array(n * d) };
        const promise = addon.score(problem);
        const mean = new WeakRef(problem.mean);
        return { problem, promise, mean };
      };
      const expected = start();
      await expected.promise;
      const sum = (array) => array.reduce((a, b) => a + b, 0);
      const total = sum(expected.problem.mean);
      const calls = Array.from({ length: 6 }, start);
      for (const [i, call] of calls.entries()) {
        for (const name of Object.keys(call.problem)) if (i % 2 || name !== 'mean') delete call.problem[name];
      }
      let settled = false;
      const all = Promise.all(calls.map(({ promise }) => promise)).then(() => { settled = true; });
      let collections = 0;
      while (!settled) {
        globalThis.gc();
        Array.from({ length: 200 }, () => new Float32Array(n * d).fill(7));
        collections++;
        await new Promise((resolve) => setImmediate(resolve));
      }
      await all;
      const same = calls.every(({ problem }, i) => i % 2 === 1 || sum(problem.mean) === total);
      console.log(same && collections > 0 ? 'same' : 'different');
      `,
      ['--expose-gc'],
    );
    t.is(answer, 'same');
  });

  test('a worker thread that is terminated while a kernel works does not take the process with it', async (t) => {
    const answer = await runProgram(`
      import { Worker } from 'node:worker_threads';
      const start = (n) => {
        const queries = new Float32Array(n * 20).fill(1);
        const mean = new Float32Array(n * 20);
        return { mean, done: addon.score({ queries, centres: queries, n, m: n, d: 20, variance: 1, mean }) };
      };
      const program = \`
        import { parentPort } from 'node:worker_threads';
        import { register } from 'tsx/esm/api';
        register();
        const { loadAddon } = await import(${JSON.stringify(ADDON_MODULE)});
        const addon = loadAddon();
        (\${start})(8000);
        parentPort.postMessage('works');
      \`;
      const worker = new Worker(program, { eval: true });
      await new Promise((resolve) => worker.once('message', resolve));
      await worker.terminate();
      const { mean, done } = start(500);
      await done;
      console.log(mean.every((value) => value === 1) ? 'alive' : 'wrong');
    `);
    t.is(answer, 'alive');
  });
}

function addonOrReason(): Addon | RidgeflowError {
  try {
    return loadAddon();
  } catch (error) {
    if (error instanceof RidgeflowError) return error;
    throw error;
  }
}

const loaded = addonOrReason();
if (loaded instanceof RidgeflowError) {
  test('without the addon the reason is said', (t) => {
    t.is(loaded.code, 'BACKEND_UNAVAILABLE');
    t.regex(loaded.message, /cannot be loaded: .*(has not been built|ridgeflow\.node: )/);
  });
} else {
  testsOf(loaded);
}
