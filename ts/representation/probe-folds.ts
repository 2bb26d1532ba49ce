import type { CallOptions } from '../core/options.js';
import type { Kernels, Matrix } from '../kernel/contract.js';
import type { Classes } from './classes.js';

/** What the regressions of a probe are made of. */
export interface ProbeProblem {
  readonly kernels: Kernels;
  readonly points: Matrix;
  readonly classes: Classes;
  /** The rows of every part, each classified by what the others teach. */
  readonly parts: readonly Int32Array[];
}

/** One regression for each penalty, on all points but those of one part. */
export interface ProbeFold {
  /**
   * The class that it gives the points of the part, for a penalty over the mean variance of a coordinate; undefined where
   * rounding swallows the penalty, or the points all coincide.
   */
  classify(ridge: number): Promise<Int32Array | undefined>;
}

/** The ridge regressions of a probe. */
export interface ProbeFolds {
  fold(f: number): ProbeFold;
}

export type ProbeCall = Pick<CallOptions, 'signal' | 'onProgress'>;

/** The class of the largest value in each of so many rows. */
export function largest(values: ArrayLike<number>, rows: number, offsets: Float64Array): Int32Array {
  const count = offsets.length;
  const answers = new Int32Array(rows);
  for (let i = 0; i < rows; i++) {
    let [best, most] = [0, -Infinity];
    for (let c = 0; c < count; c++) {
      const value = values[i * count + c] + offsets[c];
      if (value > most) [best, most] = [c, value];
    }
    answers[i] = best;
  }
  return answers;
}
