import { type Command, Option } from 'commander';
import type { DType } from '../core/array.js';
import type { BackendName } from '../core/options.js';
import { ensureOutputFolder } from '../io/index.js';
import { ALONE } from '../kernel/alone.js';
import { backendFromEnvironment, loadBackend } from '../kernel/backend.js';
import type { ShareKernels } from '../kernel/contract/shares.js';
import { notOverRanks } from '../kernel/whole.js';
import { parseInteger } from './failure.js';
import { type Progress, createProgress, interruptSignal } from './progress.js';
import { addRanksOption } from './ranks.js';

/** What {@link addComputationOptions} parses. */
export interface ComputationOptions {
  dtype: DType;
  ranks?: number;
  backend?: BackendName;
  seed: number;
}

/** What {@link addOutputOptions} parses. */
export interface OutputOptions {
  json?: boolean;
  quiet?: boolean;
  debug?: boolean;
}

/**
 * The options of every command that computes: --dtype, --backend, --seed; with `ranks` also --ranks, of one that runs over
 * ranks of MPI.
 */
export function addComputationOptions(command: Command, { ranks = false } = {}): Command {
  if (ranks) addRanksOption(command);
  return command
    .addOption(
      new Option('--dtype <type>', 'precision of the computation')
        .choices(['float32', 'float64'])
        .default('float32'),
    )
    .addOption(
      new Option('--backend <name>', 'where to compute').choices([
        'native',
        'tfjs',
        'tfjs-node',
        'tfjs-wasm',
        'tfjs-cpu',
        ...(ranks ? ['mpi'] : []),
      ]),
    )
    .option('--seed <number>', 'seed of everything random', parseInteger(0), 0);
}

/** The options of every command that says what it found: --json, --quiet, --debug. `what` is what --json prints. */
export function addOutputOptions(command: Command, what = 'the summary'): Command {
  return command
    .option('--json', `print ${what} as JSON on standard output`)
    .option('--quiet', 'print nothing but errors (and the JSON that was asked for)')
    .option('--debug', 'print stack traces of failures');
}

/** What a command's work is given. */
export interface CommandContext {
  signal: AbortSignal;
  progress: Progress;
  /** Whose rows the points are spread over; of a command that does not run over ranks, this process alone. */
  shares: ShareKernels;
}

/** Makes the folder that a command writes to. On disks that ranks share it may be there for the others later. */
export function ensureFolder(folder: string, { shares }: CommandContext): Promise<void> {
  return shares.doneByAll(shares.ranks.rank === 0 ? ensureOutputFolder(folder) : Promise.resolve());
}

/**
 * Runs a command's work with a progress bar and a signal that Ctrl-C aborts, and takes both away whatever happens.
 * With --json its result is printed as JSON on standard output. Of ranks the first alone says anything.
 *
 * @param rows `spread` of a command that runs over ranks.
 */
export async function withProgress<Summary>(
  options: OutputOptions & { backend?: BackendName },
  work: (context: CommandContext) => Promise<Summary>,
  rows?: 'spread',
): Promise<Summary> {
  const { json = false, quiet = false } = options;
  const isSpread = (options.backend ?? backendFromEnvironment()) === 'mpi';
  // Every rank would take the whole file for its own rows.
  if (isSpread && rows !== 'spread') throw notOverRanks('This command does not run');
  const { signal, dispose } = interruptSignal();
  const shares = isSpread ? await loadBackend('mpi') : ALONE;
  const isFirst = shares.ranks.rank === 0;
  const progress = createProgress({ quiet: quiet || !isFirst || (json && !process.stderr.isTTY) });
  try {
    const summary = await work({ signal, progress, shares });
    progress.stop();
    if (json && isFirst) process.stdout.write(`${JSON.stringify(summary, null, 2)}\n`);
    return summary;
  } finally {
    progress.stop();
    dispose();
  }
}
