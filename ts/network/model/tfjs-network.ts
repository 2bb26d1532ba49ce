import type { Tensor } from '@tensorflow/tfjs-core';
import type { NdArray } from '../../core/array.js';
import { RidgeflowError } from '../../core/errors.js';
import {
  type Block,
  type InputType,
  type LeftOutLayer,
  type ModelInput,
  type ModelLayer,
  type ModelPadding,
  type ModelValue,
  type NetworkModel,
  feedsOf,
  noLayers,
} from './model.js';
import { repeated } from './repeated.js';
import { type GivenTensor, type ModelEngine, tfjsFailure } from './tfjs-engine.js';
import { checkCall } from '../../core/call.js';
import { METHODS } from '../method-signatures.js';

/** What the formats of TensorFlow.js differ in: a model that is loaded, and how to compute one of its layers from another. */
export interface TfjsProgram {
  readonly format: 'tfjs-layers' | 'tfjs-graph';
  readonly inputs: readonly { name: string; shape?: readonly (number | null)[]; dtype: string }[];
  readonly layers: readonly ModelLayer[];
  readonly leftOut: readonly LeftOutLayer[];
  readonly values: readonly ModelValue[];
  /** What a file without layers lacks. */
  readonly unit: 'layer' | 'node';
  /** The activations of these layers, with the values of the inputs or of one layer given. Synchronous, tensors left to a tidy. */
  compute(given: ReadonlyMap<string, Tensor>, layers: readonly string[]): Tensor[];
  /** The same of a graph that can only be run asynchronously; its tensors are the caller's to dispose of. */
  computeAsync?(given: ReadonlyMap<string, Tensor>, layers: readonly string[]): Promise<Tensor[]>;
  /** The others that the later layer follows from beside the earlier, inputs; undefined where it follows from more. */
  follows(from: string, to: string, others: readonly string[]): readonly string[] | undefined;
  /** Positions of sequences that the model leaves out by itself. */
  readonly padding?: ModelPadding;
  dispose(): void;
}

/** A model of TensorFlow.js on one of its engines. */
export class TfjsNetwork implements NetworkModel {
  readonly source: string;
  readonly format: TfjsProgram['format'];
  readonly input: ModelInput;
  readonly inputs: readonly ModelInput[];
  readonly layers: readonly ModelLayer[];
  readonly leftOut: readonly LeftOutLayer[];
  readonly values: readonly ModelValue[];
  readonly padding?: ModelPadding;
  readonly #program: TfjsProgram;
  #disposed = false;
  readonly #engine: ModelEngine;

  private constructor(source: string, program: TfjsProgram, engine: ModelEngine) {
    this.source = source;
    this.format = program.format;
    this.layers = program.layers;
    this.leftOut = program.leftOut;
    this.values = program.values;
    this.padding = program.padding;
    this.#program = program;
    this.#engine = engine;
    this.inputs = inputsOf(program);
    this.input = this.inputs.find(({ axis }) => axis !== null) ?? this.inputs[0];
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
    if (inputs.length > 0 && layers.length > 0) return new TfjsNetwork(path, program, engine);
    program.dispose();
    throw noLayers(path, unit);
  }

  async run(
    batch: NdArray | ReadonlyMap<string, NdArray>,
    layers: readonly string[],
  ): Promise<Map<string, NdArray>> {
    checkCall(METHODS.NetworkModel.run, { batch, layers });
    for (const name of layers) this.#check(name);
    const feeds = feedsOf(this, batch);
    return this.#compute(
      this.inputs.map((input) => givenTensor(input, feeds.get(input.name)!)),
      layers,
    );
  }

  block(from: string, to: string, others?: ReadonlyMap<string, NdArray>): Block | undefined {
    checkCall(METHODS.NetworkModel.block, { from, to, others });
    this.#check(from);
    this.#check(to);
    const given = this.inputs.filter(({ name }) => others?.has(name) && name !== from);
    const used = this.#program.follows(
      from,
      to,
      given.map(({ name }) => name),
    );
    if (!used) return undefined;
    const beside = given.filter(({ name }) => used.includes(name));
    return async (x) => {
      const tensors = beside.map((input) => {
        const value = others!.get(input.name)!;
        return givenTensor(input, input.axis === null ? value : repeated(value, x.shape[0]));
      });
      const found = await this.#compute([{ name: from, dtype: 'float32', ...x }, ...tensors], [to]);
      return found.get(to)!;
    };
  }

  async dispose(): Promise<void> {
    if (!this.#disposed) this.#program.dispose();
    this.#disposed = true;
    return Promise.resolve();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    return this.dispose();
  }

  #check(layer: string): void {
    if (!this.layers.some(({ name }) => name === layer))
      throw new RidgeflowError('INVALID_ARGUMENT', `${this.source} has no layer ${layer}`);
  }

  async #compute(given: readonly GivenTensor[], layers: readonly string[]): Promise<Map<string, NdArray>> {
    const program = this.#program;
    try {
      if (program.computeAsync)
        return await this.#engine.runAsync(given, layers, (tensors) =>
          program.computeAsync!(tensors, layers),
        );
      return this.#engine.run(given, layers, (tensors) => program.compute(tensors, layers));
    } catch (cause) {
      throw tfjsFailure(this.source, cause, this.#engine.tf.version_core);
    }
  }
}

/** An array as the type that an input takes. */
function givenTensor({ name, type }: ModelInput, array: NdArray): GivenTensor {
  return { name, dtype: type === 'int32' || type === 'bool' ? type : 'float32', ...array };
}

/** Without names of extents, the examples lie along the first axis of all inputs that are as open there as the first. */
function inputsOf({ inputs }: TfjsProgram): ModelInput[] {
  const all = inputs.map(({ name, shape, dtype }) => {
    const type: InputType = dtype === 'int32' || dtype === 'bool' ? dtype : 'float32';
    return { name, type, extents: shape?.map((extent) => (extent !== null && extent > 0 ? extent : null)) };
  });
  const main = all.find(({ extents }) => extents === undefined || extents.length > 0);
  const batch = main?.extents?.[0] ?? null;
  return all.map(({ name, type, extents }): ModelInput => {
    const same = extents === undefined || (extents.length > 0 && extents[0] === batch);
    return same
      ? { name, type, axis: 0, batch, shape: extents?.slice(1) }
      : { name, type, axis: null, batch: null, shape: extents };
  });
}
