// Pipelines of rows: what comes out at the end is what the calls give for the whole.
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Duplex, Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import test, { type ExecutionContext } from 'ava';
import * as arrow from 'apache-arrow';
import {
  type NdArray,
  type RowBatch,
  type Rows,
  daeMap,
  mapRows,
  ndarray,
  nearestNeighbours,
  neighbourRows,
  principalComponents,
  projectRows,
  readCloud,
  readRows,
  recordBatches,
  score,
  scoreRows,
  smoothed,
  transportMap,
  twoMoons,
  writeNpy,
  writeRows,
} from '../ts/index.js';
import { emptyFolder } from './command-line.js';
import { fails } from './io-files.js';

const { points } = twoMoons(301, { noise: 0.1, seed: 4 });
const centres = twoMoons(50, { noise: 0.05, seed: 5 }).points;

function cloudFile(t: ExecutionContext): string {
  const path = join(emptyFolder(t), 'in.csv');
  const rows = Array.from(
    { length: 301 },
    (_, i) => `${points.data[2 * i]},${points.data[2 * i + 1]},"c ""${i % 3}"`,
  );
  writeFileSync(path, `u,v,label\n${rows.join('\n')}\n`);
  return path;
}

async function gathered<T>(stream: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const each of stream) all.push(each);
  return all;
}

const valuesOf = (batches: readonly { points: NdArray }[]) =>
  batches.flatMap((each) => [...each.points.data]);
const map = daeMap(smoothed({ points: centres, variance: 0.05 }), { noise: 0.2 });

for (const ending of ['npy', 'csv', 'parquet', 'arrow'])
  test(`between two files: ${ending}`, async (t) => {
    const from = cloudFile(t);
    const to = join(emptyFolder(t), `out.${ending}`);
    await pipeline(readRows(from, { batch: 64 }), transportMap(map), writeRows(to));
    const whole = await readCloud(from);
    const moved = await map.apply(whole.points);
    const written = await readCloud(to);
    t.deepEqual([...written.points.data], [...moved.data]);
    t.deepEqual(written.points.shape, [301, 2]);
    if (ending === 'npy') return;
    t.deepEqual(written.columns, ['u', 'v']);
    t.deepEqual(written.labels, whole.labels);
    t.deepEqual(await writeRows(to, { dtype: 'float64' })(readRows(from)), { rows: 301, columns: 2 });
    const wide = await readCloud(to, { dtype: 'float64' });
    t.deepEqual([...wide.points.data], [...whole.points.data]);
  });

test('a file that NumPy reads, whatever the number of rows', async (t) => {
  const to = join(emptyFolder(t), 'out.npy');
  for (const n of [1, 10, 1000]) {
    const rows = { data: new Float64Array(n * 3).fill(0.5), shape: [n, 3] };
    await writeRows(to)([rows, rows]);
    t.regex(readFileSync(to, 'latin1'), new RegExp(`'shape': \\(${2 * n}, 3\\)`));
    t.is((readFileSync(to).length - 2 * n * 24) % 64, 0);
  }
});

test('score and neighbours of a fixed cloud, beside the rows and into a file', async (t) => {
  const source = () => readRows(cloudFileOf, { batch: 50 });
  const cloudFileOf = cloudFile(t);
  const whole = await readCloud(cloudFileOf);
  const scored = await gathered(scoreRows(centres, { variance: 0.1, tolerance: 0 })(source()));
  const values = await score(whole.points, centres, { variance: 0.1, tolerance: 0 });
  for (const name of ['logDensity', 'divergence'] as const) {
    const rows = scored.flatMap((each) => [...each[name]!]);
    rows.forEach((value, i) => t.true(Math.abs(value - values[name]![i]) <= 1e-5 * (1 + Math.abs(value))));
    t.is(rows.length, 301);
  }
  t.deepEqual(valuesOf(scored), [...whole.points.data], 'points stay');
  const near = await gathered(neighbourRows(centres, { k: 3 })(source()));
  const all = await nearestNeighbours(whole.points, centres, { k: 3 });
  t.deepEqual(near.flatMap(({ indices }) => [...indices]), [...all.indices]); // prettier-ignore
  const to = join(emptyFolder(t), 'out.parquet');
  const also = ['logDensity', 'distances', 'indices'];
  await pipeline(
    source(),
    scoreRows(centres, { variance: 0.1 }),
    neighbourRows(centres, { k: 2 }),
    writeRows(to, { also, labels: false }),
  );
  const written = await readCloud(to);
  t.deepEqual(written.columns, ['u', 'v', 'logDensity', 'distances[0]', 'distances[1]', 'indices[0]', 'indices[1]']); // prettier-ignore
  t.is(written.points.data[2 * 7 + 5], all.indices[2 * 3]);
});

test('projections on directions and on principal components', async (t) => {
  const components = await principalComponents(points);
  const axes = { data: components.axes, shape: [2, 2] };
  const [byComponents] = await gathered(projectRows(components)([points]));
  const [byAxes] = await gathered(projectRows(axes)([points]));
  t.deepEqual(byComponents.columns, ['direction 0', 'direction 1']);
  for (let i = 0; i < 301; i++)
    for (let k = 0; k < 2; k++) {
      const dot = (mean: ArrayLike<number>) =>
        [0, 1].reduce((sum, j) => sum + (points.data[2 * i + j] - mean[j]) * components.axes[2 * k + j], 0);
      t.is(byComponents.points.data[2 * i + k], Math.fround(dot(components.mean)));
      t.is(byAxes.points.data[2 * i + k], Math.fround(dot([0, 0])));
    }
  await fails(t, gathered(projectRows([[1, 0, 0]])([points])), 'INVALID_SHAPE');
});

test('record batches of Arrow go in and come out', async (t) => {
  const table = new arrow.Table({ a: arrow.makeVector(points.data.slice(0, 100) as Float32Array), b: arrow.makeVector(points.data.slice(100, 200) as Float32Array) }); // prettier-ignore
  const moved = await gathered(transportMap(map)(table.batches));
  t.deepEqual(moved[0].columns, ['a', 'b']);
  const batches = await gathered(recordBatches()(readRows(cloudFile(t), { batch: 100 })));
  t.deepEqual(batches.map(({ numRows }) => numRows), [100, 100, 100, 1]); // prettier-ignore
  t.deepEqual(batches[0].schema.names, ['u', 'v', 'label']);
  const again = new arrow.Table(batches);
  t.deepEqual([...(again.getChild('v')!.toArray() as Float32Array)].slice(0, 5), [...points.data].filter((_, i) => i % 2 === 1).slice(0, 5)); // prettier-ignore
  t.is(again.getChild('label')!.get(4), 'c "1');
  t.is(arrow.tableFromIPC(arrow.tableToIPC(again)).numRows, 301);
});

test('the next rows are read when the last have been taken, also between streams of Node', async (t) => {
  let [given, taken, most] = [0, 0, 0];
  const source = async function* () {
    for (; given < 200; given++) yield { data: new Float32Array(4), shape: [2, 2] };
  };
  const slow = async (rows: AsyncIterable<Rows>) => {
    for await (const rest of rows) {
      if (!rest) break;
      taken++;
      most = Math.max(most, given - taken);
      await new Promise(setImmediate);
    }
  };
  await pipeline(source(), mapRows((rows) => rows), slow); // prettier-ignore
  t.is(taken, 200);
  t.true(most <= 2, String(most));
  [given, taken, most] = [0, 0, 0];
  const through = Duplex.from(mapRows((rows) => rows) as (source: AsyncIterable<unknown>) => AsyncIterable<unknown>); // prettier-ignore
  await pipeline(Readable.from(source(), { highWaterMark: 2 }), through, slow);
  t.is(taken, 200);
  t.true(most < 100, String(most));
});

test('an abort or an error leaves the old file, and closes the one that is read', async (t) => {
  const folder = emptyFolder(t);
  const to = join(folder, 'out.npy');
  const from = join(emptyFolder(t), 'in.npy');
  await writeNpy(from, points);
  await writeNpy(to, ndarray([[7]]));
  const controller = new AbortController();
  let count = 0;
  const stage = mapRows((rows) => {
    if (++count === 3) controller.abort();
    return rows;
  });
  const { signal } = controller;
  await t.throwsAsync(pipeline(readRows(from, { batch: 10 }), stage, writeRows(to), { signal }), { name: 'AbortError' }); // prettier-ignore
  t.is(count, 3);
  const wrong = mapRows((rows) => {
    if ((rows as RowBatch).firstRow > 20) throw new TypeError('mine');
    return rows;
  });
  await t.throwsAsync(pipeline(readRows(from, { batch: 10 }), wrong, writeRows(to)), { message: 'mine' });
  const narrower = mapRows(({ points: { data, shape } }) => ({ points: { data, shape: [shape[0] * 2, 1] } }));
  const mixed = async function* () {
    yield* narrower([points]);
    yield points;
  };
  await fails(t, writeRows(to)(mixed()), 'INVALID_SHAPE', /row 603/);
  await fails(t, writeRows(to)([]), 'EMPTY_CLOUD');
  await fails(
    t,
    writeRows(to)([ndarray([[1]]), ndarray([[1]], undefined, 'float64')]),
    'INVALID_DTYPE',
    /row 2/,
  );
  await fails(t, writeRows(to, { also: ['other'] })([points]), 'INVALID_ARGUMENT', /other/);
  await fails(t, writeRows(to, { columns: ['a'] })([points]), 'INVALID_SHAPE');
  await fails(t, writeRows(to)(7 as never), 'INVALID_ARGUMENT', /stream/);
  await fails(t, writeRows(to)(['x'] as never), 'INVALID_ARGUMENT');
  await fails(t, writeRows(join(folder, 'none', 'a.csv'))([points]), 'FILE_WRITE');
  t.deepEqual(readdirSync(folder), ['out.npy']);
  t.deepEqual((await readCloud(to)).points.shape, [1, 1]);
});

test('what is no file, map or cloud is said at once', (t) => {
  const code = 'INVALID_ARGUMENT';
  t.throws(() => writeRows('a.txt'), { code });
  t.throws(() => writeRows('a.npy', { labels: true }), { code });
  t.throws(() => writeRows('a.csv', { columns: 'x' as never }), { code });
  t.throws(() => transportMap({} as never), { code });
  t.throws(() => neighbourRows(points, { k: 0 }), { code });
  t.throws(() => scoreRows([] as never, { variance: 1 }), { code: 'EMPTY_CLOUD' });
  t.throws(() => scoreRows(points, { variance: 1, signal: 1 } as never), { code });
  t.false(existsSync('a.csv'));
});
