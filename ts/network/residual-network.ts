import { type NdArray, allocate, checkPoints, dtypeOf, toDtype } from '../core/array.js';
import { RidgeflowError, invalidArgument } from '../core/errors.js';
import type { NdArrayLike } from '../core/foreign.js';
import { type CallOptions, partOf } from '../core/options.js';
import { Pace } from '../core/pace.js';
import type { FieldValues, VelocityField } from '../field/field.js';
import { Flow } from '../flow/named/flow.js';
import { euler } from '../flow/solvers/euler.js';
import { kernelsFor } from '../kernel/backend.js';
import type { ShallowNetwork } from './shallow-network.js';
import { checkCall } from '../core/call.js';
import { SIGNATURES } from './signatures.js';
import { METHODS } from './method-signatures.js';
import { METHODS as FIELD_METHODS } from '../field/method-signatures.js';

/** One layer x ↦ x + step · network(x). */
export interface ResidualLayer {
  network: ShallowNetwork;
  step: number;
}

/** Parameters of {@link residualNetwork}. */
export interface ResidualNetworkParameters {
  layers: readonly ResidualLayer[];
  /** The time of the flow at the input. Default 0; each layer's step is time as well. */
  from?: number;
}

/**
 * A deep residual network x ↦ x + h_l f_l(x), layer by layer: Euler's method on a velocity field that is f_l between the
 * times of layers l and l + 1. Made by {@link residualNetwork}, and by what compiles flows to networks.
 */
export class ResidualNetwork {
  readonly layers: readonly ResidualLayer[];
  /** Time before the first layer and after each. */
  readonly times: readonly number[];

  /** @internal */
  constructor(parameters: ResidualNetworkParameters) {
    checkCall(SIGNATURES.residualNetwork, { parameters });
    const { layers, from = 0 } = parameters;
    if (!(layers?.length > 0)) throw invalidArgument('layers', 'at least one layer', layers);
    if (!Number.isFinite(from)) throw invalidArgument('from', 'a finite time', from);
    const times = [from];
    for (const [l, { network, step }] of layers.entries()) {
      if (!Number.isFinite(step) || step === 0 || step * layers[0].step < 0)
        throw invalidArgument(`layers[${l}].step`, 'a finite step, not 0 and all of one sign', step);
      if (network.inputs !== layers[0].network.inputs || network.outputs !== network.inputs) {
        throw new RidgeflowError(
          'INVALID_SHAPE',
          `Expected layers from ℝ^d to ℝ^d, all of one d, but layer ${l} goes from ${network.inputs} to ${network.outputs}`,
          { details: { layer: l } },
        );
      }
      times.push(times[l] + step);
    }
    this.layers = layers;
    this.times = times;
  }

  /** Number of layers. */
  get depth(): number {
    return this.layers.length;
  }

  /** d. */
  get dimension(): number {
    return this.layers[0].network.inputs;
  }

  /**
   * Where the network takes n points, n × d in their element type. O(nmd) time for each layer of width m, O(nd) memory.
   *
   * @throws EMPTY_CLOUD, INVALID_SHAPE, INVALID_DTYPE, NON_FINITE, OUT_OF_MEMORY, ABORTED.
   */
  async evaluate(x: NdArrayLike, options: CallOptions = {}): Promise<NdArray> {
    ({ x } = checkCall(METHODS.ResidualNetwork.evaluate, { x, options }));
    let last: NdArray = x;
    await this.#run(x, options, (points) => (last = points));
    return last;
  }

  /** The points before the first layer and after each: depth + 1 arrays of n × d. Throws as evaluate. */
  async trajectory(x: NdArrayLike, options: CallOptions = {}): Promise<NdArray[]> {
    ({ x } = checkCall(METHODS.ResidualNetwork.trajectory, { x, options }));
    const states: NdArray[] = [];
    await this.#run(x, options, (points) => states.push(points));
    return states;
  }

  /** The derivative of the outputs at x_i along u_i, n × d. O(nmd) time for each layer. Throws as evaluate. */
  async jacobianVector(x: NdArrayLike, u: NdArrayLike, options: CallOptions = {}): Promise<NdArray> {
    ({ x, u } = checkCall(METHODS.ResidualNetwork.jacobianVector, { x, u, options }));
    let along = toDtype(u, options.dtype ?? dtypeOf(x));
    let before: NdArray | undefined;
    await this.#run(x, options, async (points, l) => {
      if (before) {
        const { network, step } = this.layers[l - 1];
        const change = await network.jacobianVector(before, along, { ...options, onProgress: undefined });
        along = await moved(along, change, step, options);
      }
      before = points;
    });
    return along;
  }

  /** Calls `visit` with the points before layer l, l = 0 … depth. */
  async #run(
    x: NdArray,
    options: CallOptions,
    visit: (points: NdArray, l: number) => unknown,
  ): Promise<void> {
    checkPoints(x, 'x', { dimension: this.dimension });
    let points = toDtype(x, options.dtype ?? dtypeOf(x));
    await visit(points, 0);
    const pace = new Pace({ signal: options.signal }, this.depth);
    for (const [l, { network, step }] of this.layers.entries()) {
      const part = partOf(options, l / this.depth, (l + 1) / this.depth);
      points = await moved(points, await network.evaluate(points, part), step, options);
      await visit(points, l + 1);
      await pace.tick(1);
    }
  }

  /** The velocity field that the layers are: f_l from the time of layer l to the next, the last layer ever after. */
  get field(): VelocityField<NdArrayLike> {
    const layerAt = (t: number) => this.layers[this.#layerAt(t)].network;
    return {
      dimension: this.dimension,
      times: { from: -Infinity, to: Infinity },
      differentiable: true,
      async evaluate(x, t, want, options): Promise<FieldValues> {
        ({ x } = checkCall(FIELD_METHODS.VelocityField.evaluate, { x, t, want, options }));
        const network = layerAt(t);
        const velocity = await network.evaluate(x, options);
        if (!want.divergence) return { velocity };
        return { velocity, divergence: await network.divergence(x, options) };
      },
      jacobianVector: async (x, t, u, options) => {
        ({ x, u } = checkCall(FIELD_METHODS.VelocityField.jacobianVector, { x, t, u, options }));
        return layerAt(t).jacobianVector(x, u, options);
      },
    };
  }

  /** The network as a flow of particles, followed by Euler's method in one step for each layer. Steps must be equal. */
  flow(name = 'residual network'): Flow {
    checkCall(METHODS.ResidualNetwork.flow, { name });
    const [first] = this.layers;
    if (this.layers.some(({ step }) => Math.abs(step - first.step) > 1e-9 * Math.abs(first.step))) {
      throw new RidgeflowError(
        'UNSUPPORTED',
        'The steps of the layers differ: give `field` to integrate, with steps of your own',
      );
    }
    const [from, to] = [this.times[0], this.times[this.depth]];
    const defaults = { solver: euler, step: { steps: this.depth } };
    return new Flow({ name, field: this.field, from, to, defaults });
  }

  #layerAt(t: number): number {
    const sign = Math.sign(this.layers[0].step);
    let l = this.depth - 1;
    // A time that is that of a layer but for rounding is meant to be it.
    while (l > 0 && sign * (this.times[l] - t) > 1e-9 * Math.abs(this.layers[l].step)) l--;
    return l;
  }
}

/** points + step · change, in new storage. */
async function moved(points: NdArray, change: NdArray, step: number, options: CallOptions): Promise<NdArray> {
  const kernels = await kernelsFor(options);
  const data = allocate(dtypeOf(points), points.data.length, 'points');
  kernels.linearCombination(data, [
    { coefficient: 1, array: points.data },
    { coefficient: step, array: change.data },
  ]);
  return { data, shape: points.shape };
}

/**
 * The residual network of these layers, each from ℝ^d to ℝ^d.
 *
 * @throws INVALID_ARGUMENT (no layers, a step of 0, steps of both signs), INVALID_SHAPE.
 */
export function residualNetwork(parameters: ResidualNetworkParameters): ResidualNetwork {
  checkCall(SIGNATURES.residualNetwork, { parameters });
  return new ResidualNetwork(parameters ?? {});
}
