import type { NdArray } from '../core/array.js';
import type { Kernels } from '../kernel/contract.js';

/** Squared Euclidean length of every row; of a scalar, its square. */
export function squaredRowLengths(
  kernels: Pick<Kernels, 'squaredRowLengths'>,
  { data, shape }: NdArray,
): Float64Array {
  const squares = new Float64Array(shape.length === 0 ? 1 : shape[0]);
  if (squares.length > 0) kernels.squaredRowLengths(data, data.length / squares.length, squares);
  return squares;
}

/** Euclidean length of every row. */
export function rowLengths(kernels: Pick<Kernels, 'squaredRowLengths'>, array: NdArray): Float64Array {
  const lengths = squaredRowLengths(kernels, array);
  for (let i = 0; i < lengths.length; i++) lengths[i] = Math.sqrt(lengths[i]);
  return lengths;
}
