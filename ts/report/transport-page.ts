import { checkPoints, type NdArray } from '../core/array.js';
import { invalidArgument } from '../core/errors.js';
import type { Depth, DepthComparison, DepthRun } from '../dae/depth-comparison.js';
import { compileChart, type ThemedSpec } from './charts.js';
import { cloudChart } from './cloud-chart.js';
import { type ClassLabels, type CloudData, CloudFrames, type PrincipalPlane } from './cloud.js';
import { depthChart } from './depth-chart.js';
import { findings } from './findings.js';
import { depthPhrase, formatCount, formatList, formatNumber } from './format.js';
import { facts, html, type Html, findingList } from './html.js';
import { type ImageExamples, ImageFrames } from './images.js';
import { type NeighbourMap, neighbourMapSentence, needsNeighbourMap } from './neighbour-map.js';
import { type PageSection, chartFigure, renderPage } from './page.js';
import { reproduceSection } from './reproduce.js';
import { neighbourChart } from './scatter.js';
import { depthSection, flowSection, numbersSection } from './transport-sections.js';
import { reportCharts } from './transport-charts.js';

/** What {@link transportReport} needs to know beside the numbers. */
export interface TransportReportContext {
  /** Name or path of the file that the cloud came from. */
  input: string;
  /** The cloud before anything moved, n × d; or a sample of its points, where the comparison has those of the same sample. */
  points: NdArray;
  /** The plane of its first two principal components. */
  principal: PrincipalPlane;
  /** Class of every point. */
  labels?: ClassLabels;
  /** Rows and columns, where a point is an image; d = rows · columns. */
  imageShape?: readonly [number, number];
  /** What `neighbourMap` gives of the points, and of those of the last run. */
  neighbours?: NeighbourMap;
  /** The command that makes this page again. */
  command: string;
  /** Versions and other facts of the machine, in the order to be shown. */
  versions: Readonly<Record<string, string>>;
}

/** What the report's script reads. */
export interface TransportPageData {
  T: number;
  cloud: CloudData;
  images: ImageExamples | null;
}

/** What a page shows of how points move. */
export type Motion = Pick<TransportPageData, 'cloud' | 'images'>;

/** What is kept of runs for their page, one after another as they are done: the rest of their positions is not needed. */
export class MotionFrames {
  readonly #cloud: CloudFrames;
  readonly #images: ImageFrames | null;

  /** @param runs How many there will be. Throws as {@link CloudFrames} does. */
  constructor(
    { points, principal, labels, imageShape }: MotionContext,
    { runs, seed }: { runs: number; seed: number },
  ) {
    this.#cloud = new CloudFrames(points, principal, labels, seed);
    this.#images = imageShape ? ImageFrames.of(points.shape, imageShape, labels, runs) : null;
  }

  add(run: Pick<DepthRun, 'depth' | 'snapshots'>): void {
    this.#cloud.add(run);
    this.#images?.add(run);
  }

  /** All that were added, in the order of these depths. */
  pack(depths: readonly Depth[]): Motion {
    return { cloud: this.#cloud.pack(depths), images: this.#images?.pack(depths) ?? null };
  }
}

type MotionContext = Pick<TransportReportContext, 'points' | 'principal' | 'labels' | 'imageShape'>;

/** The motion of runs whose snapshots are all there. */
function motionOf({ runs, n, d, seed }: DepthComparison, context: TransportReportContext): Motion {
  // A sample, where the runs are of one too.
  const shown = Math.min(n, runs[0].positions?.shape?.[0] ?? n);
  checkPoints(context.points, 'points', { minimum: shown, dimension: d });
  const frames = new MotionFrames(context, { runs: runs.length, seed });
  for (const run of runs) frames.add(run);
  return frames.pack(runs.map(({ depth }) => depth));
}

/** The page that transportReport gives, of arguments that have been checked; `motion` where the runs have none any more. */
export async function transportPage(
  comparison: DepthComparison,
  context: TransportReportContext,
  motion?: Motion,
): Promise<string> {
  const { runs, T } = comparison;
  const { principal, labels, command, versions } = context;
  if (runs.length === 0) throw invalidArgument('comparison.runs', 'at least one run', runs);
  const { cloud, images } = motion ?? motionOf(comparison, context);
  const { main, small } = reportCharts(comparison);
  const picture = cloudChart(cloud, principal);
  const charts: Record<string, ThemedSpec> = { cloud: picture, 'cloud-start': picture };
  for (const { name, chart } of [...main, ...small])
    charts[name] = await compileChart(depthChart(runs, chart));
  for (const { name, places } of neighbourPictures(context.neighbours))
    charts[name] = await compileChart(neighbourChart(places, context.neighbours!, labels));
  const data: TransportPageData = { T, cloud, images };
  return renderPage({
    title: `How depth moves ${fileName(context.input)}`,
    kicker: 'Transport report',
    header: header(comparison, context),
    sections: [
      depthSection(comparison),
      flowSection(comparison, cloud, images),
      ...neighbourSection(comparison, context),
      numbersSection(comparison),
      reproduceSection(command, versions),
    ],
    charts,
    data,
    script: 'transport',
  });
}

/** The pictures of the neighbourhoods: of the start, and of the end. */
function neighbourPictures(map: NeighbourMap | undefined) {
  return [
    ...(map ? [{ name: 'neighbours', places: map.places }] : []),
    ...(map?.after ? [{ name: 'neighbours-after', places: map.after }] : []),
  ];
}

/** What the principal plane does not show of the neighbourhoods, where it leaves something unseen. */
function neighbourSection(
  { runs, n }: DepthComparison,
  { points, principal, neighbours }: TransportReportContext,
): PageSection[] {
  const sentence = neighbourMapSentence(needsNeighbourMap(points, principal), neighbours, n);
  if (sentence === undefined) return [];
  const titles = ['At the start', `After ${depthPhrase(runs[runs.length - 1].depth)}`];
  return [
    {
      id: 'neighbourhoods',
      title: 'Neighbourhoods',
      lead: sentence,
      body: html`<div class="columns">
        ${neighbourPictures(neighbours).map(({ name }, i) =>
          chartFigure({ name, title: titles[i], renderer: 'canvas' }),
        )}
      </div>`,
    },
  ];
}

function header(comparison: DepthComparison, { input }: TransportReportContext): Html {
  const { n, d, T, smoothing, chosen, contraction, backend, dtype, seed, runs } = comparison;
  const depths = runs.flatMap(({ depth }) => (depth === 'continuous' ? [] : String(depth)));
  const limit = runs.some(({ depth }) => depth === 'continuous');
  const networks = [
    ...(depths.length > 0
      ? [`by denoising autoencoders of ${formatList(depths)} ${depths.join() === '1' ? 'layer' : 'layers'}`]
      : []),
    ...(limit ? ['by their continuous limit'] : []),
  ].join(' and ');
  const origin = (choice: 'given' | 'default') =>
    html` <span class="tag">${choice === 'given' ? 'as given' : 'from the data'}</span>`;
  return html`<p class="standfirst">
      The ${formatCount(n)} points of ${fileName(input)}, in ${formatCount(d)}
      ${d === 1 ? 'dimension' : 'dimensions'}, were moved ${networks}, each removing the same noise: a
      variance of T&nbsp;=&nbsp;${formatNumber(T)}.
    </p>
    ${findingList(findings(comparison))}
    ${facts([
      ['Points n', formatCount(n)],
      ['Dimensions d', formatCount(d)],
      ['Noise T', [formatNumber(T), origin(chosen.T)]],
      ['Smoothing s', [formatNumber(smoothing), origin(chosen.smoothing)]],
      [
        'Contraction of s',
        contraction === 'spread' ? 'along the spread of the points' : 'over all directions',
      ],
      ['Backend', backend],
      ['Precision', dtype],
      ['Seed', String(seed)],
    ])}`;
}

function fileName(path: string): string {
  return path.split(/[\\/]/).at(-1) || path;
}
