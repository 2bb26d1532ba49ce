import type { NdArray } from '../../core/array.js';
import { invalidArgument } from '../../core/errors.js';
import type { NetworkModel } from './model.js';

/** Which positions of a sequence count, [examples, positions]: those that are not 0. */
export interface PositionMask {
  readonly data: ArrayLike<number>;
  readonly positions: number;
}

/** The input that says which positions count: where it is not 0, or of one that holds padding itself where it is not that. */
export interface MaskSource {
  readonly input: string;
  readonly padding?: number;
}

/**
 * The input that is the mask, or what the model itself leaves out as padding. Throws INVALID_ARGUMENT for a name that no input
 * has.
 */
export function maskOf(model: NetworkModel, asked: string | false | undefined): MaskSource | undefined {
  if (asked === false) return undefined;
  const { inputs, padding } = model;
  const found = inputs.find(({ name }) => (asked === undefined ? /mask/i.test(name) : name === asked));
  if (asked !== undefined && !found)
    throw invalidArgument('mask', `an input among ${inputs.map(({ name }) => name).join(', ')}`, asked);
  if (found && (inputs.length > 1 || asked)) return { input: found.name };
  return padding && { input: padding.input, padding: padding.value };
}

/** The mask of a batch, where it has one entry for each position; without a source none. */
export function maskRows(
  batch: ReadonlyMap<string, NdArray>,
  source: MaskSource | undefined,
): PositionMask | undefined {
  if (!source) return undefined;
  const { data, shape } = batch.get(source.input)!;
  const [n, positions, ...rest] = shape;
  if (rest.length > (source.padding === undefined ? 0 : 1) || positions === undefined) return undefined;
  if (source.padding === undefined) return { data, positions };
  const [each = 1] = rest;
  const padding = Math.fround(source.padding);
  const marks = new Uint8Array(n * positions);
  // A position is left out where all its values are those of padding.
  for (let at = 0; at < data.length; at++)
    if (Math.fround(data[at]) !== padding) marks[Math.floor(at / each)] = 1;
  return { data: marks, positions };
}
