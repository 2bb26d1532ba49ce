import { elementCount, type DType } from '../core/array.js';
import { decodeElements, elementBytes, type ElementType, type Elements } from './elements.js';
import { damaged, fileError, truncated } from './errors.js';
import type { ByteSource } from './source.js';

// The IDX format, as Y. LeCun, C. Cortes and C. Burges define it for the MNIST database: two zero bytes, the element
// type, the rank, the extents as big-endian 32-bit integers, then the elements, big-endian, the last index fastest.

const TYPES: Record<number, ElementType> = {
  0x08: 'uint8',
  0x09: 'int8',
  0x0b: 'int16',
  0x0c: 'int32',
  0x0d: 'float32',
  0x0e: 'float64',
};

/** Whether bytes begin like an IDX file. */
export function isIdx(bytes: Uint8Array): boolean {
  return bytes.length >= 4 && bytes[0] === 0 && bytes[1] === 0 && bytes[2] in TYPES && bytes[3] >= 1;
}

/** Reads an IDX file of any rank. Throws FILE_FORMAT, FILE_TRUNCATED, OUT_OF_MEMORY, ABORTED. */
export async function readIdx(source: ByteSource, dtype: DType): Promise<Elements & { shape: number[] }> {
  const { file, signal } = source;
  const { type, shape } = await readIdxHeader(source);
  const bytes = elementCount(shape) * elementBytes(type);
  const payload = await source.take(bytes, `data of shape [${shape.join(', ')}]`);
  await checkIdxEnd(source);
  return { ...(await decodeElements(payload, type, { littleEndian: false, dtype, file, signal })), shape };
}

/** Reads and checks the header of an IDX file, leaving the source at the first element. */
export async function readIdxHeader(source: ByteSource): Promise<{ type: ElementType; shape: number[] }> {
  const { file } = source;
  const magic = new Uint8Array(await source.take(4, 'its IDX header'));
  if (!isIdx(magic)) {
    throw fileError('FILE_FORMAT', {
      file,
      problem: `expected the first bytes of an IDX file but received ${Buffer.from(magic).toString('hex')}`,
      remedy: 'Name the format that it really has',
    });
  }
  const [, , code, rank] = magic;
  const type = TYPES[code];
  const extents = new DataView(await source.take(4 * rank, 'its IDX header'));
  const shape = Array.from({ length: rank }, (_, axis) => extents.getUint32(4 * axis));
  const bytes = elementCount(shape) * elementBytes(type);
  const left = source.capacity - source.consumed;
  if (!(bytes <= left)) throw truncated(file, `data of shape [${shape.join(', ')}]`, bytes, left);
  return { type, shape };
}

/** Throws FILE_FORMAT where the file goes on after its last element. */
export async function checkIdxEnd(source: ByteSource): Promise<void> {
  if (await source.next()) throw damaged(source.file, 'it goes on after its data');
}

/** Where the labels of a file of images are by convention: beside train-images-idx3-ubyte in train-labels-idx1-ubyte. */
export function labelSiblings(path: string): string[] {
  const match = /^(.*)images([-.])idx\d([^/\\]*)$/s.exec(path);
  if (!match) return [];
  const [, stem, separator, ending] = match;
  const name = `${stem}labels${separator}idx1${ending}`;
  return [name, name.endsWith('.gz') ? name.slice(0, -3) : `${name}.gz`];
}
