import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import {
  type StackedDae,
  type TrainDaeOptions,
  type TrainedDae,
  readDae,
  trainComposedDae,
  trainDae,
  trainStackedDae,
  writeDae,
} from '../ts/dae/index.js';
import { readSafetensors, writeSafetensors } from '../ts/io/index.js';
import { twoMoons } from '../ts/measure/index.js';
import { emptyFolder } from './command-line.js';
import { backendNames, places } from './native.js';

const [backend] = backendNames;

for (const place of places) {
  test(`${place.backend} ${place.dtype}: training that was stopped and resumed gives the same bits`, async (t) => {
    const folder = emptyFolder(t);
    const { points } = twoMoons(70, { dtype: place.dtype, noise: 0.1 });
    const base: TrainDaeOptions = {
      width: 9,
      noise: 0.05,
      epochs: 12,
      batch: 16,
      seed: 4,
      backend: place.backend,
    };
    const factor = [
      [0.05, 0.02],
      [0.02, 0.03],
    ];
    const changes: Partial<TrainDaeOptions>[] = [
      { earlyStopping: { patience: 30 } },
      { optimiser: { kind: 'sgd', rate: 0.01 }, tied: true, noise: factor },
    ];
    for (const [i, change] of changes.entries()) {
      const options = { ...base, ...change };
      const whole = await trainDae(points, options);
      const file = join(folder, `${i}.safetensors`);
      const controller = new AbortController();
      const stopped = trainDae(points, {
        ...options,
        checkpoint: { file, every: 5 },
        signal: controller.signal,
        onEpoch: ({ epoch }) => epoch === 8 && controller.abort(),
      });
      await t.throwsAsync(stopped, { code: 'ABORTED' });
      const epochs: number[] = [];
      const resumed = await trainDae(points, {
        ...options,
        resume: file,
        checkpoint: { file, every: 100 },
        onEpoch: ({ epoch }) => epochs.push(epoch),
      });
      t.deepEqual(epochs, [6, 7, 8, 9, 10, 11, 12]);
      for (const key of ['A', 'b', 'C', 'bias'] as const)
        t.deepEqual(resumed.network[key].data, whole.network[key].data, key);
      t.deepEqual(resumed.history, whole.history);
      // The last epoch is saved: nothing is left to do.
      const again = await trainDae(points, { ...options, resume: file });
      t.deepEqual(again.network.C.data, whole.network.C.data);
    }
  });
}

test('a checkpoint of another run, or none, is refused', async (t) => {
  const folder = emptyFolder(t);
  const file = join(folder, 'a.safetensors');
  const { points } = twoMoons(60);
  const options: TrainDaeOptions = { width: 4, noise: 0.1, epochs: 3, backend, schedule: 'constant' };
  await trainDae(points, { ...options, checkpoint: { file } });
  const resumed = (change: object) => trainDae(points, { ...options, resume: file, ...change });
  for (const change of [
    { width: 5 },
    { noise: 0.2 },
    { seed: 1 },
    { batch: 7 },
    { activation: 'relu' },
    { schedule: 'cosine' },
  ])
    await t.throwsAsync(resumed(change), { code: 'INVALID_ARGUMENT', message: /resume/ });
  const moved = { ...points, data: points.data.map((value, at) => (at === 3 ? value + 1 : value)) };
  await t.throwsAsync(trainDae(moved, { ...options, resume: file }), { code: 'INVALID_ARGUMENT' });
  // At a constant rate the same run may go on for longer.
  const longer = await resumed({ epochs: 5 });
  const straight = await trainDae(points, { ...options, epochs: 5 });
  t.deepEqual(longer.network.C.data, straight.network.C.data);
  await t.throwsAsync(resumed({ resume: `${file}.missing` }), { code: 'FILE_NOT_FOUND' });
  const { tensors, metadata } = await readSafetensors(file);
  const damaged: Record<string, object>[] = [
    { tensors: {}, metadata },
    { tensors: Object.fromEntries(tensors), metadata: {} },
    {
      tensors: { ...Object.fromEntries(tensors), history: { data: Float64Array.of(1), shape: [1] } },
      metadata,
    },
    {
      tensors: { ...Object.fromEntries(tensors), parameters: { data: Float32Array.of(1), shape: [1] } },
      metadata,
    },
  ];
  const other = join(folder, 'b.safetensors');
  for (const parts of damaged) {
    await writeSafetensors(other, parts.tensors as never, { metadata: parts.metadata as never });
    await t.throwsAsync(resumed({ resume: other }), { code: 'FILE_FORMAT' });
  }
  await t.throwsAsync(resumed({ checkpoint: { file, every: 0 } }), { code: 'INVALID_ARGUMENT' });
  await t.throwsAsync(resumed({ checkpoint: { file: '' } }), { code: 'INVALID_ARGUMENT' });
});

test('trained autoencoders of every kind are read back as they were written', async (t) => {
  const path = join(emptyFolder(t), 'dae.safetensors');
  const { points } = twoMoons(60, { dtype: 'float64', noise: 0.1 });
  const on = {
    backend,
    dtype: backend === 'native' ? ('float64' as const) : ('float32' as const),
  };
  const call = { ...on, epochs: 3 };
  const single = await trainDae(points, {
    ...call,
    width: 5,
    noise: 0.1,
    activation: 'gaussian-derivative-2',
    earlyStopping: {},
  });
  const composed = await trainComposedDae(points, { ...call, width: 5, layers: 2, T: 0.1 });
  const stacked = await trainStackedDae(points, { ...call, widths: [6, 3], noises: [0.1, 0.1] });
  for (const dae of [single, composed, stacked]) {
    await writeDae(path, dae);
    const read = await readDae(path);
    t.deepEqual((await read.apply(points, on)).data, (await dae.apply(points, on)).data);
  }
  t.true('encode' in (await readDae(path)));
  const features = await ((await readDae(path)) as StackedDae).encode(points, on);
  t.deepEqual(features.data, (await stacked.encode(points, on)).data);
  await writeDae(path, single);
  const read = (await readDae(path)) as TrainedDae;
  t.deepEqual(read.history, single.history);
  t.is(read.reason, single.reason);
});

test('files that are no autoencoders are refused', async (t) => {
  const folder = emptyFolder(t);
  const [path, other] = [join(folder, 'dae.safetensors'), join(folder, 'other.safetensors')];
  const { points } = twoMoons(40);
  const stacked = await trainStackedDae(points, { widths: [6, 3], noises: [0.1, 0.1], epochs: 1, backend });
  await writeDae(path, stacked);
  const { tensors, metadata } = await readSafetensors(path);
  const all = Object.fromEntries(tensors);
  const facts = (change: object) => ({
    'ridgeflow.dae': JSON.stringify({ ...JSON.parse(metadata['ridgeflow.dae']), ...change }),
  });
  const wrong: [Record<string, object>, Record<string, string>][] = [
    [all, {}],
    [all, { 'ridgeflow.dae': 'null' }],
    [{}, metadata],
    [{ ...all, 'layers.1.A': all['layers.0.A'] }, metadata],
    [all, facts({ kind: 'composition' })],
    [all, facts({ layers: [] })],
    [all, facts({ layers: [{ activation: 'none', residual: false, reason: 'epochs' }] })],
  ];
  for (const [given, texts] of wrong) {
    await writeSafetensors(other, given as never, { metadata: texts });
    await t.throwsAsync(readDae(other), { code: 'FILE_FORMAT' });
  }
  await t.throwsAsync(writeDae(other, {} as never), { code: 'INVALID_ARGUMENT' });
});

test('every flipped bit of a saved autoencoder or a checkpoint is refused, or changes nothing', async (t) => {
  const folder = emptyFolder(t);
  const { points } = twoMoons(20);
  const options: TrainDaeOptions = { width: 2, noise: 0.1, epochs: 2, backend };
  const checkpoint = join(folder, 'checkpoint.safetensors');
  const dae = await trainDae(points, { ...options, checkpoint: { file: checkpoint } });
  const saved = join(folder, 'dae.safetensors');
  await writeDae(saved, dae);
  const values = ({ network: { A, b, C, bias }, history }: TrainedDae) =>
    JSON.stringify([...[A, b, C, bias].map(({ data, shape }) => [Array.from(data), shape]), history]);
  const expected = values(dae);
  const read: [string, (file: string) => Promise<TrainedDae>, number][] = [
    [saved, async (file) => (await readDae(file)) as TrainedDae, 5],
    [checkpoint, (file) => trainDae(points, { ...options, resume: file }), 61],
  ];
  for (const [file, open, step] of read) {
    const whole = await readFile(file);
    const header = 8 + Number(whole.readBigUInt64LE());
    const changed = join(folder, 'changed.safetensors');
    let refused = 0;
    for (let bit = 0; bit < 8 * whole.length; bit += step) {
      const copy = Buffer.from(whole);
      copy[bit >> 3] ^= 1 << (bit & 7);
      await writeFile(changed, copy);
      const outcome = await open(changed).then(values, (error: { code?: string }) => error.code);
      if (outcome === expected) t.true(bit < 8 * header, `bit ${bit} of the tensors was accepted`);
      else {
        refused++;
        t.true(outcome?.startsWith('FILE_') || outcome === 'INVALID_DTYPE', `bit ${bit}: ${String(outcome)}`);
      }
    }
    t.true(refused > (7 * whole.length) / step, `${refused} refused`);
  }
});

test('an autoencoder and a checkpoint without a checksum are read with a warning', async (t) => {
  const folder = emptyFolder(t);
  const { points } = twoMoons(20);
  const options: TrainDaeOptions = { width: 2, noise: 0.1, epochs: 2, backend };
  const checkpoint = join(folder, 'checkpoint.safetensors');
  const dae = await trainDae(points, { ...options, checkpoint: { file: checkpoint } });
  const saved = join(folder, 'dae.safetensors');
  await writeDae(saved, dae);
  const warnings: string[] = [];
  const listen = (warning: Error) => warnings.push(warning.message);
  process.on('warning', listen);
  for (const file of [saved, checkpoint]) {
    const { tensors, metadata } = await readSafetensors(file);
    const { 'ridgeflow.checksum': sum, ...rest } = metadata;
    t.regex(sum, /^[0-9a-f]{8}$/);
    await writeSafetensors(file, Object.fromEntries(tensors), { metadata: rest });
  }
  const read = (await readDae(saved)) as TrainedDae;
  const resumed = await trainDae(points, { ...options, resume: checkpoint });
  await new Promise(setImmediate);
  process.off('warning', listen);
  for (const each of [read, resumed]) t.deepEqual(each.network.A.data, dae.network.A.data);
  t.deepEqual(
    [saved, checkpoint].map(
      (file) => warnings.filter((text) => text.startsWith(`${file} has no checksum`)).length,
    ),
    [1, 1],
  );
});
