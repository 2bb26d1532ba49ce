// Programs in test/mpi/ run on ranks of Open MPI, more of them than there are processors. Where the addon for MPI is not
// there, these tests fail only if this machine has MPI to build it with.
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import test, { type TestFn } from 'ava';
import { findCommand } from '../scripts/lib/requirements.mjs';
import { localBuild } from '../ts/kernel/native/locate.js';

const there = localBuild('ridgeflow-mpi.node').path !== undefined;
const possible = findCommand('mpicxx') !== null && findCommand('mpirun') !== null;
const onRanks: TestFn | TestFn['skip'] = there || possible ? test.serial : test.skip;

interface Ended {
  code: number;
  stdout: string;
  stderr: string;
}

function run(program: string, ranks: number, ...args: string[]): Promise<Ended> {
  const root = fileURLToPath(new URL('..', import.meta.url));
  const flags = ['--allow-run-as-root', '--oversubscribe', '--bind-to', 'none', '-n', String(ranks)];
  const command = [process.execPath, '--import=tsx', `${root}test/mpi/${program}`, ...args];
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
