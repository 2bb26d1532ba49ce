import type { NetworkAnalysis, RefittedStream, StreamAnalysis } from '../network/index.js';
import { formatCount, formatNumber, formatPercent } from './format.js';
import { type Finding, type Html, html, table } from './html.js';
import { blockCharts } from './network-block-charts.js';
import { type PageSection, chartFigure } from './page.js';

const number = (value: number | null | undefined) => formatNumber(value ?? NaN);
const FLOWS: ReadonlySet<string> = new Set(['lowers', 'raises', 'keeps']);

/** A network of another depth that was fitted to a stream, and what of the model is left with it. */
export type Refit = Omit<RefittedStream, 'network'> & { depth: number };

/** Outputs that may change where a network of another depth is as good. */
const LOST = 0.01;

/** What the blocks of the streams are, in the words of their verdicts. */
export function blockFindings(streams: readonly StreamAnalysis[], refits: readonly Refit[] = []): Finding[] {
  return [...verdictFinding(streams), ...refitFinding(refits)];
}

function verdictFinding(streams: readonly StreamAnalysis[]): Finding[] {
  const all = streams.flatMap(({ blocks }) => blocks).length;
  if (all === 0) return [];
  const runs = streams.flatMap(({ verdict }) => verdict.runs);
  const flows = runs.reduce(
    (sum, { first, last, character }) => sum + (FLOWS.has(character) ? last - first + 1 : 0),
    0,
  );
  return [
    {
      topic: 'Steps of a gradient flow',
      figure: `${formatCount(flows)} of ${formatCount(all)} blocks`,
      sentence: verdicts(streams).join(' '),
    },
  ];
}

/** The fewest layers that change at most a hundredth of the outputs, or how far the best are from that. */
function refitFinding(refits: readonly Refit[]): Finding[] {
  const known = refits.flatMap(({ agreement, ...refit }) => (agreement ? { ...refit, agreement } : []));
  if (known.length === 0) return [];
  const enough = known.filter(({ agreement }) => agreement.value >= 1 - LOST);
  const [first] = known;
  const best = enough.length > 0 ? enough : known;
  const chosen =
    enough.length > 0
      ? best.reduce((a, b) => (b.depth < a.depth ? b : a))
      : best.reduce((a, b) => (b.agreement.value > a.agreement.value ? b : a));
  const left = `keep ${formatPercent(chosen.agreement.value)} of the outputs on ${formatCount(chosen.heldOut)} held-out examples`;
  return [
    {
      topic: 'Refitted depth',
      figure: `${formatCount(chosen.depth)} for ${formatCount(first.blocks)}`,
      sentence:
        enough.length > 0
          ? `layers, fitted as a flow in place of the blocks, ${left}: no fewer of those that were tried keep 99%.`
          : `layers, fitted as a flow in place of the blocks, ${left}: none that was tried keeps 99%. They explain ${formatPercent(chosen.explained)} of the way through the stream.`,
    },
  ];
}

/** The sentence of each stream; of several with where it begins. */
function verdicts(streams: readonly StreamAnalysis[]): string[] {
  return streams.map(({ blocks, verdict }) =>
    streams.length === 1 ? verdict.sentence : `From ${blocks[0].path} on: ${lower(verdict.sentence)}`,
  );
}

function lower(text: string): string {
  return text === '' ? text : text[0].toLowerCase() + text.slice(1);
}

/** The blocks in their curves and in a table, and networks of other depths in their place. */
export function blockSection(
  analysis: NetworkAnalysis,
  streams: readonly StreamAnalysis[],
  refits: readonly Refit[] = [],
): PageSection {
  const { main, small } = blockCharts(analysis, streams);
  const figure = ({ name, title, subtitle }: (typeof main)[number]) => chartFigure({ name, title, subtitle });
  const all = streams.flatMap(({ blocks }) => blocks);
  const without = all.flatMap(({ local }) => (local && local.singular > 0 ? [local] : []));
  const [singular, untold] = [true, false].map((whole) =>
    without.some(({ singularValues }) => (singularValues !== null) === whole),
  );
  // Blocks that do not move points have no local geometry either, and can be run.
  const alone = all.some(
    ({ local, relativeDisplacement }) => local === null && relativeDisplacement !== null,
  );
  return {
    id: 'blocks',
    title: 'What the blocks do',
    lead: html`Each block x ↦ x + b(x) of a residual stream, on whole states of up to
    ${formatCount(Math.max(...streams.map(({ examples }) => examples)))} examples.
    ${verdicts(streams).map((sentence) => html`${sentence} `)}`,
    body: html`<div class="columns">${main.map(figure)}</div>
      <div class="multiples">${small.map(figure)}</div>
      ${
        singular &&
        html`<p class="remark">
          Where the Jacobian of a block is singular at some point, as where a ReLU or a norm follows the sum,
          it has no log|det J|.
        </p>`
      }
      ${
        untold &&
        html`<p class="remark">
          Where a block shrinks some directions to almost nothing at some point, the random probes that stand
          for its Jacobian in many dimensions do not tell log|det J|.
        </p>`
      }
      ${
        alone &&
        html`<p class="remark">
          Blocks that take more than the state, as an attention mask, cannot be run alone: they have no
          derivatives.
        </p>`
      }
      ${streams.map((stream, s) => blockTable(stream, s))} ${refits.length > 0 && refitTable(refits)}`,
  };
}

function blockTable({ blocks, dimension }: StreamAnalysis, s: number) {
  const first = blocks[0].path;
  return html`<h3 class="layer-heading">The stream of ${formatCount(dimension)} values from ${first} on</h3>
    ${table({
      id: `blocks-${s}`,
      caption: `Measurements of every block from ${first} on`,
      columns: [
        { title: 'Block', align: 'start' },
        { title: 'Displacement', unit: 'of the spread' },
        {
          title: 'log|det J|',
          unit: 'nats',
          note: 'Mean over examples with its standard error: along an example log-density falls by it.',
        },
        {
          title: 'Entropy',
          unit: 'gained',
          note: 'By nearest neighbours, with the standard error of the difference. A cloud of fewer dimensions than values has no density in them, and differs from log|det J|.',
        },
        {
          title: 'Gradient',
          unit: 'share',
          note: 'Squared share of the displacement’s Jacobian that is symmetric: 1 for a gradient, 0 for a rotation, ½ by chance.',
        },
        {
          title: 'Potential',
          unit: 'explains',
          note: 'Share of the displacement that the gradient of a quadratic potential explains, on examples it was not fitted to.',
        },
        {
          title: 'Optimality',
          note: 'W₂² between the clouds before and after over the mean squared distance moved.',
        },
        {
          title: 'Left out',
          unit: 'same output',
          note: 'Examples whose largest output stays the same if the state before the block goes on in place of that after.',
        },
      ],
      rows: blocks.map((block, b) => [
        html`<span class="wrap">${b + 1}. ${block.path}</span>`,
        number(block.relativeDisplacement),
        estimate(block.logDeterminant),
        estimate(block.entropyChange),
        estimate(block.gradientShare),
        number(block.potential?.potential.value),
        number(block.optimality),
        block.without?.agreement ? formatPercent(block.without.agreement.value) : '–',
      ]),
    })}`;
}

/** Other depths alone, where the blocks were not looked at. */
export function refitSection(refits: readonly Refit[]): PageSection {
  return { id: 'blocks', title: 'How deep the stream has to be', body: refitTable(refits) };
}

function refitTable(refits: readonly Refit[]): Html {
  return html`<h3 class="layer-heading">Other depths in place of the blocks</h3>
    ${table({
      id: 'refits',
      caption: 'Networks of other depths in place of the blocks',
      columns: [
        { title: 'Layers', align: 'start' },
        {
          title: 'Explained',
          note: 'Share of the squared distance from the first state to the last, on held-out examples. The stream is taken as a flow, and each layer fitted to it.',
        },
        { title: 'Same output', note: 'Held-out examples whose largest output stays the same.' },
      ],
      rows: refits.map(({ depth, explained, agreement }) => [
        formatCount(depth),
        formatPercent(explained),
        agreement ? `${formatPercent(agreement.value)} ± ${formatPercent(agreement.standardError)}` : '–',
      ]),
    })}`;
}

function estimate(value: { value: number; standardError: number } | null): string {
  return value ? `${number(value.value)} ± ${formatNumber(value.standardError, 2)}` : '–';
}
