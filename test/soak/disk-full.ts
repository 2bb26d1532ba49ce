// Writers on a disk of 256 KiB, and on one that may only be read: FILE_WRITE with what the system said, the old file as it
// was, and nothing beside it. Needs the right to mount; where a user may make a name space of his own, that is enough.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as rf from '../../ts/index.js';

const large = rf.zeros([2 ** 18]);
large.data.forEach((_, i) => (large.data[i] = Math.sin(i * i)));
const { points } = rf.twoMoons(5000, { noise: 0.1 });

const WRITERS: Readonly<Record<string, (path: string) => Promise<unknown>>> = {
  npy: (path) => rf.writeNpy(path, large),
  npz: (path) => rf.writeNpz(path, { large }),
  safetensors: (path) => rf.writeSafetensors(path, { large }),
  text: (path) => rf.writeTextAtomic(path, 'x'.repeat(2 ** 20)),
  'training checkpoint': (file) =>
    rf.trainDae(points, {
      width: 20_000,
      noise: 0.1,
      epochs: 1,
      batch: 5000,
      checkpoint: { file, every: 1 },
    }),
  'flow checkpoint': (path) =>
    rf.diffuse(
      rf.fieldFromFunction((x) => x, { dimension: 2 }),
      rf.twoMoons(50_000).points,
      {
        ...{ to: 1, noise: 1, step: { steps: 2 }, checkpoint: { file: path, every: { steps: 1 } } },
      },
    ),
};

const OWN_SPACE = ['unshare', '--user', '--map-root-user', '--mount'];

/** Whether this process, or one in a name space of its own, may mount. */
export function canMount(): boolean {
  const folder = mkdtempSync(join(tmpdir(), 'ridgeflow-mount-'));
  const script = ['sh', '-c', `mount -t tmpfs -o size=64k none ${folder} && umount ${folder}`];
  const [command, ...flags] = process.getuid?.() === 0 ? script : [...OWN_SPACE, ...script];
  try {
    execFileSync(command, flags, { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  } finally {
    rmdirSync(folder);
  }
}

export async function diskFull(): Promise<string> {
  if (process.getuid?.() !== 0) {
    const [command, ...flags] = OWN_SPACE;
    const node = [process.execPath, ...process.execArgv, fileURLToPath(new URL('run.ts', import.meta.url))];
    return execFileSync(command, [...flags, ...node, 'disk-full'], { encoding: 'utf8' }).trim();
  }
  const folder = mkdtempSync(join(tmpdir(), 'ridgeflow-disk-'));
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=256k', 'none', folder]);
  try {
    await eachFails(folder, 'ENOSPC');
    execFileSync('mount', ['-o', 'remount,ro', folder]);
    await eachFails(folder, 'EROFS');
  } finally {
    execFileSync('umount', [folder]);
    rmdirSync(folder);
  }
  return `${Object.keys(WRITERS).length} writers on a full disk and on one that may only be read: refused, nothing lost, nothing left`;
}

async function eachFails(folder: string, systemCode: string): Promise<void> {
  for (const [name, write] of Object.entries(WRITERS)) {
    const path = join(folder, 'file');
    if (systemCode === 'ENOSPC') await rf.writeTextAtomic(path, 'old');
    const error: unknown = await write(path).then(
      () => undefined,
      (e: unknown) => e,
    );
    const said = error instanceof rf.RidgeflowError ? error.details.systemCode : undefined;
    if (said !== systemCode) throw new Error(`${name}: expected ${systemCode} but received ${String(error)}`);
    if (readFileSync(path, 'utf8') !== 'old') throw new Error(`${name}: the old file is gone`);
    const left = readdirSync(folder);
    if (left.length !== 1) throw new Error(`${name}: ${left.join(', ')} stayed`);
  }
}
