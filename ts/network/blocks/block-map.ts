import { type NdArray, checkPoints } from '../../core/array.js';
import type { NdArrayLike } from '../../core/foreign.js';
import type { CallOptions } from '../../core/options.js';
import { checkCall } from '../../core/call.js';
import { BatchSize, runBlock } from '../model/batch-size.js';
import type { Block } from '../model/index.js';
import { METHODS } from '../method-signatures.js';
import { SIGNATURES } from '../signatures.js';

/**
 * One block of a stream as a map ℝ^d → ℝ^d with its derivative, rows being points. A `ResidualNetwork` is one, with exact
 * derivatives; {@link blockByDifferences} makes one of a block of any model.
 */
export interface BlockMap {
  /** d. */
  readonly dimension: number;
  /** What a product with the Jacobian may be wrong by, of |u|. Default 0. */
  readonly error?: number;
  /** Where the block takes the points, n × d. */
  evaluate(x: NdArray, options?: CallOptions): Promise<NdArray>;
  /** The derivative of the block at x_i along u_i, n × d. */
  jacobianVector(x: NdArray, u: NdArray, options?: CallOptions): Promise<NdArray>;
}

/** Part of the spread that a point is moved by for a difference: truncation and rounding of float32 are about equal here. */
const STEP = 5e-3;
/** What rounding makes of it. */
const ERROR = 3e-5;
/** Rows that a block takes at once, at most. */
const ROWS = 256;

/**
 * A block of a model, with central differences in float32 for its derivative: a step of 5e-3 of the spread along every
 * direction, or more for points so far from 0 that float32 would lose it. Of a block that is linear within a step the
 * derivative is right to about 1e-4 of its size; at kinks (ReLU) it is the mean of both sides'.
 *
 * @param measured `shape`: extents of one example as the block takes and gives it, with product d; `spread`: the scale
 *   of the points, above 0: root mean squared distance from their mean.
 */
export function blockByDifferences(
  block: Block,
  measured: { shape: readonly number[]; spread: number },
): BlockMap {
  checkCall(SIGNATURES.blockByDifferences, { block, measured });
  const { shape, spread } = measured;
  const dimension = shape.reduce((product, extent) => product * extent, 1);
  const size = new BatchSize(ROWS);
  const evaluate = async (x: NdArrayLike, options: CallOptions = {}): Promise<NdArray> => {
    ({ x } = checkCall(METHODS.BlockMap.evaluate, { x, options }));
    const { n } = checkPoints(x, 'x', { dimension });
    const found = await runBlock(
      block,
      { data: Float32Array.from(x.data), shape: [n, ...shape] },
      size,
      options,
    );
    return { data: found.data, shape: [n, dimension] };
  };
  return {
    dimension,
    error: ERROR,
    evaluate,
    async jacobianVector(x, u, options = {}) {
      ({ x, u } = checkCall(METHODS.BlockMap.jacobianVector, { x, u, options }));
      const { n, d } = checkPoints(x, 'x', { dimension });
      checkPoints(u, 'u', { minimum: n, dimension });
      const [above, below] = [new Float32Array(n * d), new Float32Array(n * d)];
      const steps = new Float64Array(n);
      for (let i = 0; i < n; i++) {
        let [length, size] = [0, 0];
        for (let at = i * d; at < (i + 1) * d; at++) {
          length += u.data[at] ** 2;
          size += x.data[at] ** 2;
        }
        if (length === 0) continue;
        steps[i] = Math.max(STEP * spread, Math.sqrt(size) * 2 ** -16) / Math.sqrt(length);
        for (let at = i * d; at < (i + 1) * d; at++) {
          above[at] = x.data[at] + steps[i] * u.data[at];
          below[at] = x.data[at] - steps[i] * u.data[at];
        }
      }
      const shape = [n, d];
      const high = await evaluate({ data: above, shape }, options);
      const low = await evaluate({ data: below, shape }, options);
      const data = new Float64Array(n * d);
      for (let i = 0; i < n; i++) {
        if (steps[i] === 0) continue;
        for (let at = i * d; at < (i + 1) * d; at++)
          data[at] = (high.data[at] - low.data[at]) / (2 * steps[i]);
      }
      return { data, shape };
    },
  };
}
