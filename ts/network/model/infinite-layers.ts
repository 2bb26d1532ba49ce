import type { NdArray } from '../../core/array.js';
import { RidgeflowError } from '../../core/errors.js';
import { spokenOption } from '../../core/spoken.js';
import type { Examples } from './examples.js';
import { inGroups } from './groups.js';
import type { NetworkModel } from './model.js';
import type { MaskSource } from './position-mask.js';

/** Why a layer whose infinities go no further is not shown. */
export const INFINITE = 'gives infinity where a mask takes a score away';
/** Examples that are looked at, from the whole of the data. */
const LOOKED_AT = 32;
/** What takes scores of minus infinity and gives numbers: only where it is there are infinities looked for. */
const TAKES_INFINITY = /softmax|attention/i;

/**
 * The layers that give infinities for some of up to 32 examples from all over the data, while the last one gives numbers: the
 * scores of attention, where a mask took some away by adding −∞ before a softmax. Layers that give NaN, and infinities that
 * reach the end, are not among them: they are a fault of the data or the weights. Examples with much to leave out by `mask` come
 * first. One run of the model for every `memory` bytes of activations, and none without a softmax. Throws what the model throws.
 */
export async function infiniteLayers(
  model: NetworkModel,
  examples: Examples,
  {
    names,
    bytesOf,
    memory,
    mask,
  }: {
    names: readonly string[];
    /** Of one example. */
    bytesOf: (name: string) => number;
    memory: number;
    /** What says which positions count. */
    mask: MaskSource | undefined;
  },
): Promise<ReadonlySet<string>> {
  const found = new Set<string>();
  if (!model.layers.some(({ kind }) => TAKES_INFINITY.test(kind))) return found;
  const rows = lookedAt(examples, model, mask);
  let last: 'finite' | 'infinite' | 'nan' = 'finite';
  for (const group of inGroups(names, (name) => rows.length * bytesOf(name), memory)) {
    const outputs = await model.run(examples.gather(rows), group);
    for (const name of group) {
      last = worst(outputs.get(name)!.data);
      if (last === 'infinite') found.add(name);
    }
  }
  return last === 'finite' ? found : new Set();
}

/** So many examples: those of which the mask leaves out most, and others evenly from all; the last again where a model takes no fewer. */
function lookedAt(examples: Examples, { input }: NetworkModel, mask: MaskSource | undefined): number[] {
  const n = examples.count;
  const count = input.batch ?? Math.min(LOOKED_AT, n);
  const masked = mask === undefined ? [] : mostMasked(examples, mask, Math.ceil(count / 4));
  const others = Array.from({ length: Math.min(count, n) }, (_, i) =>
    Math.floor((i * n) / Math.min(count, n)),
  );
  const picked = [...new Set([...masked, ...others])].slice(0, count);
  while (picked.length < count) picked.push(picked[picked.length - 1]);
  return picked;
}

/** So many examples of which the mask leaves out most positions. */
function mostMasked({ count: n, given }: Examples, mask: MaskSource, count: number): number[] {
  const array = given.find(({ input }) => input.name === mask.input)?.array;
  if (array === undefined || typeof array === 'number' || array.shape[0] !== n) return [];
  const size = array.data.length / n;
  const padding = mask.padding ?? 0;
  const left = Int32Array.from({ length: n }, (_, i) => {
    let zeros = 0;
    for (let k = i * size; k < (i + 1) * size; k++) if (array.data[k] === padding) zeros++;
    return zeros;
  });
  return [...left.keys()].sort((a, b) => left[b] - left[a]).slice(0, count);
}

function worst(data: NdArray['data']): 'finite' | 'infinite' | 'nan' {
  let isInfinite = false;
  for (const value of data) {
    if (Number.isNaN(value)) return 'nan';
    if (!Number.isFinite(value)) isInfinite = true;
  }
  return isInfinite ? 'infinite' : 'finite';
}

/** The error of a layer that gives such a value for an example. */
export function nonFinite(layer: string, example: number, value: number): RidgeflowError {
  const remedy = Number.isNaN(value)
    ? 'check the data (their scale is that of training?) and the weights'
    : `check the data (their scale is that of training?) and the weights, or, where a mask is added to its values, choose layers (${spokenOption('layers')}) without it`;
  return new RidgeflowError(
    'NON_FINITE',
    `The model gives ${Number.isNaN(value) ? 'NaN' : 'infinity'} in layer ${layer} for example ${example}: ${remedy}`,
    { details: { layer, row: example } },
  );
}
