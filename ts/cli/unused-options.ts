import type { Command } from 'commander';
import { RidgeflowError } from '../core/errors.js';
import { detectFormat } from '../io/format.js';
import type { ReadingOptions } from './reading-options.js';
import { STANDARD_INPUT } from './standard-input.js';

/** The options that were given on the command line: those that have their defaults are left out. */
export function givenOptions<Options extends object>(command: Command): Partial<Options> {
  const all = Object.entries(command.opts<Options>());
  return Object.fromEntries(
    all.filter(([name]) => command.getOptionValueSource(name) === 'cli'),
  ) as Partial<Options>;
}

/** `--non-negative` of `nonNegative`; `--no-kernel` of a `kernel` that is false. */
function flagOf(name: string, value: unknown): string {
  const words = name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  return value === false ? `--no-${words}` : `--${words}`;
}

/**
 * Refuses options that were given and would change nothing, which would be passed over in silence. `where` completes “There
 * is no --weight …”, as in `with --method fbp`. Throws INVALID_ARGUMENT.
 */
export function refuseUnused<Options extends object>(
  given: Options,
  names: readonly (keyof Options & string)[],
  where: string,
): void {
  const name = names.find((one) => given[one] !== undefined);
  if (name === undefined) return;
  throw new RidgeflowError('INVALID_ARGUMENT', `There is no ${flagOf(name, given[name])} ${where}`);
}

/** Options that say how a table is read. */
const OF_TABLES = ['columns', 'dropColumns', 'dropMissing', 'fill', 'labelColumn', 'array'] as const;
const OF_CSV = ['delimiter', 'decimal', 'header'] as const;

/** Refuses what says how a table is read, of data that are none: `what` is as in `photos, a folder of images`. */
export function refuseTableOptions(given: ReadingOptions, what: string): void {
  refuseUnused(given, [...OF_TABLES, ...OF_CSV], `with ${what}`);
}

/**
 * Refuses options of CSV files, and --array, where no file is of a format that has them. Standard input may hold any. What cannot be read is an error of reading, which says it better.
 */
export async function refuseOtherFormats(given: ReadingOptions, paths: readonly string[]): Promise<void> {
  if (paths.includes(STANDARD_INPUT)) return;
  if ([...OF_CSV, 'array' as const].every((name) => given[name] === undefined)) return;
  const formats = await Promise.all(
    paths.map((path) =>
      detectFormat(path).then(
        ({ format }) => format,
        () => undefined,
      ),
    ),
  );
  if (formats.includes(undefined)) return;
  const files = paths.join(' and ');
  if (!formats.includes('csv')) refuseUnused(given, OF_CSV, `with ${files}: it is of CSV files`);
  const isNamed = formats.some((format) => format === 'npz' || format === 'json' || format === 'safetensors');
  if (!isNamed) refuseUnused(given, ['array'], `with ${files}: it names one of several arrays in a file`);
}
