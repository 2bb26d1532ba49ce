import { endianness } from 'node:os';
import { allocate, type DType, type FloatData } from '../core/array.js';
import { checkMemory, inSlices } from './source.js';

/** Element types that binary files hold and the library converts. */
export type ElementType =
  | 'bool'
  | 'int8'
  | 'uint8'
  | 'int16'
  | 'uint16'
  | 'int32'
  | 'uint32'
  | 'int64'
  | 'uint64'
  | 'float16'
  | 'float32'
  | 'float64';

const BYTES: Record<ElementType, number> = {
  bool: 1,
  int8: 1,
  uint8: 1,
  int16: 2,
  uint16: 2,
  int32: 4,
  uint32: 4,
  int64: 8,
  uint64: 8,
  float16: 2,
  float32: 4,
  float64: 8,
};

export const HOST_IS_LITTLE_ENDIAN = endianness() === 'LE';

/** Bytes of one element. */
export function elementBytes(type: ElementType): number {
  return BYTES[type];
}

/** The library's element type that holds every value of a type (64-bit integers: to 53 bits). */
export function exactDtype(type: ElementType): DType {
  const wide: ElementType[] = ['int32', 'uint32', 'int64', 'uint64', 'float64'];
  return wide.includes(type) ? 'float64' : 'float32';
}

/** Converted elements, with the value that each had in the file. */
export interface Elements {
  data: FloatData;
  original: (index: number) => number;
  /** The digits of that value, where a double may not hold them all: of 64-bit integers. */
  text?: (index: number) => string;
}

/**
 * Converts the elements that fill `payload` to `dtype`. Where they already have it the result is a view of the
 * payload; the payload's bytes may be reordered in place, so it must belong to the caller alone.
 */
export async function decodeElements(
  payload: ArrayBuffer,
  type: ElementType,
  options: { littleEndian: boolean; dtype: DType; file: string; signal?: AbortSignal },
): Promise<Elements> {
  const { littleEndian, dtype, file, signal } = options;
  const count = payload.byteLength / BYTES[type];
  if (littleEndian !== HOST_IS_LITTLE_ENDIAN) await swapBytes(payload, BYTES[type], signal);
  const original = valueReader(payload, type);
  const text = integerText(payload, type);
  if (type === dtype) {
    const data = type === 'float64' ? new Float64Array(payload) : new Float32Array(payload);
    return { data, original, text };
  }
  checkMemory(count * (dtype === 'float64' ? 8 : 4), file);
  const data = allocate(dtype, count, file);
  const plain = plainView(payload, type);
  await inSlices(count, signal, (from, to) => {
    if (plain) data.set(plain.subarray(from, to), from);
    else for (let i = from; i < to; i++) data[i] = original(i);
  });
  return { data, original, text };
}

/** The payload as a typed array whose numbers are the values, or undefined where there is no such array. */
function plainView(payload: ArrayBuffer, type: ElementType) {
  switch (type) {
    case 'int8':
      return new Int8Array(payload);
    case 'uint8':
      return new Uint8Array(payload);
    case 'int16':
      return new Int16Array(payload);
    case 'uint16':
      return new Uint16Array(payload);
    case 'int32':
      return new Int32Array(payload);
    case 'uint32':
      return new Uint32Array(payload);
    case 'float32':
      return new Float32Array(payload);
    case 'float64':
      return new Float64Array(payload);
    default:
      return undefined;
  }
}

function valueReader(payload: ArrayBuffer, type: ElementType): (index: number) => number {
  const plain = plainView(payload, type);
  if (plain) return (i) => plain[i];
  if (type === 'bool') {
    const bytes = new Uint8Array(payload);
    return (i) => (bytes[i] === 0 ? 0 : 1);
  }
  if (type === 'float16') {
    const halves = new Uint16Array(payload);
    return (i) => halfToNumber(halves[i]);
  }
  // Two 32-bit halves round once, like a conversion of the 64-bit integer, and make no BigInt per element.
  const low = new Uint32Array(payload);
  const high = type === 'int64' ? new Int32Array(payload) : low;
  const highPart = HOST_IS_LITTLE_ENDIAN ? 1 : 0;
  return (i) => high[2 * i + highPart] * 2 ** 32 + low[2 * i + 1 - highPart];
}

function integerText(payload: ArrayBuffer, type: ElementType): Elements['text'] {
  if (type !== 'int64' && type !== 'uint64') return undefined;
  const values = type === 'int64' ? new BigInt64Array(payload) : new BigUint64Array(payload);
  return (i) => String(values[i]);
}

/** The value of an IEEE 754 half-precision number. */
export function halfToNumber(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 0x1f) return fraction ? NaN : sign * Infinity;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

async function swapBytes(payload: ArrayBuffer, bytes: number, signal?: AbortSignal): Promise<void> {
  if (bytes === 1) return;
  await inSlices(payload.byteLength / bytes, signal, (from, to) => {
    const slice = Buffer.from(payload, from * bytes, (to - from) * bytes);
    if (bytes === 2) slice.swap16();
    else if (bytes === 4) slice.swap32();
    else slice.swap64();
  });
}
