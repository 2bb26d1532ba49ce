// Calls that need more memory than their control group has: OUT_OF_MEMORY before it is taken, and the process lives on.
import { fork } from 'node:child_process';
import {
  closeSync,
  ftruncateSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  rmdirSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as rf from '../../ts/index.js';

const LIMIT = 2 ** 29;

/** Each needs more than `LIMIT`. */
const CALLS: Readonly<Record<string, (folder: string) => unknown>> = {
  zeros: () => rf.zeros([2 ** 28]),
  twoMoons: () => rf.twoMoons(2 ** 27),
  sample: () => rf.gaussian({ mean: [0, 0], variance: 1 }).sample(2 ** 27),
  exactTransport: () => rf.exactTransport(rf.zeros([9000, 2]), rf.zeros([9000, 2])),
  readNpy: (folder) => rf.readNpy(npyOfZeros(folder, 2 ** 27, 'f4')),
  readCloud: (folder) => rf.readCloud(npyOfZeros(folder, 2 ** 27, 'f2')),
};

/** A sparse .npy file of n zeros in one column. */
function npyOfZeros(folder: string, n: number, type: string): string {
  const path = join(folder, `${type}.npy`);
  const header = Buffer.alloc(128, ' ');
  header.write('\x93NUMPY\x01\x00', 'latin1');
  header.writeUInt16LE(118, 8);
  header.write(`{'descr': '<${type}', 'fortran_order': False, 'shape': (${n}, 1), }`, 10);
  header[127] = 10;
  const file = openSync(path, 'w');
  writeSync(file, header);
  ftruncateSync(file, 128 + n * Number(type[1]));
  closeSync(file);
  return path;
}

/** The folder of a control group of this process's own with so much memory; undefined where none can be made. */
function controlGroup(bytes: number): string | undefined {
  const groups = readFileSync('/proc/self/cgroup', 'utf8');
  const second = /^0::(.*)$/m.exec(groups)?.[1] ?? '/';
  const first = /^\d+:memory:(.*)$/m.exec(groups)?.[1];
  const candidates = [
    ...(first === undefined
      ? []
      : [{ parent: `/sys/fs/cgroup/memory${first}`, limit: 'memory.limit_in_bytes' }]),
    { parent: `/sys/fs/cgroup${second}`, limit: 'memory.max' },
  ];
  for (const { parent, limit } of candidates) {
    const folder = join(parent, `ridgeflow-soak-${process.pid}`);
    try {
      mkdirSync(folder);
      writeFileSync(join(folder, limit), String(bytes));
      return folder;
    } catch {
      rmSync(folder, { recursive: true, force: true, maxRetries: 0 });
    }
  }
  return undefined;
}

export async function memory(): Promise<string> {
  const group = controlGroup(LIMIT);
  if (group === undefined)
    throw new Error('Cannot make a control group with a limit of memory: run it as root');
  try {
    const child = fork(fileURLToPath(import.meta.url), [group], { execArgv: ['--import=tsx'] });
    const end = await new Promise<string>((resolve) =>
      child.on('exit', (code, signal) => resolve(String(signal ?? code))),
    );
    if (end !== '0') throw new Error(`The process in the control group ended with ${end}`);
    return `${Object.keys(CALLS).length} calls for more than the ${LIMIT / 2 ** 20} MiB of a control group: all refused`;
  } finally {
    rmdirSync(group);
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  writeFileSync(join(process.argv[2], 'cgroup.procs'), String(process.pid));
  const folder = mkdtempSync(join(tmpdir(), 'ridgeflow-memory-'));
  try {
    for (const [name, call] of Object.entries(CALLS)) {
      const code: unknown = await (async () => call(folder))().then(
        () => 'no error',
        (error: { code?: string }) => error.code ?? error,
      );
      if (code !== 'OUT_OF_MEMORY')
        throw new Error(`${name}: expected OUT_OF_MEMORY but received ${String(code)}`);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
