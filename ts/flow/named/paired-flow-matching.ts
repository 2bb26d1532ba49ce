import { type DType, type NdArray, allocate, checkPoints, dtypeOf } from '../../core/array.js';
import { RidgeflowError } from '../../core/errors.js';
import type { NdArrayLike } from '../../core/foreign.js';
import { type CallOptions, checkPositive } from '../../core/options.js';
import { RandomStream } from '../../core/random.js';
import { takeRows } from '../../core/rows.js';
import { ALWAYS, checkTime, checkVectors, prepare } from '../../field/domain.js';
import type { FieldRequest, FieldValues, VelocityField } from '../../field/field.js';
import { checkFiniteValues } from '../../measure/arguments.js';
import { smoothed } from '../../measure/smoothed.js';
import { Flow } from './flow.js';
import { KernelRegression } from './kernel-regression.js';
import { checkCall } from '../../core/call.js';
import { SIGNATURES } from '../signatures.js';
import { METHODS } from '../../field/method-signatures.js';

/** Parameters of {@link pairedFlowMatching}. */
export interface PairedFlowMatchingParameters {
  /** n × d: where the pairs start. */
  from: NdArrayLike;
  /** n × d: where they end; row i belongs to row i of `from`. */
  to: NdArrayLike;
  /** σ² > 0, the variance of the Gaussian about each path. */
  variance: number;
}

/**
 * Flow matching between two clouds whose points are paired by row, in closed form. Along the paths of the pairs with noise,
 * N((1 − t)x₀ⁱ + t x₁ⁱ, σ²I), 0 ≤ t ≤ 1, the velocity is the mean of x₁ⁱ − x₀ⁱ under the weights
 * exp(−|x − (1 − t)x₀ⁱ − t x₁ⁱ|²/2σ²). It carries the first cloud, smoothed by σ², to the second, smoothed likewise; the law
 * between them is the cloud of the points on the way, smoothed.
 *
 * How the points are paired is the coupling: rows in any order that has nothing to do with each other (see
 * {@link shufflePairs}) are the independent one, those of an optimal assignment give nearly straight paths.
 *
 * @throws EMPTY_CLOUD, INVALID_SHAPE (clouds of different shape), NON_FINITE, INVALID_ARGUMENT.
 *
 * An evaluation at m points takes O(mnd) time, by the score kernel in 2d + 1 dimensions; memory is linear. Source: A. Tong
 * et al., Improving and generalizing flow-based generative models with minibatch optimal transport, TMLR 2024.
 */
export function pairedFlowMatching(parameters: PairedFlowMatchingParameters): Flow {
  const { from, to, variance } = checkCall(SIGNATURES.pairedFlowMatching, { parameters }).parameters;
  checkPair(from, to);
  checkPositive(variance, 'variance');
  const field = new PairVelocity(from, to, variance);
  return new Flow({
    name: 'flow matching of pairs',
    field,
    from: 0,
    to: 1,
    law: (t) => smoothed({ points: field.pointsAt(t), variance }),
  });
}

/**
 * The rows of a cloud in random order, by the option `seed`: paired with another cloud by row, the independent coupling.
 * O(nd) time.
 */
export function shufflePairs(points: NdArrayLike, options: Pick<CallOptions, 'seed'> = {}): NdArray {
  ({ points } = checkCall(SIGNATURES.shufflePairs, { points, options }));
  const { seed } = options;
  const { n } = checkPoints(points, 'points');
  return takeRows(points, new RandomStream(seed, 'shuffle').choose(n, n), 'shuffled points');
}

function checkPair(from: NdArray, to: NdArray): void {
  const { n, d } = checkPoints(from, 'from');
  checkPoints(to, 'to', { dimension: d });
  if (to.shape[0] !== n) {
    throw new RidgeflowError(
      'INVALID_SHAPE',
      `Expected as many points in to as in from, ${n}, one for each, but received ${to.shape[0]}`,
      { details: { parameter: 'to' } },
    );
  }
  checkFiniteValues(from, 'from');
  checkFiniteValues(to, 'to');
}

/** Mean of x₁ⁱ − x₀ⁱ over the pairs whose paths are near. Its divergence is tr Cov(x₁ − x₀, x_t)/σ². */
class PairVelocity implements VelocityField {
  readonly differentiable = true;
  readonly times = ALWAYS;
  readonly dimension: number;
  readonly #from: NdArray;
  readonly #to: NdArray;
  readonly #variance: number;

  constructor(from: NdArray, to: NdArray, variance: number) {
    this.dimension = from.shape[1];
    this.#from = from;
    this.#to = to;
    this.#variance = variance;
  }

  /** (1 − t)x₀ⁱ + t x₁ⁱ. */
  pointsAt(t: number, dtype: DType = dtypeOf(this.#from)): NdArray {
    const [from, to] = [this.#from, this.#to];
    const data = allocate(dtype, from.data.length, 'points of pairs');
    for (let i = 0; i < data.length; i++) data[i] = (1 - t) * from.data[i] + t * to.data[i];
    return { data, shape: from.shape };
  }

  async evaluate(
    x: NdArrayLike,
    t: number,
    want: FieldRequest,
    options: CallOptions = {},
  ): Promise<FieldValues> {
    ({ x } = checkCall(METHODS.VelocityField.evaluate, { x, t, want, options }));
    checkTime(t, this.times);
    const { points, dtype } = await prepare(x, this.dimension, options);
    const regression = this.#regression(t, dtype, want.divergence);
    const { values, crossTrace } = await regression.evaluate(points, options);
    if (!crossTrace) return { velocity: values };
    const divergence = allocate(dtype, crossTrace.length, 'divergences');
    crossTrace.forEach((trace, i) => (divergence[i] = trace / this.#variance));
    return { velocity: values, divergence };
  }

  async jacobianVector(
    x: NdArrayLike,
    t: number,
    u: NdArrayLike,
    options: CallOptions = {},
  ): Promise<NdArray> {
    ({ x, u } = checkCall(METHODS.VelocityField.jacobianVector, { x, t, u, options }));
    checkTime(t, this.times);
    const { kernels, points, dtype } = await prepare(x, this.dimension, options);
    const vectors = checkVectors(kernels, u, points);
    return (await this.#regression(t, dtype).derivative(points, vectors, options)).values;
  }

  #regression(t: number, dtype: DType, traces = false): KernelRegression {
    const [from, to] = [this.#from, this.#to];
    const data = allocate(dtype, from.data.length, 'differences of pairs');
    for (let i = 0; i < data.length; i++) data[i] = to.data[i] - from.data[i];
    const differences = { data, shape: from.shape };
    return new KernelRegression(this.pointsAt(t, dtype), differences, { variance: this.#variance, traces });
  }
}
