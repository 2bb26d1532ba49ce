import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import type { NdArray } from '../ts/core/array.js';
import { RandomStream } from '../ts/core/random.js';
import { readSafetensors, writeSafetensors } from '../ts/io/index.js';
import { emptyFolder } from './command-line.js';

/** A file with this header and these bytes after it. */
function bytesOf(header: unknown, data: Uint8Array = new Uint8Array(0)): Buffer {
  const text = Buffer.from(typeof header === 'string' ? header : JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.length));
  return Buffer.concat([length, text, data]);
}

const f32 = (shape: number[], begin: number, end: number) => ({
  dtype: 'F32',
  shape,
  data_offsets: [begin, end],
});

test('what is written is read back, bit by bit', async (t) => {
  const path = join(emptyFolder(t), 'a.safetensors');
  const tensors: Record<string, NdArray> = {
    odd: { data: Float32Array.of(1, -0, NaN), shape: [3] },
    'wide values': { data: Float64Array.of(Math.PI, -Infinity, 5e-324, 1), shape: [2, 2] },
    empty: { data: new Float32Array(0), shape: [0, 4] },
    scalar: { data: Float32Array.of(7), shape: [] },
    ['__proto__x']: { data: Float32Array.of(2), shape: [1] },
    large: { data: Float32Array.from({ length: 600_001 }, (_, i) => i), shape: [600_001] },
  };
  const metadata = { note: 'ψ ∘ φ', empty: '' };
  await writeSafetensors(path, tensors, { metadata });
  const file = await readSafetensors(path);
  t.deepEqual({ ...file.metadata }, metadata);
  t.is(file.tensors.size, 6);
  for (const [name, { data, shape }] of Object.entries(tensors)) {
    t.deepEqual(file.tensors.get(name)?.shape, shape);
    t.deepEqual(file.tensors.get(name)?.data, data);
  }
  // Every tensor begins at a multiple of its elements' size in the file.
  const bytes = readFileSync(path);
  t.is(Number(bytes.readBigUInt64LE()) % 8, 0);
});

test('other element types are converted', async (t) => {
  const path = join(emptyFolder(t), 'a.safetensors');
  const parts: [string, Uint8Array, number[], Float32ArrayConstructor | Float64ArrayConstructor][] = [
    ['BF16', new Uint8Array(Uint16Array.of(0x3f80, 0xc040).buffer), [1, -3], Float32Array],
    ['F16', new Uint8Array(Uint16Array.of(0x3c00, 0x8001).buffer), [1, -(2 ** -24)], Float32Array],
    ['I64', new Uint8Array(BigInt64Array.of(-5n, 2n ** 40n).buffer), [-5, 2 ** 40], Float64Array],
    ['U8', Uint8Array.of(0, 255), [0, 255], Float32Array],
    ['BOOL', Uint8Array.of(0, 1), [0, 1], Float32Array],
    ['I32', new Uint8Array(Int32Array.of(-7, 9).buffer), [-7, 9], Float64Array],
  ];
  for (const [dtype, data, values, type] of parts) {
    writeFileSync(path, bytesOf({ x: { dtype, shape: [2], data_offsets: [0, data.length] } }, data));
    const { tensors } = await readSafetensors(path);
    t.deepEqual(tensors.get('x')?.data, type.from(values), dtype);
  }
});

test('hostile files are refused', async (t) => {
  const path = join(emptyFolder(t), 'a.safetensors');
  const eight = new Uint8Array(8);
  const length = (value: bigint) => {
    const bytes = Buffer.alloc(16);
    bytes.writeBigUInt64LE(value);
    return bytes;
  };
  const files: [string, Uint8Array, string][] = [
    ['nothing', new Uint8Array(0), 'FILE_TRUNCATED'],
    ['half a length', new Uint8Array(5), 'FILE_TRUNCATED'],
    ['no header', length(0n), 'FILE_FORMAT'],
    ['a header longer than the file', length(1000n), 'FILE_TRUNCATED'],
    ['a header of 2⁶⁴ − 1 bytes', length(2n ** 64n - 1n), 'FILE_FORMAT'],
    ['no JSON', bytesOf('{"x": '), 'FILE_FORMAT'],
    ['a list', bytesOf([]), 'FILE_FORMAT'],
    ['null', bytesOf('null'), 'FILE_FORMAT'],
    ['a tensor that is none', bytesOf({ x: null }), 'FILE_FORMAT'],
    ['no shape', bytesOf({ x: { dtype: 'F32', data_offsets: [0, 0] } }), 'FILE_FORMAT'],
    ['a negative extent', bytesOf({ x: f32([-2], 0, 8) }, eight), 'FILE_FORMAT'],
    ['half an extent', bytesOf({ x: f32([1.5], 0, 6) }, eight), 'FILE_FORMAT'],
    [
      'an extent as text',
      bytesOf('{"x":{"dtype":"F32","shape":["2"],"data_offsets":[0,8]}}', eight),
      'FILE_FORMAT',
    ],
    ['extents that overflow', bytesOf({ x: f32([2 ** 52, 2 ** 52], 0, 8) }, eight), 'FILE_FORMAT'],
    [
      'extents of infinity',
      bytesOf({ x: f32(new Array<number>(60).fill(2 ** 52), 0, 8) }, eight),
      'FILE_FORMAT',
    ],
    ['too many extents', bytesOf({ x: f32(new Array<number>(65).fill(1), 0, 4) }, eight), 'FILE_FORMAT'],
    ['a shape that does not fit', bytesOf({ x: f32([3], 0, 8) }, eight), 'FILE_FORMAT'],
    ['an end before the beginning', bytesOf({ x: f32([2], 8, 0) }, eight), 'FILE_FORMAT'],
    ['overlap', bytesOf({ x: f32([1], 0, 4), y: f32([1], 0, 4) }, eight), 'FILE_FORMAT'],
    ['a gap', bytesOf({ x: f32([1], 4, 8) }, eight), 'FILE_FORMAT'],
    ['bytes left', bytesOf({ x: f32([1], 0, 4) }, eight), 'FILE_FORMAT'],
    ['an end after that of the file', bytesOf({ x: f32([2000], 0, 8000) }, eight), 'FILE_TRUNCATED'],
    ['far after it', bytesOf({ x: f32([2 ** 50], 0, 2 ** 52) }, eight), 'FILE_TRUNCATED'],
    [
      'an unknown type',
      bytesOf({ x: { dtype: 'F8', shape: [8], data_offsets: [0, 8] } }, eight),
      'INVALID_DTYPE',
    ],
    [
      'a name of objects',
      bytesOf({ x: { dtype: 'toString', shape: [8], data_offsets: [0, 8] } }, eight),
      'INVALID_DTYPE',
    ],
    ['metadata of numbers', bytesOf({ __metadata__: { a: 1 } }), 'FILE_FORMAT'],
    ['metadata that is a list', bytesOf({ __metadata__: ['a'] }), 'FILE_FORMAT'],
  ];
  for (const [what, bytes, code] of files) {
    writeFileSync(path, bytes);
    await t.throwsAsync(readSafetensors(path), { code }, what);
  }
  await t.throwsAsync(readSafetensors(`${path}.missing`), { code: 'FILE_NOT_FOUND' });
});

test('a file with any byte changed or cut is read or refused, never worse', async (t) => {
  const path = join(emptyFolder(t), 'a.safetensors');
  await writeSafetensors(path, {
    a: { data: Float32Array.of(1, 2, 3, 4), shape: [2, 2] },
    b: { data: Float64Array.of(5), shape: [1] },
  });
  const whole = readFileSync(path);
  const random = new RandomStream(1, 'sample');
  for (let k = 0; k < 300; k++) {
    let bytes = Buffer.from(whole);
    if (k % 3 === 0) bytes = bytes.subarray(0, Math.floor(random.uniform(3 * k) * bytes.length));
    else
      bytes[Math.floor(random.uniform(3 * k + 1) * bytes.length)] = Math.floor(
        random.uniform(3 * k + 2) * 256,
      );
    writeFileSync(path, bytes);
    try {
      const { tensors } = await readSafetensors(path);
      for (const { data, shape } of tensors.values())
        t.is(
          data.length,
          shape.reduce((a, b) => a * b, 1),
        );
    } catch (error) {
      t.regex((error as { code: string }).code, /^FILE_(FORMAT|TRUNCATED)$|^INVALID_DTYPE$/);
    }
  }
});

test('what cannot be written is said', async (t) => {
  const path = join(emptyFolder(t), 'a.safetensors');
  const x: NdArray = { data: Float32Array.of(1, 2), shape: [2] };
  const write = writeSafetensors as (...values: unknown[]) => Promise<void>;
  await t.throwsAsync(write(path, { x: { ...x, shape: [3] } }), { code: 'INVALID_SHAPE' });
  await t.throwsAsync(write(path, { x: { ...x, data: [1, 2] } }), { code: 'INVALID_DTYPE' });
  await t.throwsAsync(write(path, { __metadata__: x }), { code: 'INVALID_ARGUMENT' });
  await t.throwsAsync(write(path, null), { code: 'INVALID_ARGUMENT' });
  await t.throwsAsync(write(path, { x }, { metadata: { a: 1 } }), { code: 'INVALID_ARGUMENT' });
  await t.throwsAsync(write(join(path, 'no', 'folder'), { x }), { code: 'FILE_WRITE' });
  await t.throwsAsync(write(path, { x }, { signal: AbortSignal.abort() }), { code: 'ABORTED' });
});
