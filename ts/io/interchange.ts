import type { Tensor } from '@tensorflow/tfjs-core';
import type { Table, Vector } from 'apache-arrow';
import { type DType, type NdArray, checkPoints, elementCount, toDtype } from '../core/array.js';
import { checkCall } from '../core/call.js';
import { RidgeflowError } from '../core/errors.js';
import type { NdArrayLike } from '../core/foreign.js';
import { SIGNATURES } from './signatures.js';

/**
 * The cloud, n × d, in what other libraries hold, as every call takes it where it wants an array: for those who keep one form
 * of their own. One axis becomes [n, 1], more than two [n, rest]. Float32Array and Float64Array that lie row by row are not
 * copied: do not write to them.
 *
 * @param options.dtype the element type of the result. Default: the input's where it is float32 or float64, else float32,
 *   and float64 for numbers that float32 cannot tell apart.
 * @throws INVALID_ARGUMENT for anything else, INVALID_DTYPE for a column of no numbers, NON_FINITE for nulls,
 *   INVALID_SHAPE for no points' shape.
 * @example const points = asCloud(tensor, { dtype: 'float64' });
 */
export function asCloud(value: NdArrayLike, options: { dtype?: DType } = {}): NdArray {
  ({ value } = checkCall(SIGNATURES.asCloud, { value, options }));
  const { data, shape } = value;
  const points: NdArray =
    shape.length === 2 ? value : { data, shape: [shape[0] ?? 1, elementCount(shape.slice(1))] };
  checkPoints(points, 'value', { minimum: 0 });
  return toDtype(points, options.dtype);
}

/**
 * Points as a table of Apache Arrow, one column a coordinate, in their element type.
 *
 * @param options.columns d names. Default: the numbers of the coordinates from 0.
 * @throws INVALID_SHAPE for points of no cloud or another number of names.
 * @example await writeFile('moved.arrow', tableToIPC(await toArrow(positions, { columns: ['x', 'y'] })));
 */
export async function toArrow(
  points: NdArrayLike,
  options: { columns?: readonly string[] } = {},
): Promise<Table> {
  ({ points } = checkCall(SIGNATURES.toArrow, { points, options }));
  const { columns } = options;
  const { n, d } = checkPoints(points, 'points', { minimum: 0 });
  if (columns && columns.length !== d)
    throw new RidgeflowError(
      'INVALID_SHAPE',
      `Expected ${d} names for columns but received ${columns.length}`,
    );
  const { Table: ArrowTable, makeVector } = await import('apache-arrow');
  const { data } = points;
  const vectors: Record<string, Vector> = {};
  for (let k = 0; k < d; k++) {
    const values = data instanceof Float64Array ? new Float64Array(n) : new Float32Array(n);
    for (let i = 0; i < n; i++) values[i] = data[i * d + k];
    vectors[columns?.[k] ?? String(k)] = makeVector(values as Float32Array) as Vector;
  }
  return new ArrowTable(vectors) as Table;
}

/**
 * An array as a tensor of TensorFlow.js, which has float32 alone: float64 is rounded. Its memory is the caller's to
 * dispose of. Throws what `checkArray` throws, and BACKEND_UNAVAILABLE where TensorFlow.js has no backend yet.
 */
export async function toTensor(array: NdArrayLike): Promise<Tensor> {
  ({ array } = checkCall(SIGNATURES.toTensor, { array }));
  const { data, shape } = toDtype(array, 'float32');
  const { tensor } = await import('@tensorflow/tfjs-core');
  try {
    return tensor(data as Float32Array, [...shape], 'float32');
  } catch (cause) {
    const remedy = "import a backend first, such as '@tensorflow/tfjs-backend-cpu'";
    throw new RidgeflowError('BACKEND_UNAVAILABLE', `TensorFlow.js makes no tensor: ${remedy}`, { cause });
  }
}
