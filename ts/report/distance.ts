import type { NdArray } from '../core/array.js';
import { type ThemedSpec, type ChartSpec, compileChart } from './charts.js';
import type { PrincipalPlane } from './cloud.js';
import { formatCount, formatNumber } from './format.js';
import { type Finding, type Html, facts, findingList, html, table } from './html.js';
import { type PageSection, chartFigure, renderPage } from './page.js';
import { reproduceSection } from './reproduce.js';
import { planLines } from './cloud-charts.js';
import { sampleRows } from './sampling.js';
import { planLead, sampledClouds } from './section-sentences.js';
import { type ShownPoint, inPlane, scatterChart } from './scatter.js';

/** One of the two clouds. */
export interface DistanceSide {
  input: string;
  points: NdArray;
}

/** How far a part of one cloud is from a part of the other. */
export interface ClassDistance {
  /** The class in the first cloud, or `all`. */
  a: string;
  /** The class in the second cloud, or `all`. */
  b: string;
  n: number;
  m: number;
  distance: number;
}

/** What {@link distanceReport} draws. */
export interface DistanceReportContext {
  a: DistanceSide;
  b: DistanceSide;
  quantity: string;
  distance: number;
  standardError?: number;
  method: string;
  details: Readonly<Record<string, number | boolean>>;
  notes: readonly string[];
  /** The plan between the points, where the method has one. */
  plan?: { rows: ArrayLike<number>; columns: ArrayLike<number>; masses: ArrayLike<number> };
  /** The principal plane of both clouds together. */
  plane: PrincipalPlane;
  classes: readonly ClassDistance[];
  seed: number;
  /** The command that makes this page again. */
  command: string;
  versions: Readonly<Record<string, string>>;
}

const SHOWN_POINTS = 2000;
const SHOWN_LINES = 500;

/** The report of a distance between two clouds: a single HTML file with both clouds, the plan, and distances by class. */
export async function distanceReport(context: DistanceReportContext): Promise<string> {
  const { a, b, classes } = context;
  const charts: Record<string, ThemedSpec> = { clouds: await compileChart(cloudsChart(context)) };
  const isGrid =
    new Set(classes.map((row) => row.a)).size > 1 && new Set(classes.map((row) => row.b)).size > 1;
  if (isGrid) charts.classes = await compileChart(classChart(classes));
  return renderPage({
    title: `From ${fileName(a.input)} to ${fileName(b.input)}`,
    kicker: 'Distance report',
    header: header(context),
    sections: [
      cloudsSection(context),
      ...(classes.length > 0 ? [classSection(context, isGrid)] : []),
      reproduceSection(context.command, context.versions),
    ],
    charts,
  });
}

const fileName = (path: string) => path.split(/[\\/]/).at(-1) || path;

function header({
  a,
  b,
  quantity,
  distance,
  standardError,
  method,
  details,
  notes,
  classes,
}: DistanceReportContext): Html {
  const [n, d] = a.points.shape;
  const findings: Finding[] = [
    {
      topic: capital(typeset(quantity)),
      figure: formatNumber(distance),
      sentence:
        standardError === undefined
          ? 'In the units of the points.'
          : `± ${formatNumber(standardError, 2)}, one standard error over the directions that were drawn.`,
    },
    ...classFindings(classes),
  ];
  const detailRows = Object.entries(details).map(([name, value]): [string, string] => [
    capital(name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)),
    typeof value === 'number' ? formatNumber(value) : value ? 'yes' : 'no',
  ]);
  return html`<p class="standfirst">
      ${formatCount(n)} points of ${fileName(a.input)} and ${formatCount(b.points.shape[0])} of
      ${fileName(b.input)}, in ${d === 1 ? 'one dimension' : `${formatCount(d)} dimensions`}.
    </p>
    ${findingList(findings)} ${facts([['Method', method], ...detailRows])}
    ${notes.map((note) => html`<p class="remark">${capital(note)}.</p>`)}`;
}

/** Which classes are nearest to each other and which are farthest apart. */
export function classFindings(classes: readonly ClassDistance[]): Finding[] {
  const known = classes.filter(({ distance }) => Number.isFinite(distance));
  if (known.length < 2) return [];
  const nearest = known.reduce((best, row) => (row.distance < best.distance ? row : best));
  const farthest = known.reduce((best, row) => (row.distance > best.distance ? row : best));
  const [low, high] = [nearest, farthest].map(({ distance }) => formatNumber(distance, 3));
  const name = ({ a, b }: ClassDistance) => (a === b ? `for class ${a} in both` : `from ${a} to ${b}`);
  return [
    low === high
      ? { topic: 'Distances by class', figure: low, sentence: 'The same for every pair of classes.' }
      : {
          topic: 'Distances by class',
          figure: `${low} – ${high}`,
          sentence: `Least ${name(nearest)}, most ${name(farthest)}.`,
        },
  ];
}

function cloudsChart({ a, b, plan, plane, seed }: DistanceReportContext): ChartSpec {
  const shown = ({ points, input }: DistanceSide, group: string): ShownPoint[] =>
    inPlane(points, plane, sampleRows(points.shape[0], SHOWN_POINTS, seed)).map((point) => ({
      ...point,
      group: `${group} (${fileName(input)})`,
    }));
  const lines = plan ? planLines(a.points, b.points, plan, plane, { lines: SHOWN_LINES, seed }) : [];
  return scatterChart([...shown(a, 'first'), ...shown(b, 'second')], plane, lines);
}

function cloudsSection({ plan, a, b, method }: DistanceReportContext): PageSection {
  const entries = plan ? Array.from(plan.masses).filter((mass) => mass > 0).length : 0;
  const sample = sampledClouds(a.points.shape[0], b.points.shape[0], SHOWN_POINTS);
  return {
    id: 'clouds',
    title: plan ? 'The plan' : 'The clouds',
    lead: planLead(plan !== undefined, method),
    body: chartFigure({
      name: 'clouds',
      title: 'Both clouds in the principal plane of their union',
      renderer: 'canvas',
      caption: html`${sample && `${sample} `}${entries > SHOWN_LINES && `${formatCount(SHOWN_LINES)} of the ${formatCount(entries)} entries of the plan.`}`,
    }),
  };
}

function classChart(classes: readonly ClassDistance[]): ChartSpec {
  const names = (key: 'a' | 'b') => [...new Set(classes.map((row) => row[key]))];
  return {
    description: 'Distances between the classes of both clouds',
    width: 'container',
    height: 40 + 28 * names('a').length,
    autosize: { type: 'fit-x', contains: 'padding' },
    data: { values: [...classes] },
    encoding: {
      x: {
        field: 'b',
        type: 'nominal',
        sort: names('b'),
        axis: { title: 'class in the second cloud', labelAngle: 0 },
      },
      y: { field: 'a', type: 'nominal', sort: names('a'), axis: { title: 'class in the first cloud' } },
    },
    layer: [
      {
        mark: { type: 'rect', tooltip: true },
        encoding: {
          color: {
            field: 'distance',
            type: 'quantitative',
            scale: { scheme: 'blues', reverse: true },
            legend: { title: 'distance' },
          },
          tooltip: [
            { field: 'a', title: 'first' },
            { field: 'b', title: 'second' },
            { field: 'distance', format: '.4~g' },
          ],
        },
      },
    ],
  };
}

/** W2, as terminals show it, as W₂. */
function typeset(quantity: string): string {
  return quantity.replace('W2', 'W₂');
}

function classSection({ classes, quantity }: DistanceReportContext, isGrid: boolean): PageSection {
  return {
    id: 'classes',
    title: 'By class',
    lead: `The same distance (${typeset(quantity)}) between the points of single classes.`,
    body: html`${isGrid && chartFigure({ name: 'classes', title: 'Distances between classes' })}
    ${table({
      id: 'class-distances',
      caption: 'Distances between classes',
      columns: [
        { title: 'First cloud', align: 'start' },
        { title: 'Second cloud', align: 'start' },
        { title: 'Points' },
        { title: 'Distance' },
      ],
      rows: classes.map(({ a, b, n, m, distance }) => [
        a,
        b,
        `${formatCount(n)}, ${formatCount(m)}`,
        formatNumber(distance),
      ]),
    })}`,
  };
}

function capital(text: string): string {
  return text[0].toUpperCase() + text.slice(1);
}
