import { RidgeflowError, invalidArgument } from '../core/errors.js';
import { isInt32Array } from '../core/realm.js';
import type { ShareKernels } from '../kernel/contract/shares.js';

/** Class numbers, one per point: whole numbers, not necessarily consecutive. */
export type Labels = Int32Array | readonly number[];

/** Points by class, of all ranks where they are spread over some, the classes counted from 0 in ascending order of their labels. */
export interface Classes {
  /** The labels that occur, ascending. */
  readonly labels: readonly number[];
  /** Position of each point's label among them; of points that are spread over ranks, of this rank's. */
  readonly of: Int32Array;
  /** Points in each class. Of all ranks. */
  readonly counts: Int32Array;
}

/**
 * Sorts n points into classes. O(n) time.
 *
 * @throws INVALID_SHAPE unless there is one label per point, INVALID_ARGUMENT for a label that is not a whole number of 32
 * bits, DEGENERATE_CLOUD where fewer than `minimum` classes occur.
 */
export function classesOf(labels: Labels, n: number, minimum = 2): Classes {
  return classesAmong(labels, labelsThatOccur(labels, n), minimum);
}

/**
 * The same of points whose rows a backend may spread over ranks: the classes and their counts are those of all.
 *
 * @param labels of this rank's n rows.
 */
export async function classesOverRanks(
  kernels: Pick<ShareKernels, 'ranks' | 'everyPart' | 'sumOverRanks'>,
  labels: Labels,
  n: number,
  minimum = 2,
): Promise<Classes> {
  if (kernels.ranks.size === 1) return classesOf(labels, n, minimum);
  const own = Int32Array.from(labelsThatOccur(labels, n));
  const seen = new Set((await kernels.everyPart(own)).flatMap((part) => [...part]));
  const classes = classesAmong(labels, seen, minimum);
  return { ...classes, counts: Int32Array.from(await kernels.sumOverRanks(classes.counts)) };
}

/** Checks the labels, and which there are. */
function labelsThatOccur(labels: Labels, n: number): Set<number> {
  if (!isInt32Array(labels) && !Array.isArray(labels))
    throw invalidArgument('labels', 'an Int32Array or an array of whole numbers', labels);
  const numbers: ArrayLike<number> = labels;
  if (labels.length !== n) {
    throw new RidgeflowError(
      'INVALID_SHAPE',
      `Expected ${n} labels, one per point, but received ${labels.length}`,
      { details: { parameter: 'labels' } },
    );
  }
  const seen = new Set<number>();
  for (let i = 0; i < n; i++) {
    const label = numbers[i];
    if (!Number.isInteger(label) || (label | 0) !== label)
      throw invalidArgument(`labels[${i}]`, 'a whole number of 32 bits', label);
    seen.add(label);
  }
  return seen;
}

function classesAmong(labels: ArrayLike<number>, seen: ReadonlySet<number>, minimum: number): Classes {
  const present = [...seen].sort((a, b) => a - b);
  if (present.length < minimum) {
    throw new RidgeflowError(
      'DEGENERATE_CLOUD',
      `Expected labels of at least ${minimum} classes but received ${present.length}`,
      { details: { parameter: 'labels' } },
    );
  }
  const positions = new Map(present.map((label, position) => [label, position]));
  const of = new Int32Array(labels.length);
  const counts = new Int32Array(present.length);
  for (let i = 0; i < of.length; i++) {
    of[i] = positions.get(labels[i]) as number;
    counts[of[i]]++;
  }
  return { labels: present, of, counts };
}
