import { type DType, type FloatData, type NdArray, dtypeOf, toDtype } from '../core/array.js';
import { RidgeflowError } from '../core/errors.js';
import { asMatrix } from '../kernel/checks.js';
import type { Kernels, RunControl } from '../kernel/contract.js';
import { Spectrum } from '../linalg/spectrum.js';
import type { Covariance } from '../measure/covariance.js';
import { EmpiricalMeasure } from '../measure/empirical.js';
import { gaussianMixture } from '../measure/gaussian.js';
import type { GaussianMixture } from '../measure/mixture.js';
import { addOrigin, centred } from './centring.js';
import { CloudDae, weightedCloud } from './cloud-dae.js';
import { GaussianNoiseMap, squaredNorms } from './gaussian-noise.js';
import { isotropicDae } from './isotropic-dae.js';
import type { Batch } from './transport-map.js';

/** Coordinates u = D·V·(x − o) in which the noise, or noise and smoothing together, are isotropic of variance 1. */
interface Whitened {
  /** Of the noise covariance T: V and its eigenvalues τ. */
  readonly spectrum: Spectrum;
  /** The diagonal of D: 1/√(s + τ) with s the smoothing of a cloud, 0 elsewhere. */
  readonly scales: Float64Array;
  /** The map as it is in these coordinates. */
  readonly map: GaussianNoiseMap;
}

/**
 * The DAE map for noise N(0, T) with a full covariance: x + T∇log(μ₀ * N(0, T))(x) is, in coordinates u = T^{-1/2}x, the
 * map for noise N(0, I). A smoothed cloud is seen in coordinates (sI + T)^{-1/2}x, in which its kernel is isotropic.
 */
export class CovarianceNoiseDae extends GaussianNoiseMap {
  readonly #measure: EmpiricalMeasure | GaussianMixture;
  readonly #covariance: Float64Array;
  /** Close to the points, so that float32 coordinates keep the digits of their differences. */
  readonly #origin: Float64Array;
  readonly #whitened = new Map<string, Promise<Whitened>>();

  constructor(measure: EmpiricalMeasure | GaussianMixture, noise: Covariance) {
    const d = measure.dimension;
    const covariance = new Float64Array(d * d);
    noise.addTo(covariance, 1);
    let trace = 0;
    for (let k = 0; k < d; k++) trace += covariance[k * d + k];
    super(d, trace / d);
    this.#measure = measure;
    this.#covariance = covariance;
    this.#origin = measure.mean();
  }

  #whitening({ kernels, x }: Batch): Promise<Whitened> {
    const dtype = dtypeOf(x);
    const key = `${kernels.name} ${dtype}`;
    let whitened = this.#whitened.get(key);
    if (!whitened) {
      whitened = this.#whiten(kernels, dtype);
      this.#whitened.set(key, whitened);
    }
    return whitened;
  }

  async #coordinates(batch: Batch): Promise<Whitened & { u: NdArray }> {
    const { kernels, x, options } = batch;
    const whitened = await this.#whitening(batch);
    const rows = asMatrix(centred(x, this.#origin));
    const data = await whitened.spectrum.toAxes(kernels, rows, whitened.scales, options);
    return { ...whitened, u: { data, shape: x.shape } };
  }

  async #whiten(kernels: Kernels, dtype: DType): Promise<Whitened> {
    const measure = this.#measure;
    const cloud = measure instanceof EmpiricalMeasure;
    const smoothing = cloud ? 0 : measure.isotropicVariance;
    const spectrum = await Spectrum.of(kernels, this.#covariance, this.dimension);
    const smallest = spectrum.values.reduce((least, noise) => Math.min(least, noise), Infinity);
    if (!(smallest > 0)) throw singular(smallest);
    const scales = spectrum.values.map((noise) => 1 / Math.sqrt((smoothing ?? 0) + noise));
    const whiten = async (points: NdArray): Promise<NdArray> => {
      const rows = asMatrix(centred(points, this.#origin));
      return { data: await spectrum.toAxes(kernels, rows, scales), shape: points.shape };
    };
    if (smoothing === undefined && !cloud) {
      return { spectrum, scales, map: await this.#mixtureMap(measure, whiten, kernels, spectrum, scales) };
    }
    const points = await whiten(toDtype(cloud ? measure.points : measure.means, dtype));
    const gain = cloud ? 1 : spectrum.values.map((noise, k) => noise * scales[k] ** 2);
    const whitened = weightedCloud(points, measure.weights, measure.tolerance);
    return { spectrum, scales, map: new CloudDae(whitened, 1, gain) };
  }

  /** The map of the mixture of the components as the coordinates show them, computed in float64. */
  async #mixtureMap(
    mixture: GaussianMixture,
    whiten: (points: NdArray) => Promise<NdArray>,
    kernels: Kernels,
    spectrum: Spectrum,
    scales: Float64Array,
  ): Promise<GaussianNoiseMap> {
    const d = this.dimension;
    const covariances: NdArray[] = [];
    for (let k = 0; k < mixture.components; k++) {
      const matrix = { data: mixture.componentCovariance(k), rows: d, columns: d };
      const half = transposed(await spectrum.toAxes(kernels, matrix, scales), d);
      const data = await spectrum.toAxes(kernels, { ...matrix, data: half }, scales);
      covariances.push({ data, shape: [d, d] });
    }
    const means = await whiten(toDtype(mixture.means, 'float64'));
    return isotropicDae(gaussianMixture({ weights: mixture.weights, means, covariances }), 1);
  }

  async #back({ kernels, x }: Batch, { spectrum, scales }: Whitened, data: FloatData, run: RunControl) {
    const inverse = scales.map((scale) => 1 / scale);
    return spectrum.fromAxes(kernels, { ...asMatrix(x), data }, inverse, run);
  }

  protected async move(batch: Batch): Promise<FloatData> {
    const { u, ...whitened } = await this.#coordinates(batch);
    const { data } = await whitened.map.apply(u, batch.options);
    return addOrigin(await this.#back(batch, whitened, data, batch.options), this.#origin);
  }

  protected async push(batch: Batch, v: NdArray): Promise<FloatData> {
    const { u, ...whitened } = await this.#coordinates(batch);
    const { kernels, options } = batch;
    const w = await whitened.spectrum.toAxes(kernels, asMatrix(v), whitened.scales, options);
    const { data } = await whitened.map.jacobianVector(u, { data: w, shape: v.shape }, options);
    return this.#back(batch, whitened, data, options);
  }

  protected async trace(batch: Batch): Promise<FloatData> {
    const { u, map } = await this.#coordinates(batch);
    return map.divergence(u, batch.options);
  }

  protected async logCorrupted(batch: Batch): Promise<FloatData> {
    const { u, map, scales } = await this.#coordinates(batch);
    const logDeterminant = scales.reduce((sum, scale) => sum + Math.log(scale), 0);
    return (await map.logDensity(u, batch.options)).map((value) => value + logDeterminant);
  }

  protected override async squares(batch: Batch): Promise<Float64Array> {
    const { kernels, x, options } = batch;
    const { spectrum } = await this.#whitening(batch);
    const scales = spectrum.values.map((noise) => Math.sqrt(this.noise / noise));
    const data = await spectrum.toAxes(kernels, asMatrix(x), scales, options);
    return squaredNorms({ data, shape: x.shape });
  }
}

function transposed(matrix: FloatData, d: number): FloatData {
  const out = matrix.slice();
  for (let k = 0; k < d; k++) for (let l = 0; l < d; l++) out[l * d + k] = matrix[k * d + l];
  return out;
}

function singular(smallest: number): RidgeflowError {
  return new RidgeflowError(
    'INVALID_ARGUMENT',
    `Expected a covariance for noise that is positive definite to working precision but its smallest eigenvalue is ${smallest}: ` +
      'add a small multiple of the identity to it',
    { details: { parameter: 'noise', smallestEigenvalue: smallest } },
  );
}
