import type { NdArray } from '../core/array.js';
import { RidgeflowError, invalidArgument } from '../core/errors.js';
import { type CallOptions, checkInteger, checkPositive, throwIfAborted, tell } from '../core/options.js';
import { kernelsFor } from '../kernel/backend.js';
import { type GaussianMixture } from '../measure/mixture.js';
import { gaussian } from '../measure/gaussian.js';
import type { VectorLike } from '../measure/arguments.js';
import { checkWeights } from './arguments.js';
import { SymmetricMatrices, trace } from './symmetric-matrices.js';
import { checkCall } from '../core/call.js';
import { SIGNATURES } from './signatures.js';

/**
 * The Wasserstein distance of order 2 between two Gaussians:
 * W₂² = |m₁ − m₂|² + tr(Σ₁ + Σ₂ − 2(Σ₁^{1/2} Σ₂ Σ₁^{1/2})^{1/2}), the second part being the Bures metric.
 *
 * @param a As `gaussian` makes it. @param b Likewise, of the same dimension.
 * @throws INVALID_ARGUMENT for a mixture of several components, INVALID_SHAPE for different dimensions, ABORTED.
 *
 * In float64 whatever the dtype; good to about 1e-8 of the standard deviations where the Gaussians nearly agree. O(d³) time,
 * O(d²) memory. Source: D. C. Dowson, B. V. Landau, J. Multivar. Anal. 12 (1982), 450–455.
 */
export async function gaussianWasserstein(
  a: GaussianMixture,
  b: GaussianMixture,
  options: CallOptions = {},
): Promise<number> {
  checkCall(SIGNATURES.gaussianWasserstein, { a, b, options });
  checkGaussian(a, 'a');
  checkGaussian(b, 'b', a.dimension);
  const matrices = await matricesFor(a.dimension, options);
  const { parts, unit } = inFittingUnit([componentOf(a, 0), componentOf(b, 0)]);
  const [from, to] = parts;
  const square = await squaredDistance(matrices, from, await matrices.root(from.covariance), to);
  await tell(options.onProgress, 1);
  return unit * Math.sqrt(square);
}

/** A Gaussian by its parameters. */
export interface MeanAndCovariance {
  mean: Float64Array;
  covariance: Float64Array;
}

/** Component k of a mixture. */
export function componentOf(mixture: GaussianMixture, k: number): MeanAndCovariance {
  const d = mixture.dimension;
  return {
    mean: Float64Array.from(mixture.means.data.subarray(k * d, (k + 1) * d)),
    covariance: mixture.componentCovariance(k),
  };
}

/** Exponents of two of the units in which products of covariances keep their digits. */
const FITTING = [-60, 60];

/**
 * Gaussians in a unit of length near the largest of their standard deviations and differences of means, a power of two: what
 * is computed of them, products of covariances above all, then stays in the range of float64. 1 where that is no question.
 */
export function inFittingUnit(gaussians: readonly MeanAndCovariance[]): {
  parts: MeanAndCovariance[];
  unit: number;
} {
  const origin = gaussians[0].mean;
  let size = 0;
  for (const { mean, covariance } of gaussians) {
    for (let k = 0; k < mean.length; k++) {
      size = Math.max(
        size,
        Math.abs(mean[k] - origin[k]),
        Math.sqrt(Math.abs(covariance[k * (mean.length + 1)])),
      );
    }
  }
  const exponent = size > 0 ? Math.floor(Math.log2(Math.min(size, Number.MAX_VALUE))) : 0;
  const unit = exponent >= FITTING[0] && exponent <= FITTING[1] ? 1 : 2 ** Math.max(exponent, -1000);
  if (unit === 1) return { parts: [...gaussians], unit };
  const parts = gaussians.map(({ mean, covariance }) => ({
    mean: mean.map((value) => value / unit),
    covariance: covariance.map((value) => value / unit / unit),
  }));
  return { parts, unit };
}

/** W₂² of two Gaussians, the root of the first one's covariance being known. */
export async function squaredDistance(
  matrices: SymmetricMatrices,
  a: MeanAndCovariance,
  root: Float64Array,
  b: MeanAndCovariance,
): Promise<number> {
  const d = a.mean.length;
  const values = await matrices.eigenvalues(await matrices.between(root, b.covariance));
  let square = trace(a.covariance, d) + trace(b.covariance, d);
  for (const value of values) square -= 2 * Math.sqrt(Math.max(0, value));
  let apart = 0;
  for (let k = 0; k < d; k++) apart += (a.mean[k] - b.mean[k]) ** 2;
  return apart + Math.max(0, square);
}

/**
 * The Gaussian a fraction t of the way along the Wasserstein geodesic from a to b: the image of a under
 * x ↦ (1 − t)x + t T(x), T the optimal map. At t = 0 and 1 it is a and b; outside it runs on as long as the covariance stays
 * positive definite.
 *
 * @throws INVALID_ARGUMENT for a mixture of several components or a t that is not finite, INVALID_SHAPE, ABORTED; COLLAPSED
 *   where the geodesic has ended before t, outside of [0, 1].
 *
 * O(d³) time. Source: R. J. McCann, Adv. Math. 128 (1997), 153–179.
 */
export async function gaussianGeodesic(
  a: GaussianMixture,
  b: GaussianMixture,
  t: number,
  options: CallOptions = {},
): Promise<GaussianMixture> {
  checkCall(SIGNATURES.gaussianGeodesic, { a, b, options });
  checkGaussian(a, 'a');
  checkGaussian(b, 'b', a.dimension);
  if (typeof t !== 'number' || !Number.isFinite(t)) throw invalidArgument('t', 'a finite number', t);
  const d = a.dimension;
  const matrices = await matricesFor(d, options);
  const { parts, unit } = inFittingUnit([componentOf(a, 0), componentOf(b, 0)]);
  const [from, to] = parts;
  const [root, inverse] = await matrices.rootAndInverse(from.covariance);
  const middle = await matrices.root(await matrices.between(root, to.covariance));
  const map = await matrices.between(inverse, middle);
  for (let i = 0; i < d; i++)
    for (let j = 0; j < d; j++) map[i * d + j] = t * map[i * d + j] + (i === j ? 1 - t : 0);
  const factors = t >= 0 && t <= 1 ? [1] : await matrices.eigenvalues(map);
  if (!(factors[0] > 0)) {
    throw new RidgeflowError(
      'COLLAPSED',
      `The geodesic between the Gaussians ends before t = ${t}: stay nearer to [0, 1]`,
      {
        details: { t },
      },
    );
  }
  const covariance = await matrices.between(map, from.covariance);
  const mean = from.mean.map((value, k) => value + t * (to.mean[k] - value));
  return gaussianOf({ mean, covariance }, unit);
}

/** Options of {@link gaussianBarycentre}. */
export interface GaussianBarycentreOptions extends CallOptions {
  /** Weights λ of at least 0 that sum to 1. Default: equal. */
  weights?: VectorLike;
  /**
   * Relative change of the covariance at which to stop. Default 1e-12, or where the condition of the covariance does not
   * let rounding come so near, as soon as changes are within that rounding and no longer fall.
   */
  tolerance?: number;
  /** Default 1000. */
  maximumIterations?: number;
}

/**
 * The Wasserstein barycentre of Gaussians, which minimises Σ λ_i W₂²(·, N(m_i, Σ_i)): the Gaussian with mean Σ λ_i m_i whose
 * covariance is the fixed point S = Σ λ_i (S^{1/2} Σ_i S^{1/2})^{1/2}, by the iteration
 * S ← S^{−1/2} (Σ λ_i (S^{1/2} Σ_i S^{1/2})^{1/2})² S^{−1/2}, which lowers the objective at every step.
 *
 * @throws NOT_CONVERGED with `details.change`; EMPTY_CLOUD for none, INVALID_ARGUMENT, INVALID_SHAPE, NON_FINITE, ABORTED.
 *
 * O(K d³) time for each iteration; one suffices where the covariances commute. Source: P. C. Álvarez-Esteban, E. del Barrio,
 * J. A. Cuesta-Albertos, C. Matrán, J. Math. Anal. Appl. 441 (2016), 744–762.
 */
export async function gaussianBarycentre(
  gaussians: readonly GaussianMixture[],
  options: GaussianBarycentreOptions = {},
): Promise<GaussianMixture> {
  checkCall(SIGNATURES.gaussianBarycentre, { gaussians, options });
  if (!Array.isArray(gaussians)) throw invalidArgument('gaussians', 'a list of Gaussians', gaussians);
  if (gaussians.length === 0)
    throw new RidgeflowError('EMPTY_CLOUD', 'Expected at least 1 Gaussian but received 0');
  gaussians.forEach((one: GaussianMixture, i) =>
    checkGaussian(one, `gaussians[${i}]`, (gaussians[0] as GaussianMixture).dimension),
  );
  const weights = checkWeights(options.weights, gaussians.length, 'weights');
  const tolerance = checkPositive(options.tolerance ?? 1e-12, 'tolerance');
  const budget = checkInteger(options.maximumIterations ?? 1000, 'maximumIterations', 1);
  const { parts, unit } = inFittingUnit(gaussians.map((one: GaussianMixture) => componentOf(one, 0)));
  const d = parts[0].mean.length;
  const matrices = await matricesFor(d, options);
  const mean = new Float64Array(d);
  let covariance: Float64Array = new Float64Array(d * d);
  parts.forEach((part, i) => {
    for (let k = 0; k < d; k++) mean[k] += weights[i] * part.mean[k];
    for (let k = 0; k < d * d; k++) covariance[k] += weights[i] * part.covariance[k];
  });
  let change = Infinity;
  let floor: number | undefined;
  for (let iteration = 0; iteration < budget; iteration++) {
    throwIfAborted(options.signal);
    const [root, inverse] = await matrices.rootAndInverse(covariance);
    const mixed = new Float64Array(d * d);
    for (const [i, part] of parts.entries()) {
      if (weights[i] === 0) continue;
      const moved = await matrices.root(await matrices.between(root, part.covariance));
      for (let k = 0; k < d * d; k++) mixed[k] += weights[i] * moved[k];
    }
    const next = await matrices.between(inverse, await matrices.times(mixed, mixed));
    let [difference, size] = [0, 0];
    for (let k = 0; k < d * d; k++) {
      difference += (next[k] - covariance[k]) ** 2;
      size += next[k] ** 2;
    }
    const before = change;
    change = Math.sqrt(difference / size);
    if (Number.isNaN(change)) throw singular(iteration);
    covariance = next;
    if (change <= 1e-6 && options.tolerance === undefined) floor ??= await roundingOf(matrices, covariance);
    if (change <= tolerance || (floor !== undefined && change <= floor && change >= before / 2)) {
      await tell(options.onProgress, 1);
      return gaussianOf({ mean, covariance }, unit);
    }
    await tell(options.onProgress, (iteration + 1) / budget);
  }
  throw new RidgeflowError(
    'NOT_CONVERGED',
    `The barycentre still changed by ${change.toPrecision(3)} after ${budget} iterations: raise maximumIterations or tolerance`,
    { details: { change, iterations: budget } },
  );
}

/** What rounding may change a fixed point of this covariance by, relatively. */
async function roundingOf(matrices: SymmetricMatrices, covariance: Float64Array): Promise<number> {
  const eigenvalues = await matrices.eigenvalues(covariance);
  const [least, most] = [Math.min(...eigenvalues), Math.max(...eigenvalues)];
  return least > 0 ? Math.min(1e-6, (Number.EPSILON * most) / least) : 1e-6;
}

function singular(iterations: number): RidgeflowError {
  return new RidgeflowError(
    'NOT_CONVERGED',
    'The barycentre is singular to rounding, where the iteration has no inverse: add a small multiple of the identity to ' +
      'the covariances',
    { details: { change: NaN, iterations } },
  );
}

function gaussianOf({ mean, covariance }: MeanAndCovariance, unit: number): GaussianMixture {
  const d = mean.length;
  const place: NdArray = { data: mean.map((value) => value * unit), shape: [d] };
  const data = covariance.map((value) => value * unit * unit);
  return gaussian({ mean: place, covariance: { data, shape: [d, d] } });
}

/** d × d matrices on the backend of a call. */
export async function matricesFor(d: number, options: CallOptions): Promise<SymmetricMatrices> {
  throwIfAborted(options.signal);
  return new SymmetricMatrices(await kernelsFor(options), d, options);
}

/** Throws INVALID_ARGUMENT unless `value` is a mixture as the library makes it, INVALID_SHAPE for another dimension. */
export function checkMixture(value: GaussianMixture, name: string, dimension?: number): void {
  if (typeof value !== 'object' || value === null || typeof value.componentCovariance !== 'function') {
    throw invalidArgument(name, 'a measure made by gaussian or gaussianMixture', value);
  }
  if (dimension !== undefined && value.dimension !== dimension) {
    throw new RidgeflowError(
      'INVALID_SHAPE',
      `Expected a measure of dimension ${dimension} for ${name} but received one of dimension ${value.dimension}`,
      { details: { parameter: name } },
    );
  }
}

function checkGaussian(value: GaussianMixture, name: string, dimension?: number): void {
  checkMixture(value, name, dimension);
  if (value.components !== 1) {
    throw new RidgeflowError(
      'INVALID_ARGUMENT',
      `Expected a single Gaussian for ${name} but received a mixture of ${value.components}: use gaussianMixtureWasserstein`,
      { details: { parameter: name } },
    );
  }
}
