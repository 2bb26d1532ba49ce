import { type FloatData, type NdArray, checkPoints } from '../../core/array.js';
import type { NdArrayLike } from '../../core/foreign.js';
import { type CallOptions, checkInteger, tell } from '../../core/options.js';
import { runsOverRanks } from '../../kernel/backend.js';
import type { Kernels } from '../../kernel/contract.js';
import { hiddenDerivatives, hiddenUnits, outputsOf } from '../../network/hidden-layer.js';
import { type Batch, BatchMap, type TransportMap, toBatch } from '../transport-map.js';
import type { ShallowNetwork } from '../../network/shallow-network.js';
import type { TrainedDae } from './trained-dae.js';
import { checkCall } from '../../core/call.js';
import { METHODS } from '../method-signatures.js';

/**
 * A stack of denoising autoencoders g_l = ψ_l ∘ φ_l, with the encoder φ_l(h) = η(A_l h − b_l) and the decoder
 * ψ_l(h) = C_l h + c_l, each trained on the features that φ_{l−1} ∘ … ∘ φ_0 makes. Ψ_l = ψ_0 ∘ … ∘ ψ_{l−1} brings features
 * of layer l back to data space; since Ψ_{l+1} ∘ φ_l = Ψ_l ∘ g_l, every further layer moves the decoded points as g_l,
 * in other coordinates, does. As a map it is the decoded stack Ψ_L ∘ φ_{L−1} ∘ … ∘ φ_0.
 */
export interface StackedDae extends TransportMap {
  /** g_l, each of the features of layer l. */
  readonly layers: readonly TrainedDae[];

  /** The features of layer `layer`, 0 (the points) to the number of layers (the default), n × width. Throws as `apply`. */
  encode(x: NdArrayLike, options?: CallOptions & { layer?: number }): Promise<NdArray>;

  /** Ψ_layer of features of layer `layer` (default: the last), n × d. Throws as `apply`. */
  decode(features: NdArrayLike, options?: CallOptions & { layer?: number }): Promise<NdArray>;

  /** The decoded features of every layer, layers + 1 arrays of n × d: the points, then where each layer brings them. */
  trajectory(x: NdArrayLike, options?: CallOptions): Promise<NdArray[]>;
}

/** @internal */
export class EncoderStack extends BatchMap implements StackedDae {
  readonly layers: readonly TrainedDae[];
  protected override readonly rows = 'own';

  constructor(layers: readonly TrainedDae[]) {
    super(layers[0].dimension);
    this.layers = layers;
  }

  async encode(x: NdArrayLike, options: CallOptions & { layer?: number } = {}): Promise<NdArray> {
    ({ x } = checkCall(METHODS.StackedDae.encode, { x, options }));
    const { layer, ...call } = options;
    const depth = this.#depth(layer);
    const batch = await toBatch(x, this.dimension, call, this.rows);
    let features = batch.x;
    for (const { network } of this.layers.slice(0, depth))
      features = await this.#encoded(batch.kernels, network, features, batch.options);
    return features;
  }

  async decode(features: NdArrayLike, options: CallOptions & { layer?: number } = {}): Promise<NdArray> {
    ({ features } = checkCall(METHODS.StackedDae.decode, { features, options }));
    const { layer, ...call } = options;
    const depth = this.#depth(layer);
    const width = depth === 0 ? this.dimension : this.layers[depth - 1].network.width;
    const minimum = (await runsOverRanks(call)) ? 0 : 1;
    checkPoints(features, 'features', { dimension: width, minimum });
    const batch = await toBatch(features, width, call, this.rows);
    return this.#decoded(batch.kernels, batch.x, depth, batch.options);
  }

  async trajectory(x: NdArrayLike, options: CallOptions = {}): Promise<NdArray[]> {
    ({ x } = checkCall(METHODS.StackedDae.trajectory, { x, options }));
    const batch = await toBatch(x, this.dimension, options, this.rows);
    let features = batch.x;
    const states = [batch.x];
    for (const [l, { network }] of this.layers.entries()) {
      features = await this.#encoded(batch.kernels, network, features, batch.options);
      states.push(await this.#decoded(batch.kernels, features, l + 1, batch.options));
      await tell(options.onProgress, (l + 1) / this.layers.length);
    }
    return states;
  }

  protected async move({ x, kernels, options }: Batch): Promise<FloatData> {
    let features = x;
    for (const { network } of this.layers) features = await hiddenUnits(kernels, network, features, options);
    const { data } = await this.#decoded(kernels, features, this.layers.length, options);
    return data;
  }

  protected async push({ x, kernels, options }: Batch, v: NdArray): Promise<FloatData> {
    let [features, vectors] = [x, v];
    for (const { network } of this.layers) {
      vectors = await hiddenDerivatives(kernels, network, features, vectors, options);
      features = await hiddenUnits(kernels, network, features, options);
    }
    const linear = { ...options, linear: true };
    const { data } = await this.#decoded(kernels, vectors, this.layers.length, linear);
    return data;
  }

  /** The features of the next layer; of no rows, as a rank may have, none. */
  async #encoded(
    kernels: Kernels,
    network: ShallowNetwork,
    features: NdArray,
    options: CallOptions,
  ): Promise<NdArray> {
    if (features.shape[0] > 0) return hiddenUnits(kernels, network, features, options);
    return { data: features.data.slice(), shape: [0, network.width] };
  }

  async #decoded(
    kernels: Kernels,
    features: NdArray,
    depth: number,
    options: CallOptions & { linear?: boolean },
  ): Promise<NdArray> {
    if (features.shape[0] === 0) return { data: features.data.slice(), shape: [0, this.dimension] };
    let decoded = features;
    for (let l = depth - 1; l >= 0; l--)
      decoded = await outputsOf(kernels, this.layers[l].network, decoded, options);
    return decoded;
  }

  #depth(layer: number | undefined): number {
    return checkInteger(layer ?? this.layers.length, 'layer', 0, this.layers.length);
  }
}
