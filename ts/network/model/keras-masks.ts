import type { Tensor } from '@tensorflow/tfjs-core';
import type { LayerStep, LayerValue } from './layers-graph.js';
import type { ModelInput, ModelPadding } from './model.js';

type Core = typeof import('@tensorflow/tfjs-core');
/** A mask of a value, true where a position counts, or none. */
type Mask = Tensor | undefined;

/** Layers that compute something else where a position is masked. */
const READS = /^(?:ridgeflow>)?(?:SimpleRNN|LSTM|GRU|RNN|ConvLSTM2D|Bidirectional)$/;
const MEAN = 'GlobalAveragePooling1D';
const MERGES = /^(?:Add|Subtract|Multiply|Average|Maximum|Minimum)$/;
/** Layers that hand masks on in Keras, though TensorFlow.js does not say so of them. */
const HANDS_ON = /^(?:ELU|LeakyReLU|ThresholdedReLU|Softmax|SpatialDropout1D)$/;

/** Which tool made a model: they differ in what becomes of masks. */
export type Maker = 'keras-3' | 'keras-2' | 'tfjs';

/** The tool by the version that the topology of a LayersModel names. */
export function makerOf(topology: object): Maker {
  const { keras_version: own, kerasVersion = own } = topology as Record<string, unknown>;
  const version = String(kerasVersion);
  return version.startsWith('tfjs') ? 'tfjs' : version.startsWith('3') ? 'keras-3' : 'keras-2';
}

/**
 * The masks of Keras in a LayersModel: an Embedding with `mask_zero` or a Masking makes one, layers hand it on, and recurrent layers and means
 * over the sequence read it. TensorFlow.js does the same when it predicts, but for the mean, which reads it in Keras alone.
 */
export class KerasMasks {
  readonly #tf: Core;
  readonly #maker: Maker;
  /** The values that have a mask. */
  readonly #masked = new Set<LayerValue>();

  constructor(tf: Core, steps: readonly LayerStep[], maker: Maker) {
    this.#tf = tf;
    this.#maker = maker;
    for (const step of steps) {
      const has = step.inputs.map((input) => this.#masked.has(input));
      if (makes(step) || (this.#handsOn(step) && this.#goesOn(step, has)))
        for (const output of step.outputs) this.#masked.add(output);
    }
  }

  /** What a layer gives, with the mask of each of its outputs. The tensors are left to a tidy. */
  apply(step: LayerStep, inputs: Tensor[], masks: readonly Mask[]): { tensors: Tensor[]; mask: Mask } {
    const { layer, callArgs } = step;
    const kind = layer.getClassName();
    const mask = masks.find((each) => each !== undefined);
    if (mask && kind === MEAN && this.#maker !== 'tfjs')
      return { tensors: [this.#mean(inputs[0], mask)], mask: undefined };
    const reads = mask && READS.test(kind);
    const given = reads ? { ...(callArgs as object | undefined), mask } : callArgs;
    const out = layer.apply(inputs.length === 1 ? inputs[0] : inputs, given) as Tensor | Tensor[];
    return { tensors: Array.isArray(out) ? out : [out], mask: this.#after(step, inputs, masks) };
  }

  /** Whether what is computed from a value takes its mask, which is not known where the value alone is given. */
  isLost(value: LayerValue, between: readonly LayerStep[]): boolean {
    return (
      this.#masked.has(value) &&
      between.some(
        ({ layer, inputs }) =>
          this.#reads(layer.getClassName()) && inputs.some((each) => this.#masked.has(each)),
      )
    );
  }

  #reads(kind: string): boolean {
    return READS.test(kind) || (kind === MEAN && this.#maker !== 'tfjs');
  }

  #handsOn({ layer }: LayerStep): boolean {
    return layer.supportsMasking || HANDS_ON.test(layer.getClassName());
  }

  /** Keras 3 drops the mask of a sum of which one term has none. */
  #goesOn({ layer }: LayerStep, has: readonly boolean[]): boolean {
    return this.#maker === 'keras-3' && MERGES.test(layer.getClassName())
      ? has.every(Boolean)
      : has.some(Boolean);
  }

  #after(step: LayerStep, inputs: Tensor[], masks: readonly Mask[]): Mask {
    const { layer } = step;
    if (makes(step)) return single(layer.computeMask(inputs[0]));
    const has = masks.map((mask) => mask !== undefined);
    if (!this.#handsOn(step) || !this.#goesOn(step, has)) return undefined;
    if (HANDS_ON.test(layer.getClassName())) return masks[0];
    if (MERGES.test(layer.getClassName())) return this.#merged(masks);
    const given = masks.map((mask) => mask ?? null);
    return single(
      inputs.length === 1
        ? layer.computeMask(inputs[0], masks[0])
        : layer.computeMask(inputs, given as Tensor[]),
    );
  }

  /** Positions that any term has in Keras 3, that every term with a mask has before. */
  #merged(masks: readonly Mask[]): Mask {
    const { logicalAnd, logicalOr } = this.#tf;
    const both = this.#maker === 'keras-3' ? logicalOr : logicalAnd;
    return masks.reduce((all, mask) => (all && mask ? both(all, mask) : (all ?? mask)), undefined);
  }

  #mean(x: Tensor, mask: Tensor): Tensor {
    const { cast, div, expandDims, mul, sum } = this.#tf;
    const weights = expandDims(cast(mask, x.dtype), 2);
    return div(sum(mul(x, weights), 1), sum(weights, 1));
  }
}

/** Whether a layer makes a mask of what it is given. */
function makes({ layer }: LayerStep): boolean {
  const kind = layer.getClassName();
  return kind === 'Masking' || (kind === 'Embedding' && layer.getConfig().maskZero === true);
}

/** The mask of the first output. */
function single(mask: Tensor | readonly Tensor[] | null | undefined): Mask {
  return (Array.isArray(mask) ? (mask as Tensor[])[0] : (mask as Tensor | null | undefined)) ?? undefined;
}

/** The padding of the first input that a layer makes a mask of. */
export function paddingOf(
  steps: readonly LayerStep[],
  inputs: ReadonlyMap<LayerValue, Pick<ModelInput, 'name'>>,
): ModelPadding | undefined {
  for (const step of steps) {
    const input = inputs.get(step.inputs[0]);
    if (!input || !makes(step)) continue;
    const { maskValue } = step.layer.getConfig();
    return { input: input.name, value: typeof maskValue === 'number' ? maskValue : 0 };
  }
  return undefined;
}
