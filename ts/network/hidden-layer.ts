import { type NdArray, dtypeOf, toDtype } from '../core/array.js';
import type { CallOptions } from '../core/options.js';
import { asMatrix } from '../kernel/checks.js';
import type { Kernels } from '../kernel/contract.js';
import type { ShallowNetwork } from './shallow-network.js';
import { applySlopes } from './slopes.js';

/** The hidden units η(Ax − b) at n points, n × m in their element type. O(nmd) time. */
export async function hiddenUnits(
  kernels: Kernels,
  { A, b, activation }: ShallowNetwork,
  x: NdArray,
  { signal }: CallOptions,
): Promise<NdArray> {
  const dtype = dtypeOf(x);
  const weights = asMatrix(toDtype(A, dtype));
  const data = await kernels.matmul({ a: asMatrix(x), b: weights, transposeB: true }, { signal });
  const values = { data, rows: x.shape[0], columns: weights.rows };
  const columnBias = toDtype(b, dtype).data.map((value) => -value);
  await kernels.activate({ values, columnBias, nonlinearity: activation.kernel }, { signal });
  return { data, shape: [values.rows, values.columns] };
}

/** The derivatives of the hidden units at x_i along u_i, n × m: η′(Ax_i − b) ∘ Au_i. O(nmd) time. */
export async function hiddenDerivatives(
  kernels: Kernels,
  { A, b, activation }: ShallowNetwork,
  x: NdArray,
  u: NdArray,
  { signal }: CallOptions,
): Promise<NdArray> {
  const dtype = dtypeOf(x);
  const weights = asMatrix(toDtype(A, dtype));
  const slopes = await kernels.matmul({ a: asMatrix(x), b: weights, transposeB: true }, { signal });
  const minusB = toDtype(b, dtype).data.map((value) => -value);
  const values = { data: slopes, rows: x.shape[0], columns: weights.rows };
  await applySlopes(kernels, values, { function: activation, minusB }, { signal });
  const data = await kernels.matmul({ a: asMatrix(u), b: weights, transposeB: true }, { signal });
  for (let at = 0; at < data.length; at++) data[at] *= slopes[at];
  return { data, shape: [values.rows, values.columns] };
}

/** The outputs C ᵀh + bias, or without `bias` Cᵀh, of given hidden units, n × k. O(nmk) time. */
export async function outputsOf(
  kernels: Kernels,
  { C, bias }: ShallowNetwork,
  h: NdArray,
  { signal, linear = false }: CallOptions & { linear?: boolean },
): Promise<NdArray> {
  const weights = asMatrix(toDtype(C, dtypeOf(h)));
  const data = await kernels.matmul({ a: asMatrix(h), b: weights }, { signal });
  const k = weights.columns;
  if (!linear) for (let at = 0; at < data.length; at++) data[at] += bias.data[at % k];
  return { data, shape: [h.shape[0], k] };
}
