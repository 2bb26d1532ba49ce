import { type Command, Option } from 'commander';
import type { NdArray } from '../core/array.js';
import { RidgeflowError } from '../core/errors.js';
import { chosenColumns } from '../io/column-choice.js';
import type { CloudFile } from '../io/index.js';
import { ALONE } from '../kernel/alone.js';
import type { ShareKernels } from '../kernel/contract/shares.js';
import type { Standardisation, StandardiseMethod } from '../measure/index.js';
import { quartilesOverRanks } from '../measure/quartiles.js';
import {
  type ColumnMoments,
  columnMoments,
  columnMomentsOverRanks,
  standardisationBy,
} from '../measure/standardise.js';

/** What {@link addScalingOptions} parses. */
export interface ScalingOptions {
  standardise?: StandardiseMethod;
  scaleGroup?: string[];
}

/** What was done to the columns, as summary.json has it: value = centre + scale · value in standard units. */
export interface ScalingSummary {
  method: StandardiseMethod;
  columns: { column: string | number; centre: number; scale: number }[];
}

const METHODS: readonly StandardiseMethod[] = ['z-score', 'robust'];
const FLAG = '--standardise';

/** The options of every command that may bring columns to one scale. */
export function addScalingOptions(command: Command): Command {
  return command
    .addOption(
      new Option(
        `${FLAG} [how]`,
        'bring every column to mean 0 and standard deviation 1, or robust: to median 0 by its quartiles',
      )
        .choices(METHODS)
        .preset('z-score'),
    )
    .option(
      '--scale-group <columns>',
      'columns that keep their scale relative to each other then; repeat it for each group',
      (columns: string, before: string[] = []) => [...before, columns],
    );
}

/** Arguments in which --standardise has its default before whatever is none of its values, such as a file. */
export function withScalingDefault(argv: readonly string[]): string[] {
  const isMethod = (text: string | undefined) => METHODS.some((method) => method === text);
  return argv.map((argument, i) =>
    argument === FLAG && !isMethod(argv[i + 1]) ? `${FLAG}=${METHODS[0]}` : argument,
  );
}

/** The names of the columns that are coordinates, or their numbers in the file. */
export function columnNames(
  file: Pick<CloudFile, 'columns' | 'columnNumbers' | 'points'>,
): (string | number)[] {
  return file.columns ?? file.columnNumbers ?? [...Array(file.points.shape[1]).keys()];
}

/**
 * What brings points to standard units; undefined where that was not asked for. Of points that are spread over ranks the
 * moments and quartiles are those of all. Throws INVALID_ARGUMENT.
 */
export async function scalingOf(
  points: NdArray,
  names: readonly (string | number)[],
  path: string,
  { standardise: method, scaleGroup = [] }: ScalingOptions,
  { shares = ALONE, moments }: { shares?: ShareKernels; moments?: ColumnMoments } = {},
): Promise<Standardisation | undefined> {
  if (method === undefined) {
    if (scaleGroup.length === 0) return undefined;
    throw new RidgeflowError(
      'INVALID_ARGUMENT',
      '--scale-group says how columns are scaled: give --standardise too',
    );
  }
  const known = { count: names.length, names: names.map(String), file: path };
  const groups = scaleGroup.map((group) => chosenColumns(group, known, '--scale-group'));
  const ofColumns = moments ?? (await columnMomentsOverRanks(points, shares));
  const quartiles = method === 'robust' ? await quartilesOverRanks(points, shares) : undefined;
  return standardisationBy({ ...ofColumns, quartiles }, groups);
}

/** What was done, for summary.json. */
export function scalingSummary(
  { method, centre, scale }: Standardisation,
  names: readonly (string | number)[],
): ScalingSummary {
  return { method, columns: names.map((column, k) => ({ column, centre: centre[k], scale: scale[k] })) };
}

/** What was done, for a note. */
export function scalingNote({ method }: Standardisation): string {
  const how =
    method === 'robust'
      ? 'less its median, over the spread of its quartiles'
      : 'less its mean, over its standard deviation';
  return `every column was standardised (${how}): lengths, variances and entropies are in these units`;
}

/** A note where one column holds most of the variance, so that distances are nearly its alone. */
export function varianceNote(
  points: NdArray,
  names: readonly (string | number)[],
  { deviations }: ColumnMoments = columnMoments(points),
): string | undefined {
  const order = [...deviations.keys()].sort((a, b) => deviations[b] - deviations[a]);
  const varying = order.filter((column) => deviations[column] > 0);
  if (varying.length < 2) return undefined;
  const total = deviations.reduce((sum, deviation) => sum + deviation ** 2, 0);
  const [first] = varying;
  const share = deviations[first] ** 2 / total;
  const middle = deviations[varying[varying.length >> 1]];
  const times = deviations[first] / deviations[varying[varying.length - 1]];
  if (!(share > 0.5) || deviations[first] < (varying.length > 2 ? 5 : 3) * middle) return undefined;
  return (
    `column ${names[first]} holds ${share > 0.999 ? 'over 99.9' : (100 * share).toPrecision(3)} % of the variance (standard deviations differ ` +
    `${Number(times.toPrecision(3))}×), so that distances are nearly its alone: --standardise brings all columns to one scale`
  );
}
