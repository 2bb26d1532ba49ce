import { type FloatData, type NdArray, allocate, dtypeOf } from '../core/array.js';
import type { RunControl } from '../kernel/contract.js';
import { asMatrix } from '../kernel/checks.js';
import type { Kernels } from '../kernel/contract.js';
import { Spectrum } from '../linalg/spectrum.js';
import type { GaussianMixture } from '../measure/mixture.js';
import { GaussianNoiseMap } from './gaussian-noise.js';
import { type Batch, BatchMap } from './transport-map.js';

/** The gain of a map along an axis of N(m, Σ), from the variance along it. */
export type Gain = (variance: number) => number;

/** Maps x ↦ m + f(Σ)(x − m) about one Gaussian N(m, Σ), for functions f of its variances. */
export class GaussianAxes {
  readonly #measure: GaussianMixture;
  readonly #mean: Float64Array;
  readonly #spectra = new Map<Kernels['name'], Promise<Spectrum>>();

  constructor(measure: GaussianMixture) {
    this.#measure = measure;
    this.#mean = measure.mean();
  }

  /** The spectrum of Σ. O(d³) time the first time. */
  spectrum(kernels: Kernels): Promise<Spectrum> {
    let spectrum = this.#spectra.get(kernels.name);
    if (!spectrum) {
      spectrum = Spectrum.of(kernels, this.#measure.componentCovariance(0), this.#measure.dimension);
      this.#spectra.set(kernels.name, spectrum);
    }
    return spectrum;
  }

  async move({ kernels, x, options }: Batch, gain: Gain): Promise<FloatData> {
    const moved = await this.#stretched(kernels, centred(x, this.#mean), gain, options);
    return addTo(moved, this.#mean);
  }

  push({ kernels, options }: Batch, v: NdArray, gain: Gain): Promise<FloatData> {
    return this.#stretched(kernels, v, gain, options);
  }

  async #stretched(kernels: Kernels, rows: NdArray, gain: Gain, run: RunControl): Promise<FloatData> {
    const spectrum = await this.spectrum(kernels);
    const data = await spectrum.toAxes(kernels, asMatrix(rows), spectrum.values.map(gain), run);
    const ones = new Float64Array(spectrum.values.length).fill(1);
    return spectrum.fromAxes(kernels, { ...asMatrix(rows), data }, ones, run);
  }
}

/** x − origin for every row, formed in float64: the origin may have digits that the rows' type has not. */
export function centred({ data, shape }: NdArray, origin: Float64Array): NdArray {
  const out = allocate(dtypeOf({ data }), data.length, 'centred points');
  const d = origin.length;
  for (let at = 0; at < data.length; at += d) {
    for (let k = 0; k < d; k++) out[at + k] = data[at + k] - origin[k];
  }
  return { data: out, shape };
}

/** Adds the origin to every row, in place. */
export function addTo(data: FloatData, origin: Float64Array): FloatData {
  const d = origin.length;
  for (let at = 0; at < data.length; at += d) {
    for (let k = 0; k < d; k++) data[at + k] += origin[k];
  }
  return data;
}

/** x ↦ m + f(Σ)(x − m), exactly. O(nd²) time, O(nd) where Σ is diagonal. */
export class GaussianMap extends BatchMap {
  readonly #axes: GaussianAxes;
  readonly #gain: Gain;

  constructor(measure: GaussianMixture, gain: Gain, axes = new GaussianAxes(measure)) {
    super(measure.dimension);
    this.#axes = axes;
    this.#gain = gain;
  }

  protected move(batch: Batch): Promise<FloatData> {
    return this.#axes.move(batch, this.#gain);
  }

  protected push(batch: Batch, v: NdArray): Promise<FloatData> {
    return this.#axes.push(batch, v, this.#gain);
  }
}

/** The DAE map of one Gaussian: (I + tΣ⁻¹)⁻¹x + (I + Σ/t)⁻¹m = m + Σ(Σ + tI)⁻¹(x − m). */
export class GaussianDae extends GaussianNoiseMap {
  readonly #corrupted: GaussianMixture;
  readonly #axes: GaussianAxes;
  readonly #gain: Gain;

  constructor(measure: GaussianMixture, noise: number) {
    super(measure.dimension, noise);
    this.#corrupted = measure.heat(noise / 2);
    this.#axes = new GaussianAxes(measure);
    this.#gain = (variance) => variance / (variance + noise);
  }

  protected move(batch: Batch): Promise<FloatData> {
    return this.#axes.move(batch, this.#gain);
  }

  protected push(batch: Batch, v: NdArray): Promise<FloatData> {
    return this.#axes.push(batch, v, this.#gain);
  }

  protected async trace({ kernels, x }: Batch): Promise<FloatData> {
    const { values } = await this.#axes.spectrum(kernels);
    const trace = values.reduce((sum, variance) => sum + this.#gain(variance), 0);
    return allocate(dtypeOf(x), x.shape[0], 'divergences').fill(trace);
  }

  protected async logCorrupted({ x, options }: Batch): Promise<FloatData> {
    return (await this.#corrupted.evaluate(x, { logDensity: true }, options)).logDensity!;
  }
}
