import { type DType, type FloatData, allocate } from '../core/array.js';
import { RidgeflowError } from '../core/errors.js';
import { choleskyFactor } from '../core/cholesky.js';
import { smallestEigenvalue } from '../linalg/smallest-eigenvalue.js';
import type { Kernels, Matrix, RunControl } from '../kernel/contract.js';

/** Eigenvalues of a covariance, with the orthonormal eigenvectors as rows; without vectors the axes are the coordinates'. */
interface Spectrum {
  readonly values: Float64Array;
  readonly vectors?: Float64Array;
}

/** What all shifts Σ + sI of one covariance Σ share. */
interface Base {
  readonly form: 'isotropic' | 'diagonal' | 'full';
  readonly dimension: number;
  /** One variance, d variances, or d × d entries. */
  readonly entries: Float64Array;
  smallest?: number;
  /** By backend: each gives the same bits whatever was computed before. */
  readonly spectra: Map<Kernels['name'], Promise<Spectrum>>;
}

/** W with WᵀW = Σ⁻¹, so that W(x − m) of N(m, Σ) is standard normal, in the element type of a computation. */
export interface Whitening {
  /** d × d; absent where `scales` is all. */
  readonly matrix?: FloatData;
  /** d values, the diagonal of W, in the absence of a matrix. */
  readonly scales: FloatData;
  /** log det 2πΣ. */
  readonly logDeterminant: number;
  /** tr Σ⁻¹. */
  readonly inverseTrace: number;
}

/**
 * A positive definite covariance in the least form that holds it. The heat flow adds a multiple of the identity, which
 * costs no factorisation: all shifts share one eigendecomposition, made when it is first needed.
 */
export class Covariance {
  readonly #base: Base;
  readonly #shift: number;
  #factor: Float64Array | undefined;
  readonly #whitenings = new Map<string, Promise<Whitening>>();

  private constructor(base: Base, shift = 0) {
    this.#base = base;
    this.#shift = shift;
  }

  static #of(form: Base['form'], dimension: number, entries: Float64Array, smallest?: number): Covariance {
    return new Covariance({ form, dimension, entries, smallest, spectra: new Map() });
  }

  /** variance · I. The variance is positive. */
  static isotropic(variance: number, dimension: number): Covariance {
    return Covariance.#of('isotropic', dimension, Float64Array.of(variance), variance);
  }

  /** The diagonal matrix of d positive variances. */
  static diagonal(variances: Float64Array): Covariance {
    const dimension = variances.length;
    if (variances.every((variance) => variance === variances[0])) {
      return Covariance.isotropic(variances[0], dimension);
    }
    const smallest = variances.reduce((least, variance) => Math.min(least, variance));
    return Covariance.#of('diagonal', dimension, variances, smallest);
  }

  /** A symmetric d × d matrix, or undefined where it is not positive definite. O(d³) time. */
  static full(matrix: Float64Array, dimension: number): Covariance | undefined {
    const variances = Float64Array.from({ length: dimension }, (_, i) => matrix[i * dimension + i]);
    const offDiagonal = matrix.some((entry, at) => entry !== 0 && at % (dimension + 1) !== 0);
    if (!offDiagonal) {
      return variances.every((variance) => variance > 0) ? Covariance.diagonal(variances) : undefined;
    }
    const factor = choleskyFactor(matrix, dimension);
    if (!factor) return undefined;
    const covariance = Covariance.#of('full', dimension, matrix);
    covariance.#factor = factor;
    return covariance;
  }

  get dimension(): number {
    return this.#base.dimension;
  }

  /** The variance in every direction, where that is one. */
  get isotropicVariance(): number | undefined {
    const { form, entries } = this.#base;
    return form === 'isotropic' ? entries[0] + this.#shift : undefined;
  }

  /** The smallest eigenvalue. O(d³) time the first time for a full matrix. */
  get smallest(): number {
    const base = this.#base;
    base.smallest ??= smallestEigenvalue(base.entries, base.dimension);
    return base.smallest + this.#shift;
  }

  /** Σ + amount · I, which the caller knows to be positive definite. */
  shifted(amount: number): Covariance {
    return new Covariance(this.#base, this.#shift + amount);
  }

  /** Adds weight · Σ to a d × d matrix. */
  addTo(matrix: Float64Array, weight: number): void {
    const { form, entries, dimension: d } = this.#base;
    for (let k = 0; k < d; k++) {
      if (form === 'full') {
        for (let l = 0; l < d; l++) matrix[k * d + l] += weight * entries[k * d + l];
        matrix[k * d + k] += weight * this.#shift;
      } else matrix[k * d + k] += weight * this.#variance(k);
    }
  }

  /** Σ_kk of a covariance that is not full. */
  #variance(k: number): number {
    const { form, entries } = this.#base;
    return entries[form === 'isotropic' ? 0 : k] + this.#shift;
  }

  /** Eigenvalues, ascending for a full matrix. */
  async eigenvalues(kernels: Kernels): Promise<Float64Array> {
    return (await this.#spectrum(kernels)).values;
  }

  /** W with WᵀW = Σ⁻¹. O(d²) time, once the eigendecomposition is there. */
  whitening(kernels: Kernels, dtype: DType): Promise<Whitening> {
    const key = `${kernels.name} ${dtype}`;
    let whitening = this.#whitenings.get(key);
    if (!whitening) {
      whitening = this.#spectrum(kernels).then((spectrum) => whiteningOf(spectrum, dtype));
      this.#whitenings.set(key, whitening);
    }
    return whitening;
  }

  async #spectrum(kernels: Kernels): Promise<Spectrum> {
    const { form, entries, dimension: d, spectra } = this.#base;
    if (form !== 'full') return { values: Float64Array.from({ length: d }, (_, k) => this.#variance(k)) };
    let spectrum = spectra.get(kernels.name);
    if (!spectrum) spectra.set(kernels.name, (spectrum = kernels.symmetricEigen(entries, d)));
    const { values, vectors } = await spectrum;
    const shifted = values.map((value) => value + this.#shift);
    if (!(shifted[0] > 0)) throw atCollapse(shifted[0]);
    return { values: shifted, vectors };
  }

  /**
   * Turns rows of d standard normal numbers into draws of N(0, Σ), in place. In float64, and to the same bits on every
   * backend. O(nd²) time for a full matrix, O(nd) otherwise.
   */
  async colour(kernels: Kernels, noise: Matrix<Float64Array>, run: RunControl): Promise<void> {
    const { form, dimension: d } = this.#base;
    if (form === 'full') {
      this.#factor ??= this.#cholesky();
      return kernels.lowerTriangularProduct(noise, this.#factor, run);
    }
    const deviations = Float64Array.from({ length: d }, (_, k) => Math.sqrt(this.#variance(k)));
    const { data } = noise;
    for (let start = 0; start < data.length; start += d) {
      for (let k = 0; k < d; k++) data[start + k] *= deviations[k];
    }
  }

  #cholesky(): Float64Array {
    const matrix = new Float64Array(this.dimension ** 2);
    this.addTo(matrix, 1);
    const factor = choleskyFactor(matrix, this.dimension);
    if (!factor) throw atCollapse(this.smallest);
    return factor;
  }
}

/** The time was checked against the smallest eigenvalue: only rounding separates the measure from its collapse. */
function atCollapse(smallestVariance: number): RidgeflowError {
  return new RidgeflowError(
    'COLLAPSED',
    `The measure is at its collapse: to working precision its smallest variance is ${smallestVariance}`,
    { details: { smallestVariance } },
  );
}

function whiteningOf({ values, vectors }: Spectrum, dtype: DType): Whitening {
  const d = values.length;
  const scales = allocate(dtype, d);
  let logDeterminant = 0;
  let inverseTrace = 0;
  for (let k = 0; k < d; k++) {
    scales[k] = 1 / Math.sqrt(values[k]);
    logDeterminant += Math.log(2 * Math.PI * values[k]);
    inverseTrace += 1 / values[k];
  }
  if (!vectors) return { scales, logDeterminant, inverseTrace };
  const matrix = allocate(dtype, d * d, 'a whitening matrix');
  for (let k = 0; k < d; k++) {
    const scale = 1 / Math.sqrt(values[k]);
    for (let l = 0; l < d; l++) matrix[k * d + l] = scale * vectors[k * d + l];
  }
  return { matrix, scales, logDeterminant, inverseTrace };
}
