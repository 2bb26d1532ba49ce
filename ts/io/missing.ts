import type { NdArray } from '../core/array.js';
import { takeRows } from '../core/rows.js';
import { spokenOption } from '../core/spoken.js';
import type { CloudContent, ReadCloudOptions } from './cloud.js';
import { fileError } from './errors.js';
import type { CloudLabels } from './labels.js';
import { listed, type DroppedColumn } from './roles.js';

/** Columns that a remedy names at most. */
const MAXIMUM_NAMED = 12;

/** A cloud without missing values, and what became of those. */
export interface Settled {
  points: NdArray;
  labels?: CloudLabels;
  columns?: string[];
  columnNumbers?: number[];
  dropped?: DroppedColumn[];
  rowNumbers?: Int32Array;
  rowsLeftOut?: number;
  filled?: number;
  notes: string[];
}

type Policy = Pick<ReadCloudOptions, 'dropMissing' | 'fill'>;

/**
 * Leaves out rows with missing values (NaN, class −1), or fills them in, and says how many in a note. Columns without any
 * value are left out. O(n·d), and a copy where rows or columns go. Throws EMPTY_CLOUD where no row is left, INVALID_SHAPE
 * where no column is.
 */
export function settleMissing(content: CloudContent, { dropMissing, fill }: Policy, file: string): Settled {
  const { labels } = content;
  const [n] = content.points.shape;
  const counts = countMissing(content.points);
  const missing = counts.reduce((sum, count) => sum + count, 0);
  const unlabelled = labels ? labels.values.reduce((sum, value) => sum + (value < 0 ? 1 : 0), 0) : 0;
  if (missing === 0 && unlabelled === 0) return { ...content, notes: [] };

  const kept = [...counts.keys()].filter((column) => counts[column] < n);
  const { points, note, ...whole } = withoutEmpty(content, kept, file);
  const names = kept.map((column) => content.columns?.[column] ?? content.columnNumbers?.[column] ?? column);
  const left = kept.map((column) => counts[column]);
  const notes = note === undefined ? [] : [note];
  const filled = dropMissing ? 0 : fillIn(points, left, fill!);
  if (filled > 0) {
    const how = typeof fill === 'number' ? `with ${fill}` : `with the ${fill} of their column`;
    notes.push(
      `${filled} missing ${filled === 1 ? 'value was' : 'values were'} filled in ${how}${most(names, left)}`,
    );
  }
  const rows = rowsWithout(points, labels, dropMissing === true);
  if (rows.length === n) return { points, labels, ...whole, ...(filled > 0 && { filled }), notes };
  if (rows.length === 0) refuseAll(points, labels, names, left, file);
  const gone = n - rows.length;
  const what = dropMissing ? 'a missing value' : 'no label';
  notes.push(
    `${gone} of ${n} rows with ${what} ${gone === 1 ? 'was' : 'were'} left out${dropMissing ? most(names, left) : ''}`,
  );
  return {
    points: takeRows(points, rows, file),
    labels: labels && labelsOf(labels, rows),
    ...whole,
    rowNumbers: rows,
    rowsLeftOut: gone,
    ...(filled > 0 && { filled }),
    notes,
  };
}

/**
 * Leaves out those of some rows that have missing values, or fills these in with a number. Columns stay as they are:
 * what is missing in these rows may be there in others. No rows may be left.
 */
export function settleRows(
  content: CloudContent,
  { dropMissing, fill }: { dropMissing?: boolean; fill?: number },
): Settled {
  const { points, labels, columns, columnNumbers, dropped } = content;
  const whole = { columns, columnNumbers, dropped };
  const filled = dropMissing ? 0 : fillIn(points, countMissing(points), fill!);
  const rows = rowsWithout(points, labels, dropMissing === true);
  const gone = points.shape[0] - rows.length;
  if (gone === 0) return { points, labels, ...whole, ...(filled > 0 && { filled }), notes: [] };
  return {
    points: takeRows(points, rows),
    labels: labels && { values: rows.map((row) => labels.values[row]), names: labels.names },
    ...whole,
    rowNumbers: rows,
    rowsLeftOut: gone,
    ...(filled > 0 && { filled }),
    notes: [],
  };
}

function countMissing({ data, shape: [, d] }: NdArray): number[] {
  const counts = new Array<number>(d).fill(0);
  for (let i = 0; i < data.length; i++) if (Number.isNaN(data[i])) counts[i % d]++;
  return counts;
}

/** The content less the columns that hold nothing. */
function withoutEmpty(content: CloudContent, kept: readonly number[], file: string) {
  const { points, columns, dropped, columnNumbers } = content;
  const [n, d] = points.shape;
  if (kept.length === d) return { points, columns, dropped, columnNumbers };
  if (kept.length === 0) {
    throw fileError('INVALID_SHAPE', {
      file,
      problem: 'expected a coordinate with values but all of its columns are empty',
      remedy: 'Write values into one',
    });
  }
  const data = points.data.slice(0, n * kept.length);
  for (let row = 0; row < n; row++)
    for (let k = 0; k < kept.length; k++) data[row * kept.length + k] = points.data[row * d + kept[k]];
  const empty = [...Array(d).keys()].filter((column) => !kept.includes(column));
  const gone = empty.map((column): DroppedColumn => ({
    column: columns?.[column] ?? columnNumbers?.[column] ?? column,
    why: 'nothing',
  }));
  const names = gone.map(({ column }) => column);
  return {
    points: { data, shape: [n, kept.length] },
    columns: columns && kept.map((column) => columns[column]),
    columnNumbers: kept.map((column) => columnNumbers?.[column] ?? column),
    dropped: [...(dropped ?? []), ...gone],
    note: `${names.length === 1 ? 'column' : 'columns'} ${listed(names)} left out, without any value`,
  };
}

/** Fills in, in place; returns how many. */
function fillIn(
  { data, shape: [n, d] }: NdArray,
  counts: readonly number[],
  fill: 'mean' | 'median' | number,
): number {
  let filled = 0;
  counts.forEach((count, column) => {
    if (count === 0) return;
    const value = typeof fill === 'number' ? fill : centre(present(data, column, n, d), fill);
    for (let at = column; at < data.length; at += d) if (Number.isNaN(data[at])) data[at] = value;
    filled += count;
  });
  return filled;
}

function present(data: NdArray['data'], column: number, n: number, d: number): Float64Array {
  const values = new Float64Array(n);
  let count = 0;
  for (let at = column; at < data.length; at += d) if (!Number.isNaN(data[at])) values[count++] = data[at];
  return values.subarray(0, count);
}

function centre(values: Float64Array, fill: 'mean' | 'median'): number {
  if (fill === 'mean') return values.reduce((mean, value, i) => mean + (value - mean) / (i + 1), 0);
  const sorted = values.sort();
  const half = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[half] : sorted[half - 1] + (sorted[half] - sorted[half - 1]) / 2;
}

/** The rows that have a label, and, where so asked, all of their values. */
function rowsWithout(
  { data, shape: [n, d] }: NdArray,
  labels: CloudLabels | undefined,
  values: boolean,
): Int32Array {
  const rows: number[] = [];
  for (let row = 0; row < n; row++) {
    if (labels && labels.values[row] < 0) continue;
    let column = 0;
    while (values && column < d && !Number.isNaN(data[row * d + column])) column++;
    if (!values || column === d) rows.push(row);
  }
  return Int32Array.from(rows);
}

/** The labels of some rows, less the classes that have none of them. */
function labelsOf({ values, names }: CloudLabels, rows: Int32Array): CloudLabels {
  const taken = rows.map((row) => values[row]);
  const used = [...new Set(taken)].sort((a, b) => a - b);
  const numbers = new Map(used.map((value, number) => [value, number]));
  return { values: taken.map((value) => numbers.get(value)!), names: used.map((value) => names[value]) };
}

/** Where most is missing, for a note. */
function most(names: readonly (string | number)[], counts: readonly number[]): string {
  const order = [...counts.keys()].filter((k) => counts[k] > 0).sort((a, b) => counts[b] - counts[a]);
  if (order.length === 0) return '';
  const shown = order.slice(0, 4).map((k) => `${names[k]} ${counts[k]}`);
  return ` (${shown.join(', ')}${order.length > 4 ? ', …' : ''})`;
}

/** Says which columns leave rows behind when they go, the emptiest first. O(n·d²) at most, where every column has to. */
function refuseAll(
  points: NdArray,
  labels: CloudLabels | undefined,
  names: (string | number)[],
  counts: number[],
  file: string,
): never {
  const [n, d] = points.shape;
  const emptiest = [...counts.keys()].filter((k) => counts[k] > 0).sort((a, b) => counts[b] - counts[a]);
  const isWhole = (row: number, gone: ReadonlySet<number>) => {
    if (labels && labels.values[row] < 0) return false;
    for (let k = 0; k < d; k++) if (!gone.has(k) && Number.isNaN(points.data[row * d + k])) return false;
    return true;
  };
  const gone = new Set<number>();
  let kept = 0;
  for (const column of emptiest.slice(0, MAXIMUM_NAMED)) {
    gone.add(column);
    if (gone.size === d) break;
    kept = 0;
    for (let row = 0; row < n; row++) if (isWhole(row, gone)) kept++;
    if (kept > 1) break;
  }
  const named = [...gone].map((k) => names[k]);
  throw fileError('EMPTY_CLOUD', {
    file,
    problem: `something is missing in every one of its ${n} rows${most(names, counts)}`,
    remedy:
      emptiest.length === 0
        ? 'Give rows their labels'
        : kept > 1
          ? `Leave the emptiest columns out (${spokenOption('dropColumns', named)}), which leaves ${kept} rows, or fill them in (${spokenOption('fill', 'mean')})`
          : `Fill in what is missing (${spokenOption('fill', 'mean')} instead of ${spokenOption('dropMissing', true)})`,
    details: { points: 0 },
  });
}
