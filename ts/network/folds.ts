import { checkCall } from '../core/call.js';
import { SIGNATURES } from './signatures.js';
import { invalidArgument } from '../core/errors.js';
import type { NdArrayLike } from '../core/foreign.js';
import { checkInteger, partOf } from '../core/options.js';
import { RandomStream } from '../core/random.js';
import { type FitNetworkOptions, checkRidges, fitNetwork, unitsFor } from './fit.js';
import { type NetworkTarget, rowsAt, splitTarget } from './target.js';
import { firstUnits } from './units.js';

/** What {@link chooseByFolds} returns. */
export interface FoldChoice {
  width: number;
  ridge: number;
  /** Root mean square, over all points, of the error of the networks that had not seen them. */
  errors: { width: number; ridge: number; rms: number }[];
}

/** Options of {@link chooseByFolds}. */
export interface FoldOptions extends Omit<FitNetworkOptions, 'width' | 'heldOut' | 'ridge'> {
  /** Widths to choose from. */
  widths: readonly number[];
  /** Penalties to choose from, as those of {@link fitNetwork}. Default: 1e-9, 1e-7, 1e-5, 1e-3, 1e-1. */
  ridges?: readonly number[];
  /** Parts that the points fall into, 2 to their number. Default 5. */
  folds?: number;
}

/**
 * The width and the penalty whose networks err least on points that they have not seen: each fold in turn is left out of
 * the points that a network is fitted to, and judged. Points that are to judge the choice must not be among the target's.
 *
 * @throws INVALID_ARGUMENT; as {@link fitNetwork}.
 *
 * folds · widths · ridges fits. Source: M. Stone, Cross-validatory choice and assessment of statistical predictions, J. R.
 * Stat. Soc. B 36 (1974), 111–147.
 */
export async function chooseByFolds(
  target: NetworkTarget<NdArrayLike>,
  options: FoldOptions,
): Promise<FoldChoice> {
  const own = checkCall(SIGNATURES.chooseByFolds, { target, options });
  const { widths, ridges: given = [1e-9, 1e-7, 1e-5, 1e-3, 1e-1], folds = 5, ...rest } = own.options;
  if (!(widths?.length > 0)) throw invalidArgument('widths', 'a list of widths', widths);
  widths.forEach((width) => checkInteger(width, 'widths', 1));
  const ridges = checkRidges(given);
  const { training: all } = await splitTarget(own.target, { ...rest, heldOut: 0 });
  const n = all.points.shape[0];
  if (!(checkInteger(folds, 'folds', 2) <= n))
    throw invalidArgument('folds', `at most ${n}, the number of points`, folds);
  const order = new RandomStream(rest.seed, 'shuffle').choose(n, n);
  const squares = widths.map(() => new Float64Array(ridges.length));
  for (let fold = 0; fold < folds; fold++) {
    const [from, to] = [Math.floor((fold * n) / folds), Math.floor(((fold + 1) * n) / folds)];
    const heldOut = rowsAt(all, order.subarray(from, to));
    const others = order.filter((_, i) => i < from || i >= to);
    const training = rowsAt(all, others);
    const units = await unitsFor(training, { ...rest, width: Math.max(...widths) });
    for (const [w, width] of widths.entries()) {
      const done = fold * widths.length + w;
      const part = partOf(rest, done / (folds * widths.length), (done + 1) / (folds * widths.length));
      for (const [r, ridge] of ridges.entries()) {
        const { heldOut: error } = await fitNetwork(training, {
          ...rest,
          onProgress: r === ridges.length - 1 ? part.onProgress : undefined,
          units: firstUnits(units, width),
          heldOut,
          ridge,
        });
        squares[w][r] += error!.rms ** 2 * (to - from);
      }
    }
  }
  const errors = widths.flatMap((width, w) =>
    ridges.map((ridge, r) => ({ width, ridge, rms: Math.sqrt(squares[w][r] / n) })),
  );
  const best = errors.reduce((a, b) => (b.rms < a.rms ? b : a));
  return { width: best.width, ridge: best.ridge, errors };
}
