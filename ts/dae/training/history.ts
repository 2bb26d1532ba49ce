import type { NdArray } from '../../core/array.js';
import { RidgeflowError } from '../../core/errors.js';
import type { EpochLoss } from './trained-dae.js';

/** A loss curve as an array for files: epochs × (training, held-out or NaN). */
export function historyArray(history: readonly EpochLoss[]): NdArray {
  const data = new Float64Array(2 * history.length);
  for (const [i, { training, heldOut = NaN }] of history.entries()) data.set([training, heldOut], 2 * i);
  return { data, shape: [history.length, 2] };
}

/** The loss curve of such an array. Throws INVALID_SHAPE for another. */
export function historyOf(array: NdArray | undefined): EpochLoss[] {
  if (array?.shape.length !== 2 || array.shape[1] !== 2 || array.data.length !== 2 * array.shape[0])
    throw new RidgeflowError('INVALID_SHAPE', 'Expected a loss curve of two columns');
  return Array.from({ length: array.shape[0] }, (_, i) => {
    const [training, heldOut] = array.data.subarray(2 * i, 2 * i + 2);
    return { epoch: i + 1, training, ...(!Number.isNaN(heldOut) && { heldOut }) };
  });
}
