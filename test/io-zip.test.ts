import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { RidgeflowError } from '../ts/core/errors.js';
import { readNpz, writeNpz } from '../ts/io/npz.js';
import { readCloud } from '../ts/io/read.js';
import { emptyFolder } from './command-line.js';

const array = (...values: number[]) => ({ data: Float32Array.from(values), shape: [values.length, 1] });

/** Where the directory of a small zip file begins, and how long it is. */
function directoryOf(bytes: Buffer): { start: number; length: number } {
  return { start: bytes.readUInt32LE(bytes.length - 6), length: bytes.readUInt32LE(bytes.length - 10) };
}

/** A zip file with another directory. */
function withDirectory(bytes: Buffer, headers: readonly Buffer[]): Buffer {
  const directory = Buffer.concat(headers);
  const end = Buffer.from(bytes.subarray(bytes.length - 22));
  end.writeUInt16LE(headers.length, 8);
  end.writeUInt16LE(headers.length, 10);
  end.writeUInt32LE(directory.length, 12);
  return Buffer.concat([bytes.subarray(0, directoryOf(bytes).start), directory, end]);
}

test('every flipped bit of a zip directory is refused, or changes nothing', async (t) => {
  const file = join(emptyFolder(t), 'a.npz');
  await writeNpz(file, { X: array(1, 2, 3), y: array(0, 1, 0), z: array(7, 8, 9) });
  const whole = await readFile(file);
  const read = () =>
    readCloud(file, { array: 'X', labels: 'y' }).then(
      ({ points, labels }) => JSON.stringify([Array.from(points.data), labels]),
      (error: unknown) => error,
    );
  const expected = await read();
  t.is(typeof expected, 'string');
  const all = async () => {
    const arrays = await readNpz(file);
    return JSON.stringify(Object.entries(arrays).map(([name, { data }]) => [name, Array.from(data)]));
  };
  const everything = await all();
  const { start } = directoryOf(whole);
  for (let bit = 8 * start; bit < 8 * whole.length; bit++) {
    const copy = Buffer.from(whole);
    copy[bit >> 3] ^= 1 << (bit & 7);
    await writeFile(file, copy);
    const outcome = await read();
    t.true(outcome === expected || outcome instanceof RidgeflowError, `bit ${bit}: ${String(outcome)}`);
    const arrays = await all().catch((error: unknown) => error);
    t.true(arrays === everything || arrays instanceof RidgeflowError, `bit ${bit}: ${String(arrays)}`);
  }
});

test('entries that repeat, overlap or are hidden are refused', async (t) => {
  const file = join(emptyFolder(t), 'a.npz');
  const one = async () => {
    await writeNpz(file, { X: array(1, 2, 3) });
    return readFile(file);
  };
  const bytes = await one();
  const { start, length } = directoryOf(bytes);
  const header = bytes.subarray(start, start + length);
  const renamed = Buffer.from(header);
  renamed[46] = 'Y'.charCodeAt(0);
  const longer = Buffer.from(header);
  longer.writeUInt32LE(header.readUInt32LE(20) + 20, 20);
  const cases: [string, Buffer, RegExp][] = [
    ['one entry twice', withDirectory(bytes, [header, header]), /more than one entry X/],
    ['one body under two names', withDirectory(bytes, [header, renamed]), /name or its method/],
    ['another name', withDirectory(bytes, [renamed]), /name or its method/],
    ['a body that reaches into the directory', withDirectory(bytes, [longer]), /shares bytes/],
    [
      '3000 entries over one body',
      withDirectory(bytes, new Array<Buffer>(3000).fill(header)),
      /more than one/,
    ],
  ];
  const hidden = withDirectory(bytes, [header, header]);
  for (const at of [14, 12]) hidden.writeUInt16LE(1, hidden.length - at);
  cases.push(['fewer entries than the directory holds', hidden, /after its 1 entries/]);
  // A whole second local header within the data of the first: two names, one body.
  const inner = Buffer.concat([bytes.subarray(0, start)]);
  inner[30] = 'Y'.charCodeAt(0);
  const outer = Buffer.alloc(30 + 5);
  bytes.copy(outer, 0, 0, 35);
  const outerHeader = Buffer.from(header);
  outerHeader.writeUInt32LE(inner.length, 20);
  const innerHeader = Buffer.from(renamed);
  innerHeader.writeUInt32LE(outer.length, 42);
  const nested = Buffer.concat([outer, inner, header, Buffer.from(bytes.subarray(bytes.length - 22))]);
  nested.writeUInt32LE(outer.length + inner.length, nested.length - 6);
  cases.push(['one body within another', withDirectory(nested, [outerHeader, innerHeader]), /shares bytes/]);
  for (const [what, content, message] of cases) {
    await writeFile(file, content);
    const error = await t.throwsAsync<RidgeflowError>(readNpz(file), { instanceOf: RidgeflowError }, what);
    t.is(error?.code, 'FILE_FORMAT', what);
    t.regex(error?.message ?? '', message, what);
  }
  await writeFile(file, await one());
  t.deepEqual(Object.keys(await readNpz(file)), ['X']);
});
