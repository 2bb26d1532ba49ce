import { type DType, type NdArray, dtypeOf } from '../core/array.js';
import { RidgeflowError, invalidArgument } from '../core/errors.js';
import type { NdArrayLike } from '../core/foreign.js';
import type { CallOptions } from '../core/options.js';
import { kernelsFor } from '../kernel/backend.js';
import { asMatrix } from '../kernel/checks.js';
import {
  type RidgeUnits,
  type RidgeletData,
  checkData,
  checkPair,
  checkUnits,
  dataSizes,
  negated,
} from './arguments.js';
import type { RidgeletPair } from './pair.js';
import { checkCall } from '../core/call.js';
import { SIGNATURES } from './signatures.js';

/** Options of {@link ridgeletTransform} and of all transforms like it. */
export interface RidgeletTransformOptions extends CallOptions {
  /** Activation and ridgelet of the points' dimension: see ridgeletPair. */
  pair: RidgeletPair;
  /**
   * `unit` (default): by ψ, so that S[R[f]] = f. `profile`: by ψ₀, of size 1, where the factor between the two would
   * over- or underflow or cancels anyway.
   */
  normalisation?: 'unit' | 'profile';
}

/**
 * The ridgelet transform of a function known at points, `R[f](a, b) = Σ_i w_i f(x_i) ψ(a·x_i − b)`: with the weights 1/n
 * that of data, R_μ[f]; with the volumes of cells that of a function on a grid (see functionOnGrid). Direct path: any
 * list of (a, b), any dimension.
 *
 * @param data Points [n, d], values [n, k] and weights [n].
 * @param units Where: a [m, d], b [m].
 * @returns [m, k].
 * @throws EMPTY_CLOUD, INVALID_SHAPE (also: a pair of another dimension), NON_FINITE, INVALID_DTYPE, INVALID_ARGUMENT (the
 *   factor of ψ is beyond the dtype), ABORTED, OUT_OF_MEMORY.
 *
 * O(nm(d + k)) time, O((n + m)(d + k)) memory: two matrix products and a table of ψ₀, fused. The table is good to 1e-8
 * (float32) or 2e-14 (float64). Source: N. Murata, "An integral representation of functions using three-layered networks
 * and their approximation bounds", Neural Networks 9 (1996) 947.
 *
 * @example
 * const pair = ridgeletPair('tanh', 2);
 * const spectrum = await ridgeletTransform({ points, values }, { a, b }, { pair });
 */
export async function ridgeletTransform(
  data: RidgeletData<NdArrayLike>,
  units: RidgeUnits,
  options: RidgeletTransformOptions,
): Promise<NdArray> {
  const { data: given } = checkCall(SIGNATURES.ridgeletTransform, { data, units, options });
  const { d } = dataSizes(given);
  checkPair(options.pair, d);
  const dtype = options.dtype ?? dtypeOf(given.points);
  const kernels = await kernelsFor(options, dtype);
  const { points, values, weights, share } = checkData(given, kernels, dtype);
  const { a, b } = checkUnits(units, d, kernels, dtype);
  const out = await kernels.ridgeSum(
    {
      queries: asMatrix(a),
      queryBias: negated(b),
      centres: points,
      ...{ values, weights },
      nonlinearity: options.pair.table(dtype),
      scale: share * factorOf(options, dtype),
    },
    options,
  );
  return { data: out, shape: [a.shape[0], values.columns] };
}

/** The factor between ψ₀ and what the caller wants. Throws INVALID_ARGUMENT where it is beyond the dtype. */
export function factorOf({ pair, normalisation = 'unit' }: RidgeletTransformOptions, dtype: DType): number {
  if (normalisation === 'profile') return 1;
  if (normalisation !== 'unit') throw invalidArgument('normalisation', "'unit' or 'profile'", normalisation);
  const { scale, constant } = pair;
  const [least, most] = dtype === 'float64' ? [1e-280, 1e280] : [1e-30, 1e30];
  if (Math.abs(scale) >= least && Math.abs(scale) <= most) return scale;
  throw new RidgeflowError(
    'INVALID_ARGUMENT',
    `The factor of this ridgelet, e^${(-constant.log).toFixed(1)}, is beyond ${dtype}: ask for normalisation 'profile', ` +
      'which leaves it out',
    { details: { parameter: 'normalisation', log: -constant.log } },
  );
}
