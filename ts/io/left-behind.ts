import { readlinkSync } from 'node:fs';
import { opendir, unlink } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { crypto } from '../core/builtins.js';
import { systemCode } from './errors.js';

/** Where process numbers mean what they mean here: this machine, and in it this container. */
const place = () =>
  (placeHash ??= crypto()
    .createHash('sha256')
    .update(`${hostname()} ${processSpace()}`)
    .digest('hex')
    .slice(0, 8));
let placeHash: string | undefined;

function processSpace(): string {
  try {
    return readlinkSync('/proc/self/ns/pid');
  } catch {
    return ''; // not Linux
  }
}

/** A name that nobody else is likely to use; files are opened so that one which exists is never overwritten. */
export function temporaryName(folder: string, stem: string): string {
  const random = Math.random().toString(36).slice(2, 10).padEnd(8, '0');
  return join(folder, `.${stem}.${place()}-${process.pid}-${random}.tmp`);
}

const namePattern = () => new RegExp(`^\\..*\\.${place()}-(\\d+)-[a-z0-9]{8}\\.tmp$`, 's');

/** Folders that have been looked through, or are. */
const seen = new Map<string, Promise<void>>();

/**
 * Removes the temporary files that processes of this machine left in a folder when they were killed: once for each folder
 * and process. Files of processes that live, of other machines and of other containers stay. Never throws.
 */
export function removeLeftBehind(folder: string): Promise<void> {
  const known = seen.get(folder);
  if (known) return known;
  const work = sweep(folder).catch(() => undefined);
  seen.set(folder, work);
  return work;
}

async function sweep(folder: string): Promise<void> {
  const pattern = namePattern();
  for await (const { name } of await opendir(folder)) {
    const owner = pattern.exec(name)?.[1];
    if (owner !== undefined && !lives(Number(owner))) await unlink(join(folder, name)).catch(() => undefined);
  }
}

function lives(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return systemCode(error) !== 'ESRCH'; // others' processes may not be asked, but live
  }
}
