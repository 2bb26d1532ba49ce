import { changeOf } from './compare.js';
import { formatCount, formatNumber, formatPercent } from './format.js';
import type { Finding } from './html.js';

/** Rates that are as good as none: across the widths of a study the error changes by a tenth or so. */
const FLAT = 0.02;

/** The numbers that findings are made of. */
export interface RidgeletNumbers {
  width: number;
  sampling: 'oracle' | 'pairs' | 'random';
  chosen: 'both' | 'ridge' | null;
  heldOut: { relative: number; points: number };
  /** Part of the points held out that got their class; null where no classes were learned. */
  accuracy: number | null;
  widths: {
    rate: number | null;
    rows: readonly { width: number; heldOut: { rms: number; relative: number } }[];
  };
}

/** What the numbers of a network that was built without training say. */
export function ridgeletFindings(numbers: RidgeletNumbers): Finding[] {
  return [quality(numbers), rate(numbers), construction(numbers)];
}

function quality({ accuracy, heldOut }: RidgeletNumbers): Finding {
  const points = formatCount(heldOut.points);
  if (accuracy !== null)
    return {
      topic: 'Accuracy',
      figure: formatPercent(accuracy),
      sentence: `of ${points} points held out got their own class.`,
    };
  const worse = heldOut.relative >= 1 ? ': no better than their mean' : '';
  return {
    topic: 'Held-out error',
    figure: formatPercent(heldOut.relative),
    sentence: `of the values’ own spread, on ${points} points that were held out${worse}.`,
  };
}

function rate({ widths: { rate, rows } }: RidgeletNumbers): Finding {
  if (rate === null || !Number.isFinite(rate))
    return { topic: 'Rate', figure: '–', sentence: 'One width says nothing of a rate.' };
  const [first, last] = [rows[0], rows[rows.length - 1]];
  const best = rows.reduce((a, b) => (b.heldOut.rms < a.heldOut.rms ? b : a));
  const ends = `from width ${formatCount(first.width)} to ${formatCount(last.width)}`;
  const lowest = `it is lowest, ${formatPercent(best.heldOut.relative)}, at width ${formatCount(best.width)}`;
  const figure = `width^${formatNumber(-rate, 2)}`;
  // The fit over all widths, and what became of the error in the end, must agree before either is said.
  const change = changeOf(first.heldOut.rms, last.heldOut.rms, FLAT * first.heldOut.rms);
  if (rate > FLAT && change === 'fell')
    return {
      topic: 'Rate',
      figure,
      sentence:
        best === last
          ? `is how the held-out error falls ${ends}; Monte Carlo’s rate is width^−0.5.`
          : `is how the held-out error falls ${ends}, by and large; ${lowest}.`,
    };
  if (rate < -FLAT && change === 'rose')
    return {
      topic: 'Rate',
      figure,
      sentence: `is how the held-out error rises ${ends}: wider networks fit the noise; ${lowest}.`,
    };
  return {
    topic: 'Rate',
    figure,
    sentence: `The held-out error neither falls nor rises steadily ${ends}; ${lowest}.`,
  };
}

function construction({ width, sampling, chosen }: RidgeletNumbers): Finding {
  const source = {
    oracle: 'drawn from the ridgelet spectrum of the data',
    pairs: 'drawn between pairs of points',
    random: 'drawn at random over the data',
  }[sampling];
  const how = chosen
    ? `; ${chosen === 'both' ? 'their number and the ridge were' : 'the ridge was'} chosen by folds of the points fitted`
    : '';
  return {
    topic: 'Without training',
    figure: formatCount(width),
    sentence: `units were ${source}; one linear system gave what they add up to${how}.`,
  };
}

/** Why units lie where they lie in the picture of the spectrum. */
export function whereUnits(sampling: string): string {
  if (sampling === 'oracle')
    return 'They were drawn from the spectrum: there are more of them where it is bright.';
  const how = sampling === 'pairs' ? 'between pairs of points' : 'at random over the data';
  return (
    `They were drawn ${how}, not from the spectrum, whose peaks in many dimensions are too narrow to be met by drawing: ` +
    'they need not lie where it is bright.'
  );
}
