import { type FloatData, allocate, dtypeOf } from '../../core/array.js';
import type { CloudContent } from '../cloud.js';

/**
 * Rows that come in lots of any size, in lots of `batch`; the last may be smaller. Every lot has storage of its own, and
 * is told of as the first of those that came is. O(batch) memory beside the lot that it is taken from.
 */
export async function* regrouped(
  lots: AsyncIterable<CloudContent>,
  batch: number,
): AsyncGenerator<CloudContent> {
  let facts: Omit<CloudContent, 'points' | 'labels'> | undefined;
  let names: string[] | undefined;
  let data: FloatData | undefined;
  let values: Int32Array | undefined;
  let filled = 0;
  let d = 0;
  const lot = (): CloudContent => ({
    ...facts,
    points: { data: data!.subarray(0, filled * d), shape: [filled, d] },
    labels: values && names && { values: values.subarray(0, filled), names },
  });
  for await (const { points, labels, ...told } of lots) {
    facts ??= told;
    names = labels?.names;
    const n = points.shape[0];
    d = points.shape[1];
    if (n === batch && filled === 0) {
      yield { ...facts, points, labels };
      continue;
    }
    for (let from = 0; from < n;) {
      if (filled === 0) {
        data = allocate(dtypeOf(points), batch * d, 'a batch of rows');
        values = labels && new Int32Array(batch);
      }
      const to = Math.min(n, from + batch - filled);
      data!.set(points.data.subarray(from * d, to * d), filled * d);
      if (labels) values!.set(labels.values.subarray(from, to), filled);
      filled += to - from;
      from = to;
      if (filled < batch) continue;
      yield lot();
      filled = 0;
    }
  }
  if (filled > 0) yield lot();
}
