import { elementCount, type FloatData } from '../core/array.js';
import { describe } from '../core/errors.js';
import { isFloat64Array, isInt32Array } from '../core/realm.js';
import { HOST_IS_LITTLE_ENDIAN, elementBytes, type ElementType } from './elements.js';
import { damaged, fileError, truncated } from './errors.js';
import type { ByteSource } from './source.js';

/** The first bytes of every .npy file. */
export const NPY_MAGIC = Buffer.from('\x93NUMPY', 'latin1');

const MAX_HEADER_BYTES = 1 << 20;
const MAX_RANK = 64;

/** Arrays that can be written: the library's own, and indices or labels. */
export interface WritableArray {
  readonly data: FloatData | Int32Array;
  readonly shape: readonly number[];
}

/** What the header of a .npy file says. */
export interface NpyHeader {
  /** The type of its elements in NumPy's words. */
  descr: string;
  /** Undefined where the elements are no numbers that the library converts. */
  type: ElementType | undefined;
  /** Where the elements are texts: bytes of each, and of each character (1: Latin-1 or UTF-8; 4: UTF-32). */
  text?: { bytes: number; unit: 1 | 4 };
  littleEndian: boolean;
  fortranOrder: boolean;
  shape: number[];
}

/** Reads and checks the header of a .npy file, leaving the source at the first element. */
export async function readNpyHeader(source: ByteSource): Promise<NpyHeader> {
  const { file } = source;
  const start = Buffer.from(await source.take(8, 'its .npy header'));
  if (!start.subarray(0, 6).equals(NPY_MAGIC)) {
    throw fileError('FILE_FORMAT', {
      file,
      problem: 'expected the first bytes of a .npy file but received others',
      remedy: 'Name the format that it really has',
    });
  }
  const version = start[6];
  if (version < 1 || version > 3) {
    throw fileError('UNSUPPORTED', {
      file,
      problem: `expected .npy version 1, 2 or 3 but received ${version}`,
      remedy: 'Write it with numpy.save',
    });
  }
  const lengthBytes = version === 1 ? 2 : 4;
  const length = Buffer.from(await source.take(lengthBytes, 'its .npy header')).readUIntLE(0, lengthBytes);
  if (length > MAX_HEADER_BYTES && length <= source.capacity) {
    throw damaged(file, `expected a header of at most ${MAX_HEADER_BYTES} bytes but received ${length}`);
  }
  const text = Buffer.from(await source.take(length, 'its .npy header'));
  return parseHeader(text.toString(version === 3 ? 'utf8' : 'latin1'), source);
}

function parseHeader(text: string, source: ByteSource): NpyHeader {
  const { file } = source;
  const descr = /^\s*\{.*'descr'\s*:\s*(?:'([^']*)'|"([^"]*)"|(\[.*\]))/s.exec(text);
  const order = /'fortran_order'\s*:\s*(True|False)\s*[,}]/.exec(text);
  const extents = /'shape'\s*:\s*\(([^()]*)\)\s*,?/.exec(text);
  if (!descr || !order || !extents || !/\}\s*$/.test(text)) {
    throw damaged(
      file,
      `expected descr, fortran_order and shape in its header but received ${describe(text)}`,
    );
  }
  const kind = parseDescr(descr[1] ?? descr[2] ?? descr[3]);
  const shape = parseShape(extents[1], file);
  // Of types that are not converted the size is not known, and need not be.
  const bytes = elementCount(shape) * (kind.type ? elementBytes(kind.type) : (kind.text?.bytes ?? 0));
  const left = source.capacity - source.consumed;
  if (!(bytes <= left)) throw truncated(file, `array data of shape [${shape.join(', ')}]`, bytes, left);
  return { ...kind, fortranOrder: order[1] === 'True', shape };
}

function parseShape(text: string, file: string): number[] {
  const parts = text.split(',').map((part) => part.trim());
  if (parts.at(-1) === '') parts.pop();
  const shape = parts.map((part) => (/^\d+L?$/.test(part) ? Number.parseInt(part, 10) : NaN));
  if (shape.length > MAX_RANK || !shape.every((extent) => Number.isSafeInteger(extent))) {
    throw damaged(
      file,
      `expected whole non-negative numbers for its shape but received (${text.slice(0, 60)})`,
    );
  }
  return shape;
}

const KINDS: Record<string, ElementType> = {
  b1: 'bool',
  i1: 'int8',
  u1: 'uint8',
  i2: 'int16',
  u2: 'uint16',
  i4: 'int32',
  u4: 'uint32',
  i8: 'int64',
  u8: 'uint64',
  f2: 'float16',
  f4: 'float32',
  f8: 'float64',
};

const FOREIGN_KINDS: Record<string, string> = {
  c: 'complex numbers',
  O: 'Python objects',
  S: 'text',
  U: 'text',
  M: 'dates',
  m: 'time spans',
  V: 'records',
  '[': 'records',
};

const FIELDS = 'Save one array of numbers (numpy.lib.recfunctions.structured_to_unstructured)';
const REMEDIES: Record<string, string> = {
  c: 'Save its real and imaginary parts as columns of numbers',
  O: "Save numbers with .astype('float64'), labels with .astype(str)",
  S: 'Texts can be labels, not coordinates: name another array, or convert numbers with .astype(float)',
  U: 'Texts can be labels, not coordinates: name another array, or convert numbers with .astype(float)',
  M: "Save it with .astype('int64')",
  m: "Save it with .astype('int64')",
  V: FIELDS,
  '[': FIELDS,
};

function parseDescr(descr: string): Pick<NpyHeader, 'descr' | 'type' | 'text' | 'littleEndian'> {
  const code = descr.replace(/^[<>=|]/, '');
  const littleEndian = descr[0] === '<' || descr[0] === '>' ? descr[0] === '<' : HOST_IS_LITTLE_ENDIAN;
  const text = /^([US])(\d{1,9})$/.exec(code);
  if (!text) return { descr, type: KINDS[code], littleEndian };
  const unit = text[1] === 'U' ? 4 : 1;
  return { descr, type: undefined, text: { bytes: unit * Number(text[2]), unit }, littleEndian };
}

/** Throws INVALID_DTYPE for elements that are no numbers, with a remedy after what they are. */
export function refuseType(descr: string, file: string): never {
  const letter = descr.replace(/^[<>=|]/, '')[0];
  const kind = FOREIGN_KINDS[letter] ?? 'a type that is not supported';
  throw fileError('INVALID_DTYPE', {
    file,
    problem: `expected booleans, integers or floats of up to 64 bits but received dtype ${describe(descr)}: ${kind}`,
    remedy: REMEDIES[letter] ?? "Save it with .astype('float32')",
    details: { dtype: descr },
  });
}

/** The bytes that precede the elements of a .npy file: version 1.0, host byte order, C order, padded to 64 bytes. */
export function npyHeader({ data, shape }: WritableArray): Uint8Array {
  return npyHeaderOf(isInt32Array(data) ? 'i4' : isFloat64Array(data) ? 'f8' : 'f4', shape);
}

/** The same of elements of a type, in NumPy's words, that are yet to come; `least` is how long it is at least. */
export function npyHeaderOf(type: 'i4' | 'f4' | 'f8', shape: readonly number[], least = 0): Uint8Array {
  const order = HOST_IS_LITTLE_ENDIAN ? '<' : '>';
  const tuple = shape.length === 1 ? `(${shape[0]},)` : `(${shape.join(', ')})`;
  const text = `{'descr': '${order}${type}', 'fortran_order': False, 'shape': ${tuple}, }`;
  const length = Math.ceil(Math.max(least, 10 + text.length + 1) / 64) * 64 - 10;
  const header = Buffer.alloc(10 + length, ' ');
  NPY_MAGIC.copy(header);
  header.set([1, 0], 6);
  header.writeUInt16LE(length, 8);
  header.write(text, 10, 'latin1');
  header[header.length - 1] = 0x0a;
  return header;
}
