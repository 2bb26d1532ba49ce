import type { Tensor } from '@tensorflow/tfjs-core';
import type { NdArray } from '../../core/array.js';
import { RidgeflowError } from '../../core/errors.js';
import type { BackendName } from '../../core/options.js';
import { ENGINES, type EngineName, loadEngine } from '../../kernel/tfjs/engine.js';
import { isError } from '../../core/realm.js';

type Core = typeof import('@tensorflow/tfjs-core');

const BACKENDS: Record<EngineName, string> = {
  'tfjs-node': 'tensorflow',
  'tfjs-wasm': 'wasm',
  'tfjs-cpu': 'cpu',
};

/** Values that are given to a model, by the name of an input or a layer. */
export interface GivenTensor extends NdArray {
  readonly name: string;
  readonly dtype: 'float32' | 'int32' | 'bool';
}

/** Runs models of TensorFlow.js on one engine, and leaves the global settings as they were. */
export class ModelEngine {
  #name: EngineName;

  private constructor(
    readonly tf: Core,
    name: EngineName,
  ) {
    this.#name = name;
  }

  get name(): EngineName {
    return this.#name;
  }

  /** Loads the engine that is asked for, else the fastest there is. Throws BACKEND_UNAVAILABLE. */
  static async open(backend: BackendName | undefined): Promise<ModelEngine> {
    const asked = ENGINES.filter((name) => name === backend);
    const failures: string[] = [];
    for (const name of asked.length > 0 ? asked : ENGINES) {
      try {
        await loadEngine(name);
        return new ModelEngine(await import('@tensorflow/tfjs-core'), name);
      } catch (cause) {
        failures.push(`${name}: ${isError(cause) ? cause.message.split('\n')[0] : String(cause)}`);
      }
    }
    throw new RidgeflowError(
      'BACKEND_UNAVAILABLE',
      `No engine of TensorFlow.js loads (${failures.join('; ')}): install @tensorflow/tfjs-backend-cpu`,
    );
  }

  /** Runs `compute` on tensors of what is given, synchronously; every tensor made is disposed of. */
  run(
    given: readonly GivenTensor[],
    names: readonly string[],
    compute: (given: ReadonlyMap<string, Tensor>) => readonly Tensor[],
  ): Map<string, NdArray> {
    try {
      return this.#runOn(given, names, compute);
    } catch (cause) {
      // The wasm engine lacks some operators that the plain one has.
      const lacking = isError(cause) && /not registered for (?:the )?backend/.test(cause.message);
      if (this.#name !== 'tfjs-wasm' || !lacking) throw cause;
      this.#name = 'tfjs-cpu';
      return this.#runOn(given, names, compute);
    }
  }

  /** The same for what can only be computed asynchronously: one after the other, since the backend is set for all. */
  async runAsync(
    given: readonly GivenTensor[],
    names: readonly string[],
    compute: (given: ReadonlyMap<string, Tensor>) => Promise<readonly Tensor[]>,
  ): Promise<Map<string, NdArray>> {
    const { tf } = this;
    const turn = asynchronous.then(async () => {
      // The plain engine has every operator of loops and lists.
      const before = tf.getBackend();
      await tf.setBackend(BACKENDS[this.#name === 'tfjs-wasm' ? 'tfjs-cpu' : this.#name]);
      const held: (Tensor | undefined)[] = [];
      try {
        const inputs = this.#tensors(given);
        held.push(...inputs.values());
        const outputs = await compute(inputs);
        held.push(...outputs);
        return valuesOf(names, outputs);
      } finally {
        for (const tensor of held) if (!tensor?.isDisposed) tensor?.dispose();
        if (before) await tf.setBackend(before);
      }
    });
    asynchronous = turn.catch(() => undefined);
    return turn;
  }

  #tensors(given: readonly GivenTensor[]): Map<string, Tensor> {
    const tensors = given.map(({ name, dtype, data, shape }): [string, Tensor] => {
      const values =
        dtype === 'float32'
          ? Float32Array.from(data)
          : dtype === 'int32'
            ? Int32Array.from(data)
            : Uint8Array.from(data, (value) => Number(value !== 0));
      return [name, this.tf.tensor(values, [...shape], dtype)];
    });
    return new Map(tensors);
  }

  /** Makes sure that the engine {@link run} may turn to is there. */
  async prepare(): Promise<void> {
    if (this.#name === 'tfjs-wasm') await loadEngine('tfjs-cpu');
  }

  #runOn(
    given: readonly GivenTensor[],
    names: readonly string[],
    compute: (given: ReadonlyMap<string, Tensor>) => readonly Tensor[],
  ): Map<string, NdArray> {
    const { tf } = this;
    const before = tf.getBackend();
    const backend = BACKENDS[this.#name];
    if (before !== backend) void tf.setBackend(backend);
    try {
      let found = new Map<string, NdArray>();
      tf.tidy(() => {
        found = valuesOf(names, compute(this.#tensors(given)));
      });
      return found;
    } finally {
      if (before && before !== backend) void tf.setBackend(before);
    }
  }
}

/** The last asynchronous run of any model. */
let asynchronous: Promise<unknown> = Promise.resolve();

/** The floating-point numbers of tensors, by these names; those of a branch that was not taken are none. */
function valuesOf(names: readonly string[], tensors: readonly (Tensor | undefined)[]): Map<string, NdArray> {
  const found = new Map<string, NdArray>();
  tensors.forEach((tensor, i) => {
    if (tensor?.dtype !== 'float32') return;
    found.set(names[i], { data: tensor.dataSync<'float32'>().slice(), shape: [...tensor.shape] });
  });
  return found;
}

/** Most of an engine's message that is handed on. */
const LONGEST = 240;

/** The error of a model that TensorFlow.js refuses to build or to run. */
export function tfjsFailure(file: string, cause: unknown, version: string): RidgeflowError {
  if (cause instanceof RidgeflowError) return cause;
  const whole = isError(cause) ? cause.message.split('\n')[0] : String(cause);
  // Some list every node of the graph.
  const message = whole.length > LONGEST ? `${whole.slice(0, LONGEST)}…` : whole;
  const unknown =
    /Unknown (?:layer|op|activation|initializer|regularizer|constraint):? ?'?([\w>:-]+(?:\.[\w>:-]+)*)/i.exec(
      message,
    ) ??
    /Kernel '(\w+)' not registered/.exec(message) ??
    /Op(?:eration)? '?(\w+)'? (?:is )?not supported/i.exec(message);
  const dynamic = /has the dynamic op '(\w+)'/.exec(message);
  const operator = (unknown ?? dynamic)?.[1];
  const details = { file, ...(operator ? { operator } : {}) };
  if (unknown) {
    return new RidgeflowError(
      'UNSUPPORTED',
      `${file}: TensorFlow.js ${version} does not have ${unknown[1]}, which the model uses (${message}). Export the model as ONNX, or without it`,
      { cause, details },
    );
  }
  if (dynamic) {
    return new RidgeflowError(
      'UNSUPPORTED',
      `${file}: the size of what ${dynamic[1]} gives depends on the data, so that its layers cannot be compared. Choose layers before it, or export the model as ONNX`,
      { cause, details },
    );
  }
  return new RidgeflowError(
    'UNSUPPORTED',
    `${file}: TensorFlow.js ${version} cannot run the model (${message}). Export it as ONNX, or, a GraphModel of a Keras model, convert the .keras or .h5 file to a LayersModel`,
    { cause, details },
  );
}
