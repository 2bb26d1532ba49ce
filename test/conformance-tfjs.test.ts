import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import * as tf from '@tensorflow/tfjs-core';
import test from 'ava';
import { RidgeflowError } from '../ts/core/errors.js';
import { loadTfjs } from '../ts/kernel/tfjs/index.js';
import { backends } from './conformance-backends.js';
import { clouds, matrix } from './reference/clouds.js';
import { referenceScore } from './reference/kernels.js';
import { Random } from './reference/random.js';

const WANT_ALL = { mean: true, logDensity: true, divergence: true };

/** Runs an ES module program in a process of its own; `kernels` names the module under test. */
async function runProgram(program: string) {
  const kernels = new URL('../ts/kernel/tfjs/index.ts', import.meta.url).href;
  return promisify(execFile)(process.execPath, [
    '--import=tsx',
    '--input-type=module',
    '--eval',
    `const kernels = ${JSON.stringify(kernels)};\n${program}`,
  ]);
}

/** tfjs-node among them where it is installed: bench/peers/tfjs-node.mjs does that. */
const engines = backends.flatMap(({ name }) => (name === 'native' || name === 'mpi' ? [] : [name]));

for (const engine of engines) {
  test.serial(`${engine}: leaves no tensor behind, not even when it is aborted`, async (t) => {
    const kernels = await loadTfjs(engine);
    const [queries, points] = clouds(new Random(41), 'normal', 'float32', [300, 1500], 16);
    const score = { queries, centres: points, variance: 1, want: WANT_ALL };
    const before = tf.memory().numTensors;
    await kernels.score(score);
    await kernels.nearestNeighbours({ queries, points, k: 3 });
    await kernels.matmul({ a: queries, b: points, transposeB: true });
    await kernels.covariance(points);
    const many = clouds(new Random(42), 'normal', 'float32', [20_000], 16)[0];
    await t.throwsAsync(
      kernels.score({ ...score, queries: many, centres: many }, { signal: AbortSignal.timeout(30) }),
    );
    t.is(tf.memory().numTensors, before);
  });

  test.serial(`${engine}: score keeps its digits where float32 products lose them`, async (t) => {
    const kernels = await loadTfjs(engine);
    for (const [d, variance] of [5, 64].flatMap((d) => [1e-4, 1e-3, 0.1, 10].map((v) => [d, v]))) {
      const random = new Random(46);
      const point = (_: unknown, i: number) =>
        random.normals(d).map((value) => (i % 2 ? 1 : -1) + 0.01 * value);
      const cloud = (n: number) => matrix('float32', Array.from({ length: n }, point).flat(), n, d);
      const problem = { queries: cloud(40), centres: cloud(300), variance, want: WANT_ALL };
      const { mean = [], logDensity = [], divergence = [] } = await kernels.score(problem);
      const expected = referenceScore(problem);
      const worst = (actual: ArrayLike<number>, values: number[], size: number) =>
        values.reduce(
          (most, value, i) => Math.max(most, Math.abs(actual[i] - value) / (size + Math.abs(value))),
          0,
        );
      const where = `d=${d} variance=${variance}`;
      t.true(worst(mean, expected.mean.flat(), 1) < 1e-5, `mean ${where}`);
      t.true(worst(logDensity, expected.logDensity, 1) < 1e-5, `logDensity ${where}`);
      t.true(worst(divergence, expected.divergence, (2 * d) / variance) < 1e-5, `divergence ${where}`);
    }
  });

  test.serial(`${engine}: a float64 problem is UNSUPPORTED, and says what to do`, async (t) => {
    const kernels = await loadTfjs(engine);
    const [cloud] = clouds(new Random(43), 'normal', 'float64', [5], 3);
    for (const call of [
      () => kernels.score({ queries: cloud, centres: cloud, variance: 1, want: WANT_ALL }),
      () => kernels.nearestNeighbours({ queries: cloud, points: cloud, k: 1 }),
      () => kernels.matmul({ a: cloud, b: cloud, transposeB: true }),
    ]) {
      const error = await t.throwsAsync(call(), {
        instanceOf: RidgeflowError,
        message: /float64.*float32.*native/,
      });
      t.is(error.code, 'UNSUPPORTED');
    }
  });

  test.serial(`${engine}: a long call gives way to the event loop`, async (t) => {
    const kernels = await loadTfjs(engine);
    const [cloud] = clouds(new Random(44), 'normal', 'float32', [1500], 32);
    let turns = 0;
    const timer = setInterval(() => turns++, 1);
    const fractions: number[] = [];
    await kernels.score(
      { queries: cloud, centres: cloud, variance: 1, want: WANT_ALL },
      { onProgress: (fraction) => fractions.push(fraction) },
    );
    clearInterval(timer);
    t.true(turns > 0);
    t.is(fractions.at(-1), 1);
  });

  test.serial(`${engine}: the caller's own choice of TensorFlow.js engine stays`, async (t) => {
    const kernels = await loadTfjs(engine);
    const own = engine === 'tfjs-cpu' ? 'wasm' : 'cpu';
    await loadTfjs(`tfjs-${own}`);
    await tf.setBackend(own);
    const [cloud] = clouds(new Random(45), 'normal', 'float32', [17], 16);
    await kernels.score({ queries: cloud, centres: cloud, variance: 1, want: WANT_ALL });
    await loadTfjs(engine);
    t.is(tf.getBackend(), own);
    t.false(tf.env().getBool('PROD'));
  });

  test.serial(`${engine}: writes nothing, and leaves the process's failure handlers alone`, async (t) => {
    const { stdout, stderr } = await runProgram(`
      const { loadTfjs } = await import(kernels);
      const { score } = await loadTfjs('${engine}');
      const cloud = { data: new Float32Array(60).map(Math.sin), rows: 3, columns: 20 };
      await score({ queries: cloud, centres: cloud, variance: 1, want: { mean: true } });
      for (const event of ['uncaughtException', 'unhandledRejection']) {
        if (process.listenerCount(event) > 0) throw new Error(event);
      }`);
    t.is(stdout, '');
    t.is(stderr, '');
  });
}

test.serial('tfjs takes the best engine that loads', async (t) => {
  const { name } = await loadTfjs('tfjs');
  t.true(name === 'tfjs-node' || name === 'tfjs-wasm');
});

test.serial('loading the module does not load TensorFlow.js', async (t) => {
  const { stdout } = await runProgram(`
    await import(kernels);
    const { createRequire } = await import('node:module');
    const loaded = Object.keys(createRequire(kernels).cache);
    console.log(loaded.filter((file) => /tensorflow|ml-matrix/.test(file)).length, '_tfengine' in globalThis);`);
  t.is(stdout, '0 false\n');
});

test.serial(
  'an engine that is not installed is BACKEND_UNAVAILABLE, with the reason and the remedy',
  async (t) => {
    try {
      t.is((await loadTfjs('tfjs-node')).name, 'tfjs-node');
    } catch (error) {
      t.true(error instanceof RidgeflowError);
      const { code, message, details } = error as RidgeflowError;
      t.is(code, 'BACKEND_UNAVAILABLE');
      t.regex(message, /tfjs-node: .*npm install @tensorflow\/tfjs-node/);
      t.is((details.reasons as Record<string, string>)['tfjs-node'].includes('\n'), false);
    }
  },
);

test.serial('an engine that does not exist is INVALID_ARGUMENT', async (t) => {
  const error = await t.throwsAsync(loadTfjs('webgl' as 'tfjs'), { instanceOf: RidgeflowError });
  t.is(error.code, 'INVALID_ARGUMENT');
});
