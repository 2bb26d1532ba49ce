import { type FloatData, type NdArray, allocate, dtypeOf } from '../../core/array.js';
import type { RandomStream } from '../../core/random.js';
import type { Kernels, Matrix } from '../../kernel/contract.js';
import type { InputNoise } from '../../kernel/contract/training.js';

/** Points that are corrupted in ways of their own, anew in every epoch. */
export interface DrawnCorruption {
  /** The points as they are corrupted in an epoch; 0 is for those held out. */
  readonly draw: (epoch: number) => Promise<NdArray>;
  /** All that decides what is drawn, beside points and seed. */
  readonly description: object;
}

/** What is drawn, and what the noise of kernels does, tells apart. */
export function isDrawn(corruption: unknown): corruption is DrawnCorruption {
  return typeof (corruption as Partial<DrawnCorruption> | undefined)?.draw === 'function';
}

/**
 * Rows [first, first + rows) of the points, corrupted as training corrupts them where every row is taken at its own place:
 * row i by the numbers of the stream from i·d on.
 */
export async function corruptRows(
  kernels: Kernels,
  { data, shape }: NdArray,
  { model, stream }: { model: InputNoise; stream: RandomStream },
  { first, rows, signal }: { first: number; rows: number; signal?: AbortSignal },
): Promise<Matrix> {
  const d = shape[1];
  const points = data.subarray(first * d, (first + rows) * d);
  const out = allocate(dtypeOf({ data }), rows * d, 'corrupted points');
  await kernels.normals({ stream, out, first: first * d }, { signal });
  const matrix = { data: out, rows, columns: d };
  if (model.kind === 'masking') {
    for (let at = 0; at < out.length; at++) out[at] = out[at] < model.threshold ? 0 : points[at];
    return matrix;
  }
  let change: FloatData = out;
  if (model.kind === 'factor') {
    const factor = { data: model.factor, rows: d, columns: d };
    change = await kernels.matmul({ a: matrix, b: factor, transposeB: true }, { signal });
  }
  const scale = model.kind === 'gaussian' ? model.scale : 1;
  for (let at = 0; at < out.length; at++) change[at] = points[at] + scale * change[at];
  return { data: change, rows, columns: d };
}
