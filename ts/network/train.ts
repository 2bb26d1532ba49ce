import type { ActivationName } from '../core/activation.js';
import { activation } from '../core/activation.js';
import { type FloatData, type NdArray, dtypeOf, toDtype } from '../core/array.js';
import { RidgeflowError } from '../core/errors.js';
import type { NdArrayLike } from '../core/foreign.js';
import { type CallOptions, checkInteger, checkPositive, checkSeed } from '../core/options.js';
import { Pace } from '../core/pace.js';
import { RandomStream } from '../core/random.js';
import { kernelsFor } from '../kernel/backend.js';
import type { Kernels, Matrix } from '../kernel/contract.js';
import type { Optimiser } from '../kernel/contract/training.js';
import { type OptimiserOptions, checkOptimiser } from '../kernel/optimiser.js';
import { type FitError, fitError } from './fit-error.js';
import { type FitNetworkOptions, unitsFor } from './fit.js';
import { featureTile } from './normal-equations.js';
import { type ShallowNetwork, shallowNetwork } from './shallow-network.js';
import { applySlopes } from './slopes.js';
import { type NetworkTarget, type SplitOptions, splitTarget } from './target.js';
import { checkCall } from '../core/call.js';
import { SIGNATURES } from './signatures.js';

/** Options of {@link trainNetwork}. */
export interface TrainNetworkOptions
  extends SplitOptions, Pick<FitNetworkOptions, 'width' | 'units' | 'scale'> {
  /** Default 'tanh'. */
  activation?: ActivationName;
  /** Steps of gradient descent, each on all points. Default 2000. */
  steps?: number;
  /**
   * Its rate falls to a hundredth of itself over the run along a cosine. Default: Adam with rate 0.02, β₁ = 0.9, β₂ = 0.999,
   * ε = 1e-8.
   */
  optimiser?: OptimiserOptions;
  /** λ ≥ 0 of λ|C|² in the loss, over the variance of the values. Default 1e-6. */
  weightDecay?: number;
}

/** What {@link trainNetwork} returns. */
export interface TrainedNetwork {
  network: ShallowNetwork;
  training: FitError & { points: number };
  heldOut?: FitError & { points: number };
  /** Mean squared error before each step. */
  losses: Float64Array;
}

/** Features held at once. */
const TILE = 1 << 20;

/**
 * The same shallow network by gradient descent on all its parameters: on the mean squared error over all points, from random
 * units and small outputs, the values measured in their own deviation. What networks that were fitted, and the ridgelet spectrum, are compared with.
 *
 * @throws As fitNetwork; NON_FINITE where the descent diverges, with the step. O(nm(d + k)) time per step.
 *
 * Source: D. P. Kingma, J. Ba, Adam: a method for stochastic optimization, ICLR 2015.
 */
export async function trainNetwork(
  target: NetworkTarget<NdArrayLike>,
  options: TrainNetworkOptions = {},
): Promise<TrainedNetwork> {
  const own = checkCall(SIGNATURES.trainNetwork, { target, options });
  const { activation: name = 'tanh', steps = 2000, weightDecay = 1e-6 } = options;
  const eta = activation(name);
  checkInteger(steps, 'steps', 1);
  const optimiser = checkOptimiser(options.optimiser, 0.02);
  if (weightDecay !== 0) checkPositive(weightDecay, 'weightDecay');
  const { training, heldOut } = await splitTarget(own.target, own.options);
  const dtype = options.dtype ?? dtypeOf(training.points);
  const kernels = await kernelsFor(options, dtype);
  const points = toDtype(training.points, dtype);
  const values = toDtype(training.values, dtype);
  const units = await unitsFor(training, options);
  const [[n, d], [, k], m] = [points.shape, values.shape, units.b.data.length];
  const { means, deviation } = momentsOf(values);
  // A, b, C and bias, one behind the other.
  const sizes = [m * d, m, m * k, k];
  const starts = [0, m * d, m * d + m, m * d + m + m * k];
  const parameters = new Float64Array(starts[3] + k);
  parameters.set(units.a.data, starts[0]);
  parameters.set(units.b.data, starts[1]);
  new RandomStream(checkSeed(options.seed), 'noise').fillNormal(parameters.subarray(starts[2], starts[3]));
  for (let i = starts[2]; i < starts[3]; i++) parameters[i] *= deviation / Math.sqrt(m);
  parameters.set(means, starts[3]);

  const [first, second] = [new Float64Array(parameters.length), new Float64Array(parameters.length)];
  const losses = new Float64Array(steps);
  const part = (which: number): FloatData => {
    const slice = parameters.slice(starts[which], starts[which] + sizes[which]);
    return dtype === 'float64' ? slice : Float32Array.from(slice);
  };
  const pace = new Pace(options, steps);
  for (let step = 0; step < steps; step++) {
    const layer = {
      kernels,
      activation: eta,
      units: { a: { data: part(0), shape: [m, d] }, b: { data: part(1), shape: [m] } },
      C: { data: part(2), rows: m, columns: k },
      bias: part(3),
    };
    const { loss, gradient } = await lossAndGradient(layer, points, values, options);
    losses[step] = loss / n;
    if (!Number.isFinite(loss)) {
      throw new RidgeflowError(
        'NON_FINITE',
        `Gradient descent diverged at step ${step + 1} of ${steps}: lower optimiser.rate, which was ${optimiser.rate}`,
        { details: { step, rate: optimiser.rate } },
      );
    }
    for (let i = starts[2]; i < starts[3]; i++) gradient[i] += 2 * weightDecay * n * parameters[i];
    const decay = 0.505 + 0.495 * Math.cos((Math.PI * step) / steps);
    for (let i = 0; i < gradient.length; i++) gradient[i] /= n * deviation;
    follow({ ...optimiser, rate: decay * optimiser.rate }, step, { parameters, gradient, first, second });
    await pace.tick(1);
  }
  await pace.finish();
  const network = shallowNetwork({
    activation: name,
    A: { data: part(0), shape: [m, d] },
    b: { data: part(1), shape: [m] },
    C: { data: part(2), shape: [m, k] },
    bias: { data: part(3), shape: [k] },
  });
  const call: CallOptions = { signal: options.signal, backend: options.backend };
  const judged = async (pair: { points: NdArray; values: NdArray }) => ({
    ...(await fitError(network, pair, call)),
    points: pair.points.shape[0],
  });
  return {
    network,
    training: await judged(training),
    ...(heldOut && { heldOut: await judged(heldOut) }),
    losses,
  };
}

/** The parameters and what an optimiser keeps of each: means of its slopes and of their squares, or velocities in `first`. */
interface Descent {
  parameters: Float64Array;
  gradient: Float64Array;
  first: Float64Array;
  second: Float64Array;
}

/** A step of the optimiser, the first being 0; all in place. */
function follow(optimiser: Optimiser, step: number, { parameters, gradient, first, second }: Descent): void {
  const { rate } = optimiser;
  if (optimiser.kind === 'sgd') {
    for (let i = 0; i < parameters.length; i++) {
      first[i] = optimiser.momentum * first[i] + gradient[i];
      parameters[i] -= rate * first[i];
    }
    return;
  }
  const { beta1, beta2, epsilon } = optimiser;
  const [correct1, correct2] = [1 - beta1 ** (step + 1), 1 - beta2 ** (step + 1)];
  for (let i = 0; i < parameters.length; i++) {
    first[i] = beta1 * first[i] + (1 - beta1) * gradient[i];
    second[i] = beta2 * second[i] + (1 - beta2) * gradient[i] * gradient[i];
    parameters[i] -= (rate * (first[i] / correct1)) / (Math.sqrt(second[i] / correct2) + epsilon);
  }
}

/** Means of the columns, and the root mean square distance from them (1 where that is 0). */
function momentsOf({ data, shape: [n, k] }: NdArray): { means: Float64Array; deviation: number } {
  const means = new Float64Array(k);
  for (let i = 0; i < data.length; i++) means[i % k] += data[i] / n;
  let square = 0;
  for (let i = 0; i < data.length; i++) square += (data[i] - means[i % k]) ** 2 / n;
  return { means, deviation: Math.sqrt(square) || 1 };
}

/** Σ_i |f(x_i) − y_i|², and its gradient in A, b, C and bias, one behind the other, in float64 over tiles of points. */
async function lossAndGradient(
  layer: {
    kernels: Kernels;
    activation: ReturnType<typeof activation>;
    units: { a: NdArray; b: NdArray };
    C: Matrix;
    bias: FloatData;
  },
  { data: x, shape: [n, d] }: NdArray,
  { data: y, shape: [, k] }: NdArray,
  { signal }: CallOptions,
): Promise<{ loss: number; gradient: Float64Array }> {
  const { kernels, units, C, bias } = layer;
  const m = C.rows;
  const gradient = new Float64Array(m * d + m + m * k + k);
  const [forA, forB, forC, forBias] = [
    gradient.subarray(0, m * d),
    gradient.subarray(m * d, m * (d + 1)),
    gradient.subarray(m * (d + 1), m * (d + 1 + k)),
    gradient.subarray(m * (d + 1 + k)),
  ];
  const minusB = units.b.data.map((value) => -value);
  const centres = { data: units.a.data, rows: m, columns: d };
  let loss = 0;
  const step = Math.max(16, Math.floor(TILE / m));
  for (let start = 0; start < n; start += step) {
    const rows = Math.min(step, n - start);
    const tile = { data: x.subarray(start * d, (start + rows) * d), rows, columns: d };
    const features = await featureTile({ ...layer, points: tile }, 0, rows, signal);
    const errors = await kernels.matmul({ a: features, b: C }, { signal });
    for (let i = 0; i < errors.length; i++) {
      const error = errors[i] + bias[i % k] - y[start * k + i];
      loss += error * error;
      errors[i] = 2 * error;
      forBias[i % k] += 2 * error;
    }
    const E = { data: errors, rows, columns: k };
    add(forC, await kernels.matmul({ a: features, b: E, transposeA: true }, { signal }));
    const slopes = {
      ...features,
      data: await kernels.matmul({ a: tile, b: centres, transposeB: true }, { signal }),
    };
    await applySlopes(kernels, slopes, { function: layer.activation, minusB }, { signal });
    const back = await kernels.matmul({ a: E, b: C, transposeB: true }, { signal });
    for (let i = 0; i < back.length; i++) {
      slopes.data[i] *= back[i];
      forB[i % m] -= slopes.data[i];
    }
    add(forA, await kernels.matmul({ a: slopes, b: tile, transposeA: true }, { signal }));
  }
  return { loss, gradient };
}

function add(sum: Float64Array, part: FloatData): void {
  for (let i = 0; i < sum.length; i++) sum[i] += part[i];
}
