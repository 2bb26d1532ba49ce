import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import test from 'ava';
import type { NdArray } from '../ts/core/array.js';
import { writeNpy } from '../ts/io/index.js';
import {
  type ModelInput,
  type NetworkModel,
  openActivations,
  openModel,
  writeNetworkOnnx,
} from '../ts/network/index.js';
import { BatchSize, runBlock } from '../ts/network/model/batch-size.js';
import { emptyFolder, ridgeflow } from './command-line.js';
import { normals, residualStream } from './network-models.js';

test('batches grow until they take about 50 ms, and shrink to one example', (t) => {
  const size = new BatchSize(256);
  t.is(size.rows, 8);
  for (const expected of [32, 128, 256, 256]) {
    size.note(size.rows, 1);
    t.is(size.rows, expected);
  }
  size.note(256, 200);
  t.is(size.rows, 64);
  size.note(64, 100);
  t.is(size.rows, 32);
  size.note(32, 1e9);
  t.is(size.rows, 1);
  size.note(1, 25);
  t.is(size.rows, 2);
  t.is(new BatchSize(3).rows, 3);
  const exact = new BatchSize(100, true);
  exact.note(100, 1e9);
  t.is(exact.rows, 100);
});

/** Doubles its input, and remembers the batches. */
function doubling(batch: number | null, during: (run: number) => void = () => undefined) {
  const batches: number[] = [];
  const run = (x: NdArray): NdArray => {
    batches.push(x.shape[0]);
    during(batches.length);
    return { data: x.data.map((value) => 2 * value), shape: x.shape };
  };
  const input: ModelInput = { name: 'x', shape: [3], batch, axis: 0, type: 'float32' };
  const model: NetworkModel = {
    source: 'doubling',
    format: 'onnx',
    engine: 'none',
    input,
    inputs: [input],
    layers: [{ name: 'y', kind: 'Mul' }],
    leftOut: [],
    run: async (x) => Promise.resolve(new Map([['y', run(x instanceof Map ? x.get('x') : x)]])),
    block: () => undefined,
    dispose: async () => Promise.resolve(),
    [Symbol.asyncDispose]: async () => Promise.resolve(),
  };
  return { model, batches, block: async (x: NdArray) => Promise.resolve(run(x)) };
}

test('rows come out the same whatever the batches', async (t) => {
  const x = normals(50, 3);
  const expected = x.data.map((value) => 2 * value);
  for (const batch of [null, 7]) {
    const { model, batches } = doubling(batch);
    const activations = await openActivations(model, x);
    const looked = batches.length;
    const rows = await activations.collect(['y']);
    t.deepEqual(rows.get('y')!.data, expected);
    const ran = batches.slice(looked);
    if (batch === null) t.is(Math.max(...ran.slice(0, 1)), 8);
    else t.deepEqual(ran, new Array<number>(8).fill(7));
  }
  const { block, batches } = doubling(null);
  const { data, shape } = await runBlock(block, x, new BatchSize(20), {});
  t.deepEqual([data, shape], [expected, [50, 3]]);
  t.true(batches.length >= 4 && Math.max(...batches) <= 20, String(batches));
});

test('no batch is run after an abort', async (t) => {
  const x = normals(500, 3);
  const controller = new AbortController();
  const { signal } = controller;
  // The first runs only look at shapes; the abort arrives while the one after is under way.
  let looked = Infinity;
  const { model, batches } = doubling(null, (run) => {
    if (run === looked + 1) setImmediate(() => controller.abort());
  });
  const activations = await openActivations(model, x);
  looked = batches.length;
  await t.throwsAsync(activations.collect(['y'], { signal }), { code: 'ABORTED' });
  t.is(batches.length, looked + 1);
  const other = doubling(null);
  await t.throwsAsync(runBlock(other.block, x, new BatchSize(20), { signal }), { code: 'ABORTED' });
  t.is(other.batches.length, 0);
});

test('an ONNX model without onnxruntime-node is refused with the remedy, other models are not', async (t) => {
  const folder = emptyFolder(t);
  // As where the package is not installed: Node does not find it.
  const hooks = join(folder, 'hooks.mjs');
  await writeFile(
    hooks,
    `export async function resolve(name, context, next) {
       if (name !== 'onnxruntime-node') return next(name, context);
       throw Object.assign(new Error("Cannot find package 'onnxruntime-node'"), { code: 'ERR_MODULE_NOT_FOUND' });
     }`,
  );
  const register = join(folder, 'register.mjs');
  await writeFile(
    register,
    `import { register } from 'node:module';\nregister(${JSON.stringify(pathToFileURL(hooks).href)});\n`,
  );
  const model = join(folder, 'model.onnx');
  await writeNetworkOnnx(model, residualStream(3, 2));
  const data = join(folder, 'points.npy');
  await writeNpy(data, normals(20, 3));
  const args = ['network', model, data, '--quiet', '--out', join(folder, 'out')];
  const NODE_OPTIONS = `--import=${pathToFileURL(register).href}`;
  const { code, stderr } = await ridgeflow(args, { env: { NODE_OPTIONS } });
  t.is(code, 1);
  t.regex(stderr, /BACKEND_UNAVAILABLE/);
  t.regex(stderr, /npm install onnxruntime-node/);
  t.is((await ridgeflow(args)).code, 0);
});

test('a model without anything to look at', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'ridgeflow-nothing-'));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  const { writeOnnx, floatValueInfo, ONNX_TYPES } = await import('../ts/io/onnx-model.js');
  const write = async (name: string, opType: string, elemType: number) => {
    const path = join(folder, `${name}.onnx`);
    await writeOnnx(path, {
      irVersion: 8,
      opsetImport: [{ domain: '', version: 17 }],
      graph: {
        name,
        node: [{ opType, input: ['x'], output: ['y'] }],
        input: [floatValueInfo('x', ['n', 3])],
        output: [{ name: 'y', type: { tensorType: { elemType } } }],
      },
    });
    return path;
  };
  const same = await write('same', 'Identity', ONNX_TYPES.float);
  await t.throwsAsync(openModel(same), { code: 'UNSUPPORTED', message: /no node that computes/ });
  const choice = await openModel(await write('choice', 'ArgMax', ONNX_TYPES.int64));
  await t.throwsAsync(openActivations(choice, normals(5, 3)), {
    code: 'UNSUPPORTED',
    message: /floating-point numbers/,
  });
  await choice.dispose();
});

test('no more activations are held than memory allows', async (t) => {
  const x = normals(40, 3);
  const input: ModelInput = { name: 'x', shape: [3], batch: null, axis: 0, type: 'float32' };
  const widths = [500, 2000, 10, 4000, 1500];
  let most = 0;
  const model: NetworkModel = {
    source: 'wide',
    format: 'onnx',
    engine: 'none',
    input,
    inputs: [input],
    layers: widths.map((_, l) => ({ name: `y${l}`, kind: 'Tile' })),
    leftOut: [],
    run: async (batch, layers) => {
      const { data, shape } = batch instanceof Map ? (batch.get('x') as NdArray) : (batch as NdArray);
      const made = layers.map((name): [string, NdArray] => {
        const width = widths[Number(name.slice(1))];
        const out = Float32Array.from(
          { length: shape[0] * width },
          (_, i) => data[3 * Math.floor(i / width)],
        );
        return [name, { data: out, shape: [shape[0], width] }];
      });
      most = Math.max(
        most,
        made.reduce((sum, [, array]) => sum + array.data.byteLength, 0),
      );
      return Promise.resolve(new Map(made));
    },
    block: () => undefined,
    dispose: async () => Promise.resolve(),
    [Symbol.asyncDispose]: async () => Promise.resolve(),
  };
  const names = model.layers.map(({ name }) => name);
  const read = async (memoryLimit?: number) => {
    const activations = await openActivations(model, x, { memoryLimit, width: 16 });
    most = 0;
    return activations.collect(names);
  };
  const all = await read();
  // Two examples of all layers, then less than one: layers come by turns.
  for (const [memory, held] of [
    [130_000, 65_000],
    [40_000, 20_000],
    [1000, 16_000],
  ]) {
    t.deepEqual(await read(memory), all);
    t.true(most <= held, `${memory}: ${most}`);
  }
  await t.throwsAsync(openActivations(model, x, { memoryLimit: 0 }), { code: 'INVALID_ARGUMENT' });
});
