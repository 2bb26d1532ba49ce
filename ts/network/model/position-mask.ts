import type { NdArray } from '../../core/array.js';
import { invalidArgument } from '../../core/errors.js';
import type { NetworkModel } from './model.js';

/** Which positions of a sequence count, [examples, positions]: those that are not 0. */
export interface PositionMask {
  readonly data: ArrayLike<number>;
  readonly positions: number;
}

/** The name of the input that is the mask. Throws INVALID_ARGUMENT for a name that no input has. */
export function maskOf({ inputs }: NetworkModel, asked: string | false | undefined): string | undefined {
  if (asked === false) return undefined;
  const found = inputs.find(({ name }) => (asked === undefined ? /mask/i.test(name) : name === asked));
  if (asked !== undefined && !found)
    throw invalidArgument('mask', `an input among ${inputs.map(({ name }) => name).join(', ')}`, asked);
  return inputs.length > 1 || asked ? found?.name : undefined;
}

/** The mask of a batch, where it has one entry for each position. */
export function maskRows({ data, shape }: NdArray): PositionMask | undefined {
  return shape.length === 2 ? { data, positions: shape[1] } : undefined;
}
