import type { DepthComparison, DepthRun } from '../dae/depth-comparison.js';
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
  const scored = runs.flatMap(({ depth, accuracy }) => (accuracy === null ? [] : { depth, accuracy }));
  if (scored.length === 0 || start.accuracy === null) return undefined;
  const best = scored.reduce((a, b) => (b.accuracy > a.accuracy ? b : a));
  const worst = scored.reduce((a, b) => (b.accuracy < a.accuracy ? b : a));
  const [from, high, low] = [start.accuracy, best.accuracy, worst.accuracy].map(formatPercent);
  const meaning = 'Points whose nearest neighbour has the same label.';
  let change = `${best.accuracy > start.accuracy ? 'Up' : 'Down'} from ${from} at the start, with ${depthPhrase(best.depth)} at best.`;
  if (high === from) {
    change =
      low === from
        ? 'The same at every depth as at the start.'
        : `The same at the start and with ${depthPhrase(best.depth)}; lowest, ${low}, with ${depthPhrase(worst.depth)}.`;
  }
  return { topic: 'Label accuracy', figure: high, sentence: `${meaning} ${change}` };
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
