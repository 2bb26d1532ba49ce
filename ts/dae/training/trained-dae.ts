import { type FloatData, type NdArray, allocate, dtypeOf } from '../../core/array.js';
import type { NdArrayLike } from '../../core/foreign.js';
import type { CallOptions } from '../../core/options.js';
import { type ShallowNetwork, shallowNetwork } from '../../network/shallow-network.js';
import { type Batch, BatchMap, toBatch } from '../transport-map.js';
import type { TransportMap } from '../transport-map.js';
import type { ActivationName } from '../../core/activation.js';
import { checkCall } from '../../core/call.js';
import { METHODS } from '../method-signatures.js';

/** What may end the training of an autoencoder. */
export const REASONS = ['epochs', 'early stopping', 'ridge regression'] as const;

/** The loss of one epoch. */
export interface EpochLoss {
  /** From 1. */
  readonly epoch: number;
  /** Mean of |g(x̃) − x|² over the points of the epoch, each before the step of its batch. */
  readonly training: number;
  /** The same over the points held out, after the epoch; absent where none are. */
  readonly heldOut?: number;
}

/** A denoising autoencoder that was trained: x ↦ [x +] C η(Ax − b) + c. */
export interface TrainedDae extends TransportMap {
  /** C η(Ax − b) + c. */
  readonly network: ShallowNetwork;
  /** Whether x is added to it. */
  readonly residual: boolean;
  readonly history: readonly EpochLoss[];
  /** Why training ended, or that there was none. */
  readonly reason: (typeof REASONS)[number];
  /** Of one that `fitDae` made: how its output layer was found. */
  readonly regression?: {
    /** Penalty on the size of C, relative to the mean variance of the hidden units. */
    readonly ridge: number;
    /** How often every point was seen, each time with noise of its own. */
    readonly copies: number;
  };

  /** The trace of the Jacobian at the rows of `x`, n values. */
  divergence(x: NdArrayLike, options?: CallOptions): Promise<FloatData>;
}

/** @internal */
export class TwoLayerDae extends BatchMap implements TrainedDae {
  readonly network: ShallowNetwork;
  readonly residual: boolean;
  readonly history: readonly EpochLoss[];
  readonly reason: TrainedDae['reason'];
  readonly regression: TrainedDae['regression'];
  protected override readonly rows = 'own';

  constructor(
    network: ShallowNetwork,
    facts: Pick<TrainedDae, 'residual' | 'history' | 'reason' | 'regression'>,
  ) {
    super(network.inputs);
    this.network = network;
    this.residual = facts.residual;
    this.history = facts.history;
    this.reason = facts.reason;
    this.regression = facts.regression;
  }

  async divergence(x: NdArrayLike, options: CallOptions = {}): Promise<FloatData> {
    ({ x } = checkCall(METHODS.TrainedDae.divergence, { x, options }));
    const batch = await toBatch(x, this.dimension, options, this.rows);
    if (batch.x.shape[0] === 0) return batch.x.data.slice();
    const values = await this.network.divergence(batch.x, onKernels(batch));
    if (this.residual) for (let i = 0; i < values.length; i++) values[i] += this.dimension;
    return values;
  }

  protected async move(batch: Batch): Promise<FloatData> {
    const { data } = await this.network.evaluate(batch.x, onKernels(batch));
    return this.residual ? sum(batch.kernels, data, batch.x.data) : data;
  }

  protected async push(batch: Batch, v: NdArray): Promise<FloatData> {
    const { data } = await this.network.jacobianVector(batch.x, v, onKernels(batch));
    return this.residual ? sum(batch.kernels, data, v.data) : data;
  }
}

/** The options of a batch for calls within: over ranks those of its own rows go to the kernels of one process. */
function onKernels({ kernels, options }: Batch): CallOptions {
  return { ...options, backend: kernels.name };
}

function sum(kernels: Batch['kernels'], out: FloatData, other: FloatData): FloatData {
  kernels.linearCombination(out, [
    { coefficient: 1, array: out },
    { coefficient: 1, array: other },
  ]);
  return out;
}

/**
 * The network of parameters [W, β, V, γ] (V absent: tied, V = Wᵀ) that were fitted to (x − centre)/scale, as a network of
 * the points themselves.
 */
export function networkOf(
  parameters: FloatData,
  {
    activation,
    width,
    centre,
    scale,
    tied,
    residual,
  }: {
    activation: ActivationName;
    width: number;
    centre: Float64Array;
    scale: number;
    tied: boolean;
    residual: boolean;
  },
): ShallowNetwork {
  const d = centre.length;
  const dtype = dtypeOf({ data: parameters });
  const [A, b, C, c] = [width * d, width, width * d, d].map((length) => allocate(dtype, length));
  const out = tied ? 0 : width * d + width;
  const offset = tied ? width * d + width : 2 * width * d + width;
  for (let j = 0; j < width; j++) {
    let shift = 0;
    for (let k = 0; k < d; k++) {
      const weight = parameters[j * d + k];
      A[j * d + k] = weight / scale;
      shift += (weight * centre[k]) / scale;
      // V is d × m where it has a place of its own, and the transpose of W else.
      C[j * d + k] = scale * (tied ? weight : parameters[out + k * width + j]);
    }
    b[j] = shift - parameters[width * d + j];
  }
  for (let k = 0; k < d; k++) c[k] = scale * parameters[offset + k] + (residual ? 0 : centre[k]);
  return shallowNetwork({
    activation,
    A: { data: A, shape: [width, d] },
    b: { data: b, shape: [width] },
    C: { data: C, shape: [width, d] },
    bias: { data: c, shape: [d] },
  });
}
