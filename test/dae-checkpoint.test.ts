import { readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import type { NdArray } from '../ts/core/array.js';
import {
  type StackedDae,
  type TrainedComposition,
  type TrainedDae,
  fineTune,
  trainComposedDae,
  trainDae,
  trainStackedDae,
} from '../ts/dae/index.js';
import { readSafetensors, writeSafetensors } from '../ts/io/index.js';
import { twoMoons } from '../ts/measure/index.js';
import { emptyFolder } from './command-line.js';
import { backendNames, places } from './native.js';

const [backend] = backendNames;

type Deep = TrainedComposition | StackedDae;

function sameBits(a: readonly TrainedDae[], b: readonly TrainedDae[]): boolean {
  return (
    a.length === b.length &&
    a.every(({ network, history }, l) => {
      const other = b[l];
      const same = (['A', 'b', 'C', 'bias'] as const).every((key) =>
        network[key].data.every((value, at) => value === other.network[key].data[at]),
      );
      return same && JSON.stringify(history) === JSON.stringify(other.history);
    })
  );
}

/** Runs training until so many epochs, of all layers, are done, and then aborts it. */
async function stoppedAfter(
  epochs: number,
  train: (options: { signal: AbortSignal; onEpoch: () => void }) => Promise<unknown>,
): Promise<unknown> {
  const controller = new AbortController();
  let seen = 0;
  const onEpoch = () => {
    if (++seen === epochs) controller.abort();
  };
  return train({ signal: controller.signal, onEpoch }).then(
    () => undefined,
    (error: unknown) => error,
  );
}

for (const place of places) {
  test(`${place.backend} ${place.dtype}: deep training that was stopped in any layer resumes to the same bits`, async (t) => {
    const folder = emptyFolder(t);
    const { points } = twoMoons(60, { dtype: place.dtype, noise: 0.1 });
    const base = { epochs: 6, batch: 16, seed: 4, backend: place.backend, earlyStopping: { patience: 3 } };
    const kinds: [string, (options: object) => Promise<Deep>][] = [
      ['composed', (o) => trainComposedDae(points, { ...base, width: 7, layers: 3, T: 0.2, ...o })],
      [
        'stacked',
        (o) => trainStackedDae(points, { ...base, widths: [7, 5, 6], noises: [0.1, 0.1, 0.1], ...o }),
      ],
      [
        'isotropic',
        (o) =>
          trainStackedDae(points, { ...base, widths: 5, layers: 3, T: 0.2, featureNoise: 'isotropic', ...o }),
      ],
    ];
    for (const [kind, train] of kinds) {
      const whole = await train({});
      const total = whole.layers.reduce((sum, { history }) => sum + history.length, 0);
      for (const epochs of [3, total - 2]) {
        const file = join(folder, `${kind}-${epochs}.safetensors`);
        const error = await stoppedAfter(epochs, (o) => train({ checkpoint: { file, every: 2 }, ...o }));
        t.is((error as { code?: string }).code, 'ABORTED');
        let left = 0;
        const resumed = await train({ resume: file, onEpoch: () => left++ });
        t.true(sameBits(resumed.layers, whole.layers), `${kind} ${epochs}`);
        t.true(left < total - epochs + 2, `${kind}: ${left} epochs were left`);
      }
    }
  });

  test(`${place.backend} ${place.dtype}: fine-tuning resumes to the same bits, of the same map and points alone`, async (t) => {
    const file = join(emptyFolder(t), 'tuning.safetensors');
    const { points } = twoMoons(60, { dtype: place.dtype, noise: 0.1 });
    const call = { backend: place.backend, epochs: 4, batch: 16 };
    const shape = { ...call, epochs: 2, layers: 2, T: 0.2 };
    const composed = await trainComposedDae(points, { ...shape, width: 6 });
    const stacked = await trainStackedDae(points, { ...shape, widths: 6 });
    for (const map of [composed, stacked] as Deep[]) {
      const options = { ...call, noise: 0.2, seed: 3 };
      const whole = await fineTune(map, points, options);
      await stoppedAfter(3, (o) =>
        fineTune(map, points, { ...options, ...o, checkpoint: { file, every: 1 } }),
      );
      const resumed = await fineTune(map, points, { ...options, resume: file });
      t.deepEqual(resumed.history, whole.history);
      t.true(sameBits(resumed.dae.layers, whole.dae.layers));

      const other =
        map === composed
          ? await trainComposedDae(points, { ...shape, width: 6, seed: 1 })
          : await trainStackedDae(points, { ...shape, widths: 6, seed: 1 });
      await t.throwsAsync(fineTune<Deep>(other, points, { ...options, resume: file }), {
        code: 'INVALID_ARGUMENT',
        message: /map to begin from.*begin anew/,
      });
      const moved: NdArray = {
        ...points,
        data: points.data.map((value, at) => (at === 3 ? value + 1 : value)),
      };
      await t.throwsAsync(fineTune(map, moved, { ...options, resume: file }), {
        code: 'INVALID_ARGUMENT',
        message: /points/,
      });
      await t.throwsAsync(fineTune(map, points, { ...options, noise: 0.3, resume: file }), {
        code: 'INVALID_ARGUMENT',
        message: /another \(noise\)/,
      });
    }
  });
}

test('a checkpoint of other layers, or of more epochs than are asked for, is refused', async (t) => {
  const file = join(emptyFolder(t), 'a.safetensors');
  const { points } = twoMoons(50, { noise: 0.1 });
  const run = { epochs: 2, backend };
  const base = { ...run, width: 5 };
  const three = { ...base, noises: [0.1, 0.2, 0.1], checkpoint: { file } };
  await trainComposedDae(points, three);
  const { metadata } = await readSafetensors(file);
  t.is((JSON.parse(metadata['ridgeflow.training']) as { finished: unknown[] }).finished.length, 2);
  const refused: [() => Promise<unknown>, RegExp][] = [
    [
      () => trainComposedDae(points, { ...base, noises: [0.2, 0.1, 0.1], resume: file }),
      /plan of the layers/,
    ],
    [() => trainComposedDae(points, { ...base, noises: [0.1, 0.2], resume: file }), /resume/],
    [() => trainComposedDae(points, { ...base, noises: [0.1, 0.2, 0.1], seed: 2, resume: file }), /seed/],
    [
      () =>
        trainComposedDae(twoMoons(50, { seed: 9 }).points, {
          ...base,
          noises: [0.1, 0.2, 0.1],
          resume: file,
        }),
      /points/,
    ],
    [
      () => trainStackedDae(points, { ...run, widths: 5, noises: [0.1, 0.2, 0.1], resume: file }),
      /resume|it is not/,
    ],
    [() => trainDae(points, { ...base, noise: 0.1, resume: file }), /plan of the layers/],
    [() => trainDae(points, { ...base, noise: 0.1, resume: 7 as unknown as string }), /a string for resume/],
  ];
  for (const [run, message] of refused) {
    const error = await t.throwsAsync(run, { message });
    t.true(['INVALID_ARGUMENT', 'FILE_FORMAT'].includes((error as unknown as { code: string }).code));
  }
  const constant = { ...base, noise: 0.1, schedule: 'constant' as const };
  await trainDae(points, { ...constant, epochs: 4, checkpoint: { file } });
  await t.throwsAsync(trainDae(points, { ...constant, epochs: 3, resume: file }), {
    code: 'INVALID_ARGUMENT',
    message: /at most 3 epochs.*has 4/,
  });
});

test('hostile checkpoints are refused, whatever is in them', async (t) => {
  const folder = emptyFolder(t);
  const [file, bad] = [join(folder, 'a.safetensors'), join(folder, 'bad.safetensors')];
  const { points } = twoMoons(40, { noise: 0.1 });
  const options = { width: 4, noises: [0.1, 0.1], epochs: 3, backend, earlyStopping: {} };
  await trainComposedDae(points, { ...options, checkpoint: { file } });
  const resume = () => trainComposedDae(points, { ...options, resume: bad });
  const bytes = await readFile(file);
  for (const [content, code] of [
    [Buffer.alloc(0), 'FILE_TRUNCATED'],
    [bytes.subarray(0, 5), 'FILE_TRUNCATED'],
    [bytes.subarray(0, bytes.length - 9), 'FILE_TRUNCATED'],
    [Buffer.concat([bytes, Buffer.alloc(3)]), 'FILE_FORMAT'],
    [Buffer.alloc(64, 0xff), 'FILE_FORMAT'],
    [Buffer.concat([Buffer.from([2, 0, 0, 0, 0, 0, 0, 0]), Buffer.from('{}')]), 'FILE_FORMAT'],
  ] as const) {
    await writeFile(bad, content);
    await t.throwsAsync(resume(), { code }, `${content.length} bytes`);
  }
  const { tensors, metadata } = await readSafetensors(file);
  const all: Record<string, NdArray> = Object.fromEntries(tensors);
  const facts = JSON.parse(metadata['ridgeflow.training']) as Record<string, unknown> & {
    finished: Record<string, unknown>[];
  };
  const [first] = facts.finished;
  const replaced = (name: string, data: number[]): Record<string, NdArray> => ({
    ...all,
    [name]: { data: Float32Array.from(data), shape: [data.length] },
  });
  const cases: [Record<string, NdArray>, object | string | null][] = [
    [all, 'not JSON'],
    [all, null],
    [all, { ...facts, run: 5 }],
    [all, { ...facts, run: 'not JSON' }],
    [all, { ...facts, epoch: 1e9 }],
    [all, { ...facts, epoch: -1 }],
    [all, { ...facts, epoch: '3' }],
    [all, { ...facts, best: { loss: 'low', epoch: 1 } }],
    [all, { ...facts, best: { loss: 1, epoch: 9 } }],
    [all, { ...facts, finished: 5 }],
    [all, { ...facts, finished: [null] }],
    [all, { ...facts, finished: [{ ...first, activation: '__proto__' }] }],
    [all, { ...facts, finished: [{ ...first, residual: 'yes' }] }],
    [all, { ...facts, finished: [{ ...first, reason: 'because' }] }],
    [all, { ...facts, finished: [first, first] }],
    [replaced('parameters', [1, 2]), facts],
    [replaced('moments', [1]), facts],
    [replaced('best', []), facts],
    [replaced('layers.0.A', [1, 2, 3]), facts],
    [replaced('layers.0.b', [NaN, NaN, NaN, NaN]), facts],
  ];
  for (const [parts, description] of cases) {
    const text = typeof description === 'string' ? description : JSON.stringify(description);
    await writeSafetensors(bad, parts, { metadata: { 'ridgeflow.training': text } });
    await t.throwsAsync(resume(), { code: 'FILE_FORMAT' }, text.slice(0, 200));
  }
  // Weights of a finished layer that are not those of the run make other points.
  const { data, shape } = all['layers.0.C'];
  await writeSafetensors(
    bad,
    { ...all, 'layers.0.C': { data: data.map((value) => value + 1), shape } },
    { metadata: { 'ridgeflow.training': metadata['ridgeflow.training'] } },
  );
  await t.throwsAsync(resume(), { code: 'INVALID_ARGUMENT', message: /points/ });
});

test('a checkpoint that cannot be written says so, and leaves what was there', async (t) => {
  const folder = emptyFolder(t);
  const file = join(folder, 'a.safetensors');
  const { points } = twoMoons(40, { noise: 0.1 });
  const options = { width: 4, noise: 0.1, epochs: 3, backend };
  await trainDae(points, { ...options, checkpoint: { file } });
  const before = await readFile(file);
  const missing = { file: join(folder, 'none', 'a.safetensors') };
  await t.throwsAsync(trainDae(points, { ...options, checkpoint: missing }), { code: 'FILE_WRITE' });
  await t.throwsAsync(trainDae(points, { ...options, checkpoint: { file: folder } }), { code: 'FILE_WRITE' });
  const stopped = await stoppedAfter(1, (o) =>
    trainDae(points, { ...options, ...o, checkpoint: { file, every: 9 } }),
  );
  t.is((stopped as { code?: string }).code, 'ABORTED');
  t.deepEqual(await readFile(file), before);
  t.deepEqual(await readdir(folder), ['a.safetensors'], 'no temporary file stays');
});
