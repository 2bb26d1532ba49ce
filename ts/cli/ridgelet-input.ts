import { type DType, type NdArray, allocate, zeros } from '../core/array.js';
import { RidgeflowError } from '../core/errors.js';
import { readCloud } from '../io/index.js';
import { parseColumn } from './cloud-input.js';
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
}

interface TargetOptions {
  target?: string;
  labelColumn?: string;
  header?: boolean;
  labels?: string;
  array?: string;
  dtype: DType;
  /** Whether these are the digits that come with the package, whose class is in the last column. */
  digits: boolean;
  signal: AbortSignal;
}

/** Reads the data and takes apart what is to be learned. Throws INVALID_ARGUMENT where nothing is. */
export async function prepareTarget(path: string, options: TargetOptions): Promise<PreparedTarget> {
  const { target, labels, header, array, dtype, digits, signal } = options;
  const named = options.labelColumn ?? (digits && target === undefined ? '-1' : undefined);
  const labelColumn = parseColumn(named);
  const read = await readCloud(path, {
    // A column to be learned may well be called y.
    labelColumn: target === undefined ? labelColumn : (labelColumn ?? false),
    ...{ labels, header, array, dtype, signal },
  });
  const [n, d] = read.points.shape;
  const { notes = [] } = read;
  const columns = read.columns ?? Array.from({ length: d }, (_, c) => `column ${c}`);
  if (target !== undefined) return { ...numbersOf(path, read.points, columns, target), notes };
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
  };
}

function numbersOf(
  path: string,
  cloud: NdArray,
  columns: string[],
  target: string,
): Omit<PreparedTarget, 'notes'> {
  const [n, d] = cloud.shape;
  const named = columns.includes(target) ? columns.indexOf(target) : parseColumn(target);
  const column = typeof named !== 'number' ? -1 : named < 0 ? d + named : named;
  if (!(column >= 0 && column < d)) {
    throw new RidgeflowError(
      'INVALID_ARGUMENT',
      `${path}: there is no column ${target}. There are ${d}: ${columns.slice(0, 12).join(', ')}${d > 12 ? ', …' : ''}`,
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
