import type { AttentionAnalysis, AttentionHead } from '../network/index.js';
import type { ChartSpec } from './charts.js';
import { formatCount, formatNumber } from './format.js';
import { type Finding, html } from './html.js';
import { leftOutSentence } from '../network/analysis/left-out.js';
import { type PageSection, chartFigure } from './page.js';

type Measure = 'entropy' | 'distance';

const TITLES: Record<Measure, string> = {
  entropy: 'Entropy of attention',
  distance: 'Distance of attention',
};

/** Layers by heads as a heat map of one measure; null where no head has it. */
export function attentionChart({ layers }: AttentionAnalysis, measure: Measure): ChartSpec | null {
  const cells = layers.flatMap(({ path, heads, evenEntropy, evenDistance }, l) =>
    heads.flatMap((head, h) => {
      const estimate = head[measure];
      if (!estimate || !Number.isFinite(estimate.value)) return [];
      return {
        ...{ x: h + 0.5, x2: h + 1.5, y: l - 0.5, y2: l + 0.5 },
        ...{ place: `${l}. ${path}`, head: h + 1, value: estimate.value },
        error: Number.isFinite(estimate.standardError) ? `± ${formatNumber(estimate.standardError, 2)}` : '–',
        even: formatNumber((measure === 'entropy' ? evenEntropy : evenDistance) ?? NaN),
        ...(measure === 'entropy' && { positions: formatNumber(Math.exp(estimate.value)) }),
      };
    }),
  );
  if (cells.length === 0) return null;
  const most = Math.max(...layers.map(({ heads }) => heads.length));
  const axis = (field: 'x' | 'y', domain: [number, number], title: string) => ({
    field,
    type: 'quantitative' as const,
    scale: { domain, nice: false, zero: false },
    axis: { title, tickMinStep: 1, format: 'd', grid: false },
  });
  const unit = measure === 'entropy' ? 'nats' : 'positions';
  return {
    description: `Heat map of the ${measure} of attention, layers by heads`,
    width: 'container',
    height: Math.min(420, Math.max(90, 26 * layers.length)),
    autosize: { type: 'fit-x', contains: 'padding' },
    params: [{ name: 'chosen', value: -1 }],
    data: { values: cells },
    mark: { type: 'rect' },
    encoding: {
      x: axis('x', [0.5, most + 0.5], 'head'),
      x2: { field: 'x2' },
      y: axis('y', [layers.length - 0.5, -0.5], 'attention layer'),
      y2: { field: 'y2' },
      color: {
        field: 'value',
        type: 'quantitative',
        scale: { scheme: 'viridis', zero: measure === 'entropy', nice: false },
        legend: {
          ...{ title: unit, orient: 'top', gradientLength: 160, gradientThickness: 10 },
          ...{ tickCount: 3, format: '.2~f' },
        },
      },
      tooltip: [
        { field: 'place', title: 'layer' },
        { field: 'head', title: 'head' },
        { field: 'value', title: `${measure}, ${unit}`, format: '.4~g' },
        { field: 'error', title: 'standard error' },
        ...(measure === 'entropy' ? [{ field: 'positions', title: 'as many as, evenly' }] : []),
        { field: 'even', title: 'if it were even' },
      ],
    },
  };
}

/** The heads of all layers, side by side. */
export function attentionSection(attention: AttentionAnalysis): PageSection {
  const { layers, examples } = attention;
  const measures = (['entropy', 'distance'] as const).filter((measure) => attentionChart(attention, measure));
  const subtitles = {
    entropy: `in nats: 0 where a head looks at one position; even over all it would be ${range(layers.map((l) => l.evenEntropy))}`,
    distance: `mean |i − j| in positions; even over all it would be ${range(layers.flatMap((l) => l.evenDistance ?? []))}`,
  };
  const missing = leftOutSentence(layers.length, attention.leftOut);
  return {
    id: 'attention',
    title: 'What attention looks at',
    lead: `Every head of the ${formatCount(layers.length)} attention ${layers.length === 1 ? 'layer' : 'layers'}, over the tokens of ${formatCount(examples)} examples; padding that the mask leaves out does not count.`,
    body: html`<div class="columns">
        ${measures.map((measure) =>
          chartFigure({
            name: `attention-${measure}`,
            title: TITLES[measure],
            subtitle: subtitles[measure],
            renderer: 'canvas',
          }),
        )}
      </div>
      ${missing && html`<p class="remark">Of attention ${missing}.</p>`}`,
  };
}

function range(values: readonly number[]): string {
  const [least, most] = [Math.min(...values), Math.max(...values)].map((value) => formatNumber(value, 3));
  return least === most ? least : `${least} to ${most}`;
}

/** The sharpest and the broadest head. */
export function attentionFinding({ layers }: AttentionAnalysis): Finding[] {
  const all = layers.flatMap(({ path, heads }) =>
    heads.flatMap((head, h) => (Number.isFinite(head.entropy.value) ? [{ path, head, number: h + 1 }] : [])),
  );
  if (all.length < 2) return [];
  const positions = ({ entropy }: AttentionHead) => Math.exp(entropy.value);
  const sorted = [...all].sort((a, b) => a.head.entropy.value - b.head.entropy.value);
  const [sharpest, broadest] = [sorted[0], sorted[sorted.length - 1]];
  const named = ({ path, number }: (typeof all)[number]) => `head ${number} of ${path}`;
  return [
    {
      topic: 'Attention',
      figure: `${formatNumber(positions(sharpest.head), 2)} – ${formatNumber(positions(broadest.head), 2)}`,
      sentence: `positions are what a head looks at, as many as evenly weighed would have its entropy: fewest ${named(sharpest)}, most ${named(broadest)}.`,
    },
  ];
}
