import { type NdArray, allocate } from '../core/array.js';
import type { ShareKernels } from '../kernel/contract/shares.js';

/** First quartile, median and third quartile. */
export type Quartiles = readonly [number, number, number];

const PARTS = [0.25, 0.5, 0.75];
/** Numbers that a rank holds sorted at once: 64 MiB. */
const SORTED = 2 ** 23;
/** Halvings after which one float64 is left of all. */
const HALVINGS = 64;

/** The quartiles of every column, interpolated between its values. O(n·d log n) time, O(n) memory. */
export function quartilesOf({ data, shape: [n, d] }: NdArray): Quartiles[] {
  return Array.from({ length: d }, (_, column) => {
    const values = Float64Array.from({ length: n }, (_, i) => data[i * d + column]).sort();
    return quartilesBy(n, (k) => values[k]);
  });
}

/**
 * The same of a cloud whose rows are spread over ranks, to the same bits. Each rank sorts its own values; where a value stands
 * among all is found by halving the float64 numbers between −∞ and ∞, until as many as must be are below: 64 sums over the
 * ranks for some millions of values. O(n·d log n) time, O(n + 2²³) memory, for n rows of this rank.
 */
export async function quartilesOverRanks(points: NdArray, shares: ShareKernels): Promise<Quartiles[]> {
  if (shares.ranks.size === 1) return quartilesOf(points);
  const { data, shape } = points;
  const [own, d] = shape;
  const { total } = await shares.shareOf(own);
  const [most] = await shares.largestOverRanks([own]);
  const columnsAtOnce = Math.max(1, Math.floor(SORTED / most));
  const found: Quartiles[] = [];
  for (let first = 0; first < d; first += columnsAtOnce) {
    const columns = Array.from({ length: Math.min(columnsAtOnce, d - first) }, (_, k) => {
      const values = allocate('float64', own, 'sorted values of a column') as Float64Array;
      for (let i = 0; i < own; i++) values[i] = data[i * d + first + k];
      return values.sort();
    });
    found.push(...(await quartilesOfSorted(columns, total, shares)));
  }
  return found;
}

/** Of columns of which each rank has some values, sorted, among `total`. */
async function quartilesOfSorted(
  columns: readonly Float64Array[],
  total: number,
  shares: ShareKernels,
): Promise<Quartiles[]> {
  // Of every column, for every quartile: the place of the value below it, and the keys that enclose that value's.
  const targets = columns.flatMap((values) =>
    PARTS.map((part) => ({ values, place: Math.floor(part * (total - 1)), low: -KEYS, high: KEYS })),
  );
  for (let halving = 0; halving < HALVINGS; halving++) {
    const middles = targets.map(({ low, high }) => (low + high) >> 1n);
    const below = targets.map(({ values }, t) => countUpTo(values, numberOf(middles[t])));
    const all = await shares.sumOverRanks(below);
    targets.forEach((target, t) => {
      if (all[t] > target.place) target.high = middles[t];
      else target.low = middles[t];
    });
  }
  const lower = targets.map(({ high }) => numberOf(high));
  // The next value is the same one again, or the least of those above it.
  const upTo = targets.map(({ values }, t) => countUpTo(values, lower[t]));
  const counts = await shares.sumOverRanks(upTo);
  const above = await shares.largestOverRanks(targets.map(({ values }, t) => -(values[upTo[t]] ?? Infinity)));
  return columns.map((_, column) => {
    const at = (part: number) => PARTS.length * column + part;
    const places = PARTS.map((part, t) => {
      const { place } = targets[at(t)];
      const isLast = place === total - 1 || counts[at(t)] > place + 1;
      return { part, low: lower[at(t)], next: isLast ? lower[at(t)] : -above[at(t)] };
    });
    return places.map(({ part, low, next }) =>
      between(part * (total - 1), low, next),
    ) as unknown as Quartiles;
  });
}

function quartilesBy(n: number, value: (k: number) => number): Quartiles {
  return PARTS.map((part) => {
    const place = part * (n - 1);
    const low = Math.floor(place);
    return between(place, value(low), value(Math.min(n - 1, low + 1)));
  }) as unknown as Quartiles;
}

function between(place: number, low: number, next: number): number {
  return low + (next - low) * (place - Math.floor(place));
}

/** How many of the sorted values are at most this one. */
function countUpTo(sorted: Float64Array, value: number): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle] <= value) low = middle + 1;
    else high = middle;
  }
  return low;
}

const bits = new DataView(new ArrayBuffer(8));
/** The key of ∞: numbers are in the order of their keys, the whole numbers from −KEYS to KEYS. */
const KEYS = 0x7ff0_0000_0000_0000n;

/** The number with this key. */
function numberOf(key: bigint): number {
  bits.setBigInt64(0, key < 0n ? -key : key);
  const size = bits.getFloat64(0);
  return key < 0n ? -size : size;
}
