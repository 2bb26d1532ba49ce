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
    rows: readonly { width: number; training: { rms: number }; heldOut: { rms: number; relative: number } }[];
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
  const overfits = changeOf(first.training.rms, last.training.rms, FLAT * first.training.rms) === 'fell';
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
      sentence: `is how the held-out error rises ${ends}${overfits ? ' while that of the points fitted falls' : ''}; ${lowest}.`,
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

/** How brightness is compared: of the spectrum at a network's units and over the whole picture. */
export interface UnitBrightness {
  /** Mean size of the spectrum at the units, as a share of its largest. */
  atUnits: number;
  /** Its standard error. */
  standardError: number;
  /** The mean over the picture. */
  everywhere: number;
}

/**
 * The size of a spectrum where units lie, by the nearest cell of its grid, against its mean; undefined where fewer than two
 * units lie in the picture. O(units) time.
 */
export function unitBrightness(slice: {
  slopes: ArrayLike<number>;
  biases: ArrayLike<number>;
  magnitude: ArrayLike<number>;
  units: readonly { slope: number; bias: number }[];
}): UnitBrightness | undefined {
  const { slopes, biases, magnitude, units } = slice;
  const cell = (axis: ArrayLike<number>, place: number): number => {
    const step = (axis[axis.length - 1] - axis[0]) / (axis.length - 1);
    return Math.round((place - axis[0]) / step);
  };
  const found = units.flatMap(({ slope, bias }) => {
    const [i, j] = [cell(slopes, slope), cell(biases, bias)];
    return i >= 0 && i < slopes.length && j >= 0 && j < biases.length
      ? [magnitude[i * biases.length + j]]
      : [];
  });
  if (found.length < 2) return undefined;
  const atUnits = found.reduce((sum, value) => sum + value, 0) / found.length;
  const variance = found.reduce((sum, value) => sum + (value - atUnits) ** 2, 0) / (found.length - 1);
  let everywhere = 0;
  for (let at = 0; at < magnitude.length; at++) everywhere += magnitude[at] / magnitude.length;
  return { atUnits, standardError: Math.sqrt(variance / found.length), everywhere };
}

/** Why units lie where they lie in the picture of the spectrum, and whether that is where it is bright. */
export function whereUnits(sampling: string, brightness: UnitBrightness | undefined): string {
  const how = {
    oracle: 'drawn from the spectrum',
    pairs: 'drawn between pairs of points, not from the spectrum',
    random: 'drawn at random over the data, not from the spectrum',
  }[sampling];
  const drawn = `They were ${how ?? sampling}`;
  if (!brightness) return `${drawn}.`;
  const { atUnits, standardError, everywhere } = brightness;
  const where = {
    rose: 'they lie where it is brighter than it is on average',
    fell: 'they lie where it is darker than it is on average',
    same: 'it is as bright where they lie as it is on average, within two standard errors',
  }[changeOf(everywhere, atUnits, 2 * standardError)];
  return `${drawn}: ${where} (${formatPercent(atUnits)} and ${formatPercent(everywhere)} of its largest).`;
}
