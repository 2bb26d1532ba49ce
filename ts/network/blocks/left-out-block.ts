import type { NdArray } from '../../core/array.js';
import type { CallOptions } from '../../core/options.js';
import type { SampleEstimate } from '../../entropy/estimate.js';
import { BatchSize, runBlock } from '../model/batch-size.js';
import type { Block } from '../model/index.js';

/** What comes out of a model without one block: the state before it goes on in place of that after. */
export interface WithoutBlock {
  /** Share of the examples whose largest output stays the same one, with its standard error; null of one output. */
  readonly agreement: SampleEstimate | null;
  /** Root mean squared change of the outputs over their spread; null where all outputs coincide. */
  readonly change: number | null;
}

/** Rows that the rest of a model takes at once, at most. */
const ROWS = 64;

/**
 * Runs the rest of a model on the states before a block, and compares with what the whole model gives.
 *
 * @param rest from the state after the block to the outputs.
 * @param before n × d, with `shape` that of one state.
 * @param outputs n × k, of the whole model.
 */
export async function withoutBlock(
  rest: Block,
  before: { states: NdArray; shape: readonly number[] },
  outputs: NdArray,
  options: CallOptions,
): Promise<WithoutBlock> {
  const { states, shape } = before;
  const n = states.shape[0];
  const x = { data: Float32Array.from(states.data), shape: [n, ...shape] };
  const found = await runBlock(rest, x, new BatchSize(ROWS), options);
  const k = outputs.data.length / n;
  let [same, moved, spread] = [0, 0, 0];
  for (let i = 0; i < n; i++) if (largest(found.data, i * k, k) === largest(outputs.data, i * k, k)) same++;
  for (let c = 0; c < k; c++) {
    let mean = 0;
    for (let i = 0; i < n; i++) mean += outputs.data[i * k + c] / n;
    for (let i = 0; i < n; i++) {
      moved += (found.data[i * k + c] - outputs.data[i * k + c]) ** 2;
      spread += (outputs.data[i * k + c] - mean) ** 2;
    }
  }
  const share = same / n;
  return {
    agreement: k > 1 ? { value: share, standardError: Math.sqrt((share * (1 - share)) / n) } : null,
    change: spread > 0 ? Math.sqrt(moved / spread) : null,
  };
}

function largest(data: ArrayLike<number>, from: number, count: number): number {
  let best = 0;
  for (let c = 1; c < count; c++) if (data[from + c] > data[from + best]) best = c;
  return best;
}
