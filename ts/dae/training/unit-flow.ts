import { type ActivationName, activation } from '../../core/activation.js';
import {
  type DType,
  type NdArray,
  allocate,
  checkPoints,
  dtypeOf,
  storage,
  toDtype,
} from '../../core/array.js';
import { RidgeflowError, invalidArgument } from '../../core/errors.js';
import type { NdArrayLike } from '../../core/foreign.js';
import { type CallOptions, checkInteger, checkPositive, throwIfAborted } from '../../core/options.js';
import { RandomStream } from '../../core/random.js';
import type { FieldRequest, FieldValues, VelocityField } from '../../field/field.js';
import { Flow } from '../../flow/named/flow.js';
import { kernelsFor } from '../../kernel/backend.js';
import { asMatrix, checkFinite } from '../../kernel/checks.js';
import type { DenseLayer, NetworkProblem } from '../../kernel/contract/training.js';
import { shallowNetwork } from '../../network/shallow-network.js';
import { autoencoderLayers } from './initial.js';
import { type TrainingNoise, inputNoise } from './noise.js';
import { type TrainedDae, TwoLayerDae } from './trained-dae.js';
import { checkCall } from '../../core/call.js';
import { SIGNATURES } from '../signatures.js';
import { METHODS } from '../method-signatures.js';
import { METHODS as FIELD_METHODS } from '../../field/method-signatures.js';

/** Options of {@link unitFlow}. */
export interface UnitFlowOptions {
  noise: TrainingNoise;
  /** Default 'tanh'. */
  activation?: ActivationName;
  /** x ↦ x + mean of c η(a·x − b) in place of that mean. Default true. */
  residual?: boolean;
  /** How long the units are followed. Default 10. */
  to?: number;
  /** How often every point is seen, each time with noise of its own. Default 1. */
  copies?: number;
  /** Seed of the noise, which is the same at all times. Default 0. */
  seed?: number;
}

/** The units of a denoising autoencoder as particles (a, b, c) of ℝ^{2d+1}, and how training moves them. */
export interface UnitFlow extends Flow {
  /** Units to start from: a ~ N(0, I/s²) and b such that the unit's argument is 0 at a point, c ~ N(0, s²I), s the data's scale. */
  initial(width: number, options?: { seed?: number; dtype?: DType }): NdArray;
  /** E|g(x̃) − x|² of the autoencoder that these units are. Throws as the field. */
  loss(units: NdArrayLike, options?: CallOptions): Promise<number>;
  /** The autoencoder x ↦ [x +] (1/m) Σ c_j η(a_j·x − b_j). Throws INVALID_SHAPE, NON_FINITE. */
  dae(units: NdArrayLike): TrainedDae;
}

/**
 * The mean-field flow of training: with units θ_j = (a_j, b_j, c_j) as particles and g(x) = [x +] (1/m) Σ_j c_j η(a_j·x −
 * b_j), the Wasserstein gradient flow of the loss L = E|g(x̃) − x|² over the law of the units, dθ_j/dt = −m ∂L/∂θ_j: gradient
 * descent with ever smaller steps, at a speed that does not depend on the number of units. A flow as any other: `transport`,
 * `integrate` with its `field`, trajectories, action, stretch. The noise is drawn once, so that L never rises. All units are
 * one system: rows moved apart from the others move differently.
 *
 * @param points n × d.
 * @throws INVALID_ARGUMENT, INVALID_SHAPE, EMPTY_CLOUD, NON_FINITE.
 *
 * A velocity takes O(nmd) time. Source: S. Mei, A. Montanari, P.-M. Nguyen, PNAS 115 (2018); L. Chizat, F. Bach, NeurIPS
 * 2018.
 * @example const flow = unitFlow(points, { noise: 0.1 }); await flow.transport(flow.initial(64));
 */
export function unitFlow(points: NdArrayLike, options: UnitFlowOptions): UnitFlow {
  ({ points } = checkCall(SIGNATURES.unitFlow, { points, options }));
  const { n } = checkPoints(points, 'points');
  const { residual = true } = options;
  const name = activation(options.activation ?? 'tanh').name;
  if (name === 'step')
    throw invalidArgument('activation', 'a function whose derivative is not 0 everywhere', name);
  const to = checkPositive(options.to ?? 10, 'to');
  const copies = checkInteger(options.copies ?? 1, 'copies', 1, Math.floor((2 ** 31 - 1) / n));
  const bad = points.data.findIndex((value) => !Number.isFinite(value));
  if (bad >= 0)
    throw new RidgeflowError('NON_FINITE', 'Expected finite numbers in points', { details: { index: bad } });
  // The noise is checked now rather than in the midst of an integration.
  inputNoise(options.noise, points.shape[1], 1, 'float64');
  return new TrainingFlow(points, { ...options, activation: name, residual, to, copies });
}

type Settings = UnitFlowOptions &
  Required<Pick<UnitFlowOptions, 'activation' | 'residual' | 'to' | 'copies'>>;

class TrainingFlow extends Flow implements UnitFlow {
  readonly #points: NdArray;
  readonly #settings: Settings;

  constructor(points: NdArray, settings: Settings) {
    const descent = new UnitField(points, settings);
    super({ name: 'training of units', field: descent, from: 0, to: settings.to });
    this.#points = points;
    this.#settings = settings;
  }

  initial(width: number, options: { seed?: number; dtype?: DType } = {}): NdArray {
    checkCall(METHODS.UnitFlow.initial, { options });
    const { seed, dtype = dtypeOf(this.#points) } = options;
    const m = checkInteger(width, 'width', 1);
    const { data, shape } = this.#points;
    const [n, d] = shape;
    const scale = spread(this.#points) || 1;
    const size = 2 * d + 1;
    const units = allocate(dtype, m * size, 'units');
    new RandomStream(seed, 'initial').fillNormal(units);
    const choice = new RandomStream(seed, 'initial', 1);
    for (let j = 0; j < m; j++) {
      const row = Math.min(n - 1, Math.floor(choice.uniform(j) * n)) * d;
      let argument = 0;
      for (let k = 0; k < d; k++) {
        units[j * size + k] /= scale;
        units[j * size + d + 1 + k] *= scale;
        argument += units[j * size + k] * data[row + k];
      }
      units[j * size + d] = argument;
    }
    return { data: units, shape: [m, size] };
  }

  async loss(units: NdArrayLike, options: CallOptions = {}): Promise<number> {
    ({ units } = checkCall(METHODS.UnitFlow.loss, { units, options }));
    return (this.field as UnitField).loss(units, options);
  }

  dae(units: NdArrayLike): TrainedDae {
    ({ units } = checkCall(METHODS.UnitFlow.dae, { units }));
    const d = this.#points.shape[1];
    const { n: m } = checkPoints(units, 'units', { dimension: 2 * d + 1 });
    const dtype = dtypeOf(units);
    const [A, b, C] = [m * d, m, m * d].map((length) => allocate(dtype, length));
    for (let j = 0; j < m; j++) {
      const unit = units.data.subarray(j * (2 * d + 1), (j + 1) * (2 * d + 1));
      A.set(unit.subarray(0, d), j * d);
      b[j] = unit[d];
      for (let k = 0; k < d; k++) C[j * d + k] = unit[d + 1 + k] / m;
    }
    const { activation: name, residual } = this.#settings;
    const network = shallowNetwork({
      activation: name,
      A: { data: A, shape: [m, d] },
      b: { data: b, shape: [m] },
      C: { data: C, shape: [m, d] },
    });
    return new TwoLayerDae(network, { residual, history: [], reason: 'epochs' });
  }
}

/** −m ∂L/∂θ_j. */
class UnitField implements VelocityField {
  readonly dimension: number;
  readonly times = { from: -Infinity, to: Infinity };
  readonly differentiable = false;
  readonly #points: NdArray;
  readonly #settings: Settings;
  readonly #order: Int32Array;

  constructor(points: NdArray, settings: Settings) {
    const [n, d] = points.shape;
    this.dimension = 2 * d + 1;
    this.#points = points;
    this.#settings = settings;
    this.#order = Int32Array.from({ length: n * settings.copies }, (_, i) => i % n);
  }

  async evaluate(x: NdArray, t: number, want: FieldRequest, options: CallOptions = {}): Promise<FieldValues> {
    ({ x } = checkCall(FIELD_METHODS.VelocityField.evaluate, { x, t, want, options }));
    const { into } = want;
    const { kernels, problem, width: m, dtype } = await this.#problem(x, options);
    const gradient = allocate(dtype, problem.parameters.length, 'the gradient');
    await kernels.networkLoss({ ...problem, gradient }, { signal: options.signal });
    const d = this.#points.shape[1];
    const velocity = storage(into?.velocity, dtype, m * this.dimension, 'velocities');
    for (let j = 0; j < m; j++) {
      const at = j * this.dimension;
      for (let k = 0; k < d; k++) {
        velocity[at + k] = -m * gradient[j * d + k];
        // C is held divided by m.
        velocity[at + d + 1 + k] = -gradient[m * d + m + k * m + j];
      }
      velocity[at + d] = m * gradient[m * d + j];
    }
    return { velocity: { data: velocity, shape: [m, this.dimension] } };
  }

  async loss(units: NdArray, options: CallOptions): Promise<number> {
    const { kernels, problem } = await this.#problem(units, options);
    return kernels.networkLoss(problem, { signal: options.signal });
  }

  async #problem(units: NdArray, options: CallOptions) {
    const { n: m } = checkPoints(units, 'units', { dimension: this.dimension });
    const dtype = options.dtype ?? dtypeOf(units);
    const kernels = await kernelsFor(options, dtype);
    checkFinite(kernels, units, 'units');
    throwIfAborted(options.signal);
    const { residual, noise, seed, activation: name } = this.#settings;
    const d = this.#points.shape[1];
    const layers: DenseLayer[] = autoencoderLayers(d, m, activation(name).kernel, { tied: false, residual });
    const parameters = allocate(dtype, 2 * m * d + m + d, 'parameters');
    for (let j = 0; j < m; j++) {
      const unit = units.data.subarray(j * this.dimension, (j + 1) * this.dimension);
      parameters.set(unit.subarray(0, d), j * d);
      parameters[m * d + j] = -unit[d];
      for (let k = 0; k < d; k++) parameters[m * d + m + k * m + j] = unit[d + 1 + k] / m;
    }
    const problem: NetworkProblem = {
      layers,
      parameters,
      points: asMatrix(toDtype(this.#points, dtype)),
      order: this.#order,
      noise: { model: inputNoise(noise, d, 1, dtype), stream: new RandomStream(seed, 'noise') },
    };
    return { kernels, problem, width: m, dtype };
  }
}

/** Root mean square distance of a coordinate from its mean. */
function spread({ data, shape }: NdArray): number {
  const [n, d] = shape;
  const mean = new Float64Array(d);
  for (let at = 0; at < data.length; at++) mean[at % d] += data[at] / n;
  let squares = 0;
  for (let at = 0; at < data.length; at++) squares += (data[at] - mean[at % d]) ** 2;
  return Math.sqrt(squares / (n * d));
}
