import type { NdArray } from '../../core/array.js';
import { RidgeflowError } from '../../core/errors.js';
import type { BackendName } from '../../core/options.js';

/** One place in a model where activations can be taken. */
export interface ModelLayer {
  /** Unique in the model: the layer of a LayersModel, the node of a GraphModel, the value of an ONNX graph. */
  readonly name: string;
  /** What computes it: the class of the layer, or the operator. */
  readonly kind: string;
  /** The axis of the channels in what the model gives, the batch counted, -1 for the last; undefined where the file does not say. */
  readonly channelAxis?: number;
}

/** A layer that nothing can be said of. */
export interface LeftOutLayer {
  readonly name: string;
  readonly kind: string;
  /** Why, as what follows "because it": `gives whole numbers`. */
  readonly reason: string;
}

/** A value in the graph of a model that is computed from its examples, with those that it is computed from. */
export interface ModelValue {
  /** As in {@link NetworkModel.layers} where it is there. */
  readonly name: string;
  readonly kind: string;
  /** Where the exporter says that it is in the model, as `/encoder/layer.3/output/Add`; else its name. */
  readonly path: string;
  /** Names of values, each listed before; none for the inputs of the model. */
  readonly inputs: readonly string[];
}

/** What the entries of an input are, in the model's own words: `float32`, `int64`, `bool`, …. */
export type InputType =
  | 'float16'
  | 'bfloat16'
  | 'float32'
  | 'float64'
  | 'bool'
  | `int${8 | 16 | 32 | 64}`
  | `uint${8 | 16 | 32 | 64}`;

/** What a model takes for one example. */
export interface ModelInput {
  readonly name: string;
  /** Extents without the batch; null where any is taken. Undefined where the file does not say. */
  readonly shape: readonly (number | null)[] | undefined;
  /** The one number of examples that the model takes at once; null for any. */
  readonly batch: number | null;
  /** The axis that the examples lie along in the model, 0 as a rule; null for an input that is the same for all examples. */
  readonly axis: number | null;
  readonly type: InputType;
  /** What the file calls the extents of `shape`; inputs that share a name share the extent. */
  readonly extentNames?: readonly (string | null)[];
}

/** What a model itself takes for padding, as the Embedding with `mask_zero` and the Masking of Keras do. */
export interface ModelPadding {
  /** The input, sequences of ids or of vectors. */
  readonly input: string;
  /** Positions all of whose values are this one are left out. */
  readonly value: number;
}

/** Computes a later layer's activations from those of an earlier one. */
export type Block = (x: NdArray) => Promise<NdArray>;

/**
 * A trained network read from a file, for inference. It holds memory outside the garbage collector: take it by
 * `await using model = await openModel(…)`, or call {@link NetworkModel.dispose} when done.
 */
export interface NetworkModel extends AsyncDisposable {
  /** The path it was read from. */
  readonly source: string;
  readonly format: 'tfjs-layers' | 'tfjs-graph' | 'onnx';
  /** What computes it: tfjs-node, tfjs-wasm, tfjs-cpu or onnxruntime. */
  readonly engine: string;
  /** The first input that has examples. */
  readonly input: ModelInput;
  readonly inputs: readonly ModelInput[];
  /** Positions of sequences that it leaves out by itself, of a LayersModel. */
  readonly padding?: ModelPadding;
  /** Every layer in the order of computation, without inputs, constants and what only hands its input on. */
  readonly layers: readonly ModelLayer[];
  /** Layers that compute something where it cannot be seen, as in the body of a loop. */
  readonly leftOut: readonly LeftOutLayer[];
  /** The graph, in the order of computation: inputs first, what hands its input on as well. Undefined where it is not known. */
  readonly values?: readonly ModelValue[];
  /**
   * Activations of these layers for a batch of examples, [rows, …] each as the model gives them; layers whose values are
   * no floating-point numbers are left out. `batch` has the shape that the model takes; of several inputs an array for each
   * by its name. Throws INVALID_SHAPE, UNSUPPORTED.
   */
  run(
    batch: NdArray | ReadonlyMap<string, NdArray>,
    layers: readonly string[],
  ): Promise<Map<string, NdArray>>;
  /**
   * The part of the model between two layers, or undefined where the later depends on more than the earlier. `others` are values
   * of inputs that it may depend on as well, the same for every example: [1, …], or of an input without examples the whole.
   */
  block(from: string, to: string, others?: ReadonlyMap<string, NdArray>): Block | undefined;
  /** Frees the memory; again, it does nothing. */
  dispose(): Promise<void>;
}

/** Options of `openModel`. */
export interface OpenModelOptions {
  /** TensorFlow.js engine for models of TensorFlow.js. Default: the fastest that loads. */
  backend?: BackendName;
  signal?: AbortSignal;
}

/** Layers and operators that hand on what they get: their activations say nothing new. */
const PASSING = new Set(
  (
    'InputLayer Dropout SpatialDropout1D GaussianNoise GaussianDropout AlphaDropout Flatten Reshape Permute Identity ' +
    'IdentityN Const Constant ConstantOfShape Placeholder PlaceholderWithDefault NoOp Shape Squeeze Unsqueeze ExpandDims ' +
    'Transpose Cast Range Size'
  ).split(' '),
);

/** Whether a layer of this kind computes something. */
export function computes(kind: string): boolean {
  return !PASSING.has(kind);
}

/** A batch by the names of the inputs. Throws INVALID_ARGUMENT where one is missing. */
export function feedsOf(
  { source, input, inputs }: NetworkModel,
  batch: NdArray | ReadonlyMap<string, NdArray>,
): ReadonlyMap<string, NdArray> {
  const feeds =
    batch instanceof Map
      ? (batch as ReadonlyMap<string, NdArray>)
      : new Map([[input.name, batch as NdArray]]);
  const missing = inputs.find(({ name }) => !feeds.has(name));
  if (!missing) return feeds;
  throw new RidgeflowError('INVALID_ARGUMENT', `${source}: nothing is given for the input ${missing.name}`, {
    details: { parameter: missing.name },
  });
}

/** All that the model does is to hand its input on, or to make constants. */
export function noLayers(file: string, unit: 'layer' | 'node'): RidgeflowError {
  return new RidgeflowError(
    'UNSUPPORTED',
    `${file}: the model has no ${unit} that computes anything from its input: give one that does`,
    { details: { file } },
  );
}
