import { type NdArray, allocate, dtypeOf } from '../core/array.js';
import { encodePng, rangeOf } from '../io/png.js';
import { type ChartSpec, type ThemedSpec, compileChart } from './charts.js';
import { formatCount, formatNumber } from './format.js';
import { type Html, facts, html, findingList } from './html.js';
import { type PageSection, chartFigure, renderPage } from './page.js';
import { type RadonNumbers, radonFindings } from './radon-findings.js';
import { reproduceSection } from './reproduce.js';
import { averagedSentence, courseSubtitle } from './section-sentences.js';

/** What {@link radonReport} needs to know beside the arrays. */
export interface RadonReportContext extends RadonNumbers {
  input: string;
  geometry: unknown;
  kernel: string;
  method: string;
  filter: string | null;
  iterations: number | null;
  dtype: string;
  angles: number;
  detectors: number;
  shape: readonly number[];
  pixelSize: number;
  notes: readonly string[];
  options: { geometry: 'parallel' | 'fan' };
  /** Whether the input was the sinogram, and not the image. */
  fromSinogram: boolean;
  /** The command that makes this page again. */
  command: string;
  /** Versions and other facts of the machine, in the order to be shown. */
  versions: Readonly<Record<string, string>>;
}

/** The arrays of a report. */
export interface RadonArrays {
  image?: NdArray;
  sinogram: NdArray;
  fitted?: NdArray;
  reconstruction: NdArray;
  residuals?: Float64Array;
}

/** Longest edge of a picture in the page; larger ones are averaged down. */
const LARGEST_EDGE = 512;

const METHODS: Readonly<Record<string, string>> = {
  fbp: 'filtered backprojection',
  cgls: 'least squares by conjugate gradients (CGLS)',
  sirt: 'simultaneous iterative reconstruction (SIRT)',
  sart: 'simultaneous algebraic reconstruction (SART)',
  tv: 'total variation',
};

/**
 * The report of one projection or reconstruction: a single HTML file with the image, the sinogram, the reconstruction
 * and the error side by side, the numbers, and the course of an iterative method.
 */
export async function radonReport(context: RadonReportContext, arrays: RadonArrays): Promise<string> {
  const charts: Record<string, ThemedSpec> = {};
  if (arrays.residuals) charts.residuals = await compileChart(residualChart(arrays.residuals));
  return renderPage({
    title: `${context.fromSinogram ? 'An image from' : 'Projections of'} ${fileName(context.input)}`,
    kicker: 'Radon report',
    header: header(context),
    sections: [
      await pictureSection(context, arrays),
      ...(arrays.residuals ? [courseSection(arrays.residuals)] : []),
      reproduceSection(context.command, context.versions),
    ],
    charts,
  });
}

const fileName = (path: string) => path.split(/[\\/]/).at(-1) || path;

function header(context: RadonReportContext): Html {
  const { angles, detectors, shape, method, notes } = context;
  const beam = context.options.geometry === 'fan' ? 'a fan beam' : 'a parallel beam';
  return html`<p class="standfirst">
      ${formatCount(angles)} projections of ${formatCount(detectors)} detectors each, by ${beam}, and the
      image of ${shape.join(' × ')} pixels that ${METHODS[method] ?? method} makes of them.
    </p>
    ${findingList(radonFindings(context))}
    ${facts([
      ['Angles', formatCount(angles)],
      ['Detectors', formatCount(detectors)],
      ['Kernel', context.kernel],
      ['Method', context.method],
      ...(context.filter === null ? [] : [['Filter', context.filter] as const]),
      ...(context.iterations === null ? [] : [['Iterations', formatCount(context.iterations)] as const]),
      ['Pixel size', formatNumber(context.pixelSize)],
      ['Precision', context.dtype],
    ])}
    ${notes.map((note) => html`<p class="remark">${note}.</p>`)}`;
}

async function pictureSection(
  { shape }: RadonReportContext,
  { image, sinogram, fitted, reconstruction }: RadonArrays,
): Promise<PageSection> {
  const range = rangeOf(image ?? reconstruction);
  const panels = [
    ...(image ? [await panel('Image', image, range)] : []),
    await panel('Sinogram', sinogram, rangeOf(sinogram), 'Rows are angles, columns detectors'),
    await panel('Reconstruction', reconstruction, range, image ? 'On the image’s own scale' : undefined),
    image
      ? await differencePanel('Error', reconstruction, image, 'Reconstruction minus image')
      : fitted && (await differencePanel('Misfit', fitted, sinogram, 'Projections minus sinogram')),
  ];
  return {
    id: 'pictures',
    title: 'Side by side',
    lead: `The image has ${shape.join(' × ')} pixels. Each picture says which values are black and white in it.`,
    body: html`<div class="pictures">${panels}</div>`,
  };
}

async function differencePanel(
  title: string,
  actual: NdArray,
  expected: NdArray,
  what: string,
): Promise<Html> {
  const data = actual.data.map((value, i) => value - expected.data[i]);
  const { black, white } = rangeOf({ data, shape: actual.shape });
  const largest = Math.max(-black, white) || 1;
  return panel(
    title,
    { data, shape: actual.shape },
    { black: -largest, white: largest },
    `${what}; grey is none`,
  );
}

async function panel(
  title: string,
  array: NdArray,
  window: { black: number; white: number },
  note?: string,
): Promise<Html> {
  const small = averaged(array);
  const bytes = await encodePng(small, window, 8);
  const notes = [note, averagedSentence(array.shape, small.shape)].filter(
    (sentence) => sentence !== undefined,
  );
  const source = `data:image/png;base64,${Buffer.from(bytes).toString('base64')}`;
  return html`<figure>
    <h3>${title}</h3>
    <button type="button" class="zoom" aria-pressed="false" aria-label="Enlarge: ${title}">
      <img
        src="${source}"
        width="${small.shape[1]}"
        height="${small.shape[0]}"
        alt="${title}, ${array.shape.join(' × ')}"
      />
    </button>
    <figcaption>
      Black ${level(window.black, window)}, white ${level(window.white, window)}.
      ${notes.map((sentence) => `${sentence}. `)}
    </figcaption>
  </figure>`;
}

/** A value of the grey scale: what rounding leaves of 0 is 0. */
function level(value: number, { black, white }: { black: number; white: number }): string {
  return formatNumber(Math.abs(value) < 1e-6 * (white - black) ? 0 : value, 3);
}

/** An array no larger than the page shows, each value the mean of the block that it stands for. */
function averaged(array: NdArray): NdArray {
  const [rows, columns] = array.shape;
  const factors = [Math.ceil(rows / LARGEST_EDGE), Math.ceil(columns / LARGEST_EDGE)];
  if (factors.every((factor) => factor === 1)) return array;
  const shape = [Math.ceil(rows / factors[0]), Math.ceil(columns / factors[1])];
  const data = allocate(dtypeOf(array), shape[0] * shape[1], 'a picture');
  const counts = new Uint32Array(data.length);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) {
      const at = Math.floor(i / factors[0]) * shape[1] + Math.floor(j / factors[1]);
      data[at] += array.data[i * columns + j];
      counts[at]++;
    }
  }
  counts.forEach((count, at) => (data[at] /= count));
  return { data, shape };
}

function courseSection(residuals: Float64Array): PageSection {
  return {
    id: 'course',
    title: 'How the fit came about',
    body: chartFigure({
      name: 'residuals',
      title: 'Misfit to the sinogram',
      subtitle: courseSubtitle(residuals),
    }),
  };
}

function residualChart(residuals: Float64Array): ChartSpec {
  const values = Array.from(residuals, (residual, iteration) => ({ iteration, residual }));
  const positive = residuals.every((residual) => residual > 0);
  return {
    description: 'Misfit to the sinogram against the number of iterations',
    width: 'container',
    height: 240,
    data: { values },
    mark: { type: 'line', point: residuals.length <= 60 },
    encoding: {
      x: {
        field: 'iteration',
        type: 'quantitative',
        axis: { title: 'iterations', tickMinStep: 1, grid: false },
      },
      y: {
        field: 'residual',
        type: 'quantitative',
        scale: { type: positive ? 'log' : 'linear' },
        axis: { title: 'misfit', tickCount: 5 },
      },
    },
  };
}
