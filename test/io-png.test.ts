import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deflateSync } from 'node:zlib';
import test, { type ExecutionContext } from 'ava';
import { type ImageData, decode, encode } from 'fast-png';
import { ndarray } from '../ts/core/array.js';
import { type ErrorCode, RidgeflowError } from '../ts/core/errors.js';
import { readPng, writePng } from '../ts/io/png.js';
import { Random } from './reference/random.js';

function folderOf(t: ExecutionContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'ridgeflow-png-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

function fileOf(t: ExecutionContext, bytes: Uint8Array): string {
  const file = join(folderOf(t), 'picture.png');
  writeFileSync(file, bytes);
  return file;
}

const close = (t: ExecutionContext, actual: ArrayLike<number>, expected: readonly number[]) => {
  t.is(actual.length, expected.length);
  expected.forEach((value, i) =>
    t.true(Math.abs(actual[i] - value) < 1e-6, `${i}: ${actual[i]}, not ${value}`),
  );
};

test('grey pictures of 8 and 16 bits are read as shares of white', async (t) => {
  const small = encode({ width: 3, height: 2, data: Uint8Array.of(0, 51, 102, 153, 204, 255), channels: 1 });
  const { image, notes } = await readPng(fileOf(t, small));
  t.deepEqual(image.shape, [2, 3]);
  t.deepEqual(notes, []);
  close(t, image.data, [0, 0.2, 0.4, 0.6, 0.8, 1]);
  const deep: ImageData = { width: 2, height: 1, data: Uint16Array.of(13107, 65535), depth: 16, channels: 1 };
  const second = await readPng(fileOf(t, encode(deep)));
  close(t, second.image.data, [0.2, 1]);
  t.regex(second.notes.join(), /16-bit/);
});

test('colours become luminance, transparency becomes black, and both are said', async (t) => {
  const colour = encode({ width: 2, height: 1, data: Uint8Array.of(255, 0, 0, 10, 20, 30), channels: 3 });
  const first = await readPng(fileOf(t, colour));
  close(t, first.image.data, [0.2126, (10 * 0.2126 + 20 * 0.7152 + 30 * 0.0722) / 255]);
  t.regex(first.notes.join(), /luminance/);
  const alpha = encode({ width: 2, height: 1, data: Uint8Array.of(255, 51, 255, 255), channels: 2 });
  const second = await readPng(fileOf(t, alpha));
  close(t, second.image.data, [0.2, 1]);
  t.regex(second.notes.join(), /transparent/);
  // Grey that is stored as colour, and alpha that hides nothing, are not worth a word.
  const plain = encode({ width: 1, height: 1, data: Uint8Array.of(7, 7, 7, 255), channels: 4 });
  t.deepEqual((await readPng(fileOf(t, plain))).notes, []);
});

/** A PNG from its parts, with right checksums. */
function png(
  header: readonly number[],
  pixels: Buffer,
  { palette, end = true }: { palette?: Buffer; end?: boolean } = {},
) {
  const table = Array.from({ length: 256 }, (_, n) => {
    let c = n;
    for (let k = 0; k < 8; k++) c = c & 1 ? 0xedb88320 ^ (c >>> 1) : c >>> 1;
    return c >>> 0;
  });
  const chunk = (type: string, data: Buffer) => {
    const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
    let crc = 0xffffffff;
    for (const byte of body) crc = table[(crc ^ byte) & 255] ^ (crc >>> 8);
    const out = Buffer.alloc(body.length + 8);
    out.writeUInt32BE(data.length, 0);
    body.copy(out, 4);
    out.writeUInt32BE((crc ^ 0xffffffff) >>> 0, body.length + 4);
    return out;
  };
  const [width, height, depth, colour] = header;
  const start = Buffer.alloc(13);
  start.writeUInt32BE(width, 0);
  start.writeUInt32BE(height, 4);
  start[8] = depth;
  start[9] = colour;
  return Buffer.concat([
    Buffer.from([137, 80, 78, 71, 13, 10, 26, 10]),
    chunk('IHDR', start),
    ...(palette ? [chunk('PLTE', palette)] : []),
    chunk('IDAT', deflateSync(pixels)),
    ...(end ? [chunk('IEND', Buffer.alloc(0))] : []),
  ]);
}

test('few bits per pixel, and palettes', async (t) => {
  const bits = png([10, 2, 1, 0], Buffer.from([0, 0b10110011, 0b01000000, 0, 0b00000001, 0b10000000]));
  close(
    t,
    (await readPng(fileOf(t, bits))).image.data,
    [1, 0, 1, 1, 0, 0, 1, 1, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 1, 0],
  );
  const nibbles = png([3, 1, 4, 0], Buffer.from([0, 0x3f, 0x60]));
  close(t, (await readPng(fileOf(t, nibbles))).image.data, [0.2, 1, 0.4]);
  const palette = Buffer.from([0, 0, 0, 255, 255, 255, 51, 51, 51]);
  const indexed = png([3, 1, 2, 3], Buffer.from([0, 0b10010000]), { palette });
  const { image, notes } = await readPng(fileOf(t, indexed));
  close(t, image.data, [0.2, 1, 0]);
  t.regex(notes.join(), /palette/);
});

test('what is written is read again: 16 bits over the window', async (t) => {
  const file = join(folderOf(t), 'out.png');
  await writePng(file, ndarray([[-1, 0, 1, 9]]), { black: -1, white: 1 });
  const { depth, data } = decode(readFileSync(file));
  t.is(depth, 16);
  t.deepEqual(Array.from(data), [0, 32768, 65535, 65535]);
  await writePng(file, ndarray([[5, 5]]), { black: 5, white: 5 });
  t.deepEqual(Array.from((await readPng(file)).image.data), [0, 0]);
});

test('hostile pictures are errors that name the file', async (t) => {
  const good = png([4, 4, 8, 0], Buffer.alloc(20));
  t.is((await readPng(fileOf(t, good))).image.data.length, 16);
  const changed = (at: number, value: number) => {
    const copy = Buffer.from(good);
    copy[at] = value;
    return copy;
  };
  const cases: [string, ErrorCode, Uint8Array][] = [
    ['no bytes', 'FILE_FORMAT', new Uint8Array(0)],
    ['other bytes', 'FILE_FORMAT', Buffer.from('GIF89a...........')],
    ['a file cut short', 'FILE_TRUNCATED', good.subarray(0, good.length - 20)],
    ['a chunk longer than the file', 'FILE_TRUNCATED', changed(8, 0x7f)],
    ['no end', 'FILE_TRUNCATED', png([4, 4, 8, 0], Buffer.alloc(20), { end: false })],
    ['a wrong checksum', 'FILE_FORMAT', changed(30, good[30] ^ 1)],
    ['no width', 'FILE_FORMAT', png([0, 4, 8, 0], Buffer.alloc(20))],
    ['a size beyond reason', 'UNSUPPORTED', png([2 ** 31 - 1, 2 ** 31 - 1, 8, 0], Buffer.alloc(20))],
    ['a bit depth that there is not', 'FILE_FORMAT', png([4, 4, 3, 0], Buffer.alloc(20))],
    ['a colour type that there is not', 'FILE_FORMAT', png([4, 4, 8, 5], Buffer.alloc(20))],
    ['data that unpack to gigabytes', 'FILE_FORMAT', png([4, 4, 8, 0], Buffer.alloc(1 << 24))],
    ['a filter that there is not', 'FILE_FORMAT', png([4, 4, 8, 0], Buffer.alloc(20, 9))],
    ['a palette without colours', 'FILE_FORMAT', png([4, 4, 8, 3], Buffer.alloc(20, 7))],
  ];
  for (const [what, code, bytes] of cases) {
    const file = fileOf(t, bytes);
    const error = await t.throwsAsync(readPng(file), { instanceOf: RidgeflowError }, what);
    t.is(error?.code, code, `${what}: ${error?.message}`);
    t.true(error?.message.includes(file), what);
  }
  t.is((await t.throwsAsync(readPng('/none.png'), { instanceOf: RidgeflowError })).code, 'FILE_NOT_FOUND');
  const aborted = readPng(fileOf(t, good), { signal: AbortSignal.abort() });
  t.is((await t.throwsAsync(aborted, { instanceOf: RidgeflowError })).code, 'ABORTED');
});

test('damaged pictures are read or are errors, never anything else', async (t) => {
  const random = new Random(121);
  const good = encode({ width: 9, height: 7, data: new Uint8Array(randomBytes(9 * 7 * 3)), channels: 3 });
  for (let round = 0; round < 200; round++) {
    const bytes = good.slice(0, random.integer(4) ? good.length : random.integer(good.length));
    for (let k = random.integer(4); k >= 0 && bytes.length > 0; k--)
      bytes[random.integer(bytes.length)] = random.integer(256);
    const outcome = await readPng(fileOf(t, bytes)).catch((error: unknown) => error);
    t.true(outcome instanceof RidgeflowError || 'image' in (outcome as object), String(outcome));
  }
});
