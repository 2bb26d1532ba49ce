import type {
  AlignmentMatrix,
  AttentionAnalysis,
  NetworkAnalysis,
  StreamAnalysis,
} from '../network/index.js';
import { leftOutSentence } from '../network/analysis/left-out.js';
import { type ThemedSpec, compileChart } from './charts.js';
import { type CloudData, cloudData } from './cloud.js';
import { cloudChart } from './cloud-chart.js';
import { formatCount, formatPercent } from './format.js';
import { type Html, facts, findingList, html } from './html.js';
import { depthCurvesChart, networkCharts } from './network-charts.js';
import { alignmentChart, blockCharts, riverChart } from './network-block-charts.js';
import { type Refit, blockFindings, blockSection, refitSection } from './network-blocks.js';
import { attentionChart, attentionFinding, attentionSection } from './network-attention.js';
import { networkFindings } from './network-findings.js';
import { layerSection, layerTitle, numbersSection } from './network-sections.js';
import { type PageSection, chartFigure, renderPage } from './page.js';
import { reproduceSection } from './reproduce.js';
import { dataSentence, riverLead } from './section-sentences.js';
import type { ExampleSamples } from './samples.js';
import { legend, timeline } from './transport-sections.js';

/** What the page says beside the analysis. */
export interface NetworkReportContext {
  /** File of the data. */
  input: string;
  /** Class of every example, as a number into `names`; the labels of the analysis are these numbers. */
  labels?: { values: Int32Array; names: readonly string[] };
  /** What the blocks of the residual streams do. */
  blocks?: readonly StreamAnalysis[];
  /** Networks of other depths that were fitted to the stream. */
  refits?: readonly Refit[];
  /** What the heads of attention look at. */
  attention?: AttentionAnalysis;
  /** How far all layers agree. */
  alignment?: AlignmentMatrix;
  /** What is shown of the examples that are drawn, in the order of `analysis.drawn`. */
  samples?: ExampleSamples;
  /** A second model on the same examples. */
  comparison?: { model: string; alignment: AlignmentMatrix };
  notes: readonly string[];
  command: string;
  versions: Readonly<Record<string, string>>;
}

/** What the page's script reads. */
export interface NetworkPageData {
  cloud: CloudData;
  layers: readonly string[];
  /** The examples that are drawn, and what is shown of them. */
  drawn: readonly number[];
  samples?: ExampleSamples;
}

/** The page that networkReport gives, of arguments that have been checked. */
export async function networkPage(analysis: NetworkAnalysis, context: NetworkReportContext): Promise<string> {
  const names = analysis.layers.map(layerTitle);
  const { main, small } = networkCharts(analysis);
  const cloud = movingCloud(analysis, context.labels);
  const charts: Record<string, ThemedSpec> = { cloud: cloudChart(cloud, { explained: [] }) };
  for (const curves of main) charts[curves.name] = await compileChart(depthCurvesChart(curves, names, 260));
  for (const curves of small) charts[curves.name] = await compileChart(depthCurvesChart(curves, names, 130));
  const { blocks = [], refits, attention, alignment, comparison, labels } = context;
  const ofBlocks = blockCharts(analysis, blocks);
  for (const curves of ofBlocks.main)
    charts[curves.name] = await compileChart(depthCurvesChart(curves, names, 240));
  for (const curves of ofBlocks.small)
    charts[curves.name] = await compileChart(depthCurvesChart(curves, names, 130));
  charts.river = await compileChart(riverChart(analysis, labels, 300));
  for (const measure of ['entropy', 'distance'] as const) {
    const chart = attention && attentionChart(attention, measure);
    if (chart) charts[`attention-${measure}`] = await compileChart(chart);
  }
  if (alignment)
    charts.matrix = await compileChart(alignmentChart(alignment, { names, others: names, height: 380 }));
  if (comparison) {
    const others = comparison.alignment.columns;
    charts.comparison = await compileChart(
      alignmentChart(comparison.alignment, { names, others, height: 380 }),
    );
  }
  const figure = ({ name, title, subtitle }: (typeof main)[number]) => chartFigure({ name, title, subtitle });
  const data: NetworkPageData = {
    ...{ cloud, layers: names, drawn: analysis.drawn },
    ...(context.samples && { samples: context.samples }),
  };
  return renderPage({
    title: 'What the layers of a network do to data',
    kicker: 'Network report',
    header: header(analysis, context),
    sections: [
      {
        id: 'depth',
        title: 'Layer by layer',
        lead: `${dataSentence(analysis)} Click a point for all numbers of its layer.`,
        body: html`<div class="columns">${main.map(figure)}</div>
          <div class="multiples">${small.map(figure)}</div>`,
      },
      riverSection(analysis, labels !== undefined),
      ...(blocks.length > 0 ? [blockSection(analysis, blocks, refits)] : []),
      ...(blocks.length === 0 && refits?.length ? [refitSection(refits)] : []),
      ...(attention && attention.layers.length > 0 ? [attentionSection(attention)] : []),
      ...(alignment || comparison ? [alignmentSection(alignment, comparison)] : []),
      cloudSection(analysis, cloud),
      layerSection(analysis, context.labels?.names ?? []),
      numbersSection(analysis),
      reproduceSection(context.command, context.versions),
    ],
    charts,
    data,
    script: 'network',
  });
}

const FEATURE_MAPS: Record<NetworkAnalysis['featureMaps'], string> = {
  flatten: 'all values of an example in a row',
  mean: 'mean of each channel',
  positions: 'a row for each position',
};

function mapsOf({ featureMaps, pool }: NetworkAnalysis): string {
  if (featureMaps !== 'mean' || pool === 'mean') return FEATURE_MAPS[featureMaps];
  return `mean of each channel; of sequences the ${pool === 'cls' ? 'first' : 'last'} token`;
}

function header(
  analysis: NetworkAnalysis,
  { input, notes, blocks = [], refits, attention }: NetworkReportContext,
): Html {
  const { layers, examples } = analysis;
  const missing = leftOutSentence(layers.length - 1, analysis.leftOut);
  const widths = layers.flatMap(({ width, fullWidth }) => (width < fullWidth ? [width] : []));
  const projected = widths.length;
  const maps = layers.slice(1).some(({ shape }) => shape.length > 1);
  return html`<p class="standfirst">
      The ${formatCount(examples)} examples of ${fileName(input)} were run through
      ${fileName(analysis.source)}, and the clouds that its ${formatCount(layers.length - 1)} layers make of
      them measured.
    </p>
    ${findingList([
      ...networkFindings(analysis),
      ...blockFindings(blocks, refits),
      ...(attention ? attentionFinding(attention) : []),
    ])}
    ${facts([
      ['Examples', formatCount(examples)],
      ['Layers', formatCount(layers.length - 1)],
      ...(analysis.folded > 0 ? ([['Inside blocks', formatCount(analysis.folded)]] as const) : []),
      ...(maps ? ([['Feature maps', mapsOf(analysis)]] as const) : []),
      ['Format', analysis.format],
      ['Run by', analysis.engine],
      ['Measured by', analysis.backend],
      ['Seed', String(analysis.seed)],
    ])}
    ${
      projected > 0 &&
      html`<p class="remark">
        ${formatCount(projected)} wide ${projected === 1 ? 'layer was' : 'layers were'} projected at random,
        which keeps distances to about ± ${formatPercent(Math.sqrt(2 / Math.min(...widths)))}.
      </p>`
    }
    ${
      analysis.folded > 0 &&
      html`<p class="remark">
        The residual stream is shown once a block, named by its path in the model; the option --layers '*'
        shows all layers.
      </p>`
    }
    ${[...notes, ...(missing ? [missing] : [])].map((note) => html`<p class="remark">${note}</p>`)}`;
}

function riverSection({ layers, drawn }: NetworkAnalysis, isLabelled: boolean): PageSection {
  return {
    id: 'river',
    title: 'The stream',
    lead: riverLead(isLabelled),
    body: chartFigure({
      name: 'river',
      title: `${formatCount(Math.min(drawn.length, 300))} examples from layer to layer`,
      caption: `Each of the ${formatCount(layers.length)} layers along its axis of largest variance, turned to agree with the layer before.`,
      renderer: 'canvas',
    }),
  };
}

function alignmentSection(
  alignment: AlignmentMatrix | undefined,
  comparison: NetworkReportContext['comparison'],
): PageSection {
  return {
    id: 'alignment-matrix',
    title: 'Which layers say the same',
    lead: 'Debiased linear alignment (CKA) over batches of the examples: 1 where two layers agree up to rotation, shift and scale.',
    body: html`<div class="columns">
      ${
        alignment &&
        chartFigure({ name: 'matrix', title: 'Every layer with every other', renderer: 'canvas' })
      }
      ${
        comparison &&
        chartFigure({
          name: 'comparison',
          title: `With the layers of ${fileName(comparison.model)}`,
          renderer: 'canvas',
        })
      }
    </div>`,
  };
}

function fileName(path: string): string {
  const parts = path.split(/[\\/]/).filter((part) => part !== '');
  const last = parts[parts.length - 1] ?? path;
  return last === 'model.json' && parts.length > 1 ? parts[parts.length - 2] : last;
}

/** The drawn examples in the planes of all layers, evenly spaced in time. */
function movingCloud(
  { layers, drawn, seed }: NetworkAnalysis,
  labels: NetworkReportContext['labels'],
): CloudData {
  const positions = layers.map(({ plane }) => plane.positions);
  const times = layers.map((_, l) => l / Math.max(1, layers.length - 1));
  const of = labels && { names: labels.names, values: Int32Array.from(drawn, (row) => labels.values[row]) };
  const plane = { mean: [0, 0], axes: [1, 0, 0, 1], explained: [NaN, NaN] };
  const run = { depth: layers.length - 1, snapshots: { times, positions } };
  const cloud = cloudData([run], positions[0], plane, of, seed);
  return { ...cloud, rows: cloud.rows.map((i) => drawn[i]) };
}

function cloudSection({ layers, drawn, examples }: NetworkAnalysis, cloud: CloudData): PageSection {
  const shares = layers.map(({ plane }) => plane.explained);
  const [least, most] = [Math.min(...shares), Math.max(...shares)];
  const sample = drawn.length < examples && `A random ${formatCount(drawn.length)} of the examples. `;
  return {
    id: 'cloud',
    title: 'The cloud from layer to layer',
    lead: 'Play, or drag through the layers.',
    body: html`<div class="player single" id="player">${timeline('Depth')}</div>
      <div class="flow single">
        ${chartFigure({
          name: 'cloud',
          title: cloud.classes === null ? 'The examples' : 'The examples, coloured by label',
          legend: legend(cloud),
          caption: [
            sample,
            `Each layer in its plane of largest variance (${formatPercent(least)} to ${formatPercent(most)} of it), at equal size, `,
            'turned or mirrored to agree with the layer before. Between layers the points move in straight lines.',
            layers.some(({ plane }) => plane.logits) &&
              ' Probabilities are drawn by their logarithms, in which classes do not lie on top of each other.',
          ],
          renderer: 'canvas',
        })}
      </div>`,
  };
}
