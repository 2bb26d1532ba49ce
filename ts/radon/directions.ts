import { type DType, type NdArray, zeros } from '../core/array.js';
import { invalidArgument } from '../core/errors.js';
import { checkInteger } from '../core/options.js';
import { vectorLength } from '../core/rows.js';
import { uniformDirections } from '../transport/index.js';
import { SOBOL_DIMENSIONS, sobolPoints } from './sobol.js';
import { checkCall } from '../core/call.js';
import { SIGNATURES } from './signatures.js';

/** How a set of directions is chosen; see {@link directionSet}. */
export type DirectionKind = 'uniform' | 'orthogonal' | 'sobol' | 'fibonacci';

/** Options of {@link directionSet}. */
export interface DirectionSetOptions {
  /** Default `orthogonal`. */
  kind?: DirectionKind;
  /** For `uniform` and `orthogonal`. Default 0. */
  seed?: number;
  /** Default float32. */
  dtype?: DType;
}

/**
 * `count` unit vectors of ℝ^d, as rows, that stand for all directions:
 * - `uniform`: independent, uniform on the sphere;
 * - `orthogonal`: uniform too, but orthonormal in blocks of d, which lowers the variance of averages over directions;
 * - `sobol`: the normal quantiles of a Sobol sequence, scaled to length 1, d from 2 to 21; the same at every call;
 * - `fibonacci`: d = 2, equal angles over a half turn; d = 3, the Fibonacci lattice on the sphere.
 *
 * @throws INVALID_ARGUMENT for a count below 1, a dimension the kind does not have, a bad seed.
 *
 * O(count · d) time, O(count · d²) for `orthogonal`. Source: M. Rowland et al., Orthogonal estimation of Wasserstein
 * distances, AISTATS 2019; S. Joe, F. Y. Kuo, SIAM J. Sci. Comput. 30 (2008) 2635.
 */
export function directionSet(count: number, d: number, options: DirectionSetOptions = {}): NdArray {
  checkCall(SIGNATURES.directionSet, { options });
  checkInteger(count, 'count', 1);
  checkInteger(d, 'd', 1);
  const { kind = 'orthogonal', seed, dtype = 'float32' } = options;
  switch (kind) {
    case 'uniform':
      return uniformDirections(count, d, seed, dtype);
    case 'orthogonal':
      return orthogonalBlocks(uniformDirections(count, d, seed, 'float64'), dtype);
    case 'sobol':
      if (d < 2 || d > SOBOL_DIMENSIONS)
        throw invalidArgument('d', `a dimension from 2 to ${SOBOL_DIMENSIONS} with kind 'sobol'`, d);
      // The first point is the centre of the cube, which has no direction.
      return onSphere(sobolPoints(count + 1, d).subarray(d), count, d, dtype);
    case 'fibonacci':
      return fibonacci(count, d, dtype);
    default:
      throw invalidArgument('kind', "'uniform', 'orthogonal', 'sobol' or 'fibonacci'", kind);
  }
}

/** Gram–Schmidt, twice for orthogonality to the last digit, within blocks of d rows. */
function orthogonalBlocks({ data, shape }: NdArray, dtype: DType): NdArray {
  const [count, d] = shape;
  for (let i = 0; i < count; i++) {
    const row = data.subarray(i * d, (i + 1) * d);
    for (let pass = 0; pass < 2; pass++) {
      for (let j = i - (i % d); j < i; j++) {
        let product = 0;
        for (let k = 0; k < d; k++) product += row[k] * data[j * d + k];
        for (let k = 0; k < d; k++) row[k] -= product * data[j * d + k];
      }
      const norm = vectorLength(row);
      for (let k = 0; k < d; k++) row[k] /= norm;
    }
  }
  const out = zeros(shape, dtype);
  out.data.set(data);
  return out;
}

function onSphere(points: Float64Array, count: number, d: number, dtype: DType): NdArray {
  const out = zeros([count, d], dtype, 'directions');
  for (let i = 0; i < count; i++) {
    const normal = points.subarray(i * d, (i + 1) * d).map(normalQuantile);
    const norm = vectorLength(normal);
    out.data.set(
      normal.map((value) => value / norm),
      i * d,
    );
  }
  return out;
}

function fibonacci(count: number, d: number, dtype: DType): NdArray {
  const out = zeros([count, d], dtype, 'directions');
  const golden = Math.PI * (3 - Math.sqrt(5));
  for (let i = 0; i < count; i++) {
    const angle = d === 2 ? (Math.PI * i) / count : golden * i;
    const z = 1 - (2 * i + 1) / count;
    const radius = Math.sqrt(1 - z * z);
    if (d === 2) out.data.set([Math.cos(angle), Math.sin(angle)], 2 * i);
    else if (d === 3) out.data.set([radius * Math.cos(angle), radius * Math.sin(angle), z], 3 * i);
    else throw invalidArgument('d', "2 or 3 with kind 'fibonacci'", d);
  }
  return out;
}

/**
 * The normal quantile of p in (0, 1), to 1.2 · 10⁻⁹ relative: P. J. Acklam's rational approximations.
 */
function normalQuantile(p: number): number {
  const horner = (coefficients: readonly number[], x: number) =>
    coefficients.reduce((sum, c) => sum * x + c, 0);
  if (p > 0.5) return -normalQuantile(1 - p);
  if (p < 0.02425) {
    const q = Math.sqrt(-2 * Math.log(p));
    return horner(TAIL_NUMERATOR, q) / horner(TAIL_DENOMINATOR, q);
  }
  const q = p - 0.5;
  const r = q * q;
  return (horner(CENTRE_NUMERATOR, r) * q) / horner(CENTRE_DENOMINATOR, r);
}

const CENTRE_NUMERATOR = [
  -3.969683028665376e1, 2.209460984245205e2, -2.759285104469687e2, 1.38357751867269e2, -3.066479806614716e1,
  2.506628277459239,
];
const CENTRE_DENOMINATOR = [
  -5.447609879822406e1, 1.615858368580409e2, -1.556989798598866e2, 6.680131188771972e1, -1.328068155288572e1,
  1,
];
const TAIL_NUMERATOR = [
  -7.784894002430293e-3, -3.223964580411365e-1, -2.400758277161838, -2.549732539343734, 4.374664141464968,
  2.938163982698783,
];
const TAIL_DENOMINATOR = [
  7.784695709041462e-3, 3.224671290700398e-1, 2.445134137142996, 3.754408661907416, 1,
];
