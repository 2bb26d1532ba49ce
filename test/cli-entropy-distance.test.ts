import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { gaussianEntropy, nearestNeighbourEntropy } from '../ts/entropy/index.js';
import { readCloud, writeNpy } from '../ts/io/index.js';
import { RandomStream } from '../ts/core/random.js';
import { exactTransport, frechetDistance } from '../ts/transport/index.js';
import { emptyFolder, ridgeflow, twoClasses } from './command-line.js';
import { exactly } from './native.js';

interface EntropySummary {
  n: number;
  d: number;
  estimates: { estimator: string; value: number | null; standardError: number | null; reason?: string }[];
  classes: { name: string; n: number; estimates: EntropySummary['estimates'] }[];
}
interface DistanceSummary {
  method: string;
  distance: number;
  standardError?: number;
  details: Record<string, number | boolean>;
}

async function cloud(folder: string, name: string, n: number, shift: number): Promise<string> {
  const data = new Float32Array(n * 2);
  new RandomStream(n, 'sample').fillNormal(data);
  const path = join(folder, name);
  await writeNpy(path, { data: data.map((v) => v + shift), shape: [n, 2] });
  return path;
}

exactly('entropy prints what the library says, of all points and of each class', async (t) => {
  const file = twoClasses(emptyFolder(t), 200);
  const table = await ridgeflow(['entropy', file]);
  t.is(table.code, 0, table.stderr);
  t.regex(table.stdout, /200 points in 2 dimensions/);
  t.regex(table.stdout, /nearest neighbours \(k = 3\) +-?\d/);
  t.regex(table.stdout, /class +points +entropy/);
  t.regex(table.stdout, /left +100 /);

  const { code, stdout, stderr } = await ridgeflow([
    'entropy',
    file,
    '--json',
    '--quiet',
    '--no-kernel',
    '-k',
    '5',
  ]);
  t.is(code, 0);
  t.is(stderr, '');
  const summary = JSON.parse(stdout) as EntropySummary;
  const { points } = await readCloud(file);
  const expected = await nearestNeighbourEntropy(points, { k: 5 });
  t.like(summary.estimates[0], { estimator: 'nearestNeighbourEntropy', ...expected });
  t.like(summary.estimates[1], { estimator: 'gaussianEntropy', ...(await gaussianEntropy(points)) });
  t.is(summary.estimates.length, 4);
  t.deepEqual(
    summary.classes.map(({ name, n }) => [name, n]),
    [
      ['left', 100],
      ['right', 100],
    ],
  );
});

exactly('entropy leaves out what the points do not allow, and says why', async (t) => {
  const folder = emptyFolder(t);
  const flat = join(folder, 'flat.csv');
  writeFileSync(flat, `x,y\n${Array.from({ length: 40 }, (_, i) => `${Math.sqrt(i)},1`).join('\n')}\n`);
  const { code, stdout, stderr } = await ridgeflow(['entropy', flat]);
  t.is(code, 0, stderr);
  t.regex(stderr, /1 of 2 columns never change/);
  t.regex(stdout, /entropy, kernel density +–/);
  t.regex(stdout, /– Expected points that are spread in all 2 dimensions/);
});

test('entropy refuses files and options that make no sense', async (t) => {
  const folder = emptyFolder(t);
  const twice = join(folder, 'twice.csv');
  writeFileSync(twice, '1,2\n3,4\n1,2\n5,7\n');
  const duplicates = await ridgeflow(['entropy', twice]);
  t.is(duplicates.code, 1);
  t.regex(duplicates.stderr, /points 1 and 3 .*DEGENERATE_CLOUD/s);
  t.is((await ridgeflow(['entropy', twice, '--duplicates', 'drop', '--no-kernel'])).code, 0);
  t.is((await ridgeflow(['entropy', join(folder, 'none.csv')])).code, 1);
  t.is((await ridgeflow(['entropy', twice, '-k', '0'])).code, 2);
  t.is((await ridgeflow(['entropy'])).code, 2);
});

exactly('distance measures by every method', async (t) => {
  const folder = emptyFolder(t);
  const [a, b] = [await cloud(folder, 'a.npy', 120, 0), await cloud(folder, 'b.npy', 120, 3)];
  const measure = async (...options: string[]) => {
    const { code, stdout, stderr } = await ridgeflow(['distance', a, b, '--json', '--quiet', ...options]);
    t.is(code, 0, stderr);
    return JSON.parse(stdout) as DistanceSummary;
  };
  const shift = 3 * Math.SQRT2;
  const exact = await measure();
  t.is(exact.method, 'exact');
  const clouds = [(await readCloud(a)).points, (await readCloud(b)).points] as const;
  t.is(exact.distance, Math.sqrt((await exactTransport(...clouds)).cost));
  t.true(Math.abs(exact.distance - shift) < 1e-5);
  const sinkhorn = await measure('--method', 'sinkhorn', '--epsilon', '0.5', '--maximum-iterations', '5000');
  t.true(Math.abs(sinkhorn.distance - shift) < 0.01);
  t.is(sinkhorn.details.epsilon, 0.5);
  const sliced = await measure('--method', 'sliced', '--directions', '64');
  t.true(Math.abs(sliced.distance - 3) < 3 * sliced.standardError!);
  const gaussian = await measure('--method', 'gaussian');
  t.is(gaussian.distance, await frechetDistance(...clouds));
  t.true(Math.abs(gaussian.distance - shift) < 1e-3);
  const table = await ridgeflow(['distance', a, b]);
  t.regex(table.stdout, /120 and 120 points in 2 dimensions\n\nW2 +4\.24/);
  const few = await ridgeflow([
    'distance',
    a,
    b,
    '-m',
    'sinkhorn',
    '-e',
    '1e-3',
    '--maximum-iterations',
    '1',
  ]);
  t.is(few.code, 0);
  t.regex(few.stderr, /did not converge/);
});

exactly('distance between clouds that share a sentinel or a far point is that of the others', async (t) => {
  const folder = emptyFolder(t);
  const n = 40;
  const noise = new Float64Array(4 * n);
  new RandomStream(9, 'sample').fillNormal(noise);
  const rowsOf = (values: Float64Array) =>
    Array.from({ length: n }, (_, i) => [Math.fround(values[2 * i]), Math.fround(values[2 * i + 1])]);
  const clouds = [rowsOf(noise.subarray(0, 2 * n)), rowsOf(noise.subarray(2 * n).map((v) => v / 2 + 1))];
  const [a, b] = clouds.map((rows) => ({ data: Float64Array.from(rows.flat()), shape: [n, 2] }));
  const { cost } = await exactTransport(a, b);
  for (const far of [
    [-99999, -99999],
    [1e6, 0],
    [1e6, -1e6],
  ]) {
    const files = clouds.map((rows, k) => {
      const path = join(folder, `${k}.csv`);
      writeFileSync(path, ['x,y', ...[...rows, far].map((row) => row.join(','))].join('\n'));
      return path;
    });
    const { code, stdout, stderr } = await ridgeflow([
      'distance',
      ...files,
      '--json',
      '--quiet',
      '--method',
      'exact',
    ]);
    t.is(code, 0, stderr);
    const { distance, details } = JSON.parse(stdout) as DistanceSummary;
    const right = Math.sqrt((cost * n) / (n + 1));
    t.true(Math.abs(distance / right - 1) < 1e-6, `${far.join()}: ${distance}, not ${right}`);
    t.true((details.dualityGap as number) < 1e-10);
  }
});

exactly('distance on the line sorts, whatever the number of points', async (t) => {
  const folder = emptyFolder(t);
  const [a, b] = [join(folder, 'a.npy'), join(folder, 'b.npy')];
  const line = Float32Array.from({ length: 3000 }, (_, i) => i);
  await writeNpy(a, { data: line, shape: [3000, 1] });
  await writeNpy(b, { data: line.map((x) => x + 2), shape: [3000, 1] });
  const { code, stdout, stderr } = await ridgeflow(['distance', a, b, '--json', '--quiet']);
  t.is(code, 0, stderr);
  const { method, distance, details } = JSON.parse(stdout) as DistanceSummary;
  t.is(method, 'exact');
  t.true(Math.abs(distance - 2) < 1e-12);
  t.true(Math.abs(details.dualityGap as number) < 1e-9);
});

exactly('distance between clouds that are one and the same point is 0', async (t) => {
  const folder = emptyFolder(t);
  const file = join(folder, 'point.csv');
  writeFileSync(file, '1,2\n1,2\n1,2\n');
  for (const method of ['exact', 'sinkhorn', 'sliced', 'gaussian']) {
    const { code, stdout, stderr } = await ridgeflow([
      'distance',
      file,
      file,
      '-m',
      method,
      '--json',
      '--quiet',
    ]);
    t.is(code, 0, stderr);
    t.true((JSON.parse(stdout) as DistanceSummary).distance < 1e-7, method);
  }
});

test('distance refuses files and options that make no sense', async (t) => {
  const folder = emptyFolder(t);
  const a = await cloud(folder, 'a.npy', 12, 0);
  const wide = join(folder, 'wide.csv');
  writeFileSync(wide, '1,2,3\n3,4,5\n');
  const dimensions = await ridgeflow(['distance', a, wide]);
  t.is(dimensions.code, 1);
  t.regex(dimensions.stderr, /wide\.csv: expected points of dimension 2.*INVALID_SHAPE/s);
  const nan = join(folder, 'nan.csv');
  writeFileSync(nan, '1,2\nnan,4\n');
  t.regex((await ridgeflow(['distance', a, nan])).stderr, /NON_FINITE/);
  t.is((await ridgeflow(['distance', a])).code, 2);
  t.is((await ridgeflow(['distance', a, a, '--method', 'guess'])).code, 2);
  t.is((await ridgeflow(['distance', a, a, '--epsilon', '0'])).code, 2);
});
