import { type FloatData, type NdArray, allocate, dtypeOf } from '../core/array.js';
import type { Measure } from '../measure/measure.js';
import { GaussianNoiseMap } from './gaussian-noise.js';
import type { Batch } from './transport-map.js';

/** The DAE map of any measure that knows its heat flow: noise N(0, tI) is heat for time t/2. */
export class TweedieDae extends GaussianNoiseMap {
  readonly #corrupted: Measure;

  constructor(measure: Measure, noise: number) {
    super(measure.dimension, noise);
    this.#corrupted = measure.heat(noise / 2);
  }

  protected async move(batch: Batch): Promise<FloatData> {
    const { score } = await this.#corrupted.evaluate(batch.x, { score: true }, batch.options);
    return this.#advance(batch, batch.x, score!);
  }

  /** v + t∇²log p·v. */
  protected async push(batch: Batch, v: NdArray): Promise<FloatData> {
    return this.#advance(batch, v, await this.#corrupted.hessianVector(batch.x, v, batch.options));
  }

  #advance({ kernels }: Batch, from: NdArray, direction: NdArray): FloatData {
    const out = allocate(dtypeOf(from), from.data.length, 'moved points');
    kernels.linearCombination(out, [
      { coefficient: 1, array: from.data },
      { coefficient: this.noise, array: direction.data },
    ]);
    return out;
  }

  protected async trace({ x, options }: Batch): Promise<FloatData> {
    const { divergence } = await this.#corrupted.evaluate(x, { divergence: true }, options);
    return divergence!.map((value) => this.dimension + this.noise * value);
  }

  protected async logCorrupted({ x, options }: Batch): Promise<FloatData> {
    return (await this.#corrupted.evaluate(x, { logDensity: true }, options)).logDensity!;
  }
}
