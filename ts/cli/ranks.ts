import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { pipeline } from 'node:stream/promises';
import type { Command } from 'commander';
import { RidgeflowError } from '../core/errors.js';
import { MPI_REMEDY, loadMpiAddon } from '../kernel/mpi/addon.js';
import { processorsForThisProcess } from '../kernel/native/processors.js';
import { EXIT, parseInteger } from './failure.js';
import { withoutMpirunMessages } from './mpirun-messages.js';

/** What {@link addRanksOption} parses. */
export interface RanksOptions {
  ranks?: number;
  backend?: string;
}

/** How many ranks `--ranks` has started, for their reports. */
const STARTED = 'RIDGEFLOW_STARTED_RANKS';

/** The option of every command that runs over ranks: --ranks. */
export function addRanksOption(command: Command): Command {
  return command.option(
    '--ranks <count>',
    'spread the points over so many processes of Open MPI on this machine; over several: mpirun … --backend mpi',
    parseInteger(1, 65_536),
  );
}

/** The number of this process among those that mpirun has started, or undefined where it has not. */
export function launchedRank(): number | undefined {
  const rank = process.env.OMPI_COMM_WORLD_RANK ?? process.env.PMIX_RANK;
  return rank === undefined ? undefined : Number(rank);
}

/** How many processes `--ranks` has started, this one among them; undefined where it has not. */
export function startedRanks(): number | undefined {
  const count = process.env[STARTED];
  return count === undefined ? undefined : Number(count);
}

/** How many processes mpirun has started. */
export function launchedSize(): number | undefined {
  const size = process.env.OMPI_COMM_WORLD_SIZE;
  return size === undefined ? undefined : Number(size);
}

/**
 * With `--ranks` starts the same command on so many ranks, waits for their end and sets the exit code to theirs; says whether
 * it did. Throws INVALID_ARGUMENT, and BACKEND_UNAVAILABLE where mpirun or the addon is missing.
 */
export async function ranOnRanks({ ranks, backend }: RanksOptions): Promise<boolean> {
  if (ranks === undefined) return false;
  if (launchedRank() !== undefined)
    throw new RidgeflowError(
      'INVALID_ARGUMENT',
      '--ranks starts mpirun, which runs this already: leave it out',
    );
  if (backend !== undefined && backend !== 'mpi')
    throw new RidgeflowError(
      'INVALID_ARGUMENT',
      `Expected --backend mpi with --ranks but received ${backend}: leave one of them out`,
    );
  // It says what is missing once, where every rank would.
  loadMpiAddon();
  process.exitCode = await launch(ranks, [...withoutOptions(process.argv.slice(2)), '--backend', 'mpi']);
  return true;
}

/** Arguments without --ranks and --backend. */
export function withoutOptions(args: readonly string[]): string[] {
  const names = ['--ranks', '--backend'];
  return args.filter(
    (argument, i) =>
      !names.includes(argument) &&
      !names.includes(args[i - 1]) &&
      !names.some((name) => argument.startsWith(`${name}=`)),
  );
}

async function launch(ranks: number, args: readonly string[]): Promise<number> {
  const threads = Math.max(1, Math.floor(processorsForThisProcess() / ranks));
  const program = [process.execPath, ...process.execArgv, process.argv[1], ...args];
  const child = spawn('mpirun', ['--oversubscribe', '--bind-to', 'none', '-n', String(ranks), ...program], {
    // Alone in its group, so that Ctrl-C comes once, by way of here.
    detached: true,
    stdio: ['ignore', 'inherit', 'pipe'],
    env: {
      RIDGEFLOW_THREADS: String(threads),
      ...process.env,
      [STARTED]: String(ranks),
      // Who starts this as root, as in containers, means it.
      OMPI_ALLOW_RUN_AS_ROOT: '1',
      OMPI_ALLOW_RUN_AS_ROOT_CONFIRM: '1',
    },
  });
  child.stderr.setEncoding('utf8');
  const said = pipeline(child.stderr, withoutMpirunMessages(), process.stderr, { end: false });
  let isInterrupted = false;
  const stop = () => {
    isInterrupted = true;
    child.kill('SIGTERM');
  };
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  signals.forEach((signal) => process.on(signal, stop));
  try {
    const [code] = (await once(child, 'close')) as [number | null];
    await said;
    return isInterrupted ? EXIT.interrupted : (code ?? EXIT.failure);
  } catch (cause) {
    throw new RidgeflowError('BACKEND_UNAVAILABLE', `mpirun cannot be started. ${MPI_REMEDY}`, { cause });
  } finally {
    signals.forEach((signal) => process.off(signal, stop));
  }
}

/** Waits a moment in all ranks but the first: what has gone wrong on all of them is said, and ended, by that one. */
export async function afterFirstRank(): Promise<void> {
  if ((launchedRank() ?? 0) > 0) await new Promise((resolve) => setTimeout(resolve, 1000));
}
