import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { estimateTimeLeft } from '../ts/cli/progress.js';
import { compareDepths } from '../ts/dae/index.js';
import { writeSafetensors } from '../ts/io/index.js';
import { emptyFolder, ridgeflow, twoClasses } from './command-line.js';
import { Random } from './reference/random.js';

/** A run that is interrupted once a depth is done. */
function interruptedAfter(depth: number, args: readonly string[]) {
  let sent = false;
  return ridgeflow(args, {
    onStderr(text, kill) {
      if (sent || !new RegExp(`^depth ${depth} `, 'm').test(text)) return;
      sent = true;
      kill('SIGINT');
    },
  });
}

test('transport: what Ctrl-C interrupts goes on with --resume, and ends in the same bits', async (t) => {
  const folder = emptyFolder(t);
  const file = twoClasses(folder, 300);
  const run = (out: string, ...more: string[]) => [
    ...['transport', file, '--label-column', '-1', '--depths', '1,3,3000', '--snapshots', '3'],
    ...['--out', join(folder, out), ...more],
  ];
  const [once, there] = [join(folder, 'once'), join(folder, 'there')];
  t.is((await ridgeflow(run('once'))).code, 0);
  t.false(existsSync(join(once, 'unfinished')));

  const interrupted = await interruptedAfter(3, run('there'));
  t.is(interrupted.code, 130, interrupted.stderr);
  t.regex(interrupted.stderr, /Saved in .*unfinished: the same command with --resume goes on from there/);
  t.deepEqual(readdirSync(join(there, 'unfinished')).sort(), ['depth_1.safetensors', 'depth_3.safetensors']);

  // Of other options it is another run.
  const other = await ridgeflow(run('there', '--resume', '--noise', '0.01'));
  t.is(other.code, 1, other.stderr);
  t.regex(other.stderr, /of the same data and options, but it is of others/);

  const resumed = await ridgeflow(run('there', '--resume'));
  t.is(resumed.code, 0, resumed.stderr);
  t.is(resumed.stderr.match(/, from before$/gm)?.length, 2, resumed.stderr);
  for (const name of ['positions.npz', 'snapshots.npz'])
    t.deepEqual(readFileSync(join(there, name)), readFileSync(join(once, name)), name);
  t.false(existsSync(join(there, 'unfinished')));
  const summaryOf = (path: string) =>
    JSON.parse(readFileSync(join(path, 'summary.json'), 'utf8')) as { runs: { seconds?: number }[] };
  const [a, b] = [summaryOf(once), summaryOf(there)];
  for (const { runs } of [a, b]) for (const one of runs) delete one.seconds;
  t.deepEqual(b, a);
});

test('transport: a damaged saved depth is said to be damaged, and without --resume it is not looked at', async (t) => {
  const folder = emptyFolder(t);
  const file = twoClasses(folder, 300);
  const out = join(folder, 'out');
  const args = ['transport', file, '--label-column', '-1', '--depths', '2,3000', '--out', out];
  await interruptedAfter(2, args);
  const saved = join(out, 'unfinished', 'depth_2.safetensors');
  const bytes = readFileSync(saved);
  bytes[bytes.length - 5] ^= 1;
  writeFileSync(saved, bytes);
  const { code, stderr } = await ridgeflow([...args, '--resume']);
  t.is(code, 1, stderr);
  t.regex(stderr, /its checksum is wrong/);
  // One that says nothing of itself, and one that says too little.
  for (const text of [undefined, '{', '[]', '{"run":"a","numbers":{}}', '{"numbers":null}']) {
    const tensors = { positions: { data: new Float32Array(600), shape: [300, 2] } };
    await writeSafetensors(saved, tensors, {
      metadata: text === undefined ? {} : { 'ridgeflow.depth': text },
    });
    const foreign = await ridgeflow([...args, '--resume']);
    t.is(foreign.code, 1, foreign.stderr);
    t.regex(foreign.stderr, /\[(FILE_FORMAT|INVALID_ARGUMENT)\]/, text);
  }
  const anew = await ridgeflow(['transport', file, '--label-column', '-1', '--depths', '1', '--out', out]);
  t.is(anew.code, 0, anew.stderr);
  t.false(existsSync(join(out, 'unfinished')));
});

test('runs that are known are not computed again', async (t) => {
  const points = { data: Float64Array.from(new Random(3).normals(120)), shape: [60, 2] };
  const whole = await compareDepths(points, { depths: [1, 2, 'continuous'] });
  const told: unknown[] = [];
  const options = { depths: [1, 2, 'continuous'] as const, known: whole.runs.slice(1) };
  const again = await compareDepths(points, { ...options, onRun: (run) => told.push(run.depth) });
  t.deepEqual(told, [1]);
  t.deepEqual(again.runs[0].positions, whole.runs[0].positions);
  t.is(again.runs[1], whole.runs[1]);
  t.is(again.runs[2], whole.runs[2]);
  const { positions } = whole.runs[0];
  for (const known of [
    {},
    [{ depth: 1 }],
    [{ depth: 1.5, positions }],
    [null],
    [{ depth: 1, positions: { ...positions, shape: [30, 4] } }],
  ])
    await t.throwsAsync(compareDepths(points, { known: known as never }), { code: 'INVALID_ARGUMENT' });
});

test('of a run the result has what keep leaves of it, after onRun had all', async (t) => {
  const points = { data: Float64Array.from(new Random(3).normals(120)), shape: [60, 2] };
  const depths = [1, 2, 'continuous'] as const;
  const whole = await compareDepths(points, { depths });
  const told: number[] = [];
  const none = { data: new Float64Array(0), shape: [0, 2] };
  const left = await compareDepths(points, {
    depths,
    onRun: ({ positions }) => told.push(positions.shape[0]),
    keep: async (run) => ({ ...run, positions: none, snapshots: { times: [], positions: [] } }),
  });
  t.deepEqual(told, [60, 60, 60]);
  for (const [i, run] of left.runs.entries()) {
    const { positions, snapshots, seconds, ...numbers } = run;
    const { positions: _, snapshots: __, seconds: ___, ...expected } = whole.runs[i];
    t.deepEqual(positions.shape, [0, 2]);
    t.deepEqual(numbers, expected);
  }
  const again = await compareDepths(points, { depths, known: left.runs });
  t.is(again.runs[2], left.runs[2]);
  for (const keep of [
    () => undefined,
    () => null,
    () => ({ ...left.runs[1], depth: 3 }),
    () => ({ depth: 1 }),
  ])
    await t.throwsAsync(compareDepths(points, { depths: [1], keep: keep as never }), {
      code: 'INVALID_ARGUMENT',
    });
});

test('the time that is left follows from what was done, once enough was', (t) => {
  let time = 100;
  const left = estimateTimeLeft(() => time);
  t.is(left(0), '');
  time = 130; // what comes before the first step does not count
  t.is(left(0.1), '');
  time = 134;
  t.is(left(0.12), '');
  time = 140;
  t.is(left(0.2), ' | about 80 s left');
  time = 230;
  t.is(left(0.3), ' | about 6 minutes left');
  t.is(left(1), '');
});
