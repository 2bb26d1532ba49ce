import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as arrow from 'apache-arrow';
import { parquetWriteBuffer } from 'hyparquet-writer';
import type { NdArray } from '../../ts/core/array.js';
import { RidgeflowError } from '../../ts/core/errors.js';
import {
  type TrainDaeOptions,
  readDae,
  readDaeLayersModel,
  trainDae,
  trainStackedDae,
  writeDae,
  writeDaeLayersModel,
} from '../../ts/dae/index.js';
import { linearField } from '../../ts/field/index.js';
import { integrate } from '../../ts/flow/index.js';
import {
  readCloud,
  readNpz,
  readRows,
  readSafetensors,
  writeNpy,
  writeNpz,
  writeSafetensors,
} from '../../ts/io/index.js';
import { encodePng, readPng } from '../../ts/io/png.js';
import type { CloudData } from '../../ts/io/cloud.js';
import { decodeRowsHere } from '../../ts/io/rows/table-rows.js';
import type { TableRequest } from '../../ts/io/table-request.js';
import { decodeTableHere } from '../../ts/io/table.js';
import {
  openModel,
  readLayersModel,
  readNetworkOnnx,
  shallowNetwork,
  writeLayersModel,
  writeNetworkOnnx,
} from '../../ts/network/index.js';
import { fixture, floats, npyBytes, npyHeader } from '../io-files.js';
import type { Seed } from './case.js';
import { gzipFile, pngFile, safetensorsFile, zipFile } from './containers.js';
import { bytesPart, jsonPart, plain, textPart } from './mutate.js';

/** Something that reads files. */
export interface Target {
  seeds: () => Promise<Seed[]>;
  /** Reads it as its users do: whatever comes back is right in shape and finite, or it throws an error of the library. */
  read: (path: string) => Promise<unknown>;
  /** Where a decoder of others may end its process, and does so in one of its own: the reader that bears it. */
  sheltered?: (path: string) => Promise<unknown>;
}

const points: NdArray = { data: Float32Array.of(1, 2, 3, 4, 5, 6), shape: [3, 2] };
const small = Buffer.from('x,y,"la""bel"\n1.5,-2e3,a\n# a comment\n3,4,"b\n"\n\n5,6,c\r\n');
const npy = floats([1, 2, 3, 4, 5, 6], [3, 2]);
const labels = npyBytes(npyHeader('<i8', '(3,)'), new Uint8Array(BigInt64Array.of(0n, 1n, 0n).buffer));
const training: TrainDaeOptions = { width: 3, noise: 0.1, epochs: 2, batch: 3, seed: 1 };
const flow = { from: 0, to: 1, step: { steps: 4 } } as const;
const field = linearField({ matrix: -1 });

/** What the writers of the library put into files that are then taken apart here. */
async function written(write: (folder: string) => Promise<Seed[]>): Promise<Seed[]> {
  const folder = await mkdtemp(join(tmpdir(), 'ridgeflow-seeds-'));
  try {
    return await write(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function cloud(path: string, labelColumn?: number): Promise<void> {
  sound(await readCloud(path, { labelColumn }));
}

/** The rows of a file in batches, which end well or with an error of the library. */
async function rows(path: string): Promise<void> {
  for await (const batch of readRows(path, { batch: 2 })) sound(batch);
}

function sound({ points: found, labels: classes }: CloudData): void {
  const [n, d] = found.shape;
  if (found.data.length !== n * d) throw new TypeError(`${found.data.length} numbers for ${n} × ${d}`);
  if (!found.data.every(Number.isFinite)) throw new TypeError('a coordinate is not finite');
  if (classes && classes.values.length !== n)
    throw new TypeError(`${classes.values.length} labels for ${n} points`);
  if (classes?.values.some((value) => classes.names[value] === undefined))
    throw new TypeError('a label without a name');
}

async function layersModelSeed(folder: string): Promise<Seed[]> {
  const json = textOf(join(folder, 'model.json'));
  return [
    {
      'model.json': plain(jsonPart(json)),
      'weights.bin': plain(bytesPart(readFileSync(join(folder, 'weights.bin')))),
    },
  ];
}

const textOf = (path: string) => readFileSync(path, 'utf8');

function network() {
  return shallowNetwork({
    activation: 'tanh',
    A: { data: Float32Array.of(1, -0.5, 0.25, 2), shape: [2, 2] },
    b: { data: Float32Array.of(0.5, -1), shape: [2] },
    C: { data: Float32Array.of(1, 0.5, -1, 2), shape: [2, 2] },
    bias: { data: Float32Array.of(0, 1), shape: [2] },
  });
}

/** All readers, of the formats of others and of the library's own files. */
export const targets: Readonly<Record<string, Target>> = {
  npy: {
    seeds: async () =>
      [npy, readFileSync(fixture('fortran-big-endian.npy')), labels].map((bytes) => ({
        'a.npy': plain(bytesPart(bytes)),
      })),
    read: async (path) => Promise.all([cloud(path), rows(path).catch(onlyOurs)]),
  },
  npz: {
    seeds: async () => [
      { 'a.npz': zipFile({ 'X.npy': npy, 'y.npy': labels }) },
      { 'a.npz': zipFile({ 'X.npy': npy, 'labels.npy': labels }, 1) },
      { 'a.npz': plain(bytesPart(readFileSync(fixture('mixed.npz')))) },
    ],
    read: async (path) =>
      Promise.all([cloud(path), readNpz(path).catch(onlyOurs), rows(path).catch(onlyOurs)]),
  },
  csv: {
    seeds: async (): Promise<Seed[]> => [
      { 'a.csv': plain(textPart(small.toString())) },
      { 'a.csv.gz': gzipFile(textPart(small.toString())) },
      { 'a.tsv': plain(textPart('0\t1\t2\n1\t2\t3\n4\t5\t6\n')) },
      { 'a.csv': plain(textPart('1;2.5;a\n3;4.5;b\n')) },
    ],
    read: async (path) =>
      Promise.all([cloud(path, -1), cloud(path).catch(onlyOurs), rows(path).catch(onlyOurs)]),
  },
  idx: {
    seeds: async (): Promise<Seed[]> => {
      const bytes = Buffer.concat([
        Buffer.from([0, 0, 8, 3, 0, 0, 0, 3, 0, 0, 0, 2, 0, 0, 0, 2]),
        Buffer.from('abcdefghijkl'),
      ]);
      return [{ 'a-idx3-ubyte': plain(bytesPart(bytes)) }, { 'a.idx.gz': gzipFile(bytesPart(bytes)) }];
    },
    read: async (path) => Promise.all([cloud(path), rows(path).catch(onlyOurs)]),
  },
  safetensors: {
    seeds: () =>
      written(async (folder) => {
        const path = join(folder, 'a.safetensors');
        await writeSafetensors(
          path,
          { X: points, b: { data: Float64Array.of(1, 2), shape: [2] } },
          { metadata: { a: 'b' } },
        );
        return [{ 'a.safetensors': safetensorsFile(readFileSync(path)) }];
      }),
    read: async (path) => Promise.all([readSafetensors(path), cloud(path).catch(onlyOurs)]),
  },
  png: {
    seeds: async () => {
      const grey = { data: Float64Array.from({ length: 20 }, (_, i) => i / 19), shape: [4, 5] };
      return [{ 'a.png': pngFile(Buffer.from(await encodePng(grey, { black: 0, white: 1 }, 8))) }];
    },
    read: (path) => readPng(path),
  },
  arrow: {
    seeds: async () => {
      const table = new arrow.Table({
        x: arrow.vectorFromArray([1, 2, 3], new arrow.Float32()),
        label: arrow.vectorFromArray(
          ['a', 'b', 'a'],
          new arrow.Dictionary(new arrow.Utf8(), new arrow.Int8()),
        ),
      });
      return [
        { 'a.arrow': plain(bytesPart(readFileSync(fixture('lz4.feather')))) },
        { 'a.arrow': plain(bytesPart(arrow.tableToIPC(table, 'stream'))) },
      ];
    },
    read: async (path) => {
      const request: TableRequest = { path, format: 'arrow', dtype: 'float32' };
      for await (const batch of decodeRowsHere(request, 2)) sound(batch);
      return decodeTableHere(request);
    },
    sheltered: async (path) => Promise.all([cloud(path), rows(path).catch(onlyOurs)]),
  },
  parquet: {
    seeds: async () => {
      const columnData = [
        { name: 'x', data: [1n, 2n, 2n, 2n], type: 'INT64' as const },
        { name: 'y', data: [0.5, 2, 1, 1], type: 'DOUBLE' as const },
      ];
      return [
        { 'a.parquet': plain(bytesPart(readFileSync(fixture('lists.parquet')))) },
        { 'a.parquet': plain(bytesPart(new Uint8Array(parquetWriteBuffer({ columnData })))) },
      ];
    },
    read: async (path) => {
      const request: TableRequest = { path, format: 'parquet', dtype: 'float32' };
      for await (const batch of decodeRowsHere(request, 2)) sound(batch);
      return decodeTableHere(request);
    },
    sheltered: async (path) => Promise.all([cloud(path), rows(path).catch(onlyOurs)]),
  },
  onnx: {
    seeds: () =>
      written(async (folder) => {
        const path = join(folder, 'a.onnx');
        await writeNetworkOnnx(path, network());
        return [{ 'a.onnx': plain(bytesPart(readFileSync(path))) }];
      }),
    read: readNetworkOnnx,
  },
  'layers-model': {
    seeds: () =>
      written(async (folder) => {
        await writeLayersModel(folder, network());
        return layersModelSeed(folder);
      }),
    read: async (path) => {
      const folder = join(path, '..');
      await readLayersModel(folder).catch(onlyOurs);
      const model = await openModel(path, { backend: 'tfjs-cpu' });
      await model.dispose();
    },
  },
  dae: {
    seeds: () =>
      written(async (folder) => {
        const path = join(folder, 'a.safetensors');
        await writeDae(path, await trainDae(points, training));
        return [{ 'a.safetensors': safetensorsFile(readFileSync(path)) }];
      }),
    read: (path) => readDae(path),
  },
  'dae-layers-model': {
    seeds: () =>
      written(async (folder) => {
        const dae = await trainStackedDae(points, {
          widths: 2,
          layers: 2,
          T: 0.2,
          epochs: 1,
          batch: 3,
          activation: 'tanh',
        });
        await writeDaeLayersModel(folder, dae);
        return layersModelSeed(folder);
      }),
    read: (path) => readDaeLayersModel(join(path, '..')),
  },
  'training-checkpoint': {
    seeds: () =>
      written(async (folder) => {
        const file = join(folder, 'a.safetensors');
        await trainDae(points, { ...training, checkpoint: { file } });
        return [{ 'a.safetensors': safetensorsFile(readFileSync(file)) }];
      }),
    read: (path) => trainDae(points, { ...training, resume: path }),
  },
  snapshot: {
    seeds: () =>
      written(async (folder) => {
        const path = join(folder, 'a.npz');
        await integrate(field, points, { ...flow, checkpoint: { file: path, every: { steps: 2 } } });
        const arrays = await readNpz(path);
        const entries: Record<string, Uint8Array> = {};
        for (const [name, array] of Object.entries(arrays)) {
          const file = join(folder, 'entry.npy');
          await writeNpy(file, array);
          entries[`${name}.npy`] = readFileSync(file);
        }
        await writeNpz(path, arrays);
        return [{ 'a.npz': zipFile(entries) }, { 'a.npz': plain(bytesPart(readFileSync(path))) }];
      }),
    read: (path) => integrate(field, points, { ...flow, resume: path }),
  },
};

/** Lets an error of the library pass, so that another reader of the same file has its turn. */
export function onlyOurs(error: unknown): void {
  if (!(error instanceof RidgeflowError)) throw error;
}
