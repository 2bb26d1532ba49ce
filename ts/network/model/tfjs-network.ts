import type { Tensor } from '@tensorflow/tfjs-core';
import type { NdArray } from '../../core/array.js';
import { RidgeflowError } from '../../core/errors.js';
import {
  type Block,
  type ModelInput,
  type ModelLayer,
  type NetworkModel,
  noLayers,
  oneInput,
} from './model.js';
import { type ModelEngine, tfjsFailure } from './tfjs-engine.js';

/** What the formats of TensorFlow.js differ in: a model that is loaded, and how to compute one of its layers from another. */
export interface TfjsProgram {
  readonly format: 'tfjs-layers' | 'tfjs-graph';
  readonly inputs: readonly { name: string; shape?: readonly (number | null)[]; dtype: string }[];
  readonly layers: readonly ModelLayer[];
  /** What a file without layers lacks. */
  readonly unit: 'layer' | 'node';
  /** The activations of these layers, with the value of the input or of one layer given. Synchronous, tensors left to a tidy. */
  compute(from: string, x: Tensor, layers: readonly string[]): Tensor[];
  /** Whether the later layer follows from the earlier alone. */
  follows(from: string, to: string): boolean;
  dispose(): void;
}

/** A model of TensorFlow.js on one of its engines. */
export class TfjsNetwork implements NetworkModel {
  readonly source: string;
  readonly format: TfjsProgram['format'];
  readonly input: ModelInput;
  readonly layers: readonly ModelLayer[];
  readonly #program: TfjsProgram;
  readonly #engine: ModelEngine;
  readonly #dtype: 'float32' | 'int32';

  private constructor(source: string, program: TfjsProgram, engine: ModelEngine) {
    this.source = source;
    this.format = program.format;
    this.layers = program.layers;
    this.#program = program;
    this.#engine = engine;
    const [{ name, shape, dtype }] = program.inputs;
    this.#dtype = dtype === 'int32' ? 'int32' : 'float32';
    const extents = shape?.map((extent) => (extent !== null && extent > 0 ? extent : null));
    this.input = { name, shape: extents?.slice(1), batch: extents?.[0] ?? null };
  }

  get engine(): string {
    return this.#engine.name;
  }

  /** Builds the model of a file. Throws FILE_FORMAT, UNSUPPORTED naming a layer or operator that TensorFlow.js does not have. */
  static async open(
    path: string,
    load: () => Promise<TfjsProgram>,
    engine: ModelEngine,
  ): Promise<TfjsNetwork> {
    let program: TfjsProgram;
    try {
      program = await load();
    } catch (cause) {
      throw tfjsFailure(path, cause, engine.tf.version_core);
    }
    const { inputs, layers, unit } = program;
    if (inputs.length === 1 && layers.length > 0) return new TfjsNetwork(path, program, engine);
    program.dispose();
    throw inputs.length === 1 ? noLayers(path, unit) : oneInput(path, inputs.length);
  }

  async run(batch: NdArray, layers: readonly string[]): Promise<Map<string, NdArray>> {
    for (const name of layers) this.#check(name);
    return Promise.resolve(this.#compute(batch, this.#dtype, this.input.name, layers));
  }

  block(from: string, to: string): Block | undefined {
    this.#check(from);
    this.#check(to);
    if (!this.#program.follows(from, to)) return undefined;
    return async (x) => Promise.resolve(this.#compute(x, 'float32', from, [to]).get(to)!);
  }

  async dispose(): Promise<void> {
    this.#program.dispose();
    return Promise.resolve();
  }

  #check(layer: string): void {
    if (!this.layers.some(({ name }) => name === layer))
      throw new RidgeflowError('INVALID_ARGUMENT', `${this.source} has no layer ${layer}`);
  }

  #compute(
    x: NdArray,
    dtype: 'float32' | 'int32',
    from: string,
    layers: readonly string[],
  ): Map<string, NdArray> {
    try {
      return this.#engine.run(x, dtype, layers, (tensor) => this.#program.compute(from, tensor, layers));
    } catch (cause) {
      throw tfjsFailure(this.source, cause, this.#engine.tf.version_core);
    }
  }
}
