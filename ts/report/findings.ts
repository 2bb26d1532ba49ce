import type { DepthComparison, DepthRun } from '../dae/depth-comparison.js';
import { depthPhrase, formatNumber, formatPercent } from './format.js';

/** One thing that the numbers say. */
export interface Finding {
  topic: string;
  /** The numbers themselves, to be set large. */
  figure: string;
  sentence: string;
}

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
  const change = formatNumber(Math.abs(to - from), 3);
  return {
    topic: 'Entropy, in nats',
    figure: `${formatNumber(from)} → ${formatNumber(to)}`,
    sentence:
      formatNumber(from) === formatNumber(to)
        ? `Unchanged from the start to ${depthPhrase(last.depth)}.`
        : `${to < from ? 'Fell' : 'Rose'} by ${change} from the start to ${depthPhrase(last.depth)}.`,
  };
}

function accuracy({ start, runs }: DepthComparison): Finding | undefined {
  const scored = runs.filter((run) => run.accuracy !== null);
  if (scored.length === 0 || start.accuracy === null) return undefined;
  const best = scored.reduce((a, b) => ((b.accuracy ?? 0) > (a.accuracy ?? 0) ? b : a));
  const [from, to] = [formatPercent(start.accuracy), formatPercent(best.accuracy ?? NaN)];
  const ties = scored.filter((run) => run !== best && formatPercent(run.accuracy ?? NaN) === to).length;
  const first = ties > 0 ? 'Reached first by' : 'Best with';
  const change =
    from === to
      ? 'as at the start'
      : `${(best.accuracy ?? 0) > start.accuracy ? 'up' : 'down'} from ${from} at the start`;
  return {
    topic: 'Label accuracy',
    figure: to,
    sentence: `${first} ${depthPhrase(best.depth)}, ${change}: the share of points whose nearest neighbour has the same label.`,
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
  const gap = (run: DepthRun) => formatNumber(Math.abs(run.entropy - limit.entropy), 3);
  return {
    topic: 'Gap to the limit, in nats',
    figure: `${gap(shallow)} → ${gap(deep)}`,
    sentence: `From ${depthPhrase(shallow.depth)} to ${depthPhrase(deep.depth)}: how far the entropy is from that of the continuous limit.`,
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
