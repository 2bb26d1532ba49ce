import { invalidArgument } from '../core/errors.js';
import type { NdArrayLike } from '../core/foreign.js';
import { checkInteger, partOf } from '../core/options.js';
import { type FitNetworkOptions, fitNetwork, unitsFor } from './fit.js';
import type { FitError } from './fit-error.js';
import { type NetworkTarget, splitTarget } from './target.js';
import { firstUnits } from './units.js';
import { checkCall } from '../core/call.js';
import { SIGNATURES } from './signatures.js';

/** The error of networks of growing width, made of the first units of one draw. */
export interface WidthStudy {
  rows: { width: number; training: FitError; heldOut: FitError }[];
  /** p in held-out rms ∝ width^−p, by least squares on logarithms: ½ is the rate of Monte Carlo. NaN for one width. */
  rate: number;
}

/**
 * How the error on points held out falls with the width.
 *
 * @param options As fitNetwork; `widths` instead of `width`, in any order.
 * @throws As fitNetwork.
 */
export async function errorByWidth(
  target: NetworkTarget<NdArrayLike>,
  options: Omit<FitNetworkOptions, 'width'> & { widths: readonly number[] },
): Promise<WidthStudy> {
  const own = checkCall(SIGNATURES.errorByWidth, { target, options });
  const { widths, ...rest } = own.options;
  if (!(widths?.length > 0)) throw invalidArgument('widths', 'a list of widths', widths);
  widths.forEach((width) => checkInteger(width, 'widths', 1));
  const split = await splitTarget(own.target, rest);
  if (!split.heldOut) throw invalidArgument('heldOut', 'points to hold out', options.heldOut);
  const units = await unitsFor(split.training, { ...rest, width: Math.max(...widths) });
  const rows: WidthStudy['rows'] = [];
  for (const [i, width] of widths.entries()) {
    const { onProgress } = partOf(rest, i / widths.length, (i + 1) / widths.length);
    const { training, heldOut } = await fitNetwork(split.training, {
      ...rest,
      onProgress,
      units: firstUnits(units, width),
      heldOut: split.heldOut,
    });
    rows.push({ width, training, heldOut: heldOut! });
  }
  const x = rows.map(({ width }) => Math.log(width));
  const y = rows.map(({ heldOut }) => Math.log(heldOut.rms));
  const [mx, my] = [x, y].map((values) => values.reduce((a, b) => a + b, 0) / values.length);
  const slope = x.reduce((sum, value, i) => sum + (value - mx) * (y[i] - my), 0);
  return { rows, rate: -slope / x.reduce((sum, value) => sum + (value - mx) ** 2, 0) };
}
