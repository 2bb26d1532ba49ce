import { RandomStream } from '../core/random.js';

/** `count` different row numbers out of `n`, ascending, each set equally likely; all rows where count ≥ n. */
export function sampleRows(n: number, count: number, seed: number): number[] {
  if (count >= n) return Array.from({ length: n }, (_, row) => row);
  return [...new RandomStream(seed, 'subsample').choose(n, count)].sort((a, b) => a - b);
}

/**
 * About `count` rows to look at one by one: as many of each class as fit, at least two of each where there are at most
 * count / 2 classes, spread evenly over the class's rows and ordered by class. Without classes, spread over all rows.
 */
export function exampleRows(n: number, count: number, classes?: ArrayLike<number>): number[] {
  const groups = new Map<number, number[]>();
  for (let row = 0; row < n; row++) {
    const group = classes ? classes[row] : 0;
    const rows = groups.get(group);
    if (rows) rows.push(row);
    else groups.set(group, [row]);
  }
  const ordered = [...groups.entries()].sort(([a], [b]) => a - b).slice(0, count);
  const each = Math.max(1, Math.floor(count / Math.max(1, ordered.length)));
  return ordered.flatMap(([, rows]) => {
    const taken = Math.min(each, rows.length);
    return Array.from({ length: taken }, (_, i) => rows[Math.floor((i * rows.length) / taken)]);
  });
}
