import { type ActivationName, activation } from '../core/activation.js';
import { type FloatData, type NdArray, checkPoints, dtypeOf, toDtype } from '../core/array.js';
import { RidgeflowError, invalidArgument } from '../core/errors.js';
import type { NdArrayLike } from '../core/foreign.js';
import { checkInteger, checkPositive, partOf, tell } from '../core/options.js';
import { kernelsFor } from '../kernel/backend.js';
import { asMatrix } from '../kernel/checks.js';
import { type RegressionProblem, normalEquations } from './normal-equations.js';
import {
  type IterationReport,
  type OutputLayer,
  solveByConjugateGradients,
  solveNormalEquations,
} from './ridge-regression.js';
import { type FitError, fitError } from './fit-error.js';
import { oracleUnits } from './oracle-units.js';
import { type ShallowNetwork, shallowNetwork } from './shallow-network.js';
import { type NetworkTarget, type SplitOptions, splitTarget } from './target.js';
import { type RandomUnitOptions, type Units, pairUnits, randomUnits } from './units.js';
import { checkCall } from '../core/call.js';
import { SIGNATURES } from './signatures.js';

/** Options of {@link fitNetwork}. */
export interface FitNetworkOptions extends SplitOptions {
  /** m, the number of units. Ignored where `units` are given. */
  width?: number;
  /** Default 'tanh'. */
  activation?: ActivationName;
  /**
   * Hidden units: `random` (default) by {@link randomUnits}, `pairs` by {@link pairUnits} (good in many dimensions),
   * `oracle` by {@link oracleUnits} from the ridgelet spectrum of the points that are fitted (good in few), or given.
   */
  units?: 'random' | 'pairs' | 'oracle' | Units;
  /** Of units that are drawn: see {@link randomUnits}. */
  scale?: RandomUnitOptions['scale'];
  /**
   * Penalty on the size of C, relative to the mean variance of the features; of several the one whose error on the points
   * held out is least. Default: 1e-9, 1e-7, 1e-5 and 1e-3, or 1e-6 by conjugate gradients.
   */
  ridge?: number | readonly number[];
  /** Default: 'cholesky' up to a width of 4096, else 'conjugate-gradients'. */
  solver?: 'cholesky' | 'conjugate-gradients';
  /** Of conjugate gradients: relative size of the residual to stop at. Default 1e-5. */
  tolerance?: number;
  /** Of conjugate gradients. Default 200. */
  maximumIterations?: number;
}

/** What {@link fitNetwork} returns. */
export interface NetworkFit {
  network: ShallowNetwork;
  /** Points that were fitted, and those that were held out, with the errors there. */
  training: FitError & { points: number };
  heldOut?: FitError & { points: number };
  ridge: number;
  /** Of conjugate gradients. */
  iterations?: IterationReport;
}

/**
 * A shallow network without gradient descent: hidden units are drawn, and the output layer is found by ridge regression,
 * in float64 where the backend has it.
 *
 * Time O(nm(d + m)) and O(m³) by Cholesky's factorisation, whose memory is O(m²) and a tile of the features; O(nm(d + k))
 * for each iteration of conjugate gradients, whose memory is O((n + m)(d + k)). The n × m features are never held.
 *
 * @throws INVALID_ARGUMENT, INVALID_SHAPE, EMPTY_CLOUD (fewer than 2 points to fit), NON_FINITE, DEGENERATE_CLOUD,
 *   OUT_OF_MEMORY, ABORTED.
 *
 * Source: A. Rahimi, B. Recht, Weighted sums of random kitchen sinks, NeurIPS 2008; S. Sonoda, N. Murata, Neural network
 * with unbounded activation functions is universal approximator, Appl. Comput. Harmon. Anal. 43 (2017) 233.
 */
export async function fitNetwork(
  target: NetworkTarget<NdArrayLike>,
  options: FitNetworkOptions = {},
): Promise<NetworkFit> {
  const own = checkCall(SIGNATURES.fitNetwork, { target, options });
  const { activation: name = 'tanh', tolerance = 1e-5, maximumIterations = 200 } = options;
  const eta = activation(name);
  checkPositive(tolerance, 'tolerance');
  checkInteger(maximumIterations, 'maximumIterations', 1);
  const { training, heldOut } = await splitTarget(own.target, own.options);
  const units = await unitsFor(training, options);
  const m = units.a.shape[0];
  const solver = options.solver ?? (m <= 4096 ? 'cholesky' : 'conjugate-gradients');
  if (solver !== 'cholesky' && solver !== 'conjugate-gradients')
    throw invalidArgument('solver', '"cholesky" or "conjugate-gradients"', solver);
  const ridges = checkRidges(options.ridge ?? (solver === 'cholesky' ? [1e-9, 1e-7, 1e-5, 1e-3] : 1e-6));
  const kernels = await kernelsFor(options);
  const dtype = kernels.dtypes.includes('float64') ? 'float64' : 'float32';
  const problem: RegressionProblem = {
    kernels,
    activation: eta,
    units: { a: toDtype(units.a, dtype), b: toDtype(units.b, dtype) },
    points: asMatrix(toDtype(training.points, dtype)),
    values: asMatrix(toDtype(training.values, dtype)),
  };
  const part = partOf(options, 0, 0.8);
  const equations = solver === 'cholesky' ? await normalEquations(problem, part) : undefined;
  const solve = (ridge: number): Promise<OutputLayer & Partial<IterationReport>> =>
    equations
      ? solveNormalEquations(kernels, equations, ridge, options)
      : solveByConjugateGradients(problem, { ridge, tolerance, maximumIterations }, part);

  const out = options.dtype ?? dtypeOf(training.points);
  const { signal, backend } = options;
  let best: NetworkFit | undefined;
  for (const ridge of ridges) {
    const layer = await solve(ridge);
    const network = networkOfUnits(name, units, layer, training.values.shape[1], out);
    const judge = heldOut ?? training;
    const error = await fitError(network, judge, { signal, backend });
    const before = best && (best.heldOut ?? best.training).rms;
    if (before !== undefined && error.rms >= before) continue;
    const { iterations, residual } = layer;
    best = {
      network,
      training: { ...error, points: training.points.shape[0] },
      ...(heldOut && { heldOut: { ...error, points: heldOut.points.shape[0] } }),
      ridge: layer.ridge,
      ...(iterations !== undefined && { iterations: { iterations, residual: residual! } }),
    };
  }
  if (heldOut) {
    const error = await fitError(best!.network, training, { signal, backend });
    best!.training = { ...error, points: training.points.shape[0] };
  }
  await tell(options.onProgress, 1);
  return best!;
}

/** The units that the options ask for, checked. */
export async function unitsFor(
  { points, values }: { points: NdArray; values: NdArray },
  options: Pick<
    FitNetworkOptions,
    'units' | 'width' | 'scale' | 'seed' | 'activation' | 'signal' | 'backend'
  >,
): Promise<Units> {
  const { units: given = 'random', scale, seed, activation, signal, backend } = options;
  const width = options.width ?? (typeof given === 'object' ? given?.a?.shape?.[0] : undefined);
  if (width === undefined) throw invalidArgument('width', 'a whole number of at least 1', width);
  checkInteger(width, 'width', 1);
  if (given === 'random') return randomUnits(points, { width, scale, seed });
  if (given === 'pairs') return pairUnits(points, { width, scale, seed });
  if (given === 'oracle')
    return oracleUnits(points, values, { width, activation, scale, seed, signal, backend });
  if (typeof given !== 'object' || given === null)
    throw invalidArgument('units', '"random", "pairs", "oracle" or units { a, b }', given);
  checkPoints(given.a, 'units.a', { dimension: points.shape[1], minimum: width });
  const m = given.a.shape[0];
  if (given.b?.data?.length === m) return given;
  throw new RidgeflowError(
    'INVALID_SHAPE',
    `Expected ${m} values for units.b but received ${given.b?.data?.length}`,
    {
      details: { parameter: 'units.b' },
    },
  );
}

/** The network of these units and this output layer, in one element type. */
export function networkOfUnits(
  name: ActivationName,
  { a, b }: Units,
  { C, bias }: OutputLayer,
  k: number,
  dtype: 'float32' | 'float64',
): ShallowNetwork {
  const narrow = (data: Float64Array): FloatData => (dtype === 'float64' ? data : Float32Array.from(data));
  return shallowNetwork({
    activation: name,
    A: toDtype(a, dtype),
    b: toDtype(b, dtype),
    C: { data: narrow(C), shape: [b.data.length, k] },
    bias: { data: narrow(bias), shape: [k] },
  });
}

/** The penalties as a list. Throws INVALID_ARGUMENT. */
export function checkRidges(ridge: number | readonly number[]): readonly number[] {
  const list = typeof ridge === 'number' ? [ridge] : ridge;
  const good = (value: number) => typeof value === 'number' && Number.isFinite(value) && value >= 0;
  if (Array.isArray(list) && list.length > 0 && list.every(good)) return list as readonly number[];
  throw invalidArgument('ridge', 'a finite number of at least 0, or a list of them', ridge);
}
