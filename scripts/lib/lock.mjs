import {
  linkSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const HEARTBEAT = 2_000;
const POLL = 100;
/** A holder on another machine, whose process cannot be asked for, is taken for dead after this long in silence. */
const SILENCE = 30_000;

/** @typedef {{ token: string, pid: number, host: string }} Holder */

/** @param {string} file */
function readText(file) {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

/**
 * @param {string} text
 * @returns {Holder | null}
 */
function parseHolder(text) {
  try {
    return /** @type {Holder} */ (JSON.parse(text));
  } catch {
    return null;
  }
}

/** @param {number} pid */
function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return /** @type {NodeJS.ErrnoException} */ (error).code === 'EPERM';
  }
}

/**
 * Takes away a lock whose holder is dead. Another waiter may have replaced it in the meantime: the lock is renamed
 * first, which only one can do, and put back where it turns out to be a new one.
 *
 * @param {string} file
 * @param {string} text the content that was found stale
 */
function removeStale(file, text) {
  const aside = `${file}.${process.pid}.stale`;
  try {
    renameSync(file, aside);
    if (readFileSync(aside, 'utf8') !== text) linkSync(aside, file);
  } catch {
    // Somebody else was faster; the next attempt sees what they left.
  }
  rmSync(aside, { force: true });
}

/**
 * Runs `work` while holding the lock `file`, waiting for whoever holds it now. A lock left by a process that died, or
 * that has not been renewed for `silence` ms, is taken over.
 *
 * @template T
 * @param {string} file
 * @param {() => Promise<T>} work
 * @param {{ onWait?: (holder: Holder | null) => void, check?: () => void, silence?: number }} [options] `onWait` is
 *   called once if there is a wait; `check` is called while waiting and may throw to give up
 * @returns {Promise<T>}
 */
export async function withLock(file, work, { onWait, check, silence = SILENCE } = {}) {
  const me = JSON.stringify({ token: randomUUID(), pid: process.pid, host: hostname() });
  mkdirSync(dirname(file), { recursive: true });
  let waiting = false;
  let seen = { text: '', mtime: 0, since: 0 };
  for (;;) {
    check?.();
    try {
      writeFileSync(file, me, { flag: 'wx' });
      break;
    } catch (error) {
      if (/** @type {NodeJS.ErrnoException} */ (error).code !== 'EEXIST') throw error;
    }
    const found = statSync(file, { throwIfNoEntry: false });
    if (!found) continue;
    const text = readText(file);
    const holder = parseHolder(text);
    // Watching for a change, instead of comparing the time with ours, also works where two clocks differ.
    if (text !== seen.text || found.mtimeMs !== seen.mtime) {
      seen = { text, mtime: found.mtimeMs, since: performance.now() };
    }
    const dead = holder !== null && holder.host === hostname() && !isAlive(holder.pid);
    if (dead || performance.now() - seen.since > silence) {
      removeStale(file, text);
      continue;
    }
    if (!waiting) onWait?.(holder);
    waiting = true;
    await sleep(POLL);
  }
  const release = () => {
    if (readText(file) === me) rmSync(file, { force: true });
  };
  const heartbeat = setInterval(() => {
    if (readText(file) === me) utimesSync(file, new Date(), new Date());
  }, HEARTBEAT);
  process.once('exit', release);
  try {
    return await work();
  } finally {
    clearInterval(heartbeat);
    process.removeListener('exit', release);
    release();
  }
}
