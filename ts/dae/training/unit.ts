import { type DType, type NdArray, allocate } from '../../core/array.js';
import { RidgeflowError } from '../../core/errors.js';
import { ALONE } from '../../kernel/alone.js';
import type { ShareKernels } from '../../kernel/contract/shares.js';
import { type ShallowNetwork, shallowNetwork } from '../../network/shallow-network.js';

/** The unit that networks are trained in: x ↦ (x − centre)/scale. */
export interface Unit {
  readonly centre: Float64Array;
  readonly scale: number;
}

/**
 * The unit in which the points have mean 0 (but with `keepOrigin`, as masking noise needs it) and a mean square of 1 per
 * coordinate; of points that are some rows of a cloud over ranks, that of the whole. Throws DEGENERATE_CLOUD where all points
 * coincide.
 */
export async function unitOf(
  points: NdArray,
  { keepOrigin, shares = ALONE }: { keepOrigin: boolean; shares?: ShareKernels },
): Promise<Unit> {
  const [rows, d] = points.shape;
  const { total: n } = await shares.shareOf(rows);
  const means = new Float64Array(d);
  for (let at = 0; at < points.data.length; at++) means[at % d] += points.data[at] / n;
  const mean = await shares.sumOverRanks(means);
  let own = 0;
  for (let at = 0; at < points.data.length; at++) own += (points.data[at] - mean[at % d]) ** 2;
  const [squares] = await shares.sumOverRanks([own]);
  const scale = Math.sqrt(squares / (n * d));
  if (!(scale > 0))
    throw new RidgeflowError('DEGENERATE_CLOUD', 'Expected points that differ but all of them coincide');
  return { centre: keepOrigin ? new Float64Array(d) : mean, scale };
}

/** The points in the unit, in new storage. */
export function toUnit(points: NdArray, { centre, scale }: Unit, dtype: DType): NdArray {
  const d = centre.length;
  const data = allocate(dtype, points.data.length, 'points');
  for (let at = 0; at < data.length; at++) data[at] = (points.data[at] - centre[at % d]) / scale;
  return { data, shape: points.shape };
}

/** The unit in which what this one measures is as it was. */
export function inverseUnit({ centre, scale }: Unit): Unit {
  return { centre: centre.map((value) => -value / scale), scale: 1 / scale };
}

/**
 * A network of points as one of points in the unit: of its inputs, its outputs or both. `residual`: the outputs are added
 * to the inputs, so that their centre stays where it is.
 */
export function inUnit(
  network: ShallowNetwork,
  { centre, scale }: Unit,
  { inputs, outputs, residual = false }: { inputs: boolean; outputs: boolean; residual?: boolean },
  dtype: DType,
): ShallowNetwork {
  const { A, b, C, bias, width, activation } = network;
  const d = network.inputs;
  const a = allocate(dtype, A.data.length);
  const shifts = allocate(dtype, width);
  for (let j = 0; j < width; j++) {
    let shift = 0;
    for (let k = 0; k < d; k++) {
      const weight = A.data[j * d + k];
      a[j * d + k] = inputs ? weight * scale : weight;
      if (inputs) shift += weight * centre[k];
    }
    shifts[j] = b.data[j] - shift;
  }
  const size = outputs ? 1 / scale : 1;
  const c = allocate(dtype, C.data.length);
  for (let at = 0; at < c.length; at++) c[at] = size * C.data[at];
  const offsets = allocate(dtype, bias.data.length);
  for (let k = 0; k < offsets.length; k++) {
    const origin = outputs && !residual ? centre[k] : 0;
    offsets[k] = size * (bias.data[k] - origin);
  }
  return shallowNetwork({
    activation: activation.name,
    A: { data: a, shape: A.shape },
    b: { data: shifts, shape: b.shape },
    C: { data: c, shape: C.shape },
    bias: { data: offsets, shape: bias.shape },
  });
}
