import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { type NetworkCommandOptions, networkResults } from '../ts/cli/network-results.js';
import type { ErrorCode, RidgeflowError } from '../ts/core/errors.js';
import { writeNpy } from '../ts/io/index.js';
import { writeNetworkOnnx } from '../ts/network/index.js';
import { emptyFolder, ridgeflow } from './command-line.js';
import { normals, residualStream } from './network-models.js';
import { ModelWriter } from './residual-models.js';

const OPTIONS: NetworkCommandOptions = {
  ...{ out: 'out', dtype: 'float32', seed: 0, featureMaps: 'mean' },
  ...{ rows: 1000, batch: 64, width: 64, drawn: 1000, blocks: true, cache: false },
};

test('network: what cannot be done is refused before anything is measured', async (t) => {
  const folder = emptyFolder(t);
  const path = (name: string) => join(folder, name);
  const [model, other, wide, encoder] = ['model', 'other', 'wide', 'encoder'].map((name) =>
    path(`${name}.onnx`),
  );
  await writeNetworkOnnx(model, residualStream(4, 3));
  await writeNetworkOnnx(other, residualStream(4, 2));
  await writeNetworkOnnx(wide, residualStream(5, 2));
  const writer = new ModelWriter();
  let y = writer.linear('embed', 'x', 3, 4);
  for (const l of [0, 1])
    y = writer.within(`layer.${l}`, () => writer.node('Add', [writer.attention(y, 4), y]));
  await writer.write(encoder, { x: ['n', 5, 3] }, y);
  const [data, few, sequences] = ['data', 'few', 'sequences'].map((name) => path(`${name}.npy`));
  await writeNpy(data, normals(40, 4));
  await writeNpy(few, normals(3, 4));
  await writeNpy(sequences, normals(40, 5, 3));
  await writeFile(path('file'), '');
  const refused = async (
    places: { model?: string; other?: string; data?: string },
    options: Partial<NetworkCommandOptions>,
    code: ErrorCode,
    message: RegExp,
  ) => {
    const doing: string[] = [];
    const progress = {
      update: (_fraction: number, what: string) => void doing.push(what),
      line: () => undefined,
      stop: () => undefined,
    };
    const run = { signal: new AbortController().signal, progress };
    const where = { model, other: undefined, data, folder, ...places };
    const error = await t.throwsAsync(networkResults(where, { ...OPTIONS, ...options }, run));
    t.is((error as RidgeflowError).code, code, error.message);
    t.regex(error.message, message);
    t.deepEqual(doing, []);
  };
  await refused(
    { model: encoder, data: sequences },
    { refit: [2] },
    'UNSUPPORTED',
    /maps or sequences, 5 × 4/,
  );
  await refused({ data: few }, { refit: [2] }, 'EMPTY_CLOUD', /at least/);
  await refused({ other: path('none.onnx') }, {}, 'FILE_NOT_FOUND', /none\.onnx/);
  await refused({ other: wide }, {}, 'INVALID_SHAPE', /5/);
  await refused({ other }, { layers: ['x3'] }, 'INVALID_ARGUMENT', /other\.onnx is named "x3"/);
  await refused({ other, data: few }, {}, 'EMPTY_CLOUD', /at least 4 examples to compare/);
  await refused({}, { cache: path('file') }, 'FILE_WRITE', /file/);
  const args = ['network', encoder, sequences, '--out', path('out'), '--refit'];
  const { code, stderr } = await ridgeflow([...args, '2']);
  t.is(code, 1);
  t.regex(stderr, /leave out --refit; what the model gives without each block is in the report/);
  const deep = await ridgeflow([...args, '2,10001']);
  t.is(deep.code, 2);
  t.regex(deep.stderr, /from 1 to 10000/);
});
