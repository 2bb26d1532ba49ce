import { type FloatData, type NdArray, allocate, dtypeOf } from '../core/array.js';
import { asMatrix } from '../kernel/checks.js';
import type { Kernels, RunControl } from '../kernel/contract.js';
import { Spectrum } from '../linalg/spectrum.js';
import type { GaussianMixture } from '../measure/mixture.js';
import { addOrigin, centred } from './centring.js';
import { GaussianNoiseMap } from './gaussian-noise.js';
import { type Batch, BatchMap } from './transport-map.js';

/** The gain of a map along an axis of N(m, Σ), from the variance along it. */
export type Gain = (variance: number) => number;

/** x ↦ m + f(Σ)(x − m) for one Gaussian N(m, Σ) and a function f of its variances. O(nd²) time, O(nd) where Σ is diagonal. */
export class GaussianMap extends BatchMap {
  readonly #measure: GaussianMixture;
  readonly #mean: Float64Array;
  readonly #gain: Gain;
  readonly #spectra = new Map<Kernels['name'], Promise<Spectrum>>();

  constructor(measure: GaussianMixture, gain: Gain) {
    super(measure.dimension);
    this.#measure = measure;
    this.#mean = measure.mean();
    this.#gain = gain;
  }

  /** The axes and variances of Σ. O(d³) time the first time. */
  spectrum(kernels: Kernels): Promise<Spectrum> {
    let spectrum = this.#spectra.get(kernels.name);
    if (!spectrum) {
      spectrum = Spectrum.of(kernels, this.#measure.componentCovariance(0), this.dimension);
      this.#spectra.set(kernels.name, spectrum);
    }
    return spectrum;
  }

  /** The gain along each axis. */
  async gains(kernels: Kernels): Promise<Float64Array> {
    return (await this.spectrum(kernels)).values.map(this.#gain);
  }

  protected async move({ kernels, x, options }: Batch): Promise<FloatData> {
    return addOrigin(await this.#stretched(kernels, centred(x, this.#mean), options), this.#mean);
  }

  protected push({ kernels, options }: Batch, v: NdArray): Promise<FloatData> {
    return this.#stretched(kernels, v, options);
  }

  async #stretched(kernels: Kernels, rows: NdArray, run: RunControl): Promise<FloatData> {
    const spectrum = await this.spectrum(kernels);
    const data = await spectrum.toAxes(kernels, asMatrix(rows), await this.gains(kernels), run);
    return spectrum.fromAxes(kernels, { ...asMatrix(rows), data }, undefined, run);
  }
}

/** The DAE map of one Gaussian: (I + tΣ⁻¹)⁻¹x + (I + Σ/t)⁻¹m = m + Σ(Σ + tI)⁻¹(x − m). */
export class GaussianDae extends GaussianNoiseMap {
  readonly #corrupted: GaussianMixture;
  readonly #map: GaussianMap;

  constructor(measure: GaussianMixture, noise: number) {
    super(measure.dimension, noise);
    this.#corrupted = measure.heat(noise / 2);
    this.#map = new GaussianMap(measure, (variance) => variance / (variance + noise));
  }

  protected async move({ x, options }: Batch): Promise<FloatData> {
    return (await this.#map.apply(x, options)).data;
  }

  protected async push({ x, options }: Batch, v: NdArray): Promise<FloatData> {
    return (await this.#map.jacobianVector(x, v, options)).data;
  }

  protected async trace({ kernels, x }: Batch): Promise<FloatData> {
    const gains = await this.#map.gains(kernels);
    const trace = gains.reduce((sum, gain) => sum + gain, 0);
    return allocate(dtypeOf(x), x.shape[0], 'divergences').fill(trace);
  }

  protected async logCorrupted({ x, options }: Batch): Promise<FloatData> {
    return (await this.#corrupted.evaluate(x, { logDensity: true }, options)).logDensity!;
  }
}
