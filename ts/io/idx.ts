import { existsSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { DType } from '../core/array.js';
import { type CloudFile, type ReadCloudOptions, checkCloudFinite, checkExtent } from './cloud.js';
import { type ElementType, decodeElements, elementBytes, type Elements } from './elements.js';
import { damaged } from './errors.js';
import type { ByteSource } from './source.js';

// The IDX format of the MNIST files (Y. LeCun, C. Cortes, C. J. C. Burges): two zero bytes, a type, a rank, big-endian
// 32-bit extents, then the elements.

const TYPES: Record<number, ElementType> = {
  0x08: 'uint8',
  0x09: 'int8',
  0x0b: 'int16',
  0x0c: 'int32',
  0x0d: 'float32',
  0x0e: 'float64',
};

/** Whether the first bytes can be those of an IDX file. */
export function looksLikeIdx(start: Uint8Array): boolean {
  return (
    start.length >= 4 &&
    start[0] === 0 &&
    start[1] === 0 &&
    start[2] in TYPES &&
    start[3] >= 1 &&
    start[3] <= 8
  );
}

/** The elements of an IDX file with their shape. */
export async function readIdxArray(
  source: ByteSource,
  dtype: DType,
): Promise<Elements & { shape: number[] }> {
  const { file } = source;
  const start = new Uint8Array(await source.take(4, 'its IDX header'));
  if (!looksLikeIdx(start)) throw damaged(file, 'it does not begin like an IDX file');
  const rank = start[3];
  const extents = new DataView(await source.take(4 * rank, 'its IDX header'));
  const shape = Array.from({ length: rank }, (_, k) => extents.getUint32(4 * k));
  const count = shape.reduce((product, extent) => product * extent, 1);
  const type = TYPES[start[2]];
  if (!Number.isSafeInteger(count * 8))
    throw damaged(file, `its header claims the impossible shape [${shape.join(', ')}]`);
  const payload = await source.take(count * elementBytes(type), 'array data');
  if ((await source.next()) !== undefined)
    throw damaged(file, `it is longer than its shape [${shape.join(', ')}] says`);
  const elements = await decodeElements(payload, type, {
    littleEndian: false,
    dtype,
    file,
    signal: source.signal,
  });
  return { ...elements, shape };
}

/** Reads a cloud from an IDX file: the first extent counts the points, the others are flattened. */
export async function readIdx(
  source: ByteSource,
  { dtype = 'float32' }: ReadCloudOptions,
): Promise<CloudFile> {
  const { data, shape, original } = await readIdxArray(source, dtype);
  const n = shape[0];
  const d = shape.slice(1).reduce((product, extent) => product * extent, 1);
  checkExtent(source.file, n, d);
  const points = { data, shape: [n, d] };
  checkCloudFinite(source.file, points, undefined, original);
  return { points, imageShape: shape.length === 3 ? [shape[1], shape[2]] : undefined, source: source.file };
}

/** The file of labels that lies beside a file of images by MNIST's naming, or undefined. */
export function idxLabelsBeside(path: string): string | undefined {
  const name = basename(path);
  if (!name.includes('images')) return undefined;
  const labels = name.replace('images', 'labels').replace(/idx\d/, 'idx1');
  const stems = [labels, labels.endsWith('.gz') ? labels.slice(0, -3) : `${labels}.gz`];
  return stems.map((stem) => join(dirname(path), stem)).find((candidate) => existsSync(candidate));
}
