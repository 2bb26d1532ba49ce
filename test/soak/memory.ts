// Calls that need more memory than their control group has: OUT_OF_MEMORY before it is taken, and the process lives on.
import { closeSync, ftruncateSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as rf from '../../ts/index.js';
import { inControlGroup, isInControlGroup } from './control-group.js';

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

export async function memory(): Promise<string> {
  const end = await inControlGroup(LIMIT, import.meta.url);
  if (end !== '0') throw new Error(`The process in the control group ended with ${end}`);
  return `${Object.keys(CALLS).length} calls for more than the ${LIMIT / 2 ** 20} MiB of a control group: all refused`;
}

if (isInControlGroup(import.meta.url)) {
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
