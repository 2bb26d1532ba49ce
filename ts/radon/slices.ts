import { type NdArray, allocate, checkArray, dtypeOf, toDtype } from '../core/array.js';
import { RidgeflowError } from '../core/errors.js';
import type { NdArrayLike } from '../core/foreign.js';
import { partOf } from '../core/options.js';
import { type FilteredBackprojectionOptions, filteredBackprojection } from './filtered-backprojection.js';
import { checkGridShape } from './hyperplanes.js';
import { checkCall } from '../core/call.js';
import { SIGNATURES } from './signatures.js';

/**
 * Reconstruction of a volume from parallel beams that turn about z, by filtered backprojection of every slice: the X-ray
 * data of `xrayProjector` with `axialDirections(angles)`.
 *
 * @param data [angles, slices, detectors], finite.
 * @param options Those of filteredBackprojection, with the shape of the volume, [slices, rows, columns].
 * @returns The volume.
 * @throws INVALID_SHAPE where data and shape do not fit, and as filteredBackprojection. O(angles · cells) time.
 *
 * @example
 * const volume = await filteredBackprojectionSlices(data, { angles, shape: [64, 128, 128], filter: 'hann' });
 */
export async function filteredBackprojectionSlices(
  data: NdArrayLike,
  options: FilteredBackprojectionOptions,
): Promise<NdArray> {
  ({ data } = checkCall(SIGNATURES.filteredBackprojectionSlices, { data, options }));
  checkArray(data, 'data');
  const [slices, rows, columns] = checkGridShape(options.shape, 3);
  const [angles, depth, detectors] = data.shape;
  if (data.shape.length !== 3 || depth !== slices || data.data.length === 0) {
    throw new RidgeflowError(
      'INVALID_SHAPE',
      `Expected shape [angles, ${slices}, detectors] for data but received [${data.shape.join(', ')}]`,
      { details: { parameter: 'data' } },
    );
  }
  const dtype = options.dtype ?? dtypeOf(data);
  const input = toDtype(data, dtype).data;
  const volume = allocate(dtype, slices * rows * columns, 'a volume');
  const sinogram = allocate(dtype, angles * detectors, 'a sinogram');
  for (let slice = 0; slice < slices; slice++) {
    for (let a = 0; a < angles; a++) {
      const start = (a * slices + slice) * detectors;
      sinogram.set(input.subarray(start, start + detectors), a * detectors);
    }
    const image = await filteredBackprojection(
      { data: sinogram, shape: [angles, detectors] },
      { ...options, ...partOf(options, slice / slices, (slice + 1) / slices), shape: [rows, columns] },
    );
    volume.set(image.data, slice * rows * columns);
  }
  return { data: volume, shape: [slices, rows, columns] };
}
