import type { LayerAnalysis, NetworkAnalysis } from '../network/analysis/index.js';
import { FAR } from '../network/blocks/verdict.js';
import { changeOf, errorOfDifference, errorOfShares } from './compare.js';
import { formatCount, formatNumber, formatPercent } from './format.js';
import type { Finding } from './html.js';

type NetworkNumbers = Pick<NetworkAnalysis, 'steps'> & { layers: readonly Omit<LayerAnalysis, 'plane'>[] };

/** What the numbers of a network's layers say. */
export function networkFindings(numbers: NetworkNumbers): Finding[] {
  return [labels, dimension, steps].flatMap((find) => find(numbers) ?? []);
}

function labels({ layers }: NetworkNumbers): Finding | undefined {
  const [first, last] = [layers[0], layers[layers.length - 1]];
  const [from, to] = [first, last].map(({ separation }) => separation?.neighbourAccuracy);
  if (typeof from !== 'number' || typeof to !== 'number') return undefined;
  const error = errorOfShares(from, to, Math.min(first.rows, last.rows));
  const change = changeOf(from, to, error);
  const meaning =
    'of the points have a nearest neighbour of their own label, in the data and in the last layer';
  const word = {
    rose: 'the layers bring labels together',
    fell: 'the layers mix labels',
    same: `the same, within the standard error of ${formatPercent(error)}`,
  }[change];
  return {
    topic: 'Labels',
    figure: `${formatPercent(from)} → ${formatPercent(to)}`,
    sentence: `${meaning}: ${word}.`,
  };
}

function dimension({ layers }: NetworkNumbers): Finding {
  const [first, last] = [layers[0], layers[layers.length - 1]];
  const [from, to] = [first, last].map(({ intrinsicDimension }) => intrinsicDimension ?? NaN);
  const error = errorOfDifference(first.intrinsicDimensionError, last.intrinsicDimensionError);
  const meaning = 'is the intrinsic dimension of the data, and of what the last layer makes of them';
  const word = {
    rose: 'more than in the data',
    fell: 'fewer than in the data',
    same: `the same, within the standard error of ${formatNumber(error, 2)}`,
  };
  const known = Number.isFinite(from) && Number.isFinite(to);
  return {
    topic: 'Dimension',
    figure: `${formatNumber(from, 2)} → ${formatNumber(to, 2)}`,
    sentence: known
      ? `${meaning}: ${word[changeOf(from, to, error)]}.`
      : `${meaning}; where points coincide it has none.`,
  };
}

function steps({ steps: all }: NetworkNumbers): Finding | undefined {
  const moves = all.flatMap(({ relativeDisplacement }) => relativeDisplacement ?? []);
  const middle = [...moves].sort((a, b) => a - b)[Math.floor(moves.length / 2)];
  if (middle === undefined) return undefined;
  const which =
    moves.length === 1 ? 'in the one step' : `in the median of ${formatCount(moves.length)} steps`;
  const flow = middle <= FAR ? 'little, as in a flow' : 'too far for a step of a flow';
  return {
    topic: 'Steps',
    figure: formatNumber(middle, 2),
    sentence: `of the cloud’s spread is how far the points move ${which} between layers of equal width: ${flow}.`,
  };
}
