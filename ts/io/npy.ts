import {
  BYTES,
  allocate,
  dtypeOf,
  elementCount,
  type DType,
  type FloatData,
  type NdArray,
} from '../core/array.js';
import { describe } from '../core/errors.js';
import { decodeElements, elementBytes, exactDtype, type Elements } from './elements.js';
import { damaged, fileError } from './errors.js';
import { readNpyHeader, refuseType } from './npy-header.js';
import { LabelCollector, labelsFromNumbers, type CloudLabels } from './labels.js';
import { checkMemory, inSlices, openSource, type ByteSource } from './source.js';
import { checkCall } from '../core/call.js';
import { SIGNATURES } from './signatures.js';

/** An array in C order, with the value that each element had in the file. */
export interface NpyArray extends Elements {
  shape: number[];
}

/**
 * Reads a .npy file (versions 1 to 3, C or Fortran order, either endianness), keeping its rank. Element types float32
 * and float64 are kept; float16, booleans and integers of up to 16 bits become float32, wider integers float64. NaN and
 * infinity are allowed.
 *
 * Throws FILE_NOT_FOUND, FILE_FORMAT, FILE_TRUNCATED, INVALID_DTYPE (complex, text, objects, records), OUT_OF_MEMORY,
 * ABORTED. The size that the header claims is checked against the file before any memory is taken.
 */
export async function readNpy(path: string, options: { signal?: AbortSignal } = {}): Promise<NdArray> {
  checkCall(SIGNATURES.readNpy, { path, options });
  const { signal } = options;
  const source = await openSource(path, { signal });
  try {
    const { data, shape } = await readNpyArray(source);
    return { data, shape };
  } finally {
    source.close();
  }
}

/** Reads the header and the elements of a .npy file; in `dtype`, or else in the one that holds the file's exactly. */
export async function readNpyArray(source: ByteSource, dtype?: DType): Promise<NpyArray> {
  const header = await readNpyHeader(source);
  const { littleEndian, fortranOrder, shape } = header;
  const type = header.type ?? refuseType(header.descr, source.file);
  const { file, signal } = source;
  const count = elementCount(shape);
  const target = dtype ?? exactDtype(type);
  const reordered = fortranOrder && shape.length > 1;
  // Beside what is read there is what it is converted to, and that in another order.
  const copies = (type === target ? 0 : 1) + (reordered ? 1 : 0);
  checkMemory(count * (elementBytes(type) + copies * BYTES[target]), file);
  const payload = await source.take(count * elementBytes(type), 'array data');
  const elements = await decodeElements(payload, type, { littleEndian, dtype: target, file, signal });
  if (!reordered) return { ...elements, shape };
  return { ...(await toRowMajor(elements, shape, signal)), shape };
}

/**
 * Reads the elements of a .npy file as the names of classes: integers in full, texts (`<U`, `|S`) as they stand. One
 * axis, or others of extent 1.
 */
export async function readNpyLabels(source: ByteSource): Promise<CloudLabels> {
  const { file, signal } = source;
  const header = await readNpyHeader(source);
  const { type, text, littleEndian, shape } = header;
  if (shape.length === 0 || elementCount(shape.slice(1)) !== 1) throw notOnePerPoint(shape, file);
  const bytes = text?.bytes ?? elementBytes(type ?? refuseType(header.descr, file));
  const payload = await source.take(shape[0] * bytes, 'array data');
  if (type) {
    const elements = await decodeElements(payload, type, { littleEndian, dtype: 'float64', file, signal });
    return labelsFromNumbers(elements.data, file, { text: elements.text });
  }
  const labels = new LabelCollector(file, 'text');
  await inSlices(shape[0], signal, (from, to) => {
    for (let i = from; i < to; i++) {
      const cell = Buffer.from(payload, i * bytes, bytes);
      const name = text!.unit === 1 ? cell.toString('utf8') : fromUtf32(cell, littleEndian, file);
      labels.add(name.replace(/\0+$/, ''));
    }
  });
  return labels.finish();
}

function fromUtf32(cell: Buffer, littleEndian: boolean, file: string): string {
  let text = '';
  for (let at = 0; at < cell.length; at += 4) {
    const code = littleEndian ? cell.readUInt32LE(at) : cell.readUInt32BE(at);
    if (code > 0x10ffff) throw damaged(file, `its text holds ${code}, which is no character`);
    text += String.fromCodePoint(code);
  }
  return text;
}

/** INVALID_SHAPE for labels that are not one per point. */
export function notOnePerPoint(shape: readonly number[], file: string) {
  return fileError('INVALID_SHAPE', {
    file,
    problem: `expected one label per point but received an array of shape ${describe(shape)}`,
    remedy: 'Give an array of one dimension',
  });
}

/** Reorders elements that are stored with the first index fastest. */
async function toRowMajor(stored: Elements, shape: number[], signal?: AbortSignal): Promise<Elements> {
  const { data } = stored;
  const strides = shape.map((_, axis) => elementCount(shape.slice(0, axis)));
  const storedIndex = (index: number) => {
    let rest = index;
    let at = 0;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      const coordinate = rest % shape[axis];
      at += coordinate * strides[axis];
      rest = (rest - coordinate) / shape[axis];
    }
    return at;
  };
  const out = allocate(dtypeOf(stored), data.length);
  const last = shape[shape.length - 1];
  const step = strides[shape.length - 1];
  await inSlices(data.length, signal, (from, to) => {
    for (let i = from; i < to;) {
      const rowEnd = Math.min(to, i - (i % last) + last);
      for (let at = storedIndex(i); i < rowEnd; i++, at += step) out[i] = data[at];
    }
  });
  const { original, text } = stored;
  return {
    data: out,
    original: (index) => original(storedIndex(index)),
    text: text && ((index) => text(storedIndex(index))),
  };
}

/** The bytes of an array's elements, in pieces that are views of them. */
export function* elementChunks(data: FloatData | Int32Array): Generator<Uint8Array> {
  const step = (1 << 20) / data.BYTES_PER_ELEMENT;
  for (let i = 0; i < data.length; i += step) {
    const part = data.subarray(i, i + step);
    yield new Uint8Array(part.buffer, part.byteOffset, part.byteLength);
  }
}
