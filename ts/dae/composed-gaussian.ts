import { RidgeflowError } from '../core/errors.js';
import { type CallOptions, checkInteger } from '../core/options.js';
import { kernelsFor } from '../kernel/backend.js';
import { gaussian } from '../measure/gaussian.js';
import type { GaussianMixture } from '../measure/mixture.js';
import type { ComposedDae } from './composed-map.js';
import { GaussianMap } from './gaussian-dae.js';
import { checkCall } from '../core/call.js';
import { METHODS } from './method-signatures.js';

/** Composed DAEs of one Gaussian. The layers share its axes, along which a variance λ becomes λ/(1 + τ/λ)². */
export class ComposedGaussian extends GaussianMap implements ComposedDae {
  readonly noises: readonly number[];
  readonly #measure: GaussianMixture;

  constructor(measure: GaussianMixture, noises: readonly number[]) {
    super(measure, (variance) => through(noises, variance).gain);
    this.#measure = measure;
    this.noises = noises;
  }

  async measureAfter(layer: number, options: CallOptions = {}): Promise<GaussianMixture> {
    checkCall(METHODS.ComposedDae.measureAfter, { options });
    checkInteger(layer, 'layer', 0, this.noises.length);
    if (layer === 0) return this.#measure;
    const kernels = await kernelsFor(options);
    const spectrum = await this.spectrum(kernels);
    const done = this.noises.slice(0, layer);
    const variances = spectrum.values.map((variance) => through(done, variance).variance);
    const smallest = variances.reduce((least, value) => Math.min(least, value), Infinity);
    const largest = variances.reduce((most, value) => Math.max(most, value), -Infinity);
    const d = this.dimension;
    // Axes that are not those of the coordinates mix the variances, and with them their rounding errors.
    const rounding = spectrum.isDiagonal ? 0 : 8 * d * Number.EPSILON * largest;
    if (!(smallest > rounding)) throw collapsedAfter(layer, smallest, largest);
    const covariance = { data: await spectrum.withValues(kernels, variances, options), shape: [d, d] };
    return gaussian({ mean: this.#measure.mean(), covariance });
  }
}

/** What layers of the given noises do along an axis of the given variance. */
function through(noises: readonly number[], variance: number): { variance: number; gain: number } {
  let gain = 1;
  variance = Math.max(0, variance);
  for (const noise of noises) {
    const factor = variance / (variance + noise);
    gain *= factor;
    variance *= factor ** 2;
  }
  return { variance, gain };
}

function collapsedAfter(layer: number, smallest: number, largest: number): RidgeflowError {
  return new RidgeflowError(
    'COLLAPSED',
    `After layer ${layer} the Gaussian has collapsed to working precision: its variances go from ${smallest} to ${largest}. ` +
      'Ask for an earlier layer, or take less noise',
    { details: { layer, smallestVariance: smallest } },
  );
}
