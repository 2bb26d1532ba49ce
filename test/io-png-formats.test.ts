import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32, deflateSync } from 'node:zlib';
import test, { type ExecutionContext } from 'ava';
import { RidgeflowError } from '../ts/core/errors.js';
import { readPng } from '../ts/io/png.js';
import { Random } from './reference/random.js';

// Pictures of every colour type, depth and interlace that PNG has (third edition, table 11.1), written here pixel by pixel.

const CHANNELS: Record<number, number> = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 };
const FORMATS: [colour: number, depth: number][] = [
  ...[1, 2, 4, 8, 16].map((depth): [number, number] => [0, depth]),
  ...[8, 16].map((depth): [number, number] => [2, depth]),
  ...[1, 2, 4, 8].map((depth): [number, number] => [3, depth]),
  ...[8, 16].map((depth): [number, number] => [4, depth]),
  ...[8, 16].map((depth): [number, number] => [6, depth]),
];

interface Picture {
  width: number;
  height: number;
  colour: number;
  depth: number;
  interlace: boolean;
  /** The samples of the pixel at a row and a column. */
  at: (row: number, column: number) => number[];
  palette?: number[];
  tRNS?: Buffer;
}

function chunk(type: string, data: Uint8Array): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const out = Buffer.alloc(body.length + 8);
  out.writeUInt32BE(data.length, 0);
  body.copy(out, 4);
  out.writeUInt32BE(crc32(body), body.length + 4);
  return out;
}

/** The letters of the pass to which each pixel of a block belongs: PNG, third edition, figure 19. */
const BLOCK = [
  '16462646',
  '77777777',
  '56565656',
  '77777777',
  '36463646',
  '77777777',
  '56565656',
  '77777777',
];

/** The lines of a picture: rows of pixels in the order in which they are stored. */
function linesOf({ width, height, interlace, at }: Picture): number[][][] {
  const lines: number[][][] = [];
  for (const pass of interlace ? '1234567' : '*') {
    for (let row = 0; row < height; row++) {
      const line: number[][] = [];
      for (let column = 0; column < width; column++)
        if (pass === '*' || BLOCK[row % 8][column % 8] === pass) line.push(at(row, column));
      lines.push(line);
    }
  }
  return lines;
}

/** Filters a line; the filter is whichever comes next, so that all are met. */
function filtered(line: Buffer, above: Buffer, step: number, filter: number): Buffer {
  const out = Buffer.alloc(line.length + 1);
  out[0] = filter;
  line.forEach((value, i) => {
    const [a, b, c] = [line[i - step] ?? 0, above[i] ?? 0, above[i - step] ?? 0];
    const [pa, pb, pc] = [Math.abs(b - c), Math.abs(a - c), Math.abs(a + b - 2 * c)];
    const paeth = pa <= pb && pa <= pc ? a : pb <= pc ? b : c;
    out[i + 1] = value - [0, a, b, (a + b) >> 1, paeth][filter];
  });
  return out;
}

function encode(picture: Picture): Buffer {
  const { width, height, colour, depth, interlace, palette, tRNS } = picture;
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([depth, colour, 0, 0, interlace ? 1 : 0], 8);
  const step = Math.max(1, (CHANNELS[colour] * depth) / 8);
  let above = Buffer.alloc(0);
  let filter = 0;
  const lines = linesOf(picture)
    .filter((pixels) => pixels.length > 0)
    .map((pixels) => {
      const bits = pixels.map((samples) => samples.map((s) => s.toString(2).padStart(depth, '0')).join(''));
      const bytes = bits.join('').match(/.{1,8}/g)!;
      const line = Buffer.from(bytes.map((byte) => Number.parseInt(byte.padEnd(8, '0'), 2)));
      // The first line of a pass has none above it; lines of one pass are equally long, but so may be those of the next.
      const isFirst = line.length !== above.length || interlace;
      const out = filtered(
        line,
        isFirst ? Buffer.alloc(0) : above,
        step,
        isFirst ? [0, 1][filter % 2] : filter,
      );
      above = line;
      filter = (filter + 1) % 5;
      return out;
    });
  const data = deflateSync(Buffer.concat(lines));
  return Buffer.concat([
    Buffer.from([137, 80, 78, 71, 13, 10, 26, 10]),
    chunk('IHDR', header),
    chunk('tEXt', Buffer.from('Comment\0passed over')),
    ...(palette ? [chunk('PLTE', Buffer.from(palette))] : []),
    ...(tRNS ? [chunk('tRNS', tRNS)] : []),
    chunk('IDAT', data.subarray(0, 5)),
    chunk('IDAT', data.subarray(5)),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

function fileOf(t: ExecutionContext, bytes: Uint8Array): string {
  const folder = mkdtempSync(join(tmpdir(), 'ridgeflow-png-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, 'picture.png');
  writeFileSync(file, bytes);
  return file;
}

/** Luminance times opacity of a pixel, by the definition. */
function shareOfWhite({ colour, depth, palette, tRNS }: Picture, samples: number[]): number {
  const most = 2 ** depth - 1;
  const luminance = ([r, g, b]: number[], white: number) => (0.2126 * r + 0.7152 * g + 0.0722 * b) / white;
  const named = Array.from({ length: (tRNS?.length ?? 0) >> 1 }, (_, i) => tRNS!.readUInt16BE(2 * i) & most);
  if (colour === 3) {
    const opacity = (tRNS?.[samples[0]] ?? 255) / 255;
    return luminance(palette!.slice(3 * samples[0], 3 * samples[0] + 3), 255) * opacity;
  }
  if (colour === 4) return (samples[0] / most) * (samples[1] / most);
  if (colour === 6) return luminance(samples, most) * (samples[3] / most);
  if (tRNS && samples.every((sample, i) => sample === named[i])) return 0;
  return colour === 0 ? samples[0] / most : luminance(samples, most);
}

const coloursOf = (random: Random, count: number) =>
  Array.from({ length: 3 * count }, () => random.integer(256));

function randomPicture(
  colour: number,
  depth: number,
  interlace: boolean,
  width: number,
  height: number,
): Picture {
  const random = new Random(1000 * colour + 10 * depth + width + height);
  const pixels = Array.from({ length: width * height }, () =>
    Array.from({ length: CHANNELS[colour] }, () => random.integer(2 ** depth)),
  );
  const palette = colour === 3 ? coloursOf(random, 2 ** depth) : undefined;
  return { width, height, colour, depth, interlace, palette, at: (r, c) => pixels[r * width + c] };
}

async function assertPixels(t: ExecutionContext, picture: Picture, what: string): Promise<string[]> {
  const { image, notes } = await readPng(fileOf(t, encode(picture)));
  const { width, height, at } = picture;
  t.deepEqual(image.shape, [height, width], what);
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      const expected = shareOfWhite(picture, at(row, column));
      const actual = image.data[row * width + column];
      if (Math.abs(actual - expected) > 1e-6)
        t.fail(`${what} (${row}, ${column}): ${actual}, not ${expected}`);
    }
  }
  return notes;
}

for (const interlace of [false, true]) {
  for (const [colour, depth] of FORMATS) {
    const name = `colour type ${colour}, ${depth} bits${interlace ? ', interlaced' : ''}`;
    test(`every pixel is read: ${name}`, async (t) => {
      const sizes = [
        [1, 1],
        [2, 2],
        [3, 1],
        [1, 5],
        [5, 3],
        [8, 8],
        [9, 17],
        [33, 10],
      ];
      for (const [width, height] of sizes)
        await assertPixels(t, randomPicture(colour, depth, interlace, width, height), `${width} × ${height}`);
    });
  }
}

for (const interlace of [false, true]) {
  for (const [colour, depth] of FORMATS.filter(([type]) => type < 4)) {
    const name = `colour type ${colour}, ${depth} bits${interlace ? ', interlaced' : ''}`;
    test(`what tRNS names is transparent: ${name}`, async (t) => {
      for (const [width, height] of [
        [1, 1],
        [2, 2],
        [9, 7],
      ]) {
        const picture = randomPicture(colour, depth, interlace, width, height);
        // White where there is no palette, so that what is left visible would be seen.
        const at: Picture['at'] = (row, column) =>
          (row + column) % 2 || colour === 3
            ? picture.at(row, column)
            : picture.at(0, 0).map(() => 2 ** depth - 1);
        const named = Buffer.alloc(2 * CHANNELS[colour]);
        // Bits above the depth are to be ignored.
        for (let i = 0; i < CHANNELS[colour]; i++)
          named.writeUInt16BE(depth === 4 ? 0xabcf : 2 ** depth - 1, 2 * i);
        const tRNS = colour === 3 ? Buffer.from([0, 100].slice(0, 2 ** depth)) : named;
        const notes = await assertPixels(t, { ...picture, at, tRNS }, `${width} × ${height}`);
        if (colour !== 3) t.regex(notes.join(), /transparent/);
      }
    });
  }
}

test('a transparent colour is that of all its samples, to the last bit', async (t) => {
  const tRNS = Buffer.from([0x12, 0x34, 0x56, 0x78, 0x9a, 0xbc]);
  const pixels = [
    [0x1234, 0x5678, 0x9abc],
    [0x1235, 0x5678, 0x9abc],
    [0x1234, 0x5678, 0x9abd],
    [0x9abc, 0x5678, 0x1234],
  ];
  const picture: Picture = {
    ...{ width: 2, height: 2, colour: 2, depth: 16, interlace: false, tRNS },
    at: (row, column) => pixels[2 * row + column],
  };
  await assertPixels(t, picture, '16 bits');
  const { image } = await readPng(fileOf(t, encode(picture)));
  t.is(image.data[0], 0);
  t.true(image.data.subarray(1).every((value) => value > 0.1));
});

test('lines of one pass are predicted from each other, and those of the next are not', async (t) => {
  // Up and Paeth within interlaced passes, by hand: 1 × 5 pixels make passes of 1, 1, 1 and 2 lines of one pixel.
  const values = [10, 20, 30, 40, 50];
  const header = Buffer.from([0, 0, 0, 1, 0, 0, 0, 5, 8, 0, 0, 0, 1]);
  // Pass 1: row 0; pass 3: row 4; pass 5: row 2; pass 7: rows 1 and 3, the second as a difference to the first.
  const lines = Buffer.from([2, 10, 2, 50, 4, 30, 2, 20, 4, 20]);
  const bytes = Buffer.concat([
    Buffer.from([137, 80, 78, 71, 13, 10, 26, 10]),
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(lines)),
    chunk('IEND', Buffer.alloc(0)),
  ]);
  const { image } = await readPng(fileOf(t, bytes));
  t.deepEqual(
    Array.from(image.data, (value) => Math.round(255 * value)),
    values,
  );
});

test('a tRNS or a palette that does not fit is a damaged file', async (t) => {
  const small = (colour: number, depth: number, more: Partial<Picture>): Buffer =>
    encode({ ...randomPicture(colour, depth, false, 2, 2), ...more });
  const grey = small(0, 8, { tRNS: Buffer.alloc(2) });
  const crc = Buffer.from(grey);
  crc[crc.indexOf('tRNS') + 4] ^= 1;
  const twice = Buffer.concat([grey.subarray(0, 33), chunk('tRNS', Buffer.alloc(2)), grey.subarray(33)]);
  const depths = Buffer.from(small(2, 8, {}));
  depths[24] = 4;
  depths.writeUInt32BE(crc32(depths.subarray(12, 29)), 29);
  const interlace = Buffer.from(small(2, 8, {}));
  interlace[28] = 2;
  interlace.writeUInt32BE(crc32(interlace.subarray(12, 29)), 29);
  const cases: [string, Buffer][] = [
    ['grey with three samples', small(0, 8, { tRNS: Buffer.alloc(6) })],
    ['colour with one sample', small(2, 8, { tRNS: Buffer.alloc(2) })],
    ['an empty one', small(2, 16, { tRNS: Buffer.alloc(0) })],
    ['an alpha channel and tRNS', small(4, 8, { tRNS: Buffer.alloc(2) })],
    ['an alpha channel and tRNS, in colour', small(6, 16, { tRNS: Buffer.alloc(6) })],
    ['more opacities than colours', small(3, 1, { tRNS: Buffer.alloc(3) })],
    ['a palette of half a colour', small(3, 1, { palette: [1, 2, 3, 4] })],
    ['a palette too long', small(3, 1, { palette: new Array<number>(9).fill(0) })],
    ['no palette', small(3, 2, { palette: undefined })],
    ['a flipped bit', crc],
    ['two of them', twice],
    ['colours of four bits', depths],
    ['an interlace that there is not', interlace],
  ];
  for (const [what, bytes] of cases) {
    const file = fileOf(t, bytes);
    const error = await t.throwsAsync(readPng(file), { instanceOf: RidgeflowError }, what);
    t.is(error?.code, 'FILE_FORMAT', `${what}: ${error?.message}`);
    t.true(error?.message.includes(file), what);
  }
});

test('a header that promises more than its data can hold takes no memory', async (t) => {
  const picture = randomPicture(6, 16, false, 4, 4);
  const bytes = encode(picture);
  bytes.writeUInt32BE(16384, 16);
  bytes.writeUInt32BE(16384, 20);
  bytes.writeUInt32BE(crc32(bytes.subarray(12, 29)), 29);
  const before = process.memoryUsage().arrayBuffers;
  const error = await t.throwsAsync(readPng(fileOf(t, bytes)), { instanceOf: RidgeflowError });
  t.is(error?.code, 'FILE_FORMAT');
  t.true(process.memoryUsage().arrayBuffers - before < 1 << 24);
});
