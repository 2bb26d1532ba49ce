import { type NdArray, checkArray, dtypeOf, toDtype } from '../core/array.js';
import { RidgeflowError, invalidArgument } from '../core/errors.js';
import type { NdArrayLike } from '../core/foreign.js';
import { type CallOptions, checkPositive } from '../core/options.js';
import { kernelsFor } from '../kernel/backend.js';
import { asMatrix, checkFinite } from '../kernel/checks.js';
import { GAUSSIAN_REACH, responseOf, transformLength } from './filter.js';
import { checkCall } from '../core/call.js';
import { SIGNATURES } from './signatures.js';

/** Longest transform of one slice. */
const LONGEST = 2 ** 24;

/** Options of {@link heatSlices}. */
export interface HeatSlicesOptions extends CallOptions {
  /** Time t of ∂g/∂t = ∂²g/∂p², in length²; negative: the backward heat equation. */
  time: number;
  /** Distance of neighbouring detectors. Default 1. */
  spacing?: number;
  /**
   * Backward in time, frequencies that would grow by more than this are left out, since there they hold noise alone.
   * Above 1. Default 10⁴.
   */
  amplification?: number;
}

/**
 * Heat in the Radon domain. Since P(Δf) = ∂²_p Pf, the heat equation of f, forward or backward, is the one-dimensional
 * heat equation of every slice Pf(u, ·): each is multiplied by exp(−tω²) at frequency ω. So a flow that solves the
 * (backward) heat equation can be checked slice by slice.
 *
 * @param sinogram [directions, positions], equidistant samples of functions that are zero beyond them.
 * @returns The slices at time t, of the same shape. What flows out of the range of positions is lost.
 * @throws INVALID_SHAPE, NON_FINITE, INVALID_DTYPE, INVALID_ARGUMENT (time not finite, spacing not above 0, amplification
 *   not above 1), OUT_OF_MEMORY (a time so long that a slice would need more than 2²⁴ samples), ABORTED.
 *
 * O(directions · length log length) time, length the positions and 8.5 standard deviations √(2t). Exact for functions
 * without frequencies above π/spacing.
 *
 * @example
 * const later = await heatSlices(sinogram, { time: 0.1, spacing: 0.02 });
 */
export async function heatSlices(sinogram: NdArrayLike, options: HeatSlicesOptions): Promise<NdArray> {
  ({ sinogram } = checkCall(SIGNATURES.heatSlices, { sinogram, options }));
  checkArray(sinogram, 'sinogram');
  if (sinogram.shape.length !== 2 || sinogram.data.length === 0) {
    throw new RidgeflowError(
      'INVALID_SHAPE',
      `Expected two extents of at least 1 for the shape of sinogram but received [${sinogram.shape.join(', ')}]`,
      { details: { parameter: 'sinogram' } },
    );
  }
  const { time, amplification = 1e4 } = options;
  if (!Number.isFinite(time)) throw invalidArgument('time', 'a finite number', time);
  if (!(amplification > 1 && Number.isFinite(amplification))) {
    throw invalidArgument('amplification', 'a finite number above 1', amplification);
  }
  const spacing = checkPositive(options.spacing ?? 1, 'spacing');
  const input = toDtype(sinogram, options.dtype ?? dtypeOf(sinogram));
  const kernels = await kernelsFor(options, dtypeOf(input));
  checkFinite(kernels, sinogram, 'sinogram');
  const [rows, columns] = input.shape;
  const samples = Math.sqrt(2 * Math.abs(time)) / spacing;
  const length = columns + Math.max(columns, Math.ceil(GAUSSIAN_REACH * samples));
  if (!(length <= LONGEST)) {
    throw new RidgeflowError(
      'OUT_OF_MEMORY',
      `Expected a time short enough for slices of 2²⁴ samples but ${time} needs ${length}: use a wider spacing`,
      { details: { parameter: 'time' } },
    );
  }
  const padded = transformLength(length);
  const response = responseOf(padded, (frequency) => {
    const growth = Math.exp(-time * (frequency / spacing) ** 2);
    return growth <= amplification ? growth : 0;
  });
  const scales = new Float64Array(rows).fill(1);
  const data = await kernels.filterRows({ data: asMatrix(input), length: padded, response, scales }, options);
  return { data, shape: [rows, columns] };
}
