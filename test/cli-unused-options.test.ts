// An option that would change nothing is refused, and said which: it is never passed over in silence.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { encode } from 'fast-png';
import { writeNpy } from '../ts/io/index.js';
import { writeNetworkOnnx } from '../ts/network/index.js';
import { emptyFolder, ridgeflow, twoClasses } from './command-line.js';
import { normals, residualStream } from './network-models.js';

/** Runs a command line and expects that it names the option. */
async function refused(t: ExecutionContext, said: RegExp, args: readonly string[], exit = 1): Promise<void> {
  const { code, stderr } = await ridgeflow(args);
  t.is(code, exit, `${args.join(' ')}: ${stderr}`);
  t.regex(stderr, said);
  if (exit === 1) t.regex(stderr, /INVALID_ARGUMENT/);
}

/** Runs a command line that has a use for all it is given. */
async function taken(t: ExecutionContext, args: readonly string[]): Promise<void> {
  const { code, stderr } = await ridgeflow(args);
  t.is(code, 0, `${args.join(' ')}: ${stderr}`);
}

test('network: options of images, texts and tables are refused with data of another kind', async (t) => {
  const folder = emptyFolder(t);
  const path = (name: string) => join(folder, name);
  const [model, data, photos, texts] = ['model.onnx', 'data.npy', 'photos', 'texts.txt'].map(path);
  await writeNetworkOnnx(model, residualStream(4, 2));
  await writeNpy(data, normals(40, 4));
  mkdirSync(photos);
  const pixels = Uint8Array.of(1, 2, 3, 4);
  for (const name of ['a.png', 'b.png'])
    writeFileSync(join(photos, name), encode({ width: 2, height: 2, data: pixels, channels: 1 }));
  writeFileSync(texts, 'one\ntwo\n');
  writeFileSync(path('labels.csv'), '0\n1\n');
  const run = ['network', model];
  const out = ['--out', path('out'), '--no-cache'];
  for (const [flag, value] of [
    ['--mean', '0.5'],
    ['--scale', '0.5'],
    ['--channels', 'bgr'],
    ['--preprocessor', 'none.json'],
  ]) {
    await refused(t, new RegExp(`no ${flag} with .*data\\.npy: it is of a folder of images`), [
      ...[...run, data, ...out],
      ...[flag, value],
    ]);
    const tokens = ['--tokenizer', 'none.json', flag, value];
    await refused(t, new RegExp(`no ${flag} with --tokenizer`), [...run, texts, ...out, ...tokens]);
  }
  for (const [flag, ...value] of [
    ['--labels', path('labels.csv')],
    ['--label-column', '0'],
    ['--columns', '0'],
    ['--drop-columns', '0'],
    ['--fill', '0'],
    ['--array', 'x'],
    ['--no-header'],
    ['--example-shape', '2x2'],
  ])
    await refused(t, new RegExp(`no ${flag} with .*photos`), [...run, photos, ...out, flag, ...value]);
  const both = ['--mean', '0', '--scale', '1', '--preprocessor', 'none.json'];
  await refused(t, /no --preprocessor with --mean and --scale/, [...run, photos, ...out, ...both]);
  for (const [flag, value] of [
    ['--label-column', '0'],
    ['--columns', '0'],
    ['--delimiter', ';'],
    ['--example-shape', '2x2'],
  ]) {
    const args = [...run, texts, ...out, '--tokenizer', 'none.json', flag, value];
    await refused(t, new RegExp(`no ${flag} with .*texts\\.txt, a text file`), args);
  }
  await refused(t, /no --rows with --feature-maps mean/, [...run, data, ...out, '--rows', '10']);
  await refused(t, /no --cache of what comes from standard input/, [
    ...[...run, '-', '--cache', path('kept')],
    ...['--out', path('out')],
  ]);
  await taken(t, [...run, data, ...out, '--feature-maps', 'positions', '--rows', '10']);
  await taken(t, [...run, photos, ...out, '--mean', '0.5', '--scale', '0.5', '--channels', 'grey']);
});

test('options of CSV files and of arrays are refused with files of other formats', async (t) => {
  const folder = emptyFolder(t);
  const csv = twoClasses(folder);
  const npy = join(folder, 'data.npy');
  await writeNpy(npy, normals(40, 2));
  const commands = [
    ['entropy', npy],
    ['distance', npy, npy],
    ['transport', npy, '--out', join(folder, 'out')],
    ['train', npy, '--out', join(folder, 'out')],
  ];
  for (const command of commands) {
    await refused(t, /no --delimiter with .*data\.npy: it is of CSV files/, [...command, '--delimiter', ';']);
    await refused(t, /no --array with .*data\.npy: it names one/, [...command, '--array', 'x']);
  }
  await refused(t, /no --no-header with/, ['entropy', npy, '--no-header']);
  await refused(t, /no --header with/, ['entropy', npy, '--header']);
  await refused(t, /no --decimal with/, ['entropy', npy, '--decimal', ',']);
  await refused(t, /no --array with/, ['entropy', csv, '--array', 'x']);
  await refused(t, /no --array with/, ['transport', '--array', 'x', '--out', join(folder, 'out')]);
  // One of the two has a use for it.
  await taken(t, ['distance', csv, npy, '--delimiter', ',', '--label-column', 'label']);
});

test('distance: options of other methods are refused, also where auto chooses the method', async (t) => {
  const folder = emptyFolder(t);
  const file = join(folder, 'data.npy');
  await writeNpy(file, normals(40, 2));
  const run = ['distance', file, file];
  await refused(t, /no --epsilon with --method sliced \[/, [...run, '-m', 'sliced', '--epsilon', '1']);
  await refused(t, /no --maximum-iterations with --method exact \[/, [
    ...[...run, '--method', 'exact'],
    ...['--maximum-iterations', '10'],
  ]);
  await refused(t, /no --directions with --method gaussian/, [
    ...[...run, '--method', 'gaussian'],
    ...['--directions', '10'],
  ]);
  await refused(t, /no --epsilon with --method exact, which auto takes here/, [...run, '--epsilon', '1']);
  await refused(t, /no --directions with --method exact, which/, [...run, '--directions', '10']);
  await taken(t, [...run, '-m', 'sinkhorn', '--epsilon', '1', '--maximum-iterations', '10']);
  await taken(t, [...run, '-m', 'sliced', '--directions', '10']);
});

test('train and transport: options of what is not done are refused', async (t) => {
  const folder = emptyFolder(t);
  const points = twoClasses(folder);
  const out = ['--out', join(folder, 'out')];
  const ridge = ['train', points, ...out, '--method', 'ridge', '--width', '4'];
  for (const [flag, value] of [
    ['--epochs', '3'],
    ['--batch', '8'],
    ['--optimiser', 'sgd'],
    ['--rate', '0.1'],
    ['--schedule', 'constant'],
    ['--patience', '3'],
    ['--checkpoint', join(folder, 'checkpoint.safetensors')],
    ['--checkpoint-every', '3'],
  ])
    await refused(t, new RegExp(`no ${flag} with --method ridge`), [...ridge, flag, value]);
  await refused(t, /no --epochs with --method ridge/, [
    ...[...ridge, '--depth', '2'],
    ...['--fine-tune', '2', '--epochs', '3'],
  ]);
  await taken(t, [...ridge, '--depth', '2', '--fine-tune', '2', '--batch', '8', '--rate', '0.001']);
  const held = ['train', points, ...out, '--held-out', '0', '--epochs', '2', '--width', '4'];
  await refused(t, /no --patience with --held-out 0/, [...held, '--patience', '3']);
  await taken(t, held);
  await refused(t, /no --snapshots-limit with --snapshots 0/, [
    ...['transport', points, ...out],
    ...['--snapshots', '0', '--snapshots-limit', '3'],
  ]);
  await refused(t, /no --format without --map/, ['transport', points, ...out, '--format', 'csv']);
  for (const [flag, value] of [
    ['--contraction', 'trace'],
    ['--snapshots-limit', '3'],
    ['--image-shape', '1x2'],
  ])
    await refused(
      t,
      /cannot be used with/,
      ['transport', points, ...out, '--map', 'none.safetensors', flag, value],
      2,
    );
});

test('radon: options of other methods, geometries and inputs are refused', async (t) => {
  const folder = emptyFolder(t);
  const path = (name: string) => join(folder, name);
  const [image, sinogram, angles] = ['image.npy', 'sinogram.npy', 'angles.csv'].map(path);
  await writeNpy(image, normals(8, 8));
  await writeNpy(sinogram, normals(6, 12));
  writeFileSync(angles, '0\n30\n60\n90\n120\n150\n');
  const out = ['--out', path('out')];
  const forward = ['radon', 'forward', image, ...out];
  const inverse = ['radon', 'inverse', sinogram, ...out];
  await refused(t, /no --filter with --method cgls/, [...forward, '--method', 'cgls', '--filter', 'hann']);
  await refused(t, /no --filter with --method tv/, [...forward, '--method', 'tv', '--filter', 'ramp']);
  await refused(t, /no --detector-distance with --geometry parallel/, [
    ...forward,
    ...['--detector-distance', '3'],
  ]);
  await refused(t, /no --arrangement with --geometry parallel/, [...forward, '--arrangement', 'flat']);
  await refused(t, /no --range with the angles of .*angles\.csv/, [
    ...[...forward, '--angles', angles],
    ...['--range', '360'],
  ]);
  await refused(t, /no --detectors with inverse/, [...inverse, '--angles', '6', '--detectors', '12']);
  await refused(t, /no --array with .*image\.npy/, [...forward, '--array', 'x']);
  await taken(t, [...forward, '--angles', '6', '--range', '180', '--filter', 'hann', '--detectors', '14']);
  await taken(t, [...inverse, '--angles', angles]);
});
