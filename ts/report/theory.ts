import type { ClaimCheck, ClaimFigure, ClaimResult, FigurePanel } from '../theory/claim.js';
import { type ChartSpec, type ThemedSpec, compileChart } from './charts.js';
import { formatDuration, formatNumber } from './format.js';
import { CLAIM_FORMULAS, CLAIM_LEGENDS, typeset } from './formulas.js';
import { type Html, facts, html, table } from './html.js';
import { type PageSection, chartFigure, renderPage } from './page.js';
import { reproduceSection } from './reproduce.js';
import { spectrumChart } from './ridgelet-charts.js';

/** What the pages of the theory say beside the findings. */
export interface TheoryPageContext {
  /** The statement of each claim, by its number. */
  statements: Readonly<Record<number, string>>;
  /** The command that makes the pages again. */
  command: string;
  /** Versions and other facts of the machine. */
  versions: Readonly<Record<string, string>>;
}

/** The file name of a claim's page. */
export function claimFile(claim: number): string {
  return `claim-${claim}.html`;
}

/**
 * The page of one claim: its statement, the figures, measured against predicted numbers, the verdict, and the command. One
 * HTML file that needs nothing else.
 */
export async function claimPage(result: ClaimResult, context: TheoryPageContext): Promise<string> {
  const { claim, title, checks, figures, remarks } = result;
  const charts: Record<string, ThemedSpec> = {};
  const sections: PageSection[] = [];
  for (const [f, figure] of figures.entries()) {
    for (const [p, panel] of figure.panels.entries())
      charts[chartName(f, p)] = await compilePanel(panel, figure);
    sections.push(figureSection(figure, f));
  }
  return renderPage({
    title,
    kicker: `Claim ${claim}`,
    header: header(result, context.statements[claim]),
    sections: [
      ...sections,
      {
        id: 'numbers',
        title: 'Measured against predicted',
        lead: 'The claim holds where every number is where it should be, within its tolerance.',
        body: html`${checksTable(checks)} ${remarks.map((remark) => html`<p class="remark">${remark}</p>`)}`,
      },
      reproduceSection(context.command, context.versions),
    ],
    footer: html`<p><a href="index.html">All claims</a></p>`,
    charts,
  });
}

function compilePanel(panel: ClaimFigure['panels'][number], figure: ClaimFigure): Promise<ThemedSpec> {
  return compileChart('spectrum' in panel ? spectrumChart(panel.spectrum) : panelChart(panel, figure));
}

/** The page that sums the claims up, with a link to each. */
export async function theoryIndexPage(
  results: readonly ClaimResult[],
  context: TheoryPageContext,
): Promise<string> {
  const holding = results.filter(({ verdict }) => verdict === 'holds').length;
  const charts: Record<string, ThemedSpec> = {};
  for (const { claim, figures } of results) {
    const [figure] = figures;
    if (figure?.panels[0]) charts[`claim-${claim}`] = await compilePanel(figure.panels[0], figure);
  }
  return renderPage({
    title: 'What the theory claims, put to the test',
    kicker: 'Transport analysis of infinitely deep neural networks',
    header: html`<p class="standfirst">
        ${holding} of ${results.length} claims hold in these experiments. The theory is S. Sonoda and N.
        Murata, “Transport Analysis of Infinitely Deep Neural Network”, JMLR 20 (2019).
      </p>
      <ul class="findings">
        ${results.map(
          ({ claim, title, verdict, checks }) =>
            html`<li>
              <b>Claim ${claim}</b> <span class="figure">${verdict}</span>
              <p><a href="${claimFile(claim)}">${title}</a>: ${summaryOf(checks)}.</p>
            </li>`,
        )}
      </ul>`,
    sections: [
      {
        id: 'claims',
        title: 'The claims',
        body: html`${results.map(
          ({ claim, title, figures }) =>
            html`<h3 class="claim"><a href="${claimFile(claim)}">${claim}. ${title}</a></h3>
              ${statement(claim, context.statements[claim], 'lead')}
              ${
                figures[0]?.panels[0] &&
                chartFigure({
                  name: `claim-${claim}`,
                  title: figures[0].panels[0].title,
                  caption: figures[0].title,
                })
              }`,
        )}`,
      },
      reproduceSection(context.command, context.versions),
    ],
    charts,
  });
}

function header({ claim, verdict, checks, seconds }: ClaimResult, text: string): Html {
  return html`${statement(claim, text, 'standfirst')}
  ${facts([
    ['Verdict', verdict],
    ['Checks', summaryOf(checks)],
    ['Time', formatDuration(seconds)],
  ])}`;
}

/** What a claim states: in words, as a formula, and what the letters of that mean. */
function statement(claim: number, text: string, look: 'lead' | 'standfirst'): Html {
  const legend = CLAIM_LEGENDS[claim];
  return html`<p class="${look}">${typeset(text)}</p>
    ${CLAIM_FORMULAS[claim]} ${legend && html`<p class="remark">${legend}</p>`}`;
}

function summaryOf(checks: readonly ClaimCheck[]): string {
  const holding = checks.filter(({ holds }) => holds).length;
  return holding === checks.length
    ? `all ${checks.length} checks hold`
    : `${holding} of ${checks.length} checks hold`;
}

const chartName = (figure: number, panel: number) => `figure-${figure}-${panel}`;

function figureSection({ title, caption, panels }: ClaimFigure, f: number): PageSection {
  return {
    id: `figure-${f}`,
    title,
    lead: caption,
    body: html`<div class="columns">
      ${panels.map((panel, p) => chartFigure({ name: chartName(f, p), title: panel.title }))}
    </div>`,
  };
}

const SIGNS = { equal: '=', 'at most': '≤', 'at least': '≥' } as const;

function checksTable(checks: readonly ClaimCheck[]): Html {
  return table({
    id: 'checks',
    caption: 'Measured against predicted',
    columns: [
      { title: 'Check', align: 'start' },
      { title: 'Measured' },
      { title: 'Predicted' },
      { title: 'Tolerance' },
      { title: 'Holds' },
    ],
    rows: checks.map(({ name, measured, predicted, tolerance, relation, holds }) => [
      html`<span class="wrap">${name}</span>`,
      formatNumber(measured, 4),
      `${SIGNS[relation]} ${formatNumber(predicted, 4)}`,
      tolerance === 0 ? '–' : formatNumber(tolerance, 2),
      holds ? 'yes' : 'no',
    ]),
  });
}

type Layers = Extract<ChartSpec, { layer: unknown }>['layer'];

/** One panel as a chart. Values that an axis cannot show are left out. */
function panelChart({ title, x, y, series }: FigurePanel, figure: ClaimFigure): ChartSpec {
  const names = [...new Set(series.filter(({ style }) => style !== 'dashed').map(({ name }) => name))];
  const shown = (value: number, log = false) => Number.isFinite(value) && (!log || value > 0);
  const values = series.flatMap(({ name, points, style = 'line' }, line) =>
    points
      .filter(([a, b]) => shown(a, x.log) && shown(b, y.log))
      .map(([a, b], order) => ({
        ...{ name, line, order, x: a, y: b },
        // One mark among many would lie hidden below them.
        style: style === 'marks' && points.length === 1 ? 'alone' : style,
      })),
  );
  const axis = (of: FigurePanel['x'], ticks?: number[]) => ({
    type: 'quantitative' as const,
    scale: of.log ? { type: 'log' as const, nice: !ticks } : { zero: false, nice: false },
    axis: {
      title: of.title,
      tickCount: 5,
      ...(of.log ? { format: '~g' } : {}),
      ...(ticks && { values: ticks }),
    },
  });
  const encoding = {
    x: { field: 'x', ...axis(x, x.log ? doublings(values.map((point) => point.x)) : undefined) },
    y: { field: 'y', ...axis(y) },
  };
  const color = {
    field: 'name',
    type: 'nominal' as const,
    scale: { domain: names },
    legend:
      names.length > 1
        ? {
            title: null,
            orient: 'bottom' as const,
            columns: names.every((name) => name.length <= 16) ? 2 : 1,
            labelLimit: 150,
          }
        : null,
  };
  const of = (...styles: string[]) => [
    { filter: styles.map((style) => `datum.style === '${style}'`).join(' || ') },
  ];
  const detail = { field: 'line' };
  const order = { field: 'order' };
  const tooltip = [
    { field: 'name', title: 'series' },
    { field: 'x', title: x.title, format: '.4~g' },
    { field: 'y', title: y.title, format: '.4~g' },
  ];
  const layer: Layers = [
    {
      transform: of('line', 'both'),
      mark: { type: 'line', strokeWidth: 1.75 },
      encoding: { ...encoding, color, detail, order },
    },
    {
      transform: of('dashed'),
      mark: { type: 'line', strokeWidth: 1.25, strokeDash: [4, 3], color: '#8a8f95' },
      encoding: { ...encoding, detail, order },
    },
    {
      transform: of('marks', 'both'),
      mark: { type: 'point', size: 36 },
      encoding: { ...encoding, color, tooltip },
    },
    {
      transform: of('alone'),
      mark: { type: 'point', size: 120 },
      encoding: { ...encoding, color, tooltip },
    },
  ];
  return {
    description: `${figure.title}: ${title}. ${y.title} against ${x.title}.`,
    width: 'container',
    height: 280,
    autosize: { type: 'fit-x', contains: 'padding' },
    data: { values },
    layer,
  };
}

/** Ticks where a logarithmic axis has nothing but powers of two, as depths are; tens would stand between them and beyond. */
function doublings(places: readonly number[]): number[] | undefined {
  const different = [...new Set(places)].sort((a, b) => a - b);
  return different.length > 1 && different.every((place) => Number.isInteger(Math.log2(place)))
    ? different
    : undefined;
}
