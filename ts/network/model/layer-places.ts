import { type NdArray } from '../../core/array.js';
import { RidgeflowError } from '../../core/errors.js';
import { type BatchPlace, batchFirst, findBatch } from './batch-axis.js';
import type { Examples } from './examples.js';
import type { ModelLayer, NetworkModel } from './model.js';

/** Where the examples lie in a layer's activations, and the shape of one. */
export interface LayerPlace {
  readonly batch: BatchPlace;
  readonly shape: readonly number[];
  /** A recurrent layer's [seq, dir, h], whose directions are channels. */
  readonly recurrent: boolean;
}

/** Examples of the first probe, and of the second. */
const FEW = 2;
const MORE = 3;
/** Layers that are looked at first, before it is known how large they are. */
const AT_ONCE = 32;
/** Why a layer has no place. */
const NOT_FLOATING = 'gives no floating-point numbers';
const NOT_EACH = 'does not give one set of numbers for every example';
const RECURRENT = /^(?:LSTM|GRU|RNN)$/;

/**
 * Runs a few examples, in two numbers and in another order, and finds the batch in what each layer gives. Of layers that give no
 * floating-point numbers, or not one set of them for every example, it says so. About
 * `memory` bytes of activations are held at once. Throws what the model throws.
 */
export async function probeBatches(
  model: NetworkModel,
  examples: Examples,
  chosen: readonly ModelLayer[],
  memory: number,
): Promise<ReadonlyMap<string, LayerPlace | string>> {
  const { batch } = model.input;
  const picked = examples.differing(batch ?? MORE);
  const few = batch ?? FEW;
  const places = new Map<string, LayerPlace | string>();
  for (let from = 0, count = AT_ONCE; from < chosen.length;) {
    const group = chosen.slice(from, from + count);
    const names = group.map(({ name }) => name);
    const run = async (rows: readonly number[]) => model.run(examples.gather(rows), names);
    const first = await run(picked.slice(0, few));
    const turned = few === 1 ? first : await run([...picked.slice(1, few), picked[0]]);
    // A model may hold the number of examples in its graph where its input does not say so.
    const more =
      batch === null ? await run(picked).catch((cause: unknown) => fixedBatch(cause, model)) : undefined;
    for (const layer of group) {
      const found = [first, turned, more].map((values) => values?.get(layer.name));
      places.set(layer.name, placeOf(model, layer, few, found));
    }
    from += group.length;
    const bytes = [first, turned, more].flatMap((values) => [...(values?.values() ?? [])]);
    const held = bytes.reduce((sum, { data }) => sum + data.byteLength, 1);
    count = Math.max(1, Math.min(4 * count, Math.floor((group.length * memory) / held)));
  }
  return places;
}

/** Where the examples lie in what a layer gave for a few, for them in another order, and for more; or why nowhere. */
function placeOf(
  model: NetworkModel,
  { kind }: ModelLayer,
  few: number,
  [found, again, grown]: (NdArray | undefined)[],
): LayerPlace | string {
  if (!found || !again || (model.input.batch === null && !grown)) return NOT_FLOATING;
  const recurrent = model.format === 'onnx' && RECURRENT.test(kind);
  const place = findBatch(
    { rows: few, found },
    grown && { rows: MORE, found: grown },
    { rows: few, found: again },
    recurrent && few === 1 ? found.shape.length - 2 : 0,
  );
  if (!place) return NOT_EACH;
  const shape = batchFirst(found, place).shape.slice(1);
  return { batch: place, shape: recurrent ? joined(shape) : shape, recurrent };
}

/** Whether the model gives the activations in another order, or shape, than they are looked at. */
export function isMoved({ batch, recurrent }: LayerPlace): boolean {
  return batch.axis !== 0 || batch.each !== 1 || recurrent;
}

/** The activations with the examples first, each of the shape of its place. */
export function exampleFirst(activations: NdArray, { batch, shape }: LayerPlace): NdArray {
  const { data, shape: found } = batchFirst(activations, batch);
  return { data, shape: [found[0], ...shape] };
}

/**
 * The axis of the channels in one example: where the graph says so, else the first in the images of ONNX, and the last in
 * sequences and in TensorFlow.js.
 */
export function channelAxis(
  model: NetworkModel,
  { channelAxis: known }: ModelLayer,
  { batch, shape, recurrent }: LayerPlace,
): number {
  const last = shape.length - 1;
  if (recurrent || known === -1) return last;
  if (known !== undefined && known !== batch.axis && batch.each === 1) {
    const axis = known < batch.axis ? known : known - 1;
    if (axis <= last) return axis;
  }
  return model.format === 'onnx' && known === undefined && shape.length >= 3 ? 0 : last;
}

/** [seq, dir, h] with both directions in one vector for each step; [dir, h] in one. */
function joined(shape: readonly number[]): number[] {
  if (shape.length < 2) return [...shape];
  const width = shape[shape.length - 2] * shape[shape.length - 1];
  return [...shape.slice(0, -2), width];
}

function fixedBatch(cause: unknown, model: NetworkModel): never {
  throw new RidgeflowError(
    'UNSUPPORTED',
    `${model.source}: the model takes ${FEW} examples at once but not ${MORE}: export it with a batch of any size`,
    { cause, details: { file: model.source } },
  );
}
