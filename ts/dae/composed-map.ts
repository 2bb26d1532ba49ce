import type { CallOptions } from '../core/options.js';
import type { Measure } from '../measure/measure.js';
import type { TransportMap } from './transport-map.js';

/** Layers of denoising autoencoders, each that of the measure which the layers before it made. */
export interface ComposedDae extends TransportMap {
  /** Noise variance of each layer. */
  readonly noises: readonly number[];

  /**
   * The measure that the first `layer` layers make, 0 to `noises.length`. Layer l + 1 is
   * `daeMap(await measureAfter(l), { noise: noises[l] })`.
   */
  measureAfter(layer: number, options?: CallOptions): Promise<Measure>;
}
