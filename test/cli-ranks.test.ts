// The command line over ranks of Open MPI: the numbers of one process, said once; a run that is interrupted goes on, on any
// number of ranks.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { readNpy, readNpz } from '../ts/index.js';
import { emptyFolder, ridgeflow, twoClasses } from './command-line.js';
import { onRanks } from './on-ranks.js';
const env = { RIDGEFLOW_BACKEND: '', RIDGEFLOW_THREADS: '1' };

type Numbers = Record<string, unknown>;

/** Numbers are as near as float32 sums in another order are, everything else is equal; but how long it took. */
function near(found: unknown, expected: unknown, where: string): string[] {
  if (typeof found === 'number' && typeof expected === 'number')
    return Math.abs(found - expected) <= 2e-4 * Math.max(1, Math.abs(expected))
      ? []
      : [`${where}: ${found}, not ${expected}`];
  if (typeof found !== 'object' || typeof expected !== 'object' || !found || !expected)
    return found === expected ? [] : [`${where}: ${String(found)}, not ${String(expected)}`];
  const names = new Set([...Object.keys(found), ...Object.keys(expected)]);
  for (const name of ['backend', 'ranks', 'seconds']) names.delete(name);
  return [...names].flatMap((name) =>
    near((found as Numbers)[name], (expected as Numbers)[name], `${where}.${name}`),
  );
}

onRanks(
  'transport --ranks gives the numbers of one process, each cloud in a file that all have written',
  async (t) => {
    const folder = emptyFolder(t);
    const [one, two] = [join(folder, 'one'), join(folder, 'two')];
    const file = twoClasses(folder);
    const args = ['transport', file, '--depths', '1,continuous', '--snapshots', '3'];
    const alone = await ridgeflow([...args, '--out', one], { env });
    t.is(alone.code, 0, alone.stderr);
    const spread = await ridgeflow([...args, '--ranks', '2', '--out', two], { env });
    t.is(spread.code, 0, spread.stderr);
    t.is(spread.stderr.match(/60 points in 2 dimensions/g)?.length, 1);
    t.is(spread.stderr.match(/Report: /g)?.length, 1);
    const summary = (path: string) => JSON.parse(readFileSync(join(path, 'summary.json'), 'utf8')) as Numbers;
    t.deepEqual(near(summary(two), summary(one), 'summary'), []);
    t.is(summary(two).ranks, 2);
    t.regex(readFileSync(join(two, 'report.html'), 'utf8'), /--ranks 2/);
    for (const kind of ['positions', 'snapshots']) {
      for (const [name, whole] of Object.entries(await readNpz(join(one, `${kind}.npz`)))) {
        const found = await readNpy(join(two, kind, `${name}.npy`));
        t.deepEqual(found.shape, whole.shape, name);
        t.deepEqual(near([...found.data], [...whole.data], name), []);
      }
    }
  },
);

onRanks('entropy --ranks gives the numbers of one process', async (t) => {
  const file = twoClasses(emptyFolder(t));
  const [alone, spread] = [
    await ridgeflow(['entropy', file, '--json'], { env }),
    await ridgeflow(['entropy', file, '--json', '--ranks', '3'], { env }),
  ];
  t.is(spread.code, 0, spread.stderr);
  type Estimates = { estimates: Numbers[]; classes: Numbers[] };
  const [expected, found] = [alone, spread].map(({ stdout }) => JSON.parse(stdout) as Estimates);
  const dimensions = found.estimates.filter(({ quantity }) => /dimension/.test(quantity as string));
  t.true(
    dimensions.every(({ reason }) => /does not run where rows are spread over ranks/.test(reason as string)),
  );
  const known = found.estimates.length - dimensions.length;
  t.deepEqual(near(found.estimates.slice(0, known), expected.estimates.slice(0, known), 'estimates'), []);
});

onRanks('a run that is interrupted ends all ranks, and goes on, on another number of them', async (t) => {
  const folder = emptyFolder(t);
  const [out, whole] = [join(folder, 'out'), join(folder, 'whole')];
  const args = ['transport', twoClasses(folder), '--depths', '1,500', '--snapshots', '1'];
  const stopped = await ridgeflow([...args, '--ranks', '2', '--out', out], {
    env,
    onStderr: (text, kill) => {
      if (/^depth 1 /m.test(text)) setTimeout(() => kill('SIGINT'), 500);
    },
  });
  t.is(stopped.code, 130, stopped.stderr);
  t.true(existsSync(join(out, 'unfinished', 'depth_1.json')), stopped.stderr);
  t.false(existsSync(join(out, 'summary.json')));
  const resumed = await ridgeflow([...args, '--ranks', '3', '--out', out, '--resume'], { env });
  t.is(resumed.code, 0, resumed.stderr);
  t.regex(resumed.stderr, /^depth 1 .*from before/m);
  t.false(existsSync(join(out, 'unfinished')));
  const again = await ridgeflow([...args, '--ranks', '3', '--out', whole], { env });
  t.is(again.code, 0, again.stderr);
  const name = join('positions', 'depth_500.npy');
  t.deepEqual(readFileSync(join(out, name)), readFileSync(join(whole, name)), 'to the bit');
});

onRanks('what is wrong is said once, and ends all ranks', async (t) => {
  const missing = await ridgeflow(['transport', 'nowhere.npy', '--ranks', '2'], { env, cwd: emptyFolder(t) });
  t.is(missing.code, 1, missing.stderr);
  t.is(missing.stderr.match(/there is no such file/g)?.length, 1, missing.stderr);
  const other = await ridgeflow(['transport', '--ranks', '2', '--backend', 'native'], { env });
  t.is(other.code, 1);
  t.regex(other.stderr, /--backend mpi with --ranks/);
});

test('a machine without mpirun is told what brings it', async (t) => {
  const { code, stderr } = await ridgeflow(['entropy', 'a.npy', '--ranks', '2'], {
    env: { ...env, PATH: '' },
  });
  t.is(code, 1);
  t.regex(stderr, /apt-get install libopenmpi-dev openmpi-bin/);
});
