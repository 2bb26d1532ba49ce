import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { RidgeflowError } from '../ts/core/errors.js';
import { floatValueInfo, writeOnnx } from '../ts/io/onnx-model.js';
import { analyseNetwork, openActivations, openModel } from '../ts/network/index.js';
import { normals } from './network-models.js';

let folder: string;
test.before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ridgeflow-masks-'));
});
test.after.always(() => rm(folder, { recursive: true, force: true }));

const T = 5;
let files = 0;

/** Scores to which the logarithm of a mask is added, −∞ where it is 0, and what `op` makes of them. */
async function attention(op: string, last: string): Promise<string> {
  const path = join(folder, `${files++}.onnx`);
  await writeOnnx(path, {
    irVersion: 8,
    opsetImport: [{ domain: '', version: 17 }],
    graph: {
      name: 'attention',
      node: [
        { opType: 'Log', input: ['keep'], output: ['penalty'] },
        { opType: 'Add', input: ['x', 'penalty'], output: ['scores'] },
        { opType: op, input: ['scores'], output: ['weights'] },
        { opType: last, input: ['weights', 'x'], output: ['out'] },
      ],
      initializer: [],
      input: [floatValueInfo('x', ['batch', T]), floatValueInfo('keep', ['batch', T])],
      output: [floatValueInfo('out', ['batch', T])],
    },
  });
  return path;
}

/** Everything kept but the last two positions of the examples that `isMasked` names. */
function masks(n: number, isMasked: (example: number) => boolean) {
  const data = Float32Array.from({ length: n * T }, (_, at) =>
    at % T >= T - 2 && isMasked(Math.floor(at / T)) ? 0 : 1,
  );
  return { data, shape: [n, T] };
}

for (const [what, isMasked] of [
  ['every example', () => true],
  ['one example in a hundred', (i: number) => i % 100 === 57],
] as const)
  test(`scores that a mask makes infinite in ${what} are left out, and all others shown`, async (t) => {
    const n = 400;
    const path = await attention('Softmax', 'Mul');
    const model = await openModel(path);
    const data = { x: normals(n, T), keep: masks(n, isMasked) };
    const opened = await openActivations(model, data, { mask: 'keep', batch: 64 });
    t.deepEqual(
      opened.layers.map(({ name }) => name),
      ['input', 'weights', 'out'],
    );
    t.deepEqual(
      opened.leftOut.map(({ name }) => name),
      ['penalty', 'scores'],
    );
    t.regex(opened.leftOut[0].reason, /infinity where a mask/);
    const weights = (await opened.collect(['weights'])).get('weights')!;
    for (let i = 0; i < n; i++) {
      const row = Float64Array.from(weights.data.subarray(i * T, (i + 1) * T));
      t.true(Math.abs(row.reduce((sum, value) => sum + value, 0) - 1) < 1e-5);
      t.is(row[T - 1] === 0, isMasked(i));
    }
    await t.notThrowsAsync(analyseNetwork(model, data, { mask: 'keep' }));
  });

test('infinities that reach the end, or that no softmax takes, are an error that names layer and example', async (t) => {
  const n = 40;
  for (const [op, last] of [
    ['Exp', 'Mul'],
    ['Softmax', 'Div'],
    ['Neg', 'Add'],
  ]) {
    const model = await openModel(await attention(op, last));
    const data = { x: normals(n, T), keep: masks(n, (i) => i === 33) };
    // What is divided by 0 in the third case is the example itself.
    if (last === 'Div') data.x.data[33 * T] = 0;
    const opened = await openActivations(model, data, { mask: false });
    const error = await t.throwsAsync(() => opened.collect(opened.layers.map(({ name }) => name)), {
      instanceOf: RidgeflowError,
    });
    t.is(error.code, 'NON_FINITE', op);
    t.is((error.details as { row: number }).row, 33, op);
    t.regex(error.message, /infinity in layer (penalty|scores|out) for example 33.*without it/, op);
  }
});
