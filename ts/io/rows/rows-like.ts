import { type NdArray, checkPoints } from '../../core/array.js';
import { RidgeflowError, invalidArgument } from '../../core/errors.js';
import type { NdArrayLike } from '../../core/foreign.js';
import { asCloud } from '../interchange.js';
import type { CloudLabels } from '../labels.js';

/** Some rows on their way, as `readRows` gives them and stages pass them on, with whatever else is known of them. */
export interface Rows {
  /** n × d. */
  readonly points: NdArray;
  readonly labels?: CloudLabels;
  /** Names of the d columns. */
  readonly columns?: readonly string[];
}

/** What a stage takes: rows, or a cloud of any kind that `asCloud` takes, as a record batch of Arrow. */
export type RowsInput = Rows | NdArrayLike;

/** The rows in what a stage is given. Throws what `asCloud` throws. */
export function asRows(item: RowsInput): Rows {
  if (typeof item === 'object' && item !== null && 'points' in item)
    return { ...item, points: asCloud(item.points) };
  const points = asCloud(item);
  const names = 'schema' in item ? item.schema.fields.map(({ name }) => name) : undefined;
  return { points, ...(names?.length === points.shape[1] && { columns: names }) };
}

/** The rows that a stream gives. Throws INVALID_ARGUMENT for what is no stream. */
export async function* rowsFrom(
  source: Iterable<RowsInput> | AsyncIterable<RowsInput>,
): AsyncGenerator<Rows> {
  const isStream =
    typeof source === 'object' &&
    source !== null &&
    (Symbol.asyncIterator in source || Symbol.iterator in source);
  if (!isStream) throw invalidArgument('source', 'a stream of rows: an AsyncIterable or an Iterable', source);
  for await (const item of source) yield asRows(item);
}

/** Throws INVALID_SHAPE unless all rows have as many coordinates; returns how many. */
export function sameWidth(points: NdArray, expected: number | undefined, row: number): number {
  const { d } = checkPoints(points, 'points', { minimum: 0 });
  if (expected === undefined || d === expected) return d;
  throw new RidgeflowError(
    'INVALID_SHAPE',
    `Expected ${expected} coordinates, as in the first rows, but received ${d} from row ${row + 1} on`,
    { details: { expected, actual: d, row: row + 1 } },
  );
}
