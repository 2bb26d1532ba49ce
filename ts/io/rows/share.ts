import { invalidArgument } from '../../core/errors.js';
import { checkInteger } from '../../core/options.js';
import type { CloudContent, ReadShare, RowRange } from '../cloud.js';

/** Throws INVALID_ARGUMENT unless a share is one of as many as there are. */
export function checkShare({ rank, size, exchange }: ReadShare): void {
  checkInteger(size, 'share.size', 1);
  checkInteger(rank, 'share.rank', 0, size - 1);
  if (exchange !== undefined && typeof exchange !== 'function')
    throw invalidArgument('share.exchange', 'a function', exchange);
}

/** The rows of a share among so many. */
export function ownRange(total: number, { rank, size }: Pick<ReadShare, 'rank' | 'size'>): RowRange {
  // By a quotient and a rest, so that no product is beyond 2⁵³.
  const [part, rest] = [Math.floor(total / size), total % size];
  const begin = (r: number) => part * r + Math.floor((rest * r) / size);
  return { from: begin(rank), to: begin(rank + 1), total };
}

/** The rows that are read of a share: of one without any a row too much, which says what the columns are. */
export function rowsToRead({ from, to }: RowRange): { from: number; to: number } {
  return from < to ? { from, to } : { from: 0, to: 1 };
}

/**
 * Of lots of rows, of which the first begins with row `first` of the file, those of a share; no more than these are asked
 * for.
 */
export async function* within(
  lots: AsyncIterable<CloudContent>,
  range: RowRange,
  first = 0,
): AsyncGenerator<CloudContent> {
  const { from, to } = rowsToRead(range);
  let at = first;
  for await (const lot of lots) {
    const n = lot.points.shape[0];
    const [begin, end] = [Math.max(0, from - at), Math.min(n, to - at)];
    if (begin < end) yield { ...rowsOfLot(lot, begin, end), range };
    at += n;
    if (at >= to) return;
  }
}

/** Some rows of a lot, not copied. */
export function rowsOfLot(lot: CloudContent, begin: number, end: number): CloudContent {
  const { points, labels } = lot;
  const [n, d] = points.shape;
  if (begin === 0 && end === n) return lot;
  return {
    ...lot,
    points: { data: points.data.subarray(begin * d, end * d), shape: [end - begin, d] },
    labels: labels && { ...labels, values: labels.values.subarray(begin, end) },
  };
}
