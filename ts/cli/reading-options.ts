import { type Command, InvalidArgumentError, Option } from 'commander';
import type { ReadCloudOptions } from '../io/index.js';

/** What {@link addReadingOptions} parses, and what most commands that read points have beside it. */
export interface ReadingOptions {
  columns?: string[];
  dropColumns?: string[];
  dropMissing?: boolean;
  fill?: 'mean' | 'median' | number;
  delimiter?: string;
  decimal?: '.' | ',';
  header?: boolean;
  labelColumn?: string;
  labels?: string;
  array?: string;
}

/** The options of every command that reads points from a file: which columns, and what to do where a value is missing. */
export function addReadingOptions(command: Command): Command {
  return command
    .option(
      '--columns <list>',
      'columns that are coordinates: names, numbers from 0, ranges (2-5, a:c), patterns (x*) (default: all of numbers)',
      oneMore,
    )
    .option('--drop-columns <list>', 'columns that are none; each such option names more', oneMore)
    .addOption(new Option('--drop-missing', 'leave out rows in which a value is missing').conflicts('fill'))
    .addOption(
      new Option(
        '--fill <value>',
        'what to put for missing values: mean or median of the column, or 0',
      ).argParser(parseFill),
    )
    .option('--delimiter <character>', 'between the fields of a CSV file, or tab or space (default: found)')
    .addOption(
      new Option('--decimal <character>', 'before decimals in a CSV file (default: found)').choices([
        '.',
        ',',
      ]),
    )
    .option('--header', 'the first row of a CSV file names its columns (default: where it looks so)')
    .option('--no-header', 'the first row of a CSV file is a point');
}

/** What is done with points that occur twice. */
export type DuplicatesPolicy = 'error' | 'drop' | 'keep';

/** `--duplicates`, of the commands that take a cloud apart point by point. */
export function duplicatesOption(policy: DuplicatesPolicy): Option {
  return new Option('--duplicates <policy>', 'what to do with points that occur twice')
    .choices(['error', 'drop', 'keep'])
    .default(policy);
}

/** What an option that may be given several times holds by now. */
function oneMore(value: string, before: string[] = []): string[] {
  return [...before, value];
}

function parseFill(text: string): 'mean' | 'median' | number {
  if (text === 'mean' || text === 'median') return text;
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value))
    throw new InvalidArgumentError('It must be mean, median or a number.');
  return value;
}

/** The options of a command as the library has them. */
export function readOptions(options: ReadingOptions): ReadCloudOptions {
  const { columns, dropColumns, dropMissing, fill, delimiter, decimal, header, labels, array } = options;
  const labelColumn = parseColumn(options.labelColumn);
  return { columns, dropColumns, dropMissing, fill, delimiter, decimal, header, labels, array, labelColumn };
}

/** A column as the command line names it: a whole number is its place, none is no column, anything else its name. */
export function parseColumn(text: string | undefined): string | number | false | undefined {
  if (text === 'none') return false;
  return text !== undefined && /^-?\d+$/.test(text) ? Number(text) : text;
}
