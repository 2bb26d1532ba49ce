import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync, writeSync } from 'node:fs';
import { constants } from 'node:os';
import { dirname } from 'node:path';
import { stripVTControlCharacters } from 'node:util';

/** The user, or the system, asked the set-up to stop. */
export class Interrupted extends Error {
  /** @param {NodeJS.Signals} signal */
  constructor(signal) {
    super(`Interrupted by ${signal}. Nothing half-done counts as done: run the same command again to go on.`);
    this.exitCode = exitCodeOf(null, signal);
  }
}

/**
 * The exit code by which a shell would report how a process ended.
 *
 * @param {number | null} code
 * @param {NodeJS.Signals | null} signal
 */
export function exitCodeOf(code, signal) {
  return signal ? 128 + (constants.signals[signal] ?? 0) : (code ?? 1);
}

/** @type {Set<{ child: import('node:child_process').ChildProcess, group: boolean }>} */
const running = new Set();
/** @type {NodeJS.Signals | null} */
let interrupt = null;

/** Throws Interrupted once a signal has come during `interruptible`. */
export function checkInterrupted() {
  if (interrupt) throw new Interrupted(interrupt);
}

/** @param {NodeJS.Signals} signal */
function stopChildren(signal) {
  for (const { child, group } of running) {
    try {
      if (group && child.pid) process.kill(-child.pid, signal);
      else child.kill(signal);
    } catch {
      // It has ended by itself.
    }
  }
}

/**
 * Runs `work` so that Ctrl-C and its like stop the commands that `run` started and make it throw Interrupted, instead
 * of ending this process at once: what `work` holds is released properly.
 *
 * @template T
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function interruptible(work) {
  let since = 0;
  /** @param {NodeJS.Signals} signal */
  const onSignal = (signal) => {
    // npm repeats a terminal's Ctrl-C at once: only a later one means that the user has lost patience.
    const again = interrupt !== null && performance.now() - since > 1000;
    stopChildren(again ? 'SIGKILL' : 'SIGTERM');
    if (interrupt === null) since = performance.now();
    interrupt ??= signal;
  };
  const signals = /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP']);
  for (const signal of signals) process.on(signal, onSignal);
  try {
    return await work();
  } finally {
    for (const signal of signals) process.removeListener(signal, onSignal);
    interrupt = null;
  }
}

/**
 * Runs a script's main function and ends the process with the exit code that it gives.
 *
 * @param {() => Promise<number>} main
 */
export async function runMain(main) {
  try {
    process.exitCode = await main();
  } catch (error) {
    if (!(error instanceof Interrupted)) throw error;
    console.error(`\n${error.message}`);
    process.exitCode = error.exitCode;
  }
}

/**
 * Runs a command with nothing on its standard input, its output added to a log file.
 *
 * @param {string[]} command the program and its arguments
 * @param {{ log: string, cwd?: string, env?: NodeJS.ProcessEnv, ownGroup?: boolean }} options `ownGroup` (the
 *   default) lets an interrupt stop all that the command started; sudo must stay in ours to know the user's terminal
 * @returns {Promise<boolean>} whether it ended well; it is false too where there is no such program
 */
export async function run(command, { log, cwd, env, ownGroup = process.platform !== 'win32' }) {
  checkInterrupted();
  mkdirSync(dirname(log), { recursive: true });
  const output = openSync(log, 'a');
  writeSync(output, `$ ${command.join(' ')}\n`);
  try {
    /** @type {boolean} */
    const ok = await new Promise((resolve) => {
      const child = spawn(command[0], command.slice(1), {
        stdio: ['ignore', output, output],
        cwd,
        env: { ...process.env, ...env },
        detached: ownGroup,
      });
      const entry = { child, group: ownGroup };
      running.add(entry);
      child.once('error', (error) => {
        writeSync(output, `${error.message}\n`);
        running.delete(entry);
        resolve(false);
      });
      child.once('exit', (code) => {
        running.delete(entry);
        resolve(code === 0);
      });
    });
    checkInterrupted();
    return ok;
  } finally {
    closeSync(output);
  }
}

/**
 * The lines of a log that say what went wrong: from the first error on, or else the last ones.
 *
 * @param {string} log
 * @param {number} [count]
 * @returns {string[]}
 */
export function errorLines(log, count = 12) {
  const lines = stripVTControlCharacters(readFileSync(log, 'utf8'))
    .split(/\r?\n/)
    .filter((line) => line.trim() && !line.startsWith('$ '));
  const first = lines.findIndex((line) => /\berror\b[ :]|^E: |CMake Error|undefined reference/i.test(line));
  return first < 0 ? lines.slice(-count) : lines.slice(first, first + count);
}

/**
 * Runs a program in the user's terminal, as if it were this process: same streams, same signals.
 *
 * @param {string[]} command the program and its arguments
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv }} [options]
 * @returns {Promise<number>} its exit code, 128 + n for signal n
 */
export function runAsSelf(command, { cwd, env } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command[0], command.slice(1), {
      stdio: 'inherit',
      cwd,
      env: { ...process.env, ...env },
    });
    const restore = forwardSignals(child);
    child.once('error', reject);
    child.once('exit', (code, signal) => {
      restore();
      resolve(exitCodeOf(code, signal));
    });
  });
}

/**
 * Passes signals on to a child. A terminal sends Ctrl-C to the child as well, and npm repeats it: SIGINT is only
 * passed on, once, where the child is still there a second later, so that it is not taken for a second Ctrl-C.
 *
 * @param {import('node:child_process').ChildProcess} child
 * @returns {() => void} to stop passing on
 */
export function forwardSignals(child) {
  /** @type {NodeJS.Timeout | undefined} */
  let pending;
  const onInterrupt = () => {
    pending ??= setTimeout(() => child.kill('SIGINT'), 1000);
  };
  const onTerminate = () => void child.kill('SIGTERM');
  const onHangUp = () => void child.kill('SIGHUP');
  process.on('SIGINT', onInterrupt).on('SIGTERM', onTerminate).on('SIGHUP', onHangUp);
  return () => {
    clearTimeout(pending);
    process.off('SIGINT', onInterrupt).off('SIGTERM', onTerminate).off('SIGHUP', onHangUp);
  };
}
