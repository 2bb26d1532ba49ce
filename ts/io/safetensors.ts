import { type NdArray, checkArray, dtypeOf, elementCount } from '../core/array.js';
import { describe, invalidArgument } from '../core/errors.js';
import {
  type ElementType,
  HOST_IS_LITTLE_ENDIAN,
  decodeElements,
  elementBytes,
  exactDtype,
} from './elements.js';
import { damaged, fileError } from './errors.js';
import { elementChunks } from './npy.js';
import { type ByteSource, openSource } from './source.js';
import { type WriteOptions, writeAtomic } from './write.js';
import { checkCall } from '../core/call.js';
import { SIGNATURES } from './signatures.js';

// The format: 8 bytes of header length, little-endian; the header, JSON that gives each tensor's dtype, shape and place;
// the tensors, little-endian and row-major, one after the other without gaps. https://github.com/huggingface/safetensors

const MAX_HEADER_BYTES = 100_000_000;
const MAX_RANK = 64;
const METADATA = '__metadata__';

const TYPES: Readonly<Record<string, ElementType | 'bfloat16'>> = {
  BOOL: 'bool',
  U8: 'uint8',
  I8: 'int8',
  U16: 'uint16',
  I16: 'int16',
  U32: 'uint32',
  I32: 'int32',
  U64: 'uint64',
  I64: 'int64',
  F16: 'float16',
  BF16: 'bfloat16',
  F32: 'float32',
  F64: 'float64',
};

/** The tensors of a file by their names, and the texts that it carries beside them. */
export interface Safetensors {
  readonly tensors: ReadonlyMap<string, NdArray>;
  readonly metadata: Readonly<Record<string, string>>;
}

/** Options of {@link readSafetensors}. */
export interface ReadSafetensorsOptions {
  /** The tensors to read. Default: all whose dtype is converted. */
  names?: readonly string[];
  /** Aborts the call: it rejects with code ABORTED. */
  signal?: AbortSignal;
}

/** Options of {@link writeSafetensors}. */
export interface WriteSafetensorsOptions extends WriteOptions {
  /** Texts to carry beside the tensors. */
  metadata?: Readonly<Record<string, string>>;
}

/** One tensor as the header has it. */
export interface Entry {
  name: string;
  dtype: string;
  /** Undefined for a dtype that is not converted. */
  type: ElementType | 'bfloat16' | undefined;
  shape: number[];
  begin: number;
  end: number;
}

/**
 * Reads the tensors of a safetensors file, keeping shapes. F32 and F64 are kept; F16, BF16, booleans and integers of up to
 * 16 bits become float32, wider integers float64. NaN and infinity are allowed. Tensors of other dtypes (F8_E4M3, …) are
 * left out unless `names` asks for them.
 *
 * @throws INVALID_ARGUMENT for a name that the file does not have; FILE_NOT_FOUND; FILE_FORMAT for a header that is none, or tensors that overlap, leave gaps or do not fit their
 *   shapes; FILE_TRUNCATED; INVALID_DTYPE for a tensor of `names`, or all tensors, of another dtype; OUT_OF_MEMORY, ABORTED. Sizes are checked against the file before any memory is
 *   taken.
 * @example const { tensors } = await readSafetensors('model.safetensors'); tensors.get('layers.0.weight');
 */
export async function readSafetensors(
  path: string,
  options: ReadSafetensorsOptions = {},
): Promise<Safetensors> {
  checkCall(SIGNATURES.readSafetensors, { path, options });
  const { names, signal } = options;
  const source = await openSource(path, { signal });
  try {
    const { entries, metadata } = await readHeader(source);
    const read = new Map<string, NdArray>();
    const wanted = new Set(names ?? entries.map(({ name }) => name));
    for (const name of wanted)
      if (!entries.some((entry) => entry.name === name))
        throw invalidArgument('names', `names among ${entries.map((entry) => entry.name).join(', ')}`, name);
    let refused: Entry | undefined;
    for (const entry of entries) {
      const tensor = await readTensor(source, entry);
      if (!wanted.has(entry.name)) continue;
      if (tensor) read.set(entry.name, tensor);
      else if (names) throw foreignType(entry, path);
      else refused ??= entry;
    }
    if (refused && read.size === 0) throw foreignType(refused, path);
    return { tensors: read, metadata };
  } finally {
    source.close();
  }
}

/** What is in a file, and at which byte the tensors begin. */
export async function readHeader(
  source: ByteSource,
): Promise<{ entries: Entry[]; metadata: Record<string, string>; start: number }> {
  const { file } = source;
  const prefix = Buffer.from(await source.take(8, 'its header length'));
  const length = Number(prefix.readBigUInt64LE());
  if (length > MAX_HEADER_BYTES)
    throw damaged(file, `expected a header of at most ${MAX_HEADER_BYTES} bytes but received ${length}`);
  const text = Buffer.from(await source.take(length, 'its header')).toString('utf8');
  let header: unknown;
  try {
    header = JSON.parse(text);
  } catch (cause) {
    throw damaged(file, 'its header is not JSON', cause);
  }
  if (typeof header !== 'object' || header === null || Array.isArray(header))
    throw damaged(file, `expected an object as its header but received ${describe(header)}`);
  const data = source.capacity - source.consumed;
  const entries: Entry[] = [];
  let metadata: Record<string, string> = {};
  for (const [name, value] of Object.entries(header)) {
    if (name === METADATA) metadata = parseMetadata(value, file);
    else entries.push(parseEntry(name, value, file));
  }
  // Empty tensors come before the one that begins where they do.
  entries.sort((a, b) => a.begin - b.begin || a.end - b.end);
  let end = 0;
  for (const { name, begin, end: next } of entries) {
    if (begin !== end)
      throw damaged(file, `tensor ${describe(name)} begins at byte ${begin}, where ${end} was expected`);
    end = next;
  }
  if (end < data) throw damaged(file, `expected ${end} bytes of tensors but it has ${data}`);
  return { entries, metadata, start: 8 + length };
}

function parseMetadata(value: unknown, file: string): Record<string, string> {
  const texts: [string, unknown][] =
    typeof value === 'object' && value !== null && !Array.isArray(value) ? Object.entries(value) : [['', 0]];
  if (texts.every((entry): entry is [string, string] => typeof entry[1] === 'string'))
    return Object.fromEntries(texts);
  throw damaged(file, `expected texts in ${METADATA} but received ${describe(value)}`);
}

function parseEntry(name: string, value: unknown, file: string): Entry {
  const { dtype, shape, data_offsets: offsets } = (value ?? {}) as Record<string, unknown>;
  const extents = wholeNumbers(shape);
  const places = wholeNumbers(offsets);
  if (typeof dtype !== 'string' || !extents || extents.length > MAX_RANK || places?.length !== 2)
    throw damaged(file, `expected dtype, shape and data_offsets of tensor ${describe(name)}`);
  const type = Object.hasOwn(TYPES, dtype) ? TYPES[dtype] : undefined;
  const [begin, end] = places;
  const bytes = type ? elementCount(extents) * bytesOf(type) : Math.max(0, end - begin);
  if (end - begin !== bytes)
    throw damaged(file, `tensor ${describe(name)} has ${end - begin} bytes where its shape needs ${bytes}`);
  return { name, dtype, type, shape: extents, begin, end };
}

function wholeNumbers(value: unknown): number[] | undefined {
  if (!Array.isArray(value)) return undefined;
  const numbers: unknown[] = value;
  return numbers.every((each): each is number => Number.isSafeInteger(each) && (each as number) >= 0)
    ? numbers
    : undefined;
}

function bytesOf(type: ElementType | 'bfloat16'): number {
  return type === 'bfloat16' ? 2 : elementBytes(type);
}

/** INVALID_DTYPE for a tensor whose elements are not converted. */
function foreignType({ name, dtype }: Entry, file: string) {
  return fileError('INVALID_DTYPE', {
    file,
    problem: `expected a dtype among ${Object.keys(TYPES).join(', ')} for tensor ${describe(name)} but received ${describe(dtype)}`,
    remedy: 'Save it in one of them (in PyTorch: tensor.to(torch.float32))',
    details: { dtype },
  });
}

/** The tensor, or undefined where its dtype is not converted: its bytes are passed over. */
export async function readTensor(
  source: ByteSource,
  { name, type, shape, begin, end }: Entry,
): Promise<NdArray | undefined> {
  const { file, signal } = source;
  const payload = await source.take(end - begin, `tensor ${name}`);
  if (!type) return undefined;
  if (type === 'bfloat16') {
    const view = new DataView(payload);
    const bits = Uint32Array.from(
      { length: payload.byteLength / 2 },
      (_, i) => view.getUint16(2 * i, true) << 16,
    );
    return { data: new Float32Array(bits.buffer), shape };
  }
  const options = { littleEndian: true, dtype: exactDtype(type), file, signal };
  const { data } = await decodeElements(payload, type, options);
  return { data, shape };
}

/**
 * Writes arrays as a safetensors file, float32 as F32 and float64 as F64. Atomic: nobody sees half of it.
 *
 * @throws INVALID_ARGUMENT, INVALID_SHAPE, INVALID_DTYPE; FILE_WRITE, ABORTED.
 * @example await writeSafetensors('model.safetensors', { weight }, { metadata: { step: '100' } });
 */
export async function writeSafetensors(
  path: string,
  tensors: Readonly<Record<string, NdArray>>,
  options: WriteSafetensorsOptions = {},
): Promise<void> {
  checkCall(SIGNATURES.writeSafetensors, { path, tensors, options });
  const { metadata, signal } = options;
  if (typeof tensors !== 'object' || tensors === null || Array.isArray(tensors))
    throw invalidArgument('tensors', 'an object of arrays by their names', tensors);
  for (const [name, value] of Object.entries(metadata ?? {}))
    if (typeof value !== 'string') throw invalidArgument(`metadata.${name}`, 'a string', value);
  const header: [string, unknown][] = metadata ? [[METADATA, metadata]] : [];
  // Wider elements come first, so that every element is aligned in a file that is mapped into memory.
  const sorted = Object.entries(tensors);
  for (const [name, array] of sorted) {
    checkArray(array, `tensors.${name}`);
    if (name === METADATA) throw invalidArgument('tensors', `names other than ${METADATA}`, name);
  }
  sorted.sort(([, a], [, b]) => b.data.BYTES_PER_ELEMENT - a.data.BYTES_PER_ELEMENT);
  let end = 0;
  for (const [name, array] of sorted) {
    const begin = end;
    end += array.data.byteLength;
    const dtype = dtypeOf(array) === 'float64' ? 'F64' : 'F32';
    header.push([name, { dtype, shape: array.shape, data_offsets: [begin, end] }]);
  }
  for (const [key, text] of Object.entries(metadata ?? {}))
    if (typeof text !== 'string') throw invalidArgument(`metadata.${key}`, 'a text', text);
  const json = Buffer.from(JSON.stringify(Object.fromEntries(header)), 'utf8');
  const start = Buffer.alloc(8 + Math.ceil(json.length / 8) * 8, ' ');
  start.writeBigUInt64LE(BigInt(start.length - 8));
  json.copy(start, 8);
  await writeAtomic(
    path,
    async (append) => {
      await append(start);
      for (const [, { data }] of sorted)
        for (const chunk of elementChunks(data)) await append(littleEndian(chunk, data.BYTES_PER_ELEMENT));
    },
    { signal },
  );
}

/** A piece of elements of so many bytes as files have them. */
export function littleEndian(chunk: Uint8Array, bytes: number): Uint8Array {
  if (HOST_IS_LITTLE_ENDIAN) return chunk;
  const copy = Buffer.from(chunk);
  return bytes === 8 ? copy.swap64() : copy.swap32();
}
