import { createHash } from 'node:crypto';
import type { NdArray } from '../core/array.js';
import { RidgeflowError } from '../core/errors.js';
import { takeRows } from '../core/rows.js';
import type { ShareKernels } from '../kernel/contract/shares.js';
import { totalsOf } from '../kernel/whole.js';
import type { DuplicatesPolicy } from './reading-options.js';

/** What to do with points that occur twice, and what it means that they are kept. */
interface DuplicatesChoice {
  duplicates: DuplicatesPolicy;
  keptDuplicates?: string;
}

function rowBytes({ data, shape }: NdArray, row: number): Uint8Array {
  const bytes = shape[1] * data.BYTES_PER_ELEMENT;
  return new Uint8Array(data.buffer, data.byteOffset + row * bytes, bytes);
}

/**
 * Coincident points make the entropy −∞: the caller says whether that is an error, or which of them go. Of points that are
 * spread over ranks all are looked at.
 */
export async function withoutDuplicates(
  path: string,
  points: NdArray,
  { duplicates: policy, keptDuplicates = 'entropies may be −∞' }: DuplicatesChoice,
  notes: string[],
  shares: ShareKernels,
): Promise<{ points: NdArray; rows?: Int32Array }> {
  const [n] = points.shape;
  const { first: offset, total } = await shares.shareOf(n);
  const firstOf = shares.ranks.size === 1 ? ownFirsts(points) : await firstsOverRanks(points, offset, shares);
  const kept: number[] = [];
  let [earlier, later] = [Infinity, Infinity];
  for (let row = 0; row < n; row++) {
    if (firstOf(row) === offset + row) kept.push(row);
    else if (later === Infinity) [earlier, later] = [firstOf(row), offset + row];
  }
  if (policy === 'error') {
    // The earliest of all ranks.
    const found = (await shares.everyPart(Float64Array.of(earlier, later))).reduce((a, b) =>
      b[1] < a[1] ? b : a,
    );
    if (found[1] < Infinity) throw coincident(path, found[0], found[1]);
  }
  const [left] = await totalsOf(shares, kept.length);
  const count = total - left;
  if (count === 0) return { points };
  if (policy === 'keep') {
    notes.push(
      `${count} of ${total} points ${count === 1 ? 'repeats another' : 'repeat others'}: ${keptDuplicates}`,
    );
    return { points };
  }
  if (left < 2) throw new RidgeflowError('DEGENERATE_CLOUD', `${path}: all ${total} points are the same`);
  notes.push(
    `${count} of ${total} points ${count === 1 ? 'repeats another and was dropped' : 'repeat others and were dropped'}`,
  );
  return { points: takeRows(points, kept), rows: Int32Array.from(kept) };
}

/** Gives the number of the first point that is the same as a row. */
function ownFirsts(points: NdArray): (row: number) => number {
  const first = new Map<string, number>();
  const firsts = Int32Array.from({ length: points.shape[0] }, (_, row) => {
    const key = Buffer.from(rowBytes(points, row)).toString('latin1');
    const earlier = first.get(key);
    if (earlier === undefined) first.set(key, row);
    return earlier ?? row;
  });
  return (row) => firsts[row];
}

/** The same among the points of all ranks, by 96 bits of a digest of each. */
async function firstsOverRanks(
  points: NdArray,
  offset: number,
  shares: ShareKernels,
): Promise<(row: number) => number> {
  const [n] = points.shape;
  const digests = rowDigests(points);
  const key = (values: Float64Array, row: number) => `${values[2 * row]} ${values[2 * row + 1]}`;
  const first = new Map<string, number>();
  for (let row = n - 1; row >= 0; row--) first.set(key(digests, row), offset + row);
  await shares.passRound(digests, (part, begin) => {
    for (let row = 0; row < part.length / 2; row++) {
      const known = first.get(key(part, row));
      const number = begin / 2 + row;
      if (known !== undefined && number < known) first.set(key(part, row), number);
    }
  });
  return (row) => first.get(key(digests, row))!;
}

function rowDigests(points: NdArray): Float64Array {
  const [n] = points.shape;
  const digests = new Float64Array(2 * n);
  for (let row = 0; row < n; row++) {
    const digest = createHash('sha1').update(rowBytes(points, row)).digest();
    digests[2 * row] = digest.readUIntBE(0, 6);
    digests[2 * row + 1] = digest.readUIntBE(6, 6);
  }
  return digests;
}

/**
 * A digest of a cloud, the same however its rows are spread over ranks, and of classes where there are some: sums over rows
 * of digests of each with its number.
 */
export async function cloudDigest(
  points: NdArray,
  labels: Int32Array | undefined,
  shares: ShareKernels,
): Promise<string> {
  const [n] = points.shape;
  const { first } = await shares.shareOf(n);
  const sums = new Float64Array(6);
  for (let row = 0; row < n; row++) {
    const digest = createHash('sha1').update(`${first + row} ${labels?.[row] ?? ''} `);
    const bytes = digest.update(rowBytes(points, row)).digest();
    // 24 bits at a time: sums over 2²⁹ rows are exact.
    for (let part = 0; part < 6; part++) sums[part] += bytes.readUIntBE(3 * part, 3);
  }
  return (await shares.sumOverRanks(sums)).join(' ');
}

function coincident(path: string, earlier: number, later: number): RidgeflowError {
  return new RidgeflowError(
    'DEGENERATE_CLOUD',
    `${path}: points ${earlier + 1} and ${later + 1} (counted from 1) are the same, and a cloud with coincident points has entropy −∞: ` +
      `use --duplicates drop to keep the first of each, or --duplicates keep`,
    { details: { rows: [earlier, later] } },
  );
}
