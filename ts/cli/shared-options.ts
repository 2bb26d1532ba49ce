import { type Command, Option } from 'commander';
import type { DType } from '../core/array.js';
import type { BackendName } from '../core/options.js';
import { backendFromEnvironment } from '../kernel/backend.js';
import { notOverRanks } from '../kernel/whole.js';
import { parseInteger } from './failure.js';
import { type Progress, createProgress, interruptSignal } from './progress.js';

/** What {@link addComputationOptions} parses. */
export interface ComputationOptions {
  dtype: DType;
  backend?: BackendName;
  seed: number;
}

/** What {@link addOutputOptions} parses. */
export interface OutputOptions {
  json?: boolean;
  quiet?: boolean;
  debug?: boolean;
}

/** The options of every command that computes: --dtype, --backend, --seed. */
export function addComputationOptions(command: Command): Command {
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

/**
 * Runs a command's work with a progress bar and a signal that Ctrl-C aborts, and takes both away whatever happens.
 * With --json its result is printed as JSON on standard output.
 */
export async function withProgress<Summary>(
  options: OutputOptions,
  work: (context: { signal: AbortSignal; progress: Progress }) => Promise<Summary>,
): Promise<Summary> {
  const { json = false, quiet = false } = options;
  // Every rank would take the whole file for its own rows.
  if (backendFromEnvironment() === 'mpi') throw notOverRanks('The command line does not run');
  const { signal, dispose } = interruptSignal();
  const progress = createProgress({ quiet: quiet || (json && !process.stderr.isTTY) });
  try {
    const summary = await work({ signal, progress });
    progress.stop();
    if (json) process.stdout.write(`${JSON.stringify(summary, null, 2)}\n`);
    return summary;
  } finally {
    progress.stop();
    dispose();
  }
}
