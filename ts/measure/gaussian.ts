import { type FloatData, type NdArray, checkArray } from '../core/array.js';
import { RidgeflowError, invalidArgument } from '../core/errors.js';
import { isOwn } from '../core/foreign.js';
import { checkPositive } from '../core/options.js';
import { smallestEigenvalue } from '../linalg/smallest-eigenvalue.js';
import {
  type RowsLike,
  TOLERANCE,
  type VectorLike,
  checkFiniteValues,
  dtypeOfArgument,
  invalidShape,
  isList,
  ofOthers,
  toCloud,
  toVector,
  toWeights,
} from './arguments.js';
import { Covariance } from './covariance.js';
import { GaussianMixture } from './mixture.js';
import { checkTolerance } from './tolerance.js';
import { WeightedCloud } from './weighted-cloud.js';
import { checkCall } from '../core/call.js';
import { SIGNATURES } from './signatures.js';

/** Parameters of {@link gaussian}: the mean, and one of the three ways to state the spread. */
export interface GaussianParameters {
  /** d values. */
  mean: VectorLike;
  /** Symmetric positive definite d × d matrix. */
  covariance?: RowsLike;
  /** One variance for all coordinates, or d variances. */
  variance?: number | VectorLike;
  /** One standard deviation for all coordinates, or d of them. */
  standardDeviations?: number | VectorLike;
}

/**
 * The normal distribution N(m, Σ) on ℝ^d.
 *
 * Σ is made symmetric; it may be asymmetric by 1e-6 of its largest entry. Its eigendecomposition, O(d³) time, is made
 * once, when first needed; evaluation takes O(nd²) time, O(nd) where Σ is diagonal. Samples are float32, or of the type
 * of the mean where that is an array.
 *
 * @throws INVALID_ARGUMENT (no spread or more than one; not symmetric; not positive definite, with the smallest
 *   eigenvalue in `details.smallestEigenvalue`), INVALID_SHAPE, NON_FINITE.
 * @example gaussian({ mean: [0, 1], covariance: [[2, 0.5], [0.5, 1]] })
 */
export function gaussian(parameters: GaussianParameters): GaussianMixture {
  checkCall(SIGNATURES.gaussian, { parameters });
  if (typeof parameters !== 'object' || parameters === null) {
    throw invalidArgument('the parameters of a Gaussian', 'an object { mean, … }', parameters);
  }
  const mean = toVector(parameters.mean, 'mean');
  const d = mean.length;
  if (d === 0) throw invalidShape('mean', 'at least 1 number', '0');
  const cloud = new WeightedCloud({ data: mean, shape: [1, d] });
  return new GaussianMixture(cloud, [spreadOf(parameters, d)], dtypeOfArgument(parameters.mean));
}

function spreadOf({ covariance, variance, standardDeviations }: GaussianParameters, d: number): Covariance {
  const given = [covariance, variance, standardDeviations].filter((value) => value !== undefined).length;
  if (given !== 1) throw oneSpread('covariance, variance and standardDeviations', given);
  if (covariance !== undefined) return fullCovariance(covariance, 'covariance', d);
  if (variance !== undefined) return diagonalCovariance(variance, 'variance', d);
  const deviations = positive(standardDeviations, 'standardDeviations', d);
  return Covariance.diagonal(deviations.map((deviation) => deviation ** 2));
}

function oneSpread(ways: string, given: number): RidgeflowError {
  return new RidgeflowError(
    'INVALID_ARGUMENT',
    `Expected exactly one of ${ways} but received ${given} of them`,
  );
}

/** Parameters of {@link gaussianMixture}. */
export interface GaussianMixtureParameters {
  /** K weights of at least 0 that sum to 1 within 1e-6. Default: all equal. */
  weights?: VectorLike;
  /** K × d; a list of K numbers where d = 1. */
  means: RowsLike;
  /** K symmetric positive definite d × d matrices (as a list, or as an array [K, d, d]), or one for all ([d, d]). */
  covariances?: readonly RowsLike[] | NdArray;
  /** One variance for all, or K isotropic variances, or K × d variances along the axes. */
  variances?: number | VectorLike | RowsLike;
  /** Error that sums over many components of one isotropic variance may have, as for `smoothed`. */
  tolerance?: number;
}

/**
 * The mixture Σ_k w_k N(m_k, Σ_k) on ℝ^d.
 *
 * Evaluation takes O(nKd²) time with full covariances, O(nKd) with variances. Samples are float32, or of the type of
 * the means where they are an array.
 *
 * @throws EMPTY_CLOUD (no means), INVALID_ARGUMENT (weights that are negative or do not sum to 1; both or neither of
 *   covariances and variances; tolerance; a covariance that is not symmetric or not positive definite), INVALID_SHAPE, NON_FINITE.
 * @example gaussianMixture({ weights: [0.3, 0.7], means: [[-1], [2]], variances: [0.5, 0.8] })
 */
export function gaussianMixture(parameters: GaussianMixtureParameters): GaussianMixture {
  checkCall(SIGNATURES.gaussianMixture, { parameters });
  if (typeof parameters !== 'object' || parameters === null) {
    throw invalidArgument('the parameters of a mixture', 'an object { means, … }', parameters);
  }
  const { covariances, variances } = parameters;
  const means = toCloud(parameters.means, 'means');
  const [count, d] = means.shape;
  const weights = toWeights(parameters.weights, count);
  if (covariances !== undefined && variances !== undefined) throw oneSpread('covariances and variances', 2);
  const spreads =
    covariances !== undefined ? covariancesOf(covariances, count, d) : variancesOf(variances, count, d);
  const cloud = new WeightedCloud(means, weights, checkTolerance(parameters.tolerance, 'tolerance'));
  return new GaussianMixture(cloud, spreads, dtypeOfArgument(parameters.means));
}

function covariancesOf(value: readonly RowsLike[] | NdArray, count: number, d: number): Covariance[] {
  if (isOwn(value)) {
    checkArray(value, 'covariances');
    const shape = value.shape.join(', ');
    if (shape === `${d}, ${d}`) return [fullCovariance(value, 'covariances', d)];
    if (shape !== `${count}, ${d}, ${d}`) {
      throw invalidShape('covariances', `shape [${count}, ${d}, ${d}] or [${d}, ${d}]`, `[${shape}]`);
    }
    return Array.from({ length: count }, (_, k) => {
      const data = value.data.subarray(k * d * d, (k + 1) * d * d);
      return fullCovariance({ data, shape: [d, d] }, `covariances[${k}]`, d);
    });
  }
  if (!Array.isArray(value)) throw invalidArgument('covariances', 'a list of matrices', value);
  if (value.length !== count) throw invalidShape('covariances', `${count} matrices`, String(value.length));
  return value.map((matrix: RowsLike, k) => fullCovariance(matrix, `covariances[${k}]`, d));
}

function variancesOf(
  value: number | RowsLike | VectorLike | undefined,
  count: number,
  d: number,
): Covariance[] {
  if (value === undefined) throw oneSpread('covariances and variances', 0);
  if (typeof value === 'number') return [Covariance.isotropic(checkPositive(value, 'variances'), d)];
  const own = isList(value) || isOwn(value) ? value : ofOthers(value, 'variances');
  const rows = isOwn(own) ? own.shape.length === 2 : isList(own) && Array.isArray(own[0]);
  if (!rows) {
    const list = positive(own, 'variances', count);
    return Array.from(list, (variance) => Covariance.isotropic(variance, d));
  }
  const { data, shape } = toCloud(own as RowsLike, 'variances', d);
  if (shape[0] !== count) throw invalidShape('variances', `${count} rows`, String(shape[0]));
  return Array.from({ length: count }, (_, k) => {
    const row = data.subarray(k * d, (k + 1) * d);
    return diagonalCovariance(row, `variances[${k}]`, d);
  });
}

function diagonalCovariance(value: number | VectorLike, name: string, d: number): Covariance {
  return Covariance.diagonal(positive(value, name, d));
}

/** `count` numbers above 0, or that many times one such number. */
function positive(value: number | VectorLike | undefined, name: string, count: number): Float64Array {
  if (typeof value === 'number') return new Float64Array(count).fill(checkPositive(value, name));
  const numbers = toVector(value as VectorLike, name, count);
  numbers.forEach((number, k) => checkPositive(number, `${name}[${k}]`));
  return numbers;
}

/**
 * A symmetric positive definite d × d matrix that a user gave under the name `name`. Throws INVALID_ARGUMENT,
 * INVALID_SHAPE, NON_FINITE.
 */
export function fullCovariance(value: RowsLike, name: string, d: number): Covariance {
  const { data, shape } = isOwn(value) ? value : toCloud(value, name);
  checkArray({ data, shape }, name);
  if (shape.length !== 2 || shape[0] !== d || shape[1] !== d) {
    throw invalidShape(name, `shape [${d}, ${d}]`, `[${shape.join(', ')}]`);
  }
  checkFiniteValues({ data, shape }, name);
  const matrix = symmetrised(data, name, d);
  const covariance = Covariance.full(matrix, d);
  if (covariance) return covariance;
  const smallest = smallestEigenvalue(matrix, d);
  throw new RidgeflowError(
    'INVALID_ARGUMENT',
    `Expected a positive definite matrix for ${name} but its smallest eigenvalue is ${Number(smallest.toPrecision(6))}: ` +
      'add a small multiple of the identity to it',
    { details: { parameter: name, smallestEigenvalue: smallest } },
  );
}

function symmetrised(data: FloatData, name: string, d: number): Float64Array {
  const matrix = Float64Array.from(data);
  const largest = matrix.reduce((most, entry) => Math.max(most, Math.abs(entry)), 0);
  for (let k = 0; k < d; k++) {
    for (let l = 0; l < k; l++) {
      const [lower, upper] = [matrix[k * d + l], matrix[l * d + k]];
      if (Math.abs(lower - upper) > TOLERANCE * largest) {
        throw new RidgeflowError(
          'INVALID_ARGUMENT',
          `Expected a symmetric matrix for ${name} but received ${lower} at row ${k}, column ${l} and ${upper} at ` +
            `row ${l}, column ${k} (counted from 0)`,
          { details: { parameter: name, row: k, column: l } },
        );
      }
      matrix[k * d + l] = matrix[l * d + k] = (lower + upper) / 2;
    }
  }
  return matrix;
}
