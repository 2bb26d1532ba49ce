// Programs in test/mpi/ run on ranks of Open MPI, more of them than there are processors. Where the addon for MPI is not
// there, these tests fail only if this machine has MPI to build it with.
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { joined } from './compiled.js';
import { onRanks } from './on-ranks.js';

interface Ended {
  code: number;
  stdout: string;
  stderr: string;
}

async function run(program: string, ranks: number, ...args: string[]): Promise<Ended> {
  return start(ranks, [await joined(`test/mpi/${program}`), ...args]);
}

function start(ranks: number, program: readonly string[]): Promise<Ended> {
  const root = fileURLToPath(new URL('..', import.meta.url));
  const flags = ['--allow-run-as-root', '--oversubscribe', '--bind-to', 'none', '-n', String(ranks)];
  const command = [process.execPath, ...program];
  const env = { ...process.env, RIDGEFLOW_THREADS: '1', RIDGEFLOW_BACKEND: '' };
  return new Promise((resolve) => {
    const options = { cwd: root, env, timeout: 280_000, maxBuffer: 1 << 26 };
    execFile('mpirun', [...flags, ...command], options, (error, stdout, stderr) =>
      resolve({
        code: error === null ? 0 : typeof error.code === 'number' ? error.code : -1,
        stdout,
        stderr,
      }),
    );
  });
}

for (const ranks of [1, 2, 3, 4]) {
  onRanks(`kernels over ${ranks} ranks give what native ones give on the whole cloud`, async (t) => {
    const { code, stderr } = await run('kernels.ts', ranks);
    t.is(code, 0, stderr);
  });
}

for (const ranks of [2, 3]) {
  onRanks(`the main job over ${ranks} ranks measures what it does in one process`, async (t) => {
    const { code, stderr } = await run('transport.ts', ranks);
    t.is(code, 0, stderr);
  });
}

for (const [ranks, spread] of [
  [2, 'even'],
  [3, 'even'],
  [2, 'none'],
  [3, 'last'],
] as const) {
  onRanks(`calls over ${ranks} ranks, ${spread}, give what they do in one process`, async (t) => {
    const { code, stderr } = await run('calls.ts', ranks, spread);
    t.is(code, 0, stderr);
  });
}

for (const [ranks, spread] of [
  [1, 'even'],
  [2, 'even'],
  [3, 'even'],
  [2, 'none'],
  [3, 'last'],
] as const) {
  onRanks(`training over ${ranks} ranks, ${spread}, is that of one process`, async (t) => {
    const { code, stderr } = await run('training.ts', ranks, spread);
    t.is(code, 0, stderr);
  });
}

onRanks('what takes a backend runs over ranks as the guide says, or says that it does not', async (t) => {
  // Of sources as they are written, in which parameters keep their names.
  const { code, stderr } = await start(2, ['--import=tsx', 'test/mpi/exports.ts']);
  t.is(code, 0, stderr);
});

onRanks('a short soak of ranks that are killed, and go on to the same bits', async (t) => {
  const cwd = fileURLToPath(new URL('..', import.meta.url));
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['scripts/soak.mjs', 'mpi', '--count', '2'],
    { cwd },
  );
  t.regex(stdout, /^2 ranks killed, \d+ runs of which came to the right end/);
});

onRanks('the main job runs with a rank that has no rows', async (t) => {
  const { code, stderr } = await run('transport.ts', 3, 'none');
  t.is(code, 0, stderr);
});

onRanks('a rank that throws, or is killed, ends all of them, named with its host', async (t) => {
  const thrown = await run('ends.ts', 3, 'throws');
  t.not(thrown.code, 0);
  t.regex(thrown.stderr, /this rank has had enough/);
  t.regex(thrown.stderr, /rank 2 \(host .+\) ends all ranks/);
  const killed = await run('ends.ts', 3, 'killed');
  t.not(killed.code, 0);
  t.regex(killed.stderr, /rank 2 .*on node .* exited on signal 9/);
});

onRanks('a rank that ends while others go on fails them, and nobody waits for ever', async (t) => {
  for (const how of ['returns', 'exits']) {
    const { code, stderr } = await run('ends.ts', 3, how);
    t.not(code, 0, how);
    t.regex(stderr, /Expected the same (calls|length for sumOverRanks) on all ranks/, how);
  }
});

onRanks('a call that fails on one rank fails on all, and the next one works', async (t) => {
  const { code, stdout, stderr } = await run('ends.ts', 3, 'fails');
  t.is(code, 0, stderr);
  t.is(stdout.match(/together/g)?.length, 3);
});
