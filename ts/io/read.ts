import { basename } from 'node:path';
import type { NdArray } from '../core/array.js';
import { invalidArgument } from '../core/errors.js';
import {
  type CloudFile,
  type CloudFormat,
  type CloudLabels,
  type ReadCloudOptions,
  checkCloudFinite,
  checkExtent,
  encodeLabels,
  withLabels,
} from './cloud.js';
import { readArrow } from './arrow.js';
import { readCsv } from './csv.js';
import { fileError } from './errors.js';
import { idxLabelsBeside, looksLikeIdx, readIdx, readIdxArray } from './idx.js';
import { NPY_MAGIC, type NpyArray, readNpyArray } from './npy.js';
import { npzEntries } from './npz.js';
import { readParquet } from './parquet.js';
import { fileSize, firstBytes, openSource } from './source.js';
import { openZipEntry } from './zip-read.js';

const POINT_ENTRIES = ['points', 'X', 'x', 'data', 'positions', 'start'];
const LABEL_ENTRIES = ['labels', 'label', 'y', 'target'];
const ENDINGS: [RegExp, CloudFormat][] = [
  [/\.npy$/i, 'npy'],
  [/\.npz$/i, 'npz'],
  [/\.(csv|tsv|txt)(\.gz)?$/i, 'csv'],
  [/\.(arrow|feather|ipc|arrows)$/i, 'arrow'],
  [/\.(parquet|pq)$/i, 'parquet'],
  [/(\.idx|idx\d-ubyte|-ubyte)(\.gz)?$/i, 'idx'],
];

/**
 * Reads a cloud of points, with labels where the file or one beside it has them. Formats: .npy and .npz (any numeric
 * type, either endianness and order), .csv, .tsv and .txt (also .gz), Arrow IPC files and streams, Parquet, IDX (also
 * .gz). Arrays of more than two dimensions are flattened to one row a point.
 *
 * @returns n × d points of the element type asked for (default float32), finite.
 * @throws FILE_NOT_FOUND, FILE_FORMAT, FILE_TRUNCATED, NON_FINITE (with row and column), INVALID_DTYPE, EMPTY_CLOUD,
 *   INVALID_SHAPE for labels of another length, INVALID_ARGUMENT, UNSUPPORTED, OUT_OF_MEMORY, ABORTED. Every message
 *   names the file and the place.
 */
export async function readCloud(path: string, options: ReadCloudOptions = {}): Promise<CloudFile> {
  if (typeof path !== 'string' || path === '') throw invalidArgument('path', 'the path of a file', path);
  const { format, gzip } = await detectFormat(path, options.format);
  const cloud = await readAs(path, format, gzip, options);
  const labels = options.labels ?? (format === 'idx' ? idxLabelsBeside(path) : undefined);
  if (labels === undefined || (format === 'npz' && options.labels !== undefined && cloud.labels))
    return cloud;
  return withLabels(cloud, await readLabels(labels, options.signal), labels);
}

async function detectFormat(
  path: string,
  given?: CloudFormat,
): Promise<{ format: CloudFormat; gzip: boolean }> {
  const size = await fileSize(path);
  if (size === 0)
    throw fileError('FILE_FORMAT', { file: path, problem: 'it is empty', remedy: 'Give a file with points' });
  const start = await firstBytes(path, 8);
  const gzip = start[0] === 0x1f && start[1] === 0x8b;
  if (given) return { format: given, gzip };
  const inner = gzip ? await firstBytes(path, 8, true) : start;
  const text = Buffer.from(inner).toString('latin1');
  if (text.startsWith(NPY_MAGIC.toString('latin1'))) return { format: 'npy', gzip };
  if (text.startsWith('PK')) return { format: 'npz', gzip };
  if (text.startsWith('PAR1')) return { format: 'parquet', gzip };
  if (text.startsWith('ARROW1') || text.startsWith('\xff\xff\xff\xff')) return { format: 'arrow', gzip };
  if (looksLikeIdx(inner)) return { format: 'idx', gzip };
  const ending = ENDINGS.find(([pattern]) => pattern.test(basename(path)));
  if (ending) return { format: ending[1], gzip };
  throw fileError('FILE_FORMAT', {
    file: path,
    problem: 'neither its name nor its first bytes are those of a known format',
    remedy:
      'Known are .npy, .npz, .csv, .tsv, .txt, Arrow IPC, Parquet and IDX; name one with the option format',
  });
}

async function readAs(
  path: string,
  format: CloudFormat,
  gunzip: boolean,
  options: ReadCloudOptions,
): Promise<CloudFile> {
  if (format === 'arrow') return readArrow(path, options);
  if (format === 'parquet') return readParquet(path, options);
  if (format === 'npz') return readNpzCloud(path, options);
  const source = await openSource(path, { gunzip, signal: options.signal });
  try {
    if (format === 'csv') return await readCsv(source, options);
    if (format === 'idx') return await readIdx(source, options);
    return cloudFromNpy(path, await readNpyArray(source, options.dtype ?? 'float32'));
  } finally {
    source.close();
  }
}

/** A cloud from an array of any rank: the first extent counts the points. */
function cloudFromNpy(file: string, { data, shape, original }: NpyArray): CloudFile {
  if (shape.length === 0) {
    throw fileError('INVALID_SHAPE', { file, problem: 'it holds a single number, not points' });
  }
  const n = shape[0];
  const d = shape.slice(1).reduce((product, extent) => product * extent, 1);
  checkExtent(file, n, d);
  const points: NdArray = { data, shape: [n, d] };
  checkCloudFinite(file, points, undefined, original);
  return { points, imageShape: shape.length === 3 ? [shape[1], shape[2]] : undefined, source: file };
}

async function readNpzCloud(path: string, options: ReadCloudOptions): Promise<CloudFile> {
  const entries = await npzEntries(path);
  const read = async (name: string, dtype: ReadCloudOptions['dtype']) => {
    const entry = entries.get(name);
    if (!entry) {
      throw fileError('INVALID_ARGUMENT', {
        file: path,
        problem: `there is no array named ${JSON.stringify(name)}: it has ${[...entries.keys()].join(', ') || 'none'}`,
        remedy: 'Choose one of these',
      });
    }
    const source = await openZipEntry(path, entry, options.signal);
    try {
      const array = await readNpyArray(source, dtype);
      await source.drain();
      return array;
    } finally {
      source.close();
    }
  };
  const name =
    options.array ?? POINT_ENTRIES.find((candidate) => entries.has(candidate)) ?? [...entries.keys()][0];
  if (name === undefined) throw fileError('FILE_FORMAT', { file: path, problem: 'it holds no arrays' });
  const cloud = cloudFromNpy(`${path}, entry ${name}`, await read(name, options.dtype ?? 'float32'));
  cloud.source = path;
  if (options.labelColumn === false) return cloud;
  const wanted = options.labels !== undefined && entries.has(options.labels) ? options.labels : undefined;
  const labelName =
    wanted ??
    (options.labels === undefined
      ? LABEL_ENTRIES.find((candidate) => candidate !== name && entries.has(candidate))
      : undefined);
  if (labelName === undefined) return cloud;
  const { data } = await read(labelName, 'float64');
  return withLabels(cloud, encodeLabels(Array.from(data)), `${path}, entry ${labelName}`);
}

/** Labels from a file of their own: an array of one value for each point, or one column of a table or text. */
async function readLabels(path: string, signal?: AbortSignal): Promise<CloudLabels> {
  const { format, gzip } = await detectFormat(path);
  if (format === 'idx') {
    const source = await openSource(path, { gunzip: gzip, signal });
    try {
      return encodeLabels(Array.from((await readIdxArray(source, 'float64')).data));
    } finally {
      source.close();
    }
  }
  if (format === 'csv') {
    // One column of classes, which may be words: read it as a label column, beside nothing.
    const source = await openSource(path, { gunzip: gzip, signal });
    try {
      return await readLabelLines(source);
    } finally {
      source.close();
    }
  }
  const { points } = await readAs(path, format, gzip, { dtype: 'float64', labelColumn: false, signal });
  if (points.shape[1] !== 1) {
    throw fileError('INVALID_SHAPE', {
      file: path,
      problem: `expected one label for each point but received ${points.shape[1]} values`,
    });
  }
  return encodeLabels(Array.from(points.data));
}

async function readLabelLines(source: Awaited<ReturnType<typeof openSource>>): Promise<CloudLabels> {
  const { csvRecords, splitterFor } = await import('./csv-lines.js');
  const values: string[] = [];
  for await (const records of csvRecords(source)) {
    for (const { line, text } of records) {
      const fields = splitterFor(text)(text.replace(/^\ufeff/, ''));
      if (fields.length !== 1) {
        throw fileError('FILE_FORMAT', {
          file: source.file,
          place: `line ${line}`,
          problem: `expected one label a line but received ${fields.length} fields`,
        });
      }
      values.push(fields[0].trim());
    }
  }
  // A first line that is a word above numbers is a heading.
  const numeric = (text: string) => Number.isFinite(Number(text));
  if (values.length > 1 && !numeric(values[0]) && values.slice(1).every(numeric)) values.shift();
  return encodeLabels(values);
}
