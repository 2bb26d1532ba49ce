import type { NdArray } from '../core/array.js';
import { type ChartSpec, type ThemedSpec, compileChart } from './charts.js';
import type { ClassLabels, PrincipalPlane } from './cloud.js';
import { type EstimateRow, entropyFindings } from './entropy-findings.js';
import { formatCount, formatNumber } from './format.js';
import { type Html, findingList, html, table } from './html.js';
import { type PageSection, chartFigure, renderPage } from './page.js';
import { reproduceSection } from './reproduce.js';
import { type NeighbourMap, neighbourMapSentence, needsNeighbourMap } from './neighbour-map.js';
import { sampleRows } from './sampling.js';
import { inPlane, neighbourChart, scatterChart } from './scatter.js';

/** The estimates of all points, or of one class. */
export interface EstimatedPart {
  name: string;
  n: number;
  estimates: readonly EstimateRow[];
}

/** What {@link entropyReport} draws. */
export interface EntropyReportContext {
  input: string;
  points: NdArray;
  labels?: ClassLabels;
  notes: readonly string[];
  estimates: readonly EstimateRow[];
  classes: readonly EstimatedPart[];
  plane: PrincipalPlane;
  /** What `neighbourMap` gives of the points. */
  neighbours?: NeighbourMap;
  seed: number;
  /** The command that makes this page again. */
  command: string;
  versions: Readonly<Record<string, string>>;
}

const SHOWN_POINTS = 3000;

/** The report of a cloud's entropy and dimension: a single HTML file with the points, the estimates and those by class. */
export async function entropyReport(context: EntropyReportContext): Promise<string> {
  const { classes, estimates, points, input } = context;
  const parts: EstimatedPart[] = [{ name: 'all', n: points.shape[0], estimates }, ...classes];
  const charts: Record<string, ThemedSpec> = { points: await compileChart(pointsChart(context)) };
  if (context.neighbours)
    charts.neighbours = await compileChart(
      neighbourChart(context.neighbours.places, context.neighbours, context.labels),
    );
  const bars = estimateValues(parts, 'nats');
  if (bars.length > 0) charts.entropies = await compileChart(estimateChart(bars, 'entropy, nats'));
  return renderPage({
    title: `Entropy of ${input.split(/[\\/]/).at(-1) || input}`,
    kicker: 'Entropy report',
    header: header(context),
    sections: [
      pointsSection(context),
      estimateSection(parts, bars.length > 0),
      reproduceSection(context.command, context.versions),
    ],
    charts,
  });
}

function header({ points, estimates, notes, classes }: EntropyReportContext): Html {
  const [n, d] = points.shape;
  return html`<p class="standfirst">
      ${formatCount(n)} points in
      ${d === 1 ? 'one dimension' : `${formatCount(d)} dimensions`}${
        classes.length > 0 && `, ${formatCount(classes.length)} ${classes.length === 1 ? 'class' : 'classes'}`
      }.
    </p>
    ${findingList(entropyFindings(estimates, d))}
    ${notes.map((note) => html`<p class="remark">${note[0].toUpperCase() + note.slice(1)}.</p>`)}`;
}

function pointsChart({ points, labels, plane, seed }: EntropyReportContext): ChartSpec {
  const rows = sampleRows(points.shape[0], SHOWN_POINTS, seed);
  const shown = inPlane(points, plane, rows).map((point, i) => ({
    ...point,
    group: labels ? (labels.names[labels.values[rows[i]]] ?? '') : 'all points',
  }));
  return scatterChart(shown, plane, [], undefined, labels?.names);
}

function pointsSection({ points, plane, neighbours }: EntropyReportContext): PageSection {
  const n = points.shape[0];
  const sentence = neighbourMapSentence(needsNeighbourMap(points, plane), neighbours, n);
  return {
    id: 'points',
    title: 'The points',
    lead: 'The cloud whose entropy it is, seen along its directions of largest variance.',
    body: html`<div class="columns">
        ${chartFigure({
          name: 'points',
          title: points.shape[1] === 1 ? 'On the line' : 'Principal plane',
          renderer: 'canvas',
          caption:
            n > SHOWN_POINTS && `A sample of ${formatCount(SHOWN_POINTS)} of ${formatCount(n)} points.`,
        })}
        ${neighbours && chartFigure({ name: 'neighbours', title: 'Neighbourhoods (UMAP)', renderer: 'canvas' })}
      </div>
      ${sentence && html`<p class="remark">${sentence}</p>`}`,
  };
}

interface EstimateBar {
  part: string;
  quantity: string;
  value: number;
  low: number;
  high: number;
}

function estimateValues(parts: readonly EstimatedPart[], unit: string): EstimateBar[] {
  return parts.flatMap(({ name, estimates }) =>
    estimates.flatMap(({ quantity, value, standardError, unit: of }) => {
      if (of !== unit || value === null) return [];
      const error = standardError ?? 0;
      const short = quantity.replace(/^entropy, /, '');
      return [{ part: name, quantity: short, value, low: value - error, high: value + error }];
    }),
  );
}

function estimateChart(values: readonly EstimateBar[], title: string): ChartSpec {
  const parts = [...new Set(values.map(({ part }) => part))];
  const y = { field: 'part', type: 'nominal' as const, sort: parts, axis: { title: null } };
  const offset = { yOffset: { field: 'quantity' } };
  const color = {
    field: 'quantity',
    type: 'nominal' as const,
    legend: { title: null, orient: 'top' as const, columns: 1, labelLimit: 300 },
  };
  return {
    description: `Estimates of ${title}, with standard errors`,
    width: 'container',
    height: 40 + 16 * values.length,
    autosize: { type: 'fit-x', contains: 'padding' },
    data: { values: [...values] },
    layer: [
      {
        mark: { type: 'rule', strokeDash: [1, 0], strokeWidth: 2 },
        encoding: {
          y,
          ...offset,
          color,
          x: { field: 'low', type: 'quantitative', scale: { zero: false }, axis: { title, grid: true } },
          x2: { field: 'high' },
        },
      },
      {
        mark: { type: 'point', filled: true, size: 50 },
        encoding: {
          y,
          ...offset,
          color,
          x: { field: 'value', type: 'quantitative' },
          tooltip: [
            { field: 'part', title: 'points' },
            { field: 'quantity', title: 'estimate' },
            { field: 'value', format: '.5~g' },
          ],
        },
      },
    ],
  };
}

function estimateSection(parts: readonly EstimatedPart[], hasChart: boolean): PageSection {
  const rows = parts.flatMap(({ name, n, estimates }) =>
    estimates.map(({ quantity, value, standardError, unit, reason }) => [
      name,
      formatCount(n),
      quantity,
      value === null ? html`<span title="${reason}">–</span>` : formatNumber(value),
      standardError === null ? '–' : formatNumber(standardError, 2),
      unit,
    ]),
  );
  const reasons = [
    ...new Set(parts.flatMap(({ estimates }) => estimates.flatMap(({ reason }) => reason ?? []))),
  ];
  return {
    id: 'estimates',
    title: 'The estimates',
    lead: 'Standard errors say how much other samples of the same size would differ, and nothing of the bias.',
    body: html`${hasChart && chartFigure({ name: 'entropies', title: 'Entropies, ± one standard error' })}
    ${table({
      id: 'estimate-table',
      caption: 'All estimates',
      columns: [
        { title: 'Points', align: 'start' },
        { title: 'Count' },
        { title: 'Estimate', align: 'start' },
        { title: 'Value' },
        { title: '± standard error' },
        { title: 'Unit', align: 'start' },
      ],
      rows,
    })}
    ${reasons.map((reason) => html`<p class="remark">– ${reason}.</p>`)}`,
  };
}
