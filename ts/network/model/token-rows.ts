import { RandomStream } from '../../core/random.js';
import type { PositionMask } from './position-mask.js';

/** The tokens that are rows where padding is left out: not as many of every example. */
export interface TokenRows {
  /** Where the rows of each example start, and where they all end: examples + 1 numbers. */
  readonly starts: Int32Array;
  /** The position of each row in its sequence, ascending within an example. */
  readonly positions: Int32Array;
  /** The example of each row. */
  readonly examples: Int32Array;
}

/**
 * The positions that a mask has, at most `most` of an example, drawn by the seed; all of an example of which it has none.
 * Undefined where it leaves out nothing.
 */
export function tokenRows(mask: PositionMask, most: number, seed: number | undefined): TokenRows | undefined {
  const { data, positions: length } = mask;
  if (!data.length || !Array.prototype.includes.call(data, 0)) return undefined;
  const count = data.length / length;
  const starts = new Int32Array(count + 1);
  const positions: number[] = [];
  const examples: number[] = [];
  for (let i = 0; i < count; i++) {
    const all = Array.from({ length }, (_, p) => p);
    const kept = all.filter((p) => data[i * length + p] !== 0);
    const own = kept.length > 0 ? kept : all;
    const chosen =
      own.length <= most
        ? own
        : Array.from(new RandomStream(seed, 'subsample', i).choose(own.length, most).sort(), (p) => own[p]);
    for (const position of chosen) {
      positions.push(position);
      examples.push(i);
    }
    starts[i + 1] = positions.length;
  }
  return { starts, positions: Int32Array.from(positions), examples: Int32Array.from(examples) };
}
