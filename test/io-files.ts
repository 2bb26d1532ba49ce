import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { crc32, deflateRawSync } from 'node:zlib';
import type { ExecutionContext } from 'ava';
import { type ErrorCode, RidgeflowError } from '../ts/core/errors.js';
import { emptyFolder } from './command-line.js';

/** The path of a fixture. */
export function fixture(name: string): string {
  return fileURLToPath(new URL(`./fixtures/io/${name}`, import.meta.url));
}

/** Writes a file into a folder of its own, which the test's end removes; returns its path. */
export function put(t: ExecutionContext, name: string, content: Uint8Array | string): string {
  const path = join(emptyFolder(t), name);
  writeFileSync(path, content);
  return path;
}

/** Fails unless the promise rejects with this code and a message that matches every pattern. */
export async function fails(
  t: ExecutionContext,
  promise: Promise<unknown>,
  code: ErrorCode,
  ...patterns: RegExp[]
): Promise<RidgeflowError | undefined> {
  const error = await t.throwsAsync(promise, { instanceOf: RidgeflowError });
  t.is(error?.code, code, error?.message);
  for (const pattern of patterns) t.regex(error?.message ?? '', pattern);
  return error;
}

/** A .npy file with whatever header and data. */
export function npyBytes(header: string, data: Uint8Array, version = 1): Buffer {
  const text = Buffer.from(`${header}\n`, version === 3 ? 'utf8' : 'latin1');
  const length = Buffer.alloc(version === 1 ? 2 : 4);
  length.writeUIntLE(text.length, 0, length.length);
  return Buffer.concat([
    Buffer.from(`\x93NUMPY${String.fromCharCode(version)}\0`, 'latin1'),
    length,
    text,
    data,
  ]);
}

/** The header of a .npy file. */
export function npyHeader(descr: string, shape: string, fortran = 'False'): string {
  return `{'descr': '${descr}', 'fortran_order': ${fortran}, 'shape': ${shape}, }`;
}

/** A .npy file of float32 numbers. */
export function floats(values: number[], shape: number[]): Buffer {
  const data = new Uint8Array(Float32Array.from(values).buffer);
  return npyBytes(npyHeader('<f4', `(${shape.join(', ')},)`), data);
}

/** A zip file of one entry, any of whose facts can be wrong. */
export function zipBytes(
  name: string,
  content: Buffer,
  wrong: {
    size?: number;
    crc?: number;
    method?: number;
    flags?: number;
    offset?: number;
    stored?: boolean;
  } = {},
): Buffer {
  const body = wrong.stored ? content : deflateRawSync(content);
  const common = Buffer.alloc(22);
  common.writeUInt16LE(wrong.flags ?? 0, 2);
  common.writeUInt16LE(wrong.method ?? (wrong.stored ? 0 : 8), 4);
  common.writeUInt32LE(wrong.crc ?? crc32(content), 10);
  common.writeUInt32LE(body.length, 14);
  common.writeUInt32LE(wrong.size ?? content.length, 18);
  const lengths = Buffer.alloc(4);
  lengths.writeUInt16LE(name.length, 0);
  const local = Buffer.concat([Buffer.from('PK\x03\x04'), common, lengths, Buffer.from(name), body]);
  const rest = Buffer.alloc(14);
  rest.writeUInt32LE(wrong.offset ?? 0, 10);
  const central = Buffer.concat([Buffer.from('PK\x01\x02\0\0'), common, lengths, rest, Buffer.from(name)]);
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06', 'latin1');
  end.writeUInt16LE(1, 8);
  end.writeUInt16LE(1, 10);
  end.writeUInt32LE(central.length, 12);
  end.writeUInt32LE(local.length, 16);
  return Buffer.concat([local, central, end]);
}
