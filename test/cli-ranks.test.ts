// The command line over ranks of Open MPI: the numbers of one process, said once; a run that is interrupted goes on, on any
// number of ranks.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { once } from 'node:events';
import test from 'ava';
import { withoutMpirunMessages } from '../ts/cli/mpirun-messages.js';
import { readNpy, readNpz } from '../ts/index.js';
import { emptyFolder, ridgeflow, twoClasses } from './command-line.js';
import { onRanks } from './on-ranks.js';
import { type Numbers, differing, env } from './ranks.js';

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
    t.deepEqual(differing(summary(two), summary(one), 'summary'), []);
    t.is(summary(two).ranks, 2);
    t.regex(readFileSync(join(two, 'report.html'), 'utf8'), /--ranks 2/);
    for (const kind of ['positions', 'snapshots']) {
      for (const [name, whole] of Object.entries(await readNpz(join(one, `${kind}.npz`)))) {
        const found = await readNpy(join(two, kind, `${name}.npy`));
        t.deepEqual(found.shape, whole.shape, name);
        t.deepEqual(differing([...found.data], [...whole.data], name), []);
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
  t.deepEqual(
    differing(found.estimates.slice(0, known), expected.estimates.slice(0, known), 'estimates'),
    [],
  );
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
  t.notRegex(missing.stderr, /MPI_ABORT|Primary job|-{20}/);
  const other = await ridgeflow(['transport', '--ranks', '2', '--backend', 'native'], { env });
  t.is(other.code, 1);
  t.regex(other.stderr, /--backend mpi with --ranks/);
});

onRanks('a rank that is killed is named with its host, in one line, and mpirun adds nothing', async (t) => {
  const folder = emptyFolder(t);
  const args = ['transport', twoClasses(folder), '--depths', '1,100000', '--snapshots', '0'];
  // Before the program, in every process of the run; NODE_OPTIONS would take quotes away.
  const kill = 'process.env.OMPI_COMM_WORLD_RANK==1&&setTimeout(()=>process.kill(process.pid,9),2000)';
  const { code, stderr } = await ridgeflow([...args, '--ranks', '3', '--out', join(folder, 'out')], {
    env: { ...env, NODE_OPTIONS: `--import=data:text/javascript,${kill}` },
  });
  t.is(code, 137, stderr);
  t.is(
    stderr.match(/^ridgeflow: rank 1 \(host \S+\) ended on signal 9 \(Killed\), and with it all ranks/gm)
      ?.length,
    1,
    stderr,
  );
  t.notRegex(stderr, /Primary job|mpirun|-{20}/);
});

test('what mpirun says of the end of ranks is left out, and what it says else is not', async (t) => {
  const rule = '-'.repeat(74);
  const abort = [
    rule,
    'MPI_ABORT was invoked on rank 1 in communicator MPI_COMM_WORLD',
    'with errorcode 3.',
    rule,
  ];
  const killed = [
    rule,
    'mpirun noticed that process rank 2 with PID 7 on node b exited on signal 11 (Segmentation fault).',
    rule,
  ];
  const other = [rule, 'There are not enough slots available in the system', rule];
  const lines = [
    'Reading a.npy',
    ...abort,
    '[vm:3850] 1 more process has sent help message help-mpi-api.txt / mpi-abort',
    '[vm:3850] Set MCA parameter "orte_base_help_aggregate" to 0 to see all help / error messages',
    'a line between',
    ...other,
    ...killed,
    rule,
    'an end that does not come',
  ];
  const text = lines.join('\n');
  for (const size of [1, 7, text.length]) {
    const filter = withoutMpirunMessages();
    const found: string[] = [];
    filter.on('data', (part: string) => found.push(part));
    for (let at = 0; at < text.length; at += size) filter.write(text.slice(at, at + size));
    filter.end();
    await once(filter, 'end');
    const named = 'ridgeflow: rank 2 (host b) ended on signal 11 (Segmentation fault), and with it all ranks';
    const kept = ['Reading a.npy', 'a line between', ...other, named, rule, 'an end that does not come'];
    t.is(found.join(''), kept.join('\n'));
  }
});

test('a machine without mpirun is told what brings it', async (t) => {
  const { code, stderr } = await ridgeflow(['entropy', 'a.npy', '--ranks', '2'], {
    env: { ...env, PATH: '' },
  });
  t.is(code, 1);
  t.regex(stderr, /apt-get install libopenmpi-dev openmpi-bin/);
});
