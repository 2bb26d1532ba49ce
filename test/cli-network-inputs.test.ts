import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import type { NetworkSummary } from '../ts/cli/network.js';
import { type NdArray, ndarray } from '../ts/core/array.js';
import { ONNX_ATTRIBUTES, floatTensor, floatValueInfo, writeOnnx } from '../ts/io/onnx-model.js';
import { readNpz, writeNpy, writeNpz } from '../ts/io/index.js';
import { emptyFolder, ridgeflow } from './command-line.js';
import { normals } from './network-models.js';

/** y = relu(x · scale + shift), of two inputs with examples and one without. */
async function scaled(path: string): Promise<void> {
  const ints = floatValueInfo('scale', []);
  ints.type!.tensorType!.elemType = 7;
  await writeOnnx(path, {
    irVersion: 8,
    opsetImport: [{ domain: '', version: 17 }],
    graph: {
      name: 'scaled',
      node: [
        {
          opType: 'Cast',
          input: ['scale'],
          output: ['factor'],
          attribute: [{ name: 'to', type: ONNX_ATTRIBUTES.int, i: 1 }],
        },
        { opType: 'Mul', input: ['x', 'factor'], output: ['product'] },
        { opType: 'Add', input: ['product', 'shift'], output: ['sum'] },
        { opType: 'Relu', input: ['sum'], output: ['y'] },
      ],
      input: [floatValueInfo('x', ['n', 4]), floatValueInfo('shift', ['n', 4]), ints],
      output: [{ name: 'y' }],
    },
  });
}

test('network: several inputs, as files, numbers and arrays of an .npz file', async (t) => {
  const folder = emptyFolder(t);
  const [model, out] = [join(folder, 'm.onnx'), join(folder, 'out')];
  await scaled(model);
  const [x, shift] = [normals(30, 4), normals(30, 4)];
  await writeNpy(join(folder, 'x.npy'), x);
  await writeNpy(join(folder, 'shift.npy'), shift);
  await writeNpz(join(folder, 'all.npz'), {
    shift,
    x,
    y: { data: Int32Array.from({ length: 30 }, (_, i) => i % 2), shape: [30] },
  });
  const run = async (...args: string[]) => {
    const { code, stderr } = await ridgeflow([
      'network',
      model,
      ...args,
      '--out',
      out,
      '--activations',
      '--quiet',
    ]);
    t.is(code, 0, stderr);
    return (await readNpz(join(out, 'activations.npz')))['3_y'].data;
  };
  const right = x.data.map((value, i) => Math.max(0, 3 * value + shift.data[i]));
  const close = (found: NdArray['data']) =>
    t.true(found.every((value, i) => Math.abs(value - right[i]) < 1e-5));
  const shiftFile = `shift=${join(folder, 'shift.npy')}`;
  close(await run(join(folder, 'x.npy'), '--input', shiftFile, '--input', 'scale=3'));
  close(await run(join(folder, 'shift.npy'), '--input', `x=${join(folder, 'x.npy')}`, '--input', 'scale=3'));
  close(await run(join(folder, 'all.npz'), '--input', 'scale=3'));
  const summary = JSON.parse(await readFile(join(out, 'summary.json'), 'utf8')) as NetworkSummary;
  t.is(summary.layers[1].separation?.classes.length, 2);

  const wrong = async (text: RegExp, code: number, ...args: string[]) => {
    const result = await ridgeflow(['network', model, ...args, '--out', out]);
    t.is(result.code, code, result.stderr);
    t.regex(result.stderr, text);
  };
  await wrong(/nothing is given for shift, scale.*--input name=file/, 1, join(folder, 'x.npy'));
  await wrong(
    /no input "shif"/,
    1,
    join(folder, 'x.npy'),
    '--input',
    'shif=1',
    '--input',
    shiftFile,
    '--input',
    'scale=3',
  );
  await wrong(/name=file or name=number/, 2, join(folder, 'x.npy'), '--input', 'shift');
});

test('network: arrays keep their shape, and flat data take one from the command line', async (t) => {
  const folder = emptyFolder(t);
  const [model, out] = [join(folder, 'm.onnx'), join(folder, 'out')];
  await writeOnnx(model, {
    irVersion: 8,
    opsetImport: [{ domain: '', version: 17 }],
    graph: {
      name: 'maps',
      node: [
        { opType: 'Conv', input: ['image', 'weights'], output: ['maps'] },
        { opType: 'Relu', input: ['maps'], output: ['out'] },
      ],
      initializer: [floatTensor('weights', [2, 3, 2, 2], normals(24).data)],
      input: [floatValueInfo('image', ['n', 3, 'height', 'width'])],
      output: [{ name: 'out' }],
    },
  });
  const images = normals(12, 3, 4, 5);
  await writeNpy(join(folder, 'images.npy'), images);
  await writeNpy(join(folder, 'flat.npy'), ndarray(images.data, [12, 60]));
  await writeNpy(join(folder, 'last.npy'), normals(12, 4, 5, 3));
  const run = async (...args: string[]) =>
    ridgeflow(['network', model, ...args, '--out', out, '--activations', '--quiet']);
  const found: NdArray[] = [];
  for (const args of [['images.npy'], ['flat.npy', '--example-shape', '3x4x5']]) {
    const { code, stderr } = await run(join(folder, args[0]), ...args.slice(1));
    t.is(code, 0, stderr);
    found.push((await readNpz(join(out, 'activations.npz')))['2_out']);
  }
  t.deepEqual(found[0], found[1]);
  for (const [args, text] of [
    [['flat.npy'], /--example-shape/],
    [['last.npy'], /another order: transpose/],
    [['flat.npy', '--example-shape', '3x4x4'], /48 values, but one of the data has 60/],
  ] as const) {
    const { code, stderr } = await run(join(folder, args[0]), ...args.slice(1));
    t.is(code, 1);
    t.regex(stderr, text);
  }
});
