import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import type { NdArray } from '../ts/core/array.js';
import { RidgeflowError } from '../ts/core/errors.js';
import {
  analyseNetwork,
  openModel,
  refitStream,
  residualNetwork,
  residualStreams,
  shallowNetwork,
  writeNetworkOnnx,
  writeRefittedOnnx,
} from '../ts/network/index.js';
import { normals } from './network-models.js';
import { ModelWriter } from './residual-models.js';

let folder: string;
test.before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ridgeflow-refit-'));
});
test.after.always(() => rm(folder, { recursive: true, force: true }));

const D = 4;
const BLOCKS = 16;

/** Sixteen blocks that are steps of one flow, between an embedding and a head of three classes. */
async function classifier(name: string): Promise<string> {
  const writer = new ModelWriter();
  const [A, C] = [writer.weight(0.6, D, 8), writer.weight(0.5 / BLOCKS, 8, D)];
  let x = writer.linear('embed', 'x', 3, D);
  for (let b = 0; b < BLOCKS; b++) {
    x = writer.within(`blocks.${b}`, () => {
      const units = writer.node('Tanh', [writer.node('MatMul', [x, A])]);
      return writer.node('Add', [x, writer.node('MatMul', [units, C])]);
    });
  }
  return writer.write(join(folder, `${name}.onnx`), { x: ['n', 3] }, writer.linear('head', x, D, 3));
}

/** Two blocks of attention on sequences of five vectors. */
async function encoder(): Promise<string> {
  const writer = new ModelWriter();
  let y = writer.linear('embed', 'x', 3, D);
  for (const l of [0, 1])
    y = writer.within(`layer.${l}`, () => writer.node('Add', [writer.attention(y, D), y]));
  return writer.write(join(folder, 'encoder.onnx'), { x: ['n', 5, 3] }, y);
}

const data = normals(1200, 3);

test('a flow of sixteen blocks has as good a stream of one, four or thirty-two layers, in the file as well', async (t) => {
  const source = await classifier('flow');
  const model = await openModel(source);
  const explained: number[] = [];
  for (const depth of [1, 4, 32]) {
    const refitted = await refitStream(model, data, { depth, width: 60, seed: 3 });
    t.deepEqual([refitted.blocks, refitted.network.depth, refitted.heldOut], [BLOCKS, depth, 300]);
    explained.push(refitted.explained);
    t.true(refitted.agreement!.value > 0.98, `${depth}: ${refitted.agreement!.value}`);
    const path = join(folder, `refitted${depth}.onnx`);
    await writeRefittedOnnx(path, source, refitted);
    const again = await openModel(path);
    const [{ blocks }] = residualStreams(again);
    t.is(blocks.length, depth);
    // The model in the file gives what the network in its place does, and the head makes of that.
    const last = again.layers[again.layers.length - 1].name;
    t.is(last, model.layers[model.layers.length - 1].name);
    const some = { data: data.data.slice(0, 60), shape: [20, 3] };
    const [states, outputs] = [
      await model.run(some, [refitted.from, last]),
      await again.run(some, [refitted.to, last]),
    ];
    const moved = await refitted.network.evaluate(states.get(refitted.from)!);
    t.true(moved.data.every((value, k) => Math.abs(value - outputs.get(refitted.to)!.data[k]) < 1e-4));
    const [before, after] = [states.get(last)!.data, outputs.get(last)!.data];
    t.true(before.every((value, k) => Math.abs(value - after[k]) < 0.1));
    await again.dispose();
  }
  t.true(
    explained.every((share) => share > 0.98 && share <= 1),
    `${explained.join(' ')}`,
  );
  t.true(explained[1] > 0.995 && explained[2] > 0.995, `${explained.join(' ')}`);
  const analysis = await analyseNetwork(model, data);
  t.is(analysis.layers.length, BLOCKS + 3);
  await model.dispose();
});

test('blocks that no example can foretell are refitted badly, and the result says so', async (t) => {
  // Displacements that swing far faster than a few units can follow.
  const layer = () =>
    residualNetwork({
      layers: [0, 1].map(() => ({
        network: shallowNetwork({
          activation: 'cosine',
          A: { data: normals(8, D).data.map((value) => 60 * value), shape: [8, D] },
          b: normals(8),
          C: normals(8, D),
        }),
        step: 1,
      })),
    });
  const source = join(folder, 'rough.onnx');
  await writeNetworkOnnx(source, layer());
  const model = await openModel(source);
  const { explained, agreement, from } = await refitStream(model, normals(800, D), { depth: 2, width: 20 });
  t.is(from, 'input');
  t.true(explained < 0.3, `${explained}`);
  t.is(agreement, null, 'nothing follows the last state');
  await model.dispose();
});

test('refitting: bad input', async (t) => {
  const source = await classifier('bad');
  const model = await openModel(source);
  const code = async (promise: Promise<unknown>) =>
    (await t.throwsAsync(promise, { instanceOf: RidgeflowError }))?.code;
  t.is(await code(refitStream(model, data, { depth: 0 })), 'INVALID_ARGUMENT');
  t.is(await code(refitStream(model, normals(5, 3), { depth: 2 })), 'EMPTY_CLOUD');
  t.is(await code(refitStream(model, data, { depth: 2, signal: AbortSignal.abort() })), 'ABORTED');
  const refitted = await refitStream(model, data, { depth: 1, width: 5 });
  const out = join(folder, 'bad-out.onnx');
  t.is(await code(writeRefittedOnnx(out, source, { ...refitted, to: 'nowhere' })), 'INVALID_ARGUMENT');
  t.is(await code(writeRefittedOnnx(out, source, { ...refitted, from: 'nowhere' })), 'INVALID_ARGUMENT');
  t.is(await code(writeRefittedOnnx(out, join(folder, 'none.onnx'), refitted)), 'FILE_NOT_FOUND');
  await model.dispose();
  const writer = new ModelWriter();
  const plain = await openModel(
    await writer.write(
      join(folder, 'plain.onnx'),
      { x: ['n', 4] },
      writer.gelu(writer.linear('a', 'x', 4, 4)),
    ),
  );
  const error = await t.throwsAsync(refitStream(plain, normals(50, 4), { depth: 2 }));
  t.is((error as RidgeflowError).code, 'UNSUPPORTED');
  t.regex(error.message, /no residual stream of two blocks.*: give a model that has one/);
  await plain.dispose();
});

test('sequences are refused after a few examples, with their shape and what is left to do', async (t) => {
  const model = await openModel(await encoder());
  let examples = 0;
  const run = model.run.bind(model);
  model.run = (batch, layers) => {
    examples += (batch as ReadonlyMap<string, NdArray>).get('x')!.shape[0];
    return run(batch, layers);
  };
  const error = await t.throwsAsync(refitStream(model, normals(500, 5, 3), { depth: 2 }));
  t.is((error as RidgeflowError).code, 'UNSUPPORTED');
  t.regex(error.message, /maps or sequences, 5 × 4 values at \/embed.*: analyseStreams says/);
  t.true(examples < 30, `${examples}`);
  await model.dispose();
});
