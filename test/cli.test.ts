import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import test from 'ava';
import { requirements } from '../scripts/lib/requirements.mjs';
import { localBuild } from '../ts/kernel/native/locate.js';
import { NATIVE_PACKAGES } from '../ts/cli/remedy.js';
import { program } from '../ts/cli/program.js';
import type { TransportSummary } from '../ts/cli/transport-output.js';
import { readNpz } from '../ts/io/index.js';
import { emptyFolder, ridgeflow, twoClasses } from './command-line.js';

test('the main job writes a summary, positions, snapshots and a report', async (t) => {
  const folder = emptyFolder(t);
  const out = join(folder, 'out');
  const { code, stdout, stderr } = await ridgeflow([
    'transport',
    twoClasses(folder),
    '--out',
    out,
    '--depths',
    '1,4,continuous',
  ]);
  t.is(code, 0, stderr);
  t.is(stdout, '');
  t.regex(stderr, /depth 1 .*accuracy/);
  t.deepEqual(readdirSync(out).sort(), ['positions.npz', 'report.html', 'snapshots.npz', 'summary.json']);
  const summary = JSON.parse(readFileSync(join(out, 'summary.json'), 'utf8')) as TransportSummary;
  t.is(summary.n, 60);
  t.is(summary.d, 2);
  t.true(summary.T > 0 && summary.T < summary.smoothing / 2);
  t.deepEqual(
    summary.runs.map(({ depth }) => depth),
    [1, 4, 'continuous'],
  );
  for (const run of summary.runs) {
    t.is(run.accuracy, 1);
    t.true(run.entropy! < summary.start.entropy!);
    t.true(
      run.displacement > 0 &&
        run.w2 > 0 &&
        run.action > 0 &&
        run.straightness > 0 &&
        run.straightness <= 1 + 1e-6,
    );
  }
  t.is(summary.runs[0].w2Method, 'exact');
  t.is(summary.runs[1].w2Method, 'sliced');
  const positions = await readNpz(join(out, 'positions.npz'));
  t.deepEqual(positions.depth_continuous.shape, [60, 2]);
  t.deepEqual(positions.labels.shape, [60]);
  const snapshots = await readNpz(join(out, 'snapshots.npz'));
  t.deepEqual(snapshots.depth_4.shape, [5, 60, 2]);
  t.deepEqual(
    [...snapshots.depth_4_times.data].map((time) => Math.round((time / summary.T) * 4)),
    [0, 1, 2, 3, 4],
  );
});

test('the scale of the data does not matter', async (t) => {
  const folder = emptyFolder(t);
  const file = twoClasses(folder);
  const scaled = join(folder, 'scaled.csv');
  const [header, ...rows] = readFileSync(file, 'utf8').trim().split('\n');
  const times1000 = rows.map((row) => {
    const [x, y, label] = row.split(',');
    return `${Number(x) * 1000},${Number(y) * 1000},${label}`;
  });
  writeFileSync(scaled, `${header}\n${times1000.join('\n')}\n`);
  const summaries = [];
  for (const input of [file, scaled]) {
    const { code, stdout, stderr } = await ridgeflow([
      'transport',
      input,
      '--out',
      join(folder, 'out'),
      '--depths',
      '1,2',
      '--json',
      '--quiet',
    ]);
    t.is(code, 0, stderr);
    t.is(stderr, '');
    summaries.push(JSON.parse(stdout) as TransportSummary);
  }
  const [small, large] = summaries;
  t.true(Math.abs(large.T / small.T / 1e6 - 1) < 2e-3);
  t.deepEqual(
    large.runs.map((run) => run.accuracy),
    small.runs.map((run) => run.accuracy),
  );
  t.true(Math.abs(large.runs[1].displacement / small.runs[1].displacement / 1000 - 1) < 2e-3);
});

/** Every bad input: what is in the file, the options, and what the error must say. */
const bad: Record<string, { text?: string; args?: string[]; says: RegExp[]; code?: number }> = {
  'an empty file': { text: '', says: [/bad\.csv/, /empty/i] },
  'a header without rows': { text: 'x,y\n', says: [/bad\.csv/, /row/i] },
  'one point': { text: '1,2\n', says: [/bad\.csv/, /2 points/] },
  'ragged rows': { text: '1,2\n3,4\n5\n', says: [/bad\.csv/, /line 3/] },
  'text in a number column': { text: 'x,y\n1,2\n3,four\n', says: [/bad\.csv/, /line 3/, /four/] },
  'not a number': { text: 'x,y\n1,2\n3,NaN\n', says: [/bad\.csv/, /line 3/, /y/] },
  infinity: { text: '1,2\n3,inf\n5,6\n', says: [/bad\.csv/, /line 2/] },
  'points that are all the same': {
    text: '1,2\n1,2\n1,2\n',
    args: ['--duplicates', 'drop'],
    says: [/bad\.csv/, /same/],
  },
  'coincident points': { text: '1,2\n3,4\n1,2\n', says: [/bad\.csv/, /points 1 and 3/, /--duplicates drop/] },
  'a label column that is not there': {
    text: 'x,y\n1,2\n3,4\n',
    args: ['--label-column', 'class'],
    says: [/bad\.csv/, /class/],
  },
  'labels of another length': {
    text: '1,2\n3,4\n5,7\n',
    args: ['--labels', 'LABELS'],
    says: [/label/i, /2/, /3/],
  },
  'a truncated .npy': { text: '\u0093NUMPY', says: [/bad/] },
  'noise below zero': { text: '1,2\n3,4\n', args: ['--noise', '-1'], says: [/noise/], code: 2 },
  'no noise': { text: '1,2\n3,4\n', args: ['--noise', '0'], says: [/noise/], code: 2 },
  'noise past collapse': {
    text: '1,2\n3,4\n0,9\n',
    args: ['--noise', '1e9'],
    says: [/bad\.csv/, /collapses at time/, /choose T below/],
  },
  'an unknown depth': { text: '1,2\n3,4\n', args: ['--depths', '1,many'], says: [/depths/], code: 2 },
  'an unknown option': { text: '1,2\n3,4\n', args: ['--fast'], says: [/--fast/], code: 2 },
  'float64 on tfjs': {
    text: '1,2\n3,4\n0,9\n',
    args: ['--dtype', 'float64', '--backend', 'tfjs-cpu'],
    says: [/float64/, /native/],
  },
  'an image of another size': {
    text: '1,2\n3,4\n0,9\n',
    args: ['--image-shape', '3x3'],
    says: [/bad\.csv/, /3 × 3/],
  },
};

for (const [name, { text, args = [], says, code = 1 }] of Object.entries(bad)) {
  test(`${name}: an error that names the file, the place and the remedy`, async (t) => {
    const folder = emptyFolder(t);
    const file = join(folder, 'bad.csv');
    writeFileSync(file, text ?? '');
    const labels = join(folder, 'labels.csv');
    writeFileSync(labels, '0\n1\n');
    const out = join(folder, 'out');
    const result = await ridgeflow([
      'transport',
      file,
      '--out',
      out,
      ...args.map((arg) => (arg === 'LABELS' ? labels : arg)),
    ]);
    t.is(result.code, code, result.stderr);
    for (const pattern of says) t.regex(result.stderr, pattern);
    t.notRegex(result.stderr, /\n {4}at /, 'no stack trace');
    t.false(existsSync(join(out, 'summary.json')));
  });
}

test('a file that is not there, and a folder that cannot be written', async (t) => {
  const folder = emptyFolder(t);
  const missing = await ridgeflow(['transport', join(folder, 'nowhere.csv'), '--out', join(folder, 'out')]);
  t.is(missing.code, 1);
  t.regex(missing.stderr, /nowhere\.csv.*FILE_NOT_FOUND/);
  const blocked = await ridgeflow([
    'transport',
    twoClasses(folder),
    '--out',
    join(folder, 'points.csv', 'out'),
  ]);
  t.is(blocked.code, 1);
  t.regex(blocked.stderr, /FILE_WRITE/);
});

test('an interrupted run says so and leaves no half file', async (t) => {
  const folder = emptyFolder(t);
  const out = join(folder, 'out');
  const result = await ridgeflow(
    [
      'transport',
      twoClasses(folder, 6000),
      '--out',
      out,
      '--duplicates',
      'drop',
      '--depths',
      '1,2000',
      '--backend',
      'tfjs-cpu',
    ],
    {
      onStderr: (text, kill) => {
        if (text.includes('dimensions') && !text.includes('interrupted')) kill('SIGINT');
      },
    },
  );
  t.is(result.code, 130, result.stderr);
  t.regex(result.stderr, /interrupted/);
  t.deepEqual(readdirSync(out), []);
});

test('a stack trace comes only with --debug', async (t) => {
  const folder = emptyFolder(t);
  const { stderr } = await ridgeflow([
    'transport',
    join(folder, 'nowhere.csv'),
    '--out',
    join(folder, 'out'),
    '--debug',
  ]);
  t.regex(stderr, /\n {4}at /);
});

test('doctor says which backend is used, as text and as JSON', async (t) => {
  const forced = await ridgeflow(['doctor', '--json'], { env: { RIDGEFLOW_BACKEND: 'tfjs-cpu' } });
  t.is(forced.code, 0, forced.stderr);
  const diagnosis = JSON.parse(forced.stdout) as {
    backend: { name: string; why: string };
    mpi: { loaded: boolean; failure?: string };
    node: string;
    advice: string[];
  };
  t.is(diagnosis.backend.name, 'tfjs-cpu');
  t.regex(diagnosis.backend.why, /RIDGEFLOW_BACKEND/);
  t.is(diagnosis.node, process.version);
  t.is(diagnosis.mpi.loaded, localBuild('ridgeflow-mpi.node').path !== undefined);
  t.is(diagnosis.mpi.failure?.includes('libopenmpi-dev') ?? true, true);
  const text = await ridgeflow(['doctor']);
  t.regex(text.stdout, /backend +\S+: /);
  const wrong = await ridgeflow(['doctor'], { env: { RIDGEFLOW_BACKEND: 'cuda' } });
  t.is(wrong.code, 1);
  t.regex(wrong.stderr, /RIDGEFLOW_BACKEND/);
});

test('commands that do not run over ranks do not take every rank’s rows for the whole file', async (t) => {
  const points = twoClasses(emptyFolder(t));
  for (const args of [
    ['network', 'model.onnx', points],
    ['ridgelet', points],
    ['theory', '1'],
  ]) {
    const { code, stderr } = await ridgeflow([...args, '--quiet'], { env: { RIDGEFLOW_BACKEND: 'mpi' } });
    t.is(code, 1, args[0]);
    t.regex(stderr, /This command does not run where rows are spread over ranks.*UNSUPPORTED/s, args[0]);
  }
});

test('help and version', async (t) => {
  const help = await ridgeflow(['transport', '--help']);
  t.is(help.code, 0);
  for (const option of ['--noise', '--smoothing', '--depths', '--label-column', '--out', '--json', '--quiet'])
    t.regex(help.stdout, new RegExp(option));
  const version = await ridgeflow(['--version']);
  t.regex(version.stdout, /^\d+\.\d+\.\d+\n$/);
  t.is((await ridgeflow([])).code, 2);
  t.is((await ridgeflow(['fly'])).code, 2);
});

test('every help fits a terminal of 80 columns, and says the exit codes of what computes', (t) => {
  const leaves = (command: Command): Command[] =>
    command.commands.length === 0 ? [command] : command.commands.flatMap(leaves);
  const root = program();
  const commands = [root, ...root.commands, ...leaves(root)];
  t.true(commands.length > 10);
  for (const command of commands) {
    let text = '';
    command.configureOutput({ writeOut: (part) => (text += part), getOutHelpWidth: () => 80 });
    command.outputHelp();
    t.regex(text, /-h, --help +print this help/, command.name());
    t.is(/Exit codes: 0 .*130\s+interrupted/s.test(text), text.includes('--seed'));
    for (const line of text.split('\n')) t.true([...line].length <= 80, `${command.name()}: ${line}`);
  }
});

test('doctor names the packages that the set-up asks for', (t) => {
  const needed = requirements.filter(({ neededFor }) => neededFor === 'native');
  for (const system of ['debian', 'fedora'] as const)
    t.deepEqual(
      NATIVE_PACKAGES[system],
      needed.map((requirement) => requirement[system]),
    );
});
