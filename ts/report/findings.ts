import type { DepthComparison, DepthRun } from '../dae/depth-comparison.js';
import { changeOf, errorOfDifference, errorOfShares, within } from './compare.js';
import { depthPhrase, formatNumber, formatPercent } from './format.js';
import type { Finding } from './html.js';

/** What the numbers of a comparison say, in words chosen by the numbers; only what they allow to say. */
export function findings(comparison: DepthComparison): Finding[] {
  return [entropy, accuracy, convergence, displacement].flatMap((find) => find(comparison) ?? []);
}

function entropy({ start, runs }: DepthComparison): Finding | undefined {
  const [from, last] = [start.entropy, runs.at(-1)];
  if (!last || !Number.isFinite(from)) return undefined;
  const to = last.entropy;
  if (to === -Infinity) {
    return {
      topic: 'Entropy, in nats',
      figure: `${formatNumber(from)} → −∞`,
      sentence: `${capital(depthPhrase(last.depth))} moved points onto one another, where entropy has no bound.`,
    };
  }
  if (!Number.isFinite(to)) return undefined;
  const difference = formatNumber(Math.abs(to - from), 3);
  const error = errorOfDifference(start.entropyError, last.entropyError);
  const change = formatNumber(from) === formatNumber(to) ? 'same' : changeOf(from, to, error);
  return {
    topic: 'Entropy, in nats',
    figure: `${formatNumber(from)} → ${formatNumber(to)}`,
    sentence:
      change === 'same'
        ? `Unchanged from the start to ${depthPhrase(last.depth)}${within(error)}.`
        : `${change === 'fell' ? 'Fell' : 'Rose'} by ${difference} from the start to ${depthPhrase(last.depth)}.`,
  };
}

function accuracy({ n, start, runs }: DepthComparison): Finding | undefined {
  const scored = runs.flatMap(({ depth, accuracy }) => (accuracy === null ? [] : { depth, accuracy }));
  if (scored.length === 0 || start.accuracy === null) return undefined;
  const from = start.accuracy;
  const best = scored.reduce((a, b) => (b.accuracy > a.accuracy ? b : a));
  const worst = scored.reduce((a, b) => (b.accuracy < a.accuracy ? b : a));
  const error = errorOfShares(from, best.accuracy, n);
  const change = changeOf(from, best.accuracy, error);
  const meaning = 'Points whose nearest neighbour has the same label.';
  const lost = changeOf(from, worst.accuracy, errorOfShares(from, worst.accuracy, n)) === 'fell';
  const origin = `${formatPercent(from)} at the start`;
  let sentence: string;
  if (change !== 'same') {
    sentence = `${change === 'rose' ? 'Up' : 'Down'} from ${origin}, with ${depthPhrase(best.depth)} at best.`;
  } else if (lost) {
    sentence =
      `No higher than ${origin}, within the standard error of ${formatPercent(error)}; ` +
      `lowest, ${formatPercent(worst.accuracy)}, with ${depthPhrase(worst.depth)}.`;
  } else {
    sentence = `The same at every depth as ${origin}, within the standard error of ${formatPercent(error)}.`;
  }
  return {
    topic: 'Label accuracy',
    figure: formatPercent(best.accuracy),
    sentence: `${meaning} ${sentence}`,
  };
}

function convergence({ runs }: DepthComparison): Finding | undefined {
  const limit = runs.find((run) => run.depth === 'continuous');
  const finite = runs.filter(
    (run): run is DepthRun & { depth: number } => run.depth !== 'continuous' && Number.isFinite(run.entropy),
  );
  if (!limit || !Number.isFinite(limit.entropy) || finite.length < 2) return undefined;
  const shallow = finite.reduce((a, b) => (b.depth < a.depth ? b : a));
  const deep = finite.reduce((a, b) => (b.depth > a.depth ? b : a));
  const gap = (run: DepthRun) => Math.abs(run.entropy - limit.entropy);
  const [first, last] = [gap(shallow), gap(deep)];
  const error = errorOfDifference(shallow.entropyError, deep.entropyError);
  const same = formatNumber(first, 3) === formatNumber(last, 3);
  const change = same ? 'same' : changeOf(first, last, error);
  const phrase = { fell: 'comes nearer to', rose: 'goes away from', same: 'stays as far from' }[change];
  return {
    topic: 'Gap to the limit, in nats',
    figure: `${formatNumber(first, 3)} → ${formatNumber(last, 3)}`,
    sentence:
      `From ${depthPhrase(shallow.depth)} to ${depthPhrase(deep.depth)} the entropy ${phrase} that of the continuous ` +
      `limit${change === 'same' ? within(error) : ''}.`,
  };
}

function displacement({ runs }: DepthComparison): Finding | undefined {
  const moved = runs.filter((run) => Number.isFinite(run.displacement));
  if (moved.length === 0) return undefined;
  const least = moved.reduce((a, b) => (b.displacement < a.displacement ? b : a));
  const most = moved.reduce((a, b) => (b.displacement > a.displacement ? b : a));
  const [low, high] = [formatNumber(least.displacement, 3), formatNumber(most.displacement, 3)];
  return low === high
    ? { topic: 'Displacement', figure: high, sentence: 'Mean distance that a point moved, at every depth.' }
    : {
        topic: 'Displacement',
        figure: `${low} – ${high}`,
        sentence: `Mean distance that a point moved: least with ${depthPhrase(least.depth)}, most with ${depthPhrase(most.depth)}.`,
      };
}

function capital(text: string): string {
  return text[0].toUpperCase() + text.slice(1);
}
