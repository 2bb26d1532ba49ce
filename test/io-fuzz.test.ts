import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import * as arrow from 'apache-arrow';
import test from 'ava';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { RidgeflowError } from '../ts/core/errors.js';
import { RandomStream } from '../ts/core/random.js';
import { decodeTable } from '../ts/io/decode.js';
import { readCloud } from '../ts/io/index.js';
import { emptyFolder } from './command-line.js';
import { fixture, floats, zipBytes } from './io-files.js';

const CASES = 200;

/** The file with some bytes changed, removed or repeated, or cut short: damage number `i`, the same in every run. */
function damage(whole: Buffer, i: number): Buffer {
  const stream = new RandomStream(i, 'sample');
  let position = 0;
  const below = (n: number) => Math.floor(stream.uniform(position++) * n);
  if (i % 4 === 0) return whole.subarray(0, below(whole.length));
  const bytes = Buffer.from(whole);
  const values = [0, 0xff, 0x7f, 0x80, 1];
  for (let changes = 1 + below(i % 3 === 0 ? 12 : 2); changes > 0; changes--) {
    bytes[below(bytes.length)] = below(2) ? values[below(values.length)] : below(256);
  }
  if (i % 4 === 1) return bytes;
  const at = below(bytes.length);
  const piece = bytes.subarray(at, at + below(16));
  return i % 8 === 2
    ? Buffer.concat([bytes.subarray(0, at), piece, bytes.subarray(at)])
    : Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + piece.length)]);
}

const idx = Buffer.concat([
  Buffer.from([0, 0, 8, 3, 0, 0, 0, 3, 0, 0, 0, 2, 0, 0, 0, 2]),
  Buffer.from('abcdefghijkl'),
]);
const csv = Buffer.from('x,y,"la""bel"\n1.5,-2e3,a\n# a comment\n3,4,"b\n"\n\n5,6,c\r\n');
const npy = floats([1, 2, 3, 4, 5, 6], [3, 2]);

const inProcess: Record<string, Buffer> = {
  'a.npy': npy,
  'b.npy': readFileSync(fixture('fortran-big-endian.npy')),
  'a.npz': zipBytes('X.npy', npy, { stored: true }),
  'b.npz': readFileSync(fixture('dtypes.npz')),
  'a.csv': csv,
  'a.csv.gz': gzipSync(csv),
  'a-idx3-ubyte': idx,
  'b.idx.gz': gzipSync(idx),
};

for (const [name, whole] of Object.entries(inProcess)) {
  test(`damaged ${name}: a result or an error of the library`, async (t) => {
    const path = join(emptyFolder(t), name);
    const codes = new Map<string, number>();
    for (let i = 0; i < CASES; i++) {
      writeFileSync(path, damage(whole, i));
      let code = 'read';
      try {
        const { points } = await readCloud(path, { labelColumn: name.includes('csv') ? -1 : undefined });
        t.is(points.data.length, points.shape[0] * points.shape[1]);
        t.true(points.data.every(Number.isFinite));
      } catch (error) {
        if (!(error instanceof RidgeflowError)) throw error;
        t.true(error.message.includes(path), error.message);
        ({ code } = error);
      }
      codes.set(code, (codes.get(code) ?? 0) + 1);
    }
    t.true(codes.size > 1, `only ${[...codes.keys()].join()}`);
  });
}

const tables: Record<string, Buffer> = {
  'lz4.arrow': readFileSync(fixture('lz4.feather')),
  'lists.parquet': readFileSync(fixture('lists.parquet')),
  'stream.arrow': Buffer.from(
    arrow.tableToIPC(
      new arrow.Table({
        x: arrow.vectorFromArray([1, 2, 3], new arrow.Float32()),
        label: arrow.vectorFromArray(
          ['a', 'b', 'a'],
          new arrow.Dictionary(new arrow.Utf8(), new arrow.Int8()),
        ),
      }),
      'stream',
    ),
  ),
  'small.parquet': Buffer.from(
    parquetWriteBuffer({
      columnData: [
        { name: 'x', data: [1n, 2n, 2n, 2n], type: 'INT64' },
        { name: 'y', data: [0.5, null, 1, 1], type: 'DOUBLE' },
      ],
    }),
  ),
};

const decodeAll = fileURLToPath(new URL('./io-decode-all.ts', import.meta.url));

for (const [name, whole] of Object.entries(tables)) {
  test(`damaged ${name}: what ends the decoder does not end the reader`, async (t) => {
    const folder = join(emptyFolder(t), 'files');
    mkdirSync(folder);
    const names = Array.from({ length: CASES }, (_, i) => `${String(i).padStart(3, '0')}-${name}`);
    names.forEach((file, i) => writeFileSync(join(folder, file), damage(whole, i)));
    const crashed: string[] = [];
    const outcomes = new Set<string>();
    for (let next = 0; next < CASES;) {
      const args = [...process.execArgv, '--max-old-space-size=256', decodeAll, folder, String(next)];
      const { stdout } = spawnSync(process.execPath, args, {
        encoding: 'utf8',
        timeout: 10_000,
        killSignal: 'SIGKILL',
      });
      const lines = stdout.split('\n');
      t.notRegex(stdout, /THREW/);
      for (const line of lines) outcomes.add(line.split(' ')[1]);
      next += lines.length;
      if (next <= CASES) crashed.push(names[next - 1]);
    }
    t.true(outcomes.size > 2, [...outcomes].join());
    // Those would have taken this process with them, or kept it for ever.
    for (const file of crashed.slice(0, 2)) {
      const path = join(folder, file);
      const format = name.endsWith('parquet') ? 'parquet' : 'arrow';
      const decoding = decodeTable({ path, format, dtype: 'float32' }, { timeLimit: 3000 });
      await t.throwsAsync(decoding, { instanceOf: RidgeflowError }, file);
    }
  });
}
