import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { RidgeflowError } from '../ts/core/errors.js';
import {
  type NetworkModel,
  alignmentMatrix,
  analyseBlocks,
  analyseStreams,
  openActivations,
  openModel,
  residualNetwork,
  writeLayersModel,
  writeNetworkOnnx,
} from '../ts/network/index.js';
import { centredKernelAlignment } from '../ts/representation/index.js';
import { labelled, normals, residualStream } from './network-models.js';
import { ModelWriter } from './residual-models.js';

// One after the other: the models and data are drawn from one stream of random numbers, and are to be the same every time.
let folder: string;
test.before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ridgeflow-blocks-'));
});
test.after.always(() => rm(folder, { recursive: true, force: true }));

const near = (a: number, b: number, tolerance: number) => Math.abs(a - b) <= tolerance;
const network = residualStream(5, 3);
const x = normals(200, 5);

test.serial(
  'the blocks of a file are those of the network that it was written from, in both formats',
  async (t) => {
    await writeNetworkOnnx(join(folder, 'stream.onnx'), network);
    await writeLayersModel(join(folder, 'stream'), network);
    const exact = await analyseBlocks(
      network.layers.map((layer) => residualNetwork({ layers: [layer] })),
      x,
    );
    for (const file of ['stream.onnx', 'stream']) {
      const model = await openModel(join(folder, file), { backend: 'tfjs-cpu' });
      const [stream, ...more] = await analyseStreams(model, x);
      t.deepEqual(more, []);
      t.deepEqual([stream.dimension, stream.examples, stream.blocks.length], [5, 200, 3]);
      stream.blocks.forEach((block, b) => {
        const truth = exact.blocks[b];
        t.true(near(block.logDeterminant!.value, truth.logDeterminant!.value, 5e-3), file);
        t.true(near(block.gradientShare!.value, truth.gradientShare!.value, 5e-3));
        t.true(near(block.entropyChange!.value, truth.entropyChange!.value, 1e-2));
        t.true(near(block.action, truth.action, 1e-4 * truth.action));
      });
      t.true(near(stream.lyapunov!.exponents[2][0], exact.lyapunov!.exponents[2][0], 5e-3));
      t.deepEqual(
        stream.verdict.runs.map(({ first }) => first),
        exact.verdict.runs.map(({ first }) => first),
      );
      // Without a block: the rest of the network on the state before it.
      const states = await network.trajectory(x);
      const rest = residualNetwork({ layers: network.layers.slice(2) });
      const without = await rest.evaluate(states[1]);
      const means = [0, 1, 2, 3, 4].map((c) => {
        let sum = 0;
        for (let i = 0; i < 200; i++) sum += states[3].data[5 * i + c] / 200;
        return sum;
      });
      let [moved, spread] = [0, 0];
      without.data.forEach((value: number, at: number) => {
        moved += (value - states[3].data[at]) ** 2;
        spread += (states[3].data[at] - means[at % 5]) ** 2;
      });
      t.true(near(stream.blocks[1].without!.change!, Math.sqrt(moved / spread), 1e-4));
      const { value, standardError } = stream.blocks[1].without!.agreement!;
      t.true(value > 0.2 && value <= 1 && standardError < 0.04);
      await model.dispose();
    }
  },
);

test.serial('a stream needs four examples; a model without one has no analysis', async (t) => {
  await writeNetworkOnnx(join(folder, 'few.onnx'), network);
  const model = await openModel(join(folder, 'few.onnx'));
  const error = await t.throwsAsync(analyseStreams(model, normals(3, 5)), { instanceOf: RidgeflowError });
  t.is(error?.code, 'EMPTY_CLOUD');
  t.is((await analyseStreams(model, normals(4, 5))).length, 1);
  await model.dispose();
  const writer = new ModelWriter();
  const plain = await openModel(
    await writer.write(
      join(folder, 'plain.onnx'),
      { x: ['n', 4] },
      writer.gelu(writer.linear('a', 'x', 4, 4)),
    ),
  );
  t.deepEqual(await analyseStreams(plain, normals(9, 4)), []);
  await plain.dispose();
});

test.serial('images: stages are streams of their own, and wide states are probed', async (t) => {
  const writer = new ModelWriter();
  const relu = (y: string) => writer.node('Relu', [y]);
  let y = relu(writer.convolution('conv1', 'x', [1, 4]));
  for (const [name, from, to, stride] of [
    ['layer1.0', 4, 4, 1],
    ['layer1.1', 4, 4, 1],
    ['layer2.0', 4, 8, 2],
    ['layer2.1', 8, 8, 1],
  ] as const) {
    y = writer.within(name, () => {
      const branch = writer.convolution('conv2', relu(writer.convolution('conv1', y, [from, to], stride)), [
        to,
        to,
      ]);
      const skip = stride === 1 ? y : writer.convolution('downsample', y, [from, to], stride, 1);
      return writer.node('Add', [branch, skip]);
    });
  }
  const out = writer.linear('fc', writer.node('Flatten', [writer.node('GlobalAveragePool', [y])]), 8, 3);
  const model = await openModel(await writer.write(join(folder, 'resnet.onnx'), { x: ['n', 1, 6, 6] }, out));
  const streams = await analyseStreams(model, normals(60, 1, 6, 6), { examples: 50 });
  t.deepEqual(
    streams.map(({ dimension, blocks, examples }) => [dimension, blocks.length, examples]),
    [
      [144, 2, 50],
      [72, 1, 50],
    ],
  );
  t.false(streams[0].blocks[0].local!.exact);
  t.true(streams[1].blocks[0].local!.exact);
  for (const { blocks } of streams)
    for (const { local, without } of blocks) {
      t.true(local!.stretch.random.low > 0);
      t.true(without!.agreement!.value > 0.3);
    }
  await model.dispose();
});

test.serial(
  'blocks with a mask: run with one that is the same for all, compared as clouds where it differs',
  async (t) => {
    const masked = new ModelWriter();
    const bias = masked.node('Unsqueeze', ['attention_mask', masked.integers(1)]);
    let z = masked.linear('embed', 'x', 3, 4);
    for (const layer of [0, 1])
      z = masked.within(`l${layer}`, () => masked.node('Add', [masked.attention(z, 4, bias), z]));
    const file = await masked.write(
      join(folder, 'mask.onnx'),
      { x: ['n', 5, 3], attention_mask: ['n', 5] },
      z,
    );
    const encoder = await openModel(file);
    const sequences = normals(40, 5, 3);
    const [stream] = await analyseStreams(encoder, { x: sequences, attention_mask: 0 });
    const far = Float32Array.from({ length: 200 }, (_, at) => (at % 5 === 4 ? -50 : 0));
    const [padded] = await analyseStreams(encoder, {
      x: sequences,
      attention_mask: { data: far, shape: [40, 5] },
    });
    for (const { blocks, lyapunov } of [stream, padded]) {
      t.true(blocks.every(({ local }) => local?.exact));
      t.is(lyapunov!.exponents.length, 2);
      // The last block has nothing after it to go on in its place.
      t.deepEqual(
        blocks.map(({ without }) => without !== null),
        [true, false],
      );
    }
    const traces = [stream, padded].map(({ blocks }) => blocks[0].local!.divergence.value);
    t.true(Math.abs(traces[0] - traces[1]) > 1e-3, 'the mask that was given is the one it is run with');
    // Tokens that are masked still take from the others, but give nothing to them.
    const block = encoder.block(
      stream.blocks[0].from,
      stream.blocks[0].to,
      new Map([['attention_mask', { data: far.slice(0, 5), shape: [1, 5] }]]),
    )!;
    const x = normals(2, 5, 4);
    const moved = {
      data: x.data.map((value, at) => (Math.floor(at / 4) % 5 === 4 ? value + 1 : value)),
      shape: x.shape,
    };
    const [before, after] = [await block(x), await block(moved)];
    t.true(
      before.data.every(
        (value, at) => Math.floor(at / 4) % 5 === 4 || Math.abs(value - after.data[at]) < 1e-6,
      ),
    );

    far[7] = -50;
    const [varied] = await analyseStreams(encoder, {
      x: sequences,
      attention_mask: { data: far, shape: [40, 5] },
    });
    t.deepEqual(
      varied.blocks.map(({ local }) => local),
      [null, null],
    );
    t.true(
      varied.blocks.every(
        ({ entropyChange, relativeDisplacement }) => entropyChange && relativeDisplacement! > 0,
      ),
    );
    t.is(varied.lyapunov, null);
    t.is(varied.verdict.runs.length, 1);
    await encoder.dispose();
  },
);

test.serial(
  'alignments between all layers are those of the debiased measure, within a model and between two',
  async (t) => {
    const models: NetworkModel[] = [];
    for (const name of ['one', 'two']) {
      await writeNetworkOnnx(join(folder, `${name}.onnx`), name === 'one' ? network : residualStream(5, 2));
      models.push(await openModel(join(folder, `${name}.onnx`)));
    }
    const { points } = labelled(300, 5, 3);
    const [one, two] = await Promise.all(
      models.map((model) => openActivations(model, points, { layers: ['Add'] })),
    );
    const names = one.layers.map(({ name }) => name);
    const clouds = await one.collect(names);
    // In one batch it is the measure itself.
    const whole = await alignmentMatrix(one, undefined, { batch: 300 });
    t.deepEqual([whole.rows, whole.columns, whole.examples], [names, names, 300]);
    for (const [i, a] of names.entries())
      for (const [j, b] of names.entries()) {
        const truth = await centredKernelAlignment(clouds.get(a)!, clouds.get(b)!, { debiased: true });
        t.true(near(whole.values[i][j]!, truth, 1e-5), `${a} ${b}`);
        t.is(whole.standardErrors[i][j], null);
      }
    const batches = await alignmentMatrix(one, two, { batch: 50 });
    t.deepEqual([batches.rows.length, batches.columns.length], [4, 3]);
    const others = await two.collect(two.layers.map(({ name }) => name));
    for (const [i, a] of batches.rows.entries())
      for (const [j, b] of batches.columns.entries()) {
        const truth = await centredKernelAlignment(clouds.get(a)!, others.get(b)!, { debiased: true });
        const error = batches.standardErrors[i][j]!;
        t.true(
          near(batches.values[i][j]!, truth, 5 * error + 0.01),
          `${a} ${b} ${batches.values[i][j]} ${truth} ${error}`,
        );
      }
    t.true(near(batches.values[0][0]!, 1, 1e-5), 'the data with themselves');
    const few = await openActivations(models[0], normals(9, 5));
    const code = async (promise: Promise<unknown>) =>
      (await t.throwsAsync(promise, { instanceOf: RidgeflowError }))?.code;
    t.is(await code(alignmentMatrix(one, few)), 'INVALID_SHAPE');
    t.is(await code(alignmentMatrix(one, two, { batch: 3 })), 'INVALID_ARGUMENT');
    await Promise.all(models.map((model) => model.dispose()));
  },
);
