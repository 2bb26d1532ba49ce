import { type DType, type NdArray, allocate, toDtype, zeros } from '../core/array.js';
import { RidgeflowError } from '../core/errors.js';
import { nearestName } from '../core/nearest-name.js';
import type { CloudFile } from '../io/index.js';
import { type ColumnsSummary, classesLine, columnsSummary } from './columns.js';
import { type ScalingOptions, scalingNote, scalingOf, scalingSummary, varianceNote } from './scaling.js';
import { readInput } from './standard-input.js';
import { type ReadingOptions, parseColumn, readOptions } from './reading-options.js';
import { isFloat64Array } from '../core/realm.js';

/** Points, and what is to be learned at them. */
export interface PreparedTarget {
  points: NdArray;
  /** n × k: one column of numbers, or one for each class, 1 where a point is of it. */
  values: NdArray;
  /** Names of the classes, and the class of each point. */
  classes?: { names: string[]; values: Int32Array };
  /** Names of the remaining columns, and of the one to be learned. */
  columns: string[];
  what: string;
  /** What a reader of the results should know of the input. */
  notes: string[];
  /** What became of the columns of the file. */
  used: ColumnsSummary;
  /** What was taken as the classes, and why, in one line. */
  line?: string;
}

interface TargetOptions extends ReadingOptions, ScalingOptions {
  target?: string;
  dtype: DType;
  /** Whether these are the digits that come with the package, whose class is in the last column. */
  digits: boolean;
  signal: AbortSignal;
}

/**
 * Reads the data, takes apart what is to be learned, and brings what it is learned from to one scale where that is asked for.
 * Throws INVALID_ARGUMENT where nothing is to be learned.
 */
export async function prepareTarget(path: string, options: TargetOptions): Promise<PreparedTarget> {
  const target = await readTarget(path, options);
  const scaling = await scalingOf(target.points, target.columns, path, options);
  if (!scaling) {
    const note = options.digits ? undefined : varianceNote(target.points, target.columns);
    return note === undefined ? target : { ...target, notes: [...target.notes, note] };
  }
  const { dtype } = options;
  return {
    ...target,
    points: toDtype(scaling.apply(target.points), dtype),
    notes: [...target.notes, scalingNote(scaling), NETWORK_NOTE],
    used: { ...target.used, scaled: scalingSummary(scaling, target.columns) },
  };
}

/** What a user of the network has to know. */
const NETWORK_NOTE =
  'the network takes standardised columns: (value − centre) / scale, as summary.json has them under columns.scaled';

async function readTarget(path: string, options: TargetOptions): Promise<PreparedTarget> {
  const { target, columns: chosen, dtype, digits, signal } = options;
  const named = options.labelColumn ?? (digits && target === undefined ? '-1' : undefined);
  const labelColumn = parseColumn(named);
  const read = await readInput(path, {
    ...readOptions(options),
    // A column to be learned may well be called y.
    labelColumn: target === undefined ? labelColumn : (labelColumn ?? false),
    ...(target !== undefined && chosen !== undefined && { columns: [...chosen, target] }),
    ...{ dtype, signal },
  });
  const [n, d] = read.points.shape;
  const { notes = [] } = read;
  const columns = read.columns ?? Array.from({ length: d }, (_, c) => `column ${c}`);
  const used = columnsSummary(read);
  if (target !== undefined) {
    const split = numbersOf(path, read, columns, target);
    return { ...split, notes, used: { ...used, used: split.columns } };
  }
  if (!read.labels) {
    throw new RidgeflowError(
      'INVALID_ARGUMENT',
      `${path}: nothing to learn. Name a column of numbers with --target, or of classes with --label-column`,
      { details: { parameter: 'target' } },
    );
  }
  const { names, values: classes } = read.labels;
  if (names.length < 2) throw new RidgeflowError('DEGENERATE_CLOUD', `${path}: all points are of one class`);
  const values = zeros([n, names.length], dtype, 'classes');
  classes.forEach((label, i) => (values.data[i * names.length + label] = 1));
  return {
    points: read.points,
    values,
    classes: { names, values: classes },
    columns,
    what: `${names.length} classes`,
    notes,
    used,
    line: classesLine(read),
  };
}

function numbersOf(
  path: string,
  { points: cloud, columnNumbers, labelColumn, dropped = [] }: CloudFile,
  columns: string[],
  target: string,
): Omit<PreparedTarget, 'notes' | 'used'> {
  const [n, d] = cloud.shape;
  // A number counts the columns of the file, of which some may have been left out.
  const numbers = columnNumbers ?? [...columns.keys()];
  const number = Number(parseColumn(target));
  const width = new Set(numbers).size + dropped.length + (labelColumn ? 1 : 0);
  const column = columns.includes(target)
    ? columns.indexOf(target)
    : numbers.indexOf(number < 0 ? width + number : number);
  if (column < 0) {
    const left = dropped.find((each) => each.column === target)?.why;
    const nearest = nearestName(target, columns);
    throw new RidgeflowError(
      'INVALID_ARGUMENT',
      `${path}: ${left === undefined ? `there is no column ${target}` : `column ${target} holds no numbers to learn (${left})`}. ` +
        `${nearest === undefined ? '' : `Did you mean ${nearest}? `}There are ${d} of numbers: ${columns.slice(0, 12).join(', ')}${d > 12 ? ', …' : ''}`,
      { details: { parameter: 'target' } },
    );
  }
  if (d < 2) {
    throw new RidgeflowError(
      'INVALID_SHAPE',
      `${path}: it has no column beside ${columns[column]} to learn it from`,
    );
  }
  const dtype = isFloat64Array(cloud.data) ? 'float64' : 'float32';
  const [points, values] = [allocate(dtype, n * (d - 1)), allocate(dtype, n)];
  for (let i = 0; i < n; i++) {
    for (let c = 0, to = i * (d - 1); c < d; c++) {
      if (c === column) values[i] = cloud.data[i * d + c];
      else points[to++] = cloud.data[i * d + c];
    }
  }
  return {
    points: { data: points, shape: [n, d - 1] },
    values: { data: values, shape: [n, 1] },
    columns: columns.filter((_, c) => c !== column),
    what: columns[column],
  };
}
