import { changeOf, errorOfDifference, within } from './compare.js';
import { formatCount, formatNumber, formatPercent } from './format.js';
import type { Finding } from './html.js';
import type { TrainNumbers } from './train-numbers.js';

/** What the numbers of a training say. */
export function trainFindings(numbers: TrainNumbers): Finding[] {
  return [noise, classes, effort].flatMap((find) => find(numbers) ?? []);
}

function noise({ denoisingErrors, denoisingChangeError: error }: TrainNumbers): Finding {
  const [before, after] = [denoisingErrors[0], denoisingErrors[denoisingErrors.length - 1]];
  const [from, to] = [formatNumber(before, 3), formatNumber(after, 3)];
  const change = from === to ? 'same' : changeOf(before, after, errorOfDifference(error));
  const end = {
    fell: 'how far they still are after the last layer',
    rose: 'how far the last layer leaves them, which is farther',
    same: `how far they still are after the last layer, which is no nearer${within(error)}`,
  }[change];
  return {
    topic: 'Noise',
    figure: `${from} → ${to}`,
    sentence: `is how far noise that training has not seen takes the points, and ${end}, root mean squared.`,
  };
}

function classes({ separation }: TrainNumbers): Finding | undefined {
  if (!separation) return undefined;
  const [first, last] = [separation.points[0], separation.points[separation.points.length - 1]];
  const [from, to] = [formatNumber(first.silhouette, 2), formatNumber(last.silhouette, 2)];
  const error = errorOfDifference(first.silhouetteError, last.silhouetteError);
  const change = from === to ? 'same' : changeOf(first.silhouette, last.silhouette, error);
  const word = {
    rose: 'they come apart',
    fell: 'they run together',
    same: `they stay as far apart${within(error)}`,
  }[change];
  return {
    topic: 'Classes',
    figure: `${from} → ${to}`,
    sentence:
      `is their silhouette in the data and after the last layer: ${word}; a linear probe is right for ` +
      `${formatPercent(first.probeAccuracy)} and ${formatPercent(last.probeAccuracy)}.`,
  };
}

function effort({ layers, method, depth }: TrainNumbers): Finding {
  if (method === 'ridge')
    return {
      topic: 'Ridge',
      figure: [...new Set(layers.map(({ ridge }) => formatNumber(ridge ?? NaN, 2)))].join(', '),
      sentence: 'is the penalty on the output weights, relative to the variance of the hidden units.',
    };
  const early = layers.filter(({ reason }) => reason === 'early stopping').length;
  let sentence = `were trained; ${formatCount(early)} of ${formatCount(depth)} layers stopped early.`;
  if (early === 0) sentence = 'were trained, as many as were asked for.';
  if (early === depth)
    sentence = 'were trained, until the points held out were no longer brought back better.';
  return {
    topic: 'Epochs',
    figure: [...new Set(layers.map(({ epochs }) => epochs))].map(formatCount).join(', '),
    sentence,
  };
}
