import { type DType, type NdArray, toDtype } from '../core/array.js';
import { RidgeflowError } from '../core/errors.js';
import { ALONE } from '../kernel/alone.js';
import type { ShareKernels } from '../kernel/contract/shares.js';
import { distributedOver } from '../kernel/distributed.js';
import { columnMomentsOverRanks } from '../measure/standardise.js';
import type { Standardisation } from '../measure/index.js';
import { ColumnRanges, shifted } from '../core/narrowing.js';
import { isFloat64Array } from '../core/realm.js';
import { type ColumnsSummary, classesLine, columnsSummary } from './columns.js';
import { type ScalingOptions, columnNames, scalingNote, scalingOf, varianceNote } from './scaling.js';
import { withoutDuplicates } from './duplicates.js';
import { STANDARD_INPUT, readInput } from './standard-input.js';
import type { Progress } from './progress.js';
import { type DuplicatesPolicy, type ReadingOptions, readOptions } from './reading-options.js';
import { refuseOtherFormats } from './unused-options.js';

/** A cloud that is fit for the main job. */
export interface Cloud {
  points: NdArray;
  labels?: { values: Int32Array; names: string[] };
  imageShape?: [number, number];
  /** Extents of one point in the file, where it has more than one axis. */
  exampleShape?: number[];
  /** What was taken from every point of the file, where float32 is too coarse so far from 0. */
  offset?: Float64Array;
  /** What brought the points to standard units, where that was asked for. */
  scaling?: Standardisation;
  /** What became of the columns of the file. */
  columns: ColumnsSummary;
  /** What was taken as the classes, and why, in one line. */
  classes?: string;
  /** What a reader of the results should know of the input. */
  notes: string[];
}

interface CloudOptions extends ReadingOptions, ScalingOptions {
  imageShape?: [number, number];
  duplicates: DuplicatesPolicy;
  /** What it means that they are kept. Default: what it means for entropies. */
  keptDuplicates?: string;
  dtype: DType;
  /** Whether this is the cloud that comes with the package: 8 × 8 images, their digit in the last column. */
  digits: boolean;
  /** Whether the points must stay where they are, as the inputs of a model must. */
  inPlace?: boolean;
  /** Whether they are ids of tokens, which are names: what coordinates would mean is not said of them. */
  tokens?: boolean;
  signal: AbortSignal;
  /** Whose rows the points are spread over: each rank reads its own. Default: all are here. */
  shares?: ShareKernels;
}

/** Reads a cloud and looks for what would spoil the job: too few points, coincident points, columns without variance. */
export async function prepareCloud(path: string, options: CloudOptions): Promise<Cloud> {
  const reading = readOptions(options);
  const { shares = ALONE } = options;
  await refuseOtherFormats(options, [path]);
  const isSpread = shares.ranks.size > 1;
  if (isSpread && path === STANDARD_INPUT)
    throw new RidgeflowError('INVALID_ARGUMENT', 'Every rank reads its own rows of a file: give one, not -');
  const read = await readInput(path, {
    ...reading,
    ...(isSpread && { share: distributedOver(shares) }),
    labelColumn: reading.labelColumn ?? (options.digits ? -1 : undefined),
    // Without a type that is asked for, points that float32 is too coarse for come in float64.
    dtype: options.dtype === 'float32' && !options.inPlace ? undefined : options.dtype,
    signal: options.signal,
  });
  const [own, d] = read.points.shape;
  const { total: n } = await shares.shareOf(own);
  if (n < 2) {
    const remedy = read.rowsLeftOut
      ? `, since something is missing in the other ${read.rowsLeftOut} rows: --fill mean instead of --drop-missing fills it in, --drop-columns leaves columns out`
      : '';
    throw new RidgeflowError('EMPTY_CLOUD', `${path}: expected at least 2 points but it holds ${n}${remedy}`);
  }
  const imageShape: [number, number] | undefined =
    options.imageShape ?? (options.digits ? [8, 8] : read.imageShape);
  if (imageShape && imageShape[0] * imageShape[1] !== d) {
    throw new RidgeflowError(
      'INVALID_SHAPE',
      `${path}: an image of ${imageShape.join(' × ')} has ${imageShape[0] * imageShape[1]} values, but a point has ${d}`,
    );
  }
  const centres = options.dtype === 'float32' && isFloat64Array(read.points.data);
  // The last note then says that the points were read as float64, which centring makes needless.
  const notes = (read.notes ?? []).slice(0, centres ? -1 : undefined);
  const kept = await withoutDuplicates(path, read.points, options, notes, shares);
  const ranges = await ColumnRanges.of([kept.points]).over((values) => shares.largestOverRanks(values));
  const constant = ranges.constant();
  if (!options.tokens || constant.length === d)
    noteConstantColumns(path, constant, n, d, read.columns, notes);
  const labels = read.labels && {
    names: read.labels.names,
    values: kept.rows ? kept.rows.map((row) => read.labels!.values[row]) : read.labels.values,
  };
  const { exampleShape } = read;
  const names = columnNames(read);
  const note = options.standardise === undefined && !options.inPlace && !imageShape;
  const moments =
    note || options.standardise !== undefined ? await columnMomentsOverRanks(kept.points, shares) : undefined;
  const scaling = await scalingOf(kept.points, names, path, options, { shares, moments });
  const facts = {
    columns: columnsSummary(read, scaling),
    classes: classesLine(read),
    ...(exampleShape && { exampleShape }),
  };
  if (scaling) {
    const points = toDtype(scaling.apply(kept.points), options.dtype);
    return { points, labels, imageShape, notes: [...notes, scalingNote(scaling)], scaling, ...facts };
  }
  const uneven = note ? varianceNote(kept.points, names, moments) : undefined;
  if (uneven) notes.push(uneven);
  if (!centres) return { points: kept.points, labels, imageShape, notes, ...facts };
  const offset = ranges.narrowingOffset();
  if (offset) notes.push(offsetNote(offset, read.columns));
  const points = shifted(kept.points, offset ?? new Float64Array(d), 'float32');
  if (offset) facts.columns.offset = [...offset];
  return { points, labels, imageShape, ...(offset && { offset }), notes, ...facts };
}

/** Says what was taken from the points before they were narrowed. */
function offsetNote(offset: Float64Array, names: string[] | undefined): string {
  const moved = [...offset.keys()].filter((column) => offset[column] !== 0);
  const shown = moved.slice(0, 6).map((column) => `${offset[column]} from ${names?.[column] ?? column}`);
  return (
    `columns far from 0 for their spread were centred in float64, since float32 is too coarse there: ` +
    `${shown.join(', ')}${moved.length > 6 ? ', …' : ''} was subtracted`
  );
}

/** Columns that never change are allowed (the corners of images), but a cloud of nothing else is not. */
function noteConstantColumns(
  path: string,
  constant: readonly number[],
  n: number,
  d: number,
  names: string[] | undefined,
  notes: string[],
): void {
  if (constant.length === 0) return;
  if (constant.length === d)
    throw new RidgeflowError('DEGENERATE_CLOUD', `${path}: all ${n} points are the same`);
  const shown = constant
    .slice(0, 6)
    .map((k) => names?.[k] ?? String(k))
    .join(', ');
  notes.push(
    `${constant.length} of ${d} columns never change (${shown}${constant.length > 6 ? ', …' : ''}): nothing moves along them, and the entropy is that of a cloud ` +
      `flat in those directions`,
  );
}

/** Says what was taken as the classes, and what a reader of the results should know of the input. */
export function sayInput({ classes, notes }: Pick<Cloud, 'classes' | 'notes'>, progress: Progress): void {
  if (classes) progress.line(classes);
  for (const note of notes) progress.line(`Note: ${note}`);
}
