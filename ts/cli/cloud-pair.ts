import { type NdArray, allocate, dtypeOf } from '../core/array.js';
import { RidgeflowError } from '../core/errors.js';
import type { CloudFile } from '../io/index.js';
import type { ShareKernels } from '../kernel/contract/shares.js';
import { distributedOver } from '../kernel/distributed.js';
import { columnMomentsOverRanks } from '../measure/standardise.js';
import { type ColumnsSummary, classesLine, columnsSummary } from './columns.js';
import { type ReadingOptions, readOptions } from './reading-options.js';
import { type ScalingOptions, columnNames, scalingNote, scalingOf, varianceNote } from './scaling.js';
import { STANDARD_INPUT, readInput } from './standard-input.js';
import { refuseOtherFormats } from './unused-options.js';

/** One of two clouds that are compared. */
export interface PairedCloud {
  input: string;
  points: NdArray;
  labels?: CloudFile['labels'];
  columns: ColumnsSummary;
  classes?: string;
  notes: string[];
}

/** Two clouds with the same columns, in the same order and units. */
export interface CloudPair {
  clouds: [PairedCloud, PairedCloud];
  /** What a reader of the results should know of both. */
  notes: string[];
}

/**
 * Reads two clouds in float64, since what they differ by may be less than a rounding of float32. Labels that are asked
 * for may be in one of them alone; columns are matched by their names. Over ranks each reads its own rows of both. Throws
 * what `readCloud` throws, INVALID_SHAPE.
 */
export async function readPair(
  paths: readonly [string, string],
  options: ReadingOptions & ScalingOptions,
  { signal, shares, onRead }: { signal: AbortSignal; shares: ShareKernels; onRead: (path: string) => void },
): Promise<CloudPair> {
  await refuseOtherFormats(options, paths);
  const isSpread = shares.ranks.size > 1;
  if (isSpread && paths.includes(STANDARD_INPUT))
    throw new RidgeflowError('INVALID_ARGUMENT', 'Every rank reads its own rows of a file: give two, not -');
  const share = isSpread ? distributedOver(shares) : undefined;
  const given = { ...readOptions(options), dtype: 'float64', share, signal } as const;
  const notes: string[] = [];
  const files: CloudFile[] = [];
  let refused: unknown;
  for (const path of paths) {
    onRead(path);
    try {
      files.push(await readInput(path, given));
    } catch (error) {
      // The label column that is asked for may be in the other file.
      if (refused !== undefined || given.labelColumn === undefined || !isAboutLabels(error)) throw error;
      refused = error;
      files.push(await readInput(path, { ...given, labelColumn: false }));
      notes.push(`${path} has no column ${options.labelColumn}: it was read without labels`);
    }
  }
  await withoutLabels(files, paths, given, notes);
  const [a, b] = files;
  const names = columnNames(a);
  const points = [a.points, inOrderOf(a, b, paths, notes)];
  const both = joined(points);
  const moments = await columnMomentsOverRanks(both, shares);
  const scaling = await scalingOf(both, names, paths.join(' and '), options, { shares, moments });
  if (scaling) notes.push(scalingNote(scaling));
  else {
    const note = varianceNote(both, names, moments);
    if (note) notes.push(note);
  }
  const [left, right] = files.map((file, i): PairedCloud => ({
    input: paths[i],
    points: scaling ? scaling.apply(points[i]) : points[i],
    labels: file.labels,
    columns: columnsSummary(file, scaling),
    classes: classesLine(file),
    notes: file.notes ?? [],
  }));
  return { clouds: [left, right], notes };
}

function isAboutLabels(error: unknown): boolean {
  return error instanceof RidgeflowError && error.details.parameter === 'labelColumn';
}

/** Reads the narrower file again, all of it, where its labels were a coordinate: a number fits any file. */
async function withoutLabels(
  files: CloudFile[],
  paths: readonly [string, string],
  given: Parameters<typeof readInput>[1],
  notes: string[],
): Promise<void> {
  const [d, e] = files.map(({ points }) => points.shape[1]);
  const narrow = d < e ? 0 : 1;
  if (Math.abs(d - e) !== 1 || typeof given.labelColumn !== 'number' || paths[narrow] === '-') return;
  const again = await readInput(paths[narrow], { ...given, labelColumn: false });
  if (again.points.shape[1] !== Math.max(d, e)) return;
  files[narrow] = again;
  notes.push(`${paths[narrow]} has one column fewer: it was read without labels`);
}

/** The points of `b` with the columns in the order of `a`, where both have the same names. */
function inOrderOf(
  a: CloudFile,
  b: CloudFile,
  [left, right]: readonly [string, string],
  notes: string[],
): NdArray {
  const { points } = b;
  const [n, d] = points.shape;
  const dimension = a.points.shape[1];
  const [names, others] = [a.columns, b.columns];
  const only = (these?: string[], those?: string[]) => these?.filter((name) => !those?.includes(name)) ?? [];
  if (d !== dimension) {
    const extra = names && others ? [...only(names, others), ...only(others, names)] : [];
    const remedy =
      extra.length > 0
        ? `. Only one of them has ${extra.slice(0, 8).join(', ')}: leave out with --drop-columns, or name those of both with --columns`
        : '';
    throw new RidgeflowError(
      'INVALID_SHAPE',
      `${right}: expected points of dimension ${dimension}, as in ${left}, but they have ${d}${remedy}`,
    );
  }
  if (!names || !others || names.every((name, k) => name === others[k])) return points;
  if (only(names, others).length > 0 || new Set(names).size < d) {
    notes.push(
      `the columns of ${right} have other names than those of ${left}: they are compared in their order`,
    );
    return points;
  }
  const order = names.map((name) => others.indexOf(name));
  const data = allocate(dtypeOf(points), points.data.length);
  for (let at = 0; at < n * d; at += d) for (let k = 0; k < d; k++) data[at + k] = points.data[at + order[k]];
  notes.push(`the columns of ${right} were put into the order of ${left}, by their names`);
  return { data, shape: points.shape };
}

/** The points of both clouds in one. */
export function joined([a, b]: readonly NdArray[]): NdArray {
  const data = allocate(dtypeOf(a), a.data.length + b.data.length);
  data.set(a.data);
  data.set(b.data, a.data.length);
  return { data, shape: [a.shape[0] + b.shape[0], a.shape[1]] };
}

/** Mean of |x − y|² over all pairs, from means and variances; 1, a unit like any other, where all points are the same. */
export async function meanSquaredDistance(clouds: readonly NdArray[], shares: ShareKernels): Promise<number> {
  const [left, right] = [
    await columnMomentsOverRanks(clouds[0], shares),
    await columnMomentsOverRanks(clouds[1], shares),
  ];
  let total = 0;
  left.means.forEach((mean, k) => {
    total += (mean - right.means[k]) ** 2 + left.deviations[k] ** 2 + right.deviations[k] ** 2;
  });
  return total > 0 ? total : 1;
}
