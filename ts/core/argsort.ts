import type { Pace } from './pace.js';

/** Shortest run that is sorted at once. */
const RUN = 4096;

/**
 * The order of finite values, ascending; equal values keep theirs. Merges sorted runs, giving way to the event loop.
 * O(n log n) time. Throws ABORTED.
 */
export async function argsort(values: ArrayLike<number>, pace: Pace): Promise<Uint32Array> {
  const n = values.length;
  let order = Uint32Array.from({ length: n }, (_, i) => i);
  for (let start = 0; start < n; start += RUN) {
    // Without ties between rows the comparison is total, so that the order does not depend on the engine's sort.
    order.subarray(start, start + RUN).sort((i, j) => values[i] - values[j] || i - j);
    await pace.tick(0);
  }
  let spare = new Uint32Array(n);
  for (let width = RUN; width < n; width *= 2) {
    for (let start = 0; start < n; start += 2 * width) {
      const middle = Math.min(n, start + width);
      const end = Math.min(n, start + 2 * width);
      let [left, right] = [start, middle];
      for (let at = start; at < end; at++) {
        const takeLeft = right === end || (left < middle && values[order[left]] <= values[order[right]]);
        spare[at] = takeLeft ? order[left++] : order[right++];
        if (at % 65536 === 0) await pace.tick(0);
      }
    }
    [order, spare] = [spare, order];
  }
  return order;
}
