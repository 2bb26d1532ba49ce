import { type Activation, type ActivationName, activation } from '../core/activation.js';
import {
  type DType,
  type FloatData,
  type NdArray,
  allocate,
  checkArray,
  checkPoints,
  dtypeOf,
  toDtype,
} from '../core/array.js';
import { RidgeflowError, invalidArgument } from '../core/errors.js';
import type { NdArrayLike } from '../core/foreign.js';
import type { CallOptions } from '../core/options.js';
import { kernelsFor } from '../kernel/backend.js';
import { asMatrix, checkFinite } from '../kernel/checks.js';
import type { Nonlinearity } from '../kernel/contract.js';
import { type RidgeUnits, checkUnits, checkValues, checkVector, negated } from './arguments.js';
import type { CustomActivation } from './custom-activation.js';
import { RidgeletPair } from './pair.js';
import { tabulate } from './table.js';
import { checkCall } from '../core/call.js';
import { SIGNATURES } from './signatures.js';

/** A function of (a, b) at units, with the weights of an integral over ℝ^d × ℝ. */
export interface RidgeCoefficients extends RidgeUnits {
  /** γ(a_j, b_j), [m, k] or [m]. */
  readonly coefficients: NdArray;
  /** m values: volumes da db of the units' cells. Default: 1 each, as in a network. */
  readonly weights?: NdArray;
}

/** Options of {@link dualRidgeletTransform}. */
export interface DualRidgeletOptions extends CallOptions {
  /** η: an activation by name, or that of a pair. */
  activation: ActivationName | RidgeletPair;
}

/**
 * The dual ridgelet transform at any points, `S[γ](x) = Σ_j w_j γ(a_j, b_j) η(a_j·x − b_j)`: a shallow network, and the
 * reconstruction of f from γ = R[f]. With ψ in the place of η it is the adjoint of ridgeletTransform to rounding.
 *
 * @param x [n, d].
 * @param units a [m, d], b [m], coefficients [m, k] and weights [m].
 * @returns [n, k].
 * @throws EMPTY_CLOUD, INVALID_SHAPE, NON_FINITE, INVALID_DTYPE, INVALID_ARGUMENT (an activation without a formula),
 *   ABORTED, OUT_OF_MEMORY.
 *
 * O(nm(d + k)) time, O((n + m)(d + k)) memory. An activation of one's own is tabulated: about 1e-7 of its range where it
 * is smooth, and about a 10⁵th of its range around a kink.
 */
export async function dualRidgeletTransform(
  x: NdArrayLike,
  units: RidgeCoefficients,
  options: DualRidgeletOptions,
): Promise<NdArray> {
  ({ x } = checkCall(SIGNATURES.dualRidgeletTransform, { x, units, options }));
  const { n, d } = checkPoints(x, 'x');
  if (typeof units !== 'object' || units === null)
    throw invalidArgument('units', '{ a, b, coefficients }', units);
  const dtype = options.dtype ?? dtypeOf(x);
  const kernels = await kernelsFor(options, dtype);
  checkFinite(kernels, x, 'x');
  const input = toDtype(x, dtype);
  const { a, b } = checkUnits(units, d, kernels, dtype);
  const m = a.shape[0];
  const values = checkValues(units.coefficients, 'coefficients', m, kernels, dtype);
  const weights =
    units.weights === undefined ? undefined : checkVector(units.weights, 'weights', m, kernels, dtype);
  const out = await kernels.ridgeSum(
    {
      queries: asMatrix(input),
      centres: asMatrix(a),
      centreBias: negated(b),
      ...{ values, weights },
      nonlinearity: nonlinearityOf(options.activation, input, a, b, dtype),
    },
    options,
  );
  return { data: out, shape: [n, values.columns] };
}

function nonlinearityOf(
  of: ActivationName | RidgeletPair,
  x: NdArray,
  a: NdArray,
  b: FloatData,
  dtype: DType,
): Nonlinearity {
  const chosen = of instanceof RidgeletPair ? of.activation : activation(of);
  if (isNamed(chosen)) return chosen.kernel;
  const { value } = chosen;
  if (!value) throw invalidArgument('activation', 'an activation with a formula', of);
  const [norm, length] = [x, a].map(largestLength);
  let largest = 0;
  for (const bias of b) largest = Math.max(largest, Math.abs(bias));
  const to = 1.01 * (norm * length + largest) + 1e-3;
  const scale = Math.max(Math.abs(value(to)), Math.abs(value(-to)), 1e-3);
  return tabulate(value, {
    ...{ from: -to, to, parity: 'none' },
    tolerance: scale * (dtype === 'float64' ? 1e-14 : 1e-8),
    cells: 1024,
  });
}

const isNamed = (of: Activation | CustomActivation): of is Activation => 'kernel' in of;

function largestLength({ data, shape: [rows, columns] }: NdArray): number {
  let largest = 0;
  for (let i = 0; i < rows; i++) {
    let square = 0;
    for (let k = i * columns; k < (i + 1) * columns; k++) square += data[k] * data[k];
    largest = Math.max(largest, square);
  }
  return Math.sqrt(largest);
}

/**
 * Reconstruction of f from data, `S[R_μ f](x) / S[R_μ 1](x)`: the second transform divides the density of the data, and
 * what a bounded set of units leaves out of both, away.
 *
 * @param x [n, d].
 * @param units a, b, weights, and `coefficients` R_μ f [m, k].
 * @param ofOne R_μ 1 at the same units, [m] or [m, 1].
 * @returns [n, k]. Where the denominator vanishes, values are not finite.
 * @throws As dualRidgeletTransform.
 */
export async function normalisedReconstruction(
  x: NdArrayLike,
  units: RidgeCoefficients,
  ofOne: NdArrayLike,
  options: DualRidgeletOptions,
): Promise<NdArray> {
  ({ x, ofOne } = checkCall(SIGNATURES.normalisedReconstruction, { x, units, ofOne, options }));
  const { n } = checkPoints(x, 'x');
  if (typeof units !== 'object' || units === null)
    throw invalidArgument('units', '{ a, b, coefficients }', units);
  checkArray(units.coefficients, 'coefficients');
  checkArray(ofOne, 'ofOne');
  const [m, k = 1] = units.coefficients.shape;
  if (ofOne.data.length !== m || units.coefficients.data.length !== m * k) {
    throw new RidgeflowError(
      'INVALID_SHAPE',
      `Expected ${m} values for ofOne but received ${ofOne.data.length}`,
      {
        details: { parameter: 'ofOne' },
      },
    );
  }
  const both = allocate(dtypeOf(units.coefficients), m * (k + 1), 'coefficients');
  for (let j = 0; j < m; j++) {
    both.set(units.coefficients.data.subarray(j * k, (j + 1) * k), j * (k + 1));
    both[j * (k + 1) + k] = ofOne.data[j];
  }
  const sums = await dualRidgeletTransform(
    x,
    { ...units, coefficients: { data: both, shape: [m, k + 1] } },
    options,
  );
  const data = allocate(dtypeOf(sums), n * k, 'a reconstruction');
  for (let i = 0; i < n; i++) {
    for (let c = 0; c < k; c++) data[i * k + c] = sums.data[i * (k + 1) + c] / sums.data[i * (k + 1) + k];
  }
  return { data, shape: [n, k] };
}
