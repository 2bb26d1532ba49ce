import { type FloatData, type NdArray, allocate, dtypeOf } from '../core/array.js';
import type { NdArrayLike } from '../core/foreign.js';
import type { CallOptions } from '../core/options.js';
import { type Batch, BatchMap, type DaeMap, toBatch } from './transport-map.js';
import { checkCall } from '../core/call.js';
import { METHODS } from './method-signatures.js';

/** g(x) = x + T∇log p(x) with p = μ₀ * N(0, T), the law of the corrupted data (M. C. K. Tweedie). */
export abstract class GaussianNoiseMap extends BatchMap implements DaeMap {
  /** t of N(0, tI), in general tr T/d. */
  protected readonly noise: number;

  protected constructor(dimension: number, noise: number) {
    super(dimension);
    this.noise = noise;
  }

  async divergence(x: NdArrayLike, options: CallOptions = {}): Promise<FloatData> {
    ({ x } = checkCall(METHODS.DaeMap.divergence, { x, options }));
    return this.trace(await toBatch(x, this.dimension, options));
  }

  async potential(x: NdArrayLike, options: CallOptions = {}): Promise<FloatData> {
    ({ x } = checkCall(METHODS.DaeMap.potential, { x, options }));
    const batch = await toBatch(x, this.dimension, options);
    const log = await this.logCorrupted(batch);
    const squares = await this.squares(batch);
    const out = allocate(dtypeOf(batch.x), log.length, 'potentials');
    for (let i = 0; i < out.length; i++) out[i] = squares[i] / 2 + this.noise * log[i];
    return out;
  }

  /** log p at the rows of `x`, n values. */
  async logDensity(x: NdArrayLike, options: CallOptions = {}): Promise<FloatData> {
    ({ x } = checkCall(METHODS.DaeMap.divergence, { x, options }));
    return this.logCorrupted(await toBatch(x, this.dimension, options));
  }

  protected abstract logCorrupted(batch: Batch): Promise<FloatData>;

  /** The trace of the Jacobian at each point. */
  protected abstract trace(batch: Batch): Promise<FloatData>;

  /** (tr T/d) xᵀT⁻¹x for every point. */
  protected async squares({ x }: Batch): Promise<Float64Array> {
    return squaredNorms(x);
  }
}

/** |x_i|² for every row, in float64. */
export function squaredNorms({ data, shape: [n, d] }: NdArray): Float64Array {
  const squares = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    for (let k = i * d; k < (i + 1) * d; k++) squares[i] += data[k] * data[k];
  }
  return squares;
}
