import type { NdArray } from '../../core/array.js';
import { INPUT } from '../model/activations.js';
import { exampleShape } from '../model/input-shape.js';
import type { ActivationLayer, Block, NetworkModel } from '../model/index.js';

/** The layers of one width that a block is between. */
export interface BlockEnds {
  readonly first: ActivationLayer;
  readonly last: ActivationLayer;
}

/**
 * The part of a model between two layers that can be run alone on activations as they are: neither projected nor pooled, of a
 * model that takes any batch, the later from the earlier and `others` alone, inputs that are the same for every example. Undefined where it cannot.
 */
export function modelBlock(
  model: NetworkModel,
  { first, last }: BlockEnds,
  others?: ReadonlyMap<string, NdArray>,
): Block | undefined {
  const whole = first.width === first.fullWidth && first.positions === 1;
  const flat = (layer: ActivationLayer) =>
    !layer.moved && layer.shape.reduce((product, extent) => product * extent, 1) === layer.fullWidth;
  const { input, inputs } = model;
  if (!whole || !flat(first) || !flat(last) || input.batch !== null) return undefined;
  if (first.name !== INPUT) return model.block(first.name, last.name, others);
  if (inputs.length > 1) return undefined;
  return async (x: NdArray) => {
    const shape = [x.shape[0], ...exampleShape(input, x.shape.slice(1))];
    return (await model.run({ data: x.data, shape }, [last.name])).get(last.name)!;
  };
}
