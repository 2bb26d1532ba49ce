import type { NdArray } from '../core/array.js';
import type { EpochLoss, LayerSeparation } from '../dae/index.js';
import { type GreyWindow, encodePng, rangeOf } from '../io/png.js';
import type { CloudData } from './cloud.js';
import { formatCount, formatNumber } from './format.js';
import { type Html, html, table } from './html.js';
import type { ImageExamples } from './images.js';
import type { DepthCurves } from './network-charts.js';
import { type PageSection, chartFigure } from './page.js';
import { exampleRows } from './sampling.js';
import { measuredOn } from './section-sentences.js';
import type { LossSummary, TrainNumbers, TrainReportContext } from './train-numbers.js';
import { imageGrid, legend, timeline } from './transport-sections.js';

/** Examples in a strip of images. */
const MAXIMUM_EXAMPLES = 10;
/** Pixels between them, in pixels of the images, at least. */
const GAP = 1;

/** The loss curves. */
export function lossSection(
  { depth, layers, fineTuning }: TrainNumbers,
  histories: readonly (readonly EpochLoss[])[],
  tuning: readonly EpochLoss[] | undefined,
): PageSection {
  const held = layers.some(({ heldOut }) => heldOut !== null);
  const figures = histories.map((history, l) =>
    chartFigure({
      name: `loss-${l}`,
      title: depth === 1 ? 'Loss' : `Layer ${l + 1}`,
      subtitle: subtitle(history, layers[l], layers[l].variance),
    }),
  );
  if (tuning && fineTuning) {
    figures.push(
      chartFigure({
        name: 'loss-tuning',
        title: 'All layers at once, end to end',
        subtitle: subtitle(tuning, fineTuning, layers[0].variance),
      }),
    );
  }
  return {
    id: 'loss',
    title: 'Loss curves',
    lead: [
      'Mean squared distance between points and what becomes of them with fresh noise, after each epoch: of features where a layer is trained on those. ',
      held && 'The dashed line marks the epoch whose parameters were kept.',
    ],
    body: html`<div class="columns">${figures}</div>`,
  };
}

function subtitle(history: readonly EpochLoss[], { heldOut, reason }: LossSummary, variance: number): string {
  const first = history[0].heldOut ?? history[0].training;
  const last = heldOut ?? history[history.length - 1].training;
  const what = heldOut === null ? 'Training' : 'Held out';
  const end = reason === 'early stopping' ? 'stopped early after' : 'after';
  return `${what}: ${shareOf(first, { variance })} to ${shareOf(last, { variance })} of the variance, ${end} ${formatCount(history.length)} epochs`;
}

/** What becomes of noise: as images where points are images, and as distances. */
export async function denoisingSection(
  { denoisingErrors, T, depth, kind }: TrainNumbers,
  { denoising, points, imageShape, labels }: TrainReportContext,
): Promise<PageSection> {
  const names = denoisingErrors.map((_, l) =>
    l === 0 ? 'With noise' : depth === 1 ? 'Denoised' : `After layer ${l}`,
  );
  const strips: Html[] = [];
  if (imageShape) {
    const { rows, clean, trajectory } = denoising;
    const classes = labels && rows.map((row) => labels.values[row]);
    const chosen = exampleRows(rows.length, MAXIMUM_EXAMPLES, classes);
    const range = rangeOf(points);
    const add = async (title: string, cloud: NdArray) =>
      strips.push(await strip(title, cloud, { chosen, shape: imageShape, range }));
    await add('The points', clean);
    for (const [l, cloud] of trajectory.entries()) await add(names[l], cloud);
  }
  const most = denoisingErrors[0];
  return {
    id: 'denoising',
    title: 'What becomes of noise',
    lead: `Points with noise of variance ${formatNumber(T)} that training has not seen, ${kind === 'stacked' ? 'decoded after each layer' : 'moved by each layer'}.`,
    body: html`${strips.length > 0 && html`<div class="strips">${strips}</div>`}
    ${table({
      id: 'noise',
      caption: 'Distance from the points without noise',
      columns: [
        { title: '', align: 'start' },
        { title: 'Distance', unit: 'from the points', note: 'Root mean squared, over the points.' },
        { title: 'Share', unit: 'of the noise', note: 'The distance over that which the noise alone makes.' },
      ],
      rows: denoisingErrors.map((error, l) => [
        names[l],
        formatNumber(error),
        `${formatNumber((100 * error) / most, 3)}%`,
      ]),
    })}`,
  };
}

/** A few points as images side by side. */
async function strip(
  title: string,
  { data, shape: [, d] }: NdArray,
  {
    chosen,
    shape: [rows, columns],
    range,
  }: { chosen: readonly number[]; shape: readonly [number, number]; range: GreyWindow },
): Promise<Html> {
  const gap = Math.max(GAP, Math.round(columns / 16));
  const width = chosen.length * (columns + gap) - gap;
  // Large values are ink on paper, as in the other images of the page.
  const picture = new Float64Array(rows * width).fill(range.white);
  chosen.forEach((row, k) => {
    for (let i = 0; i < rows; i++) {
      const from = row * d + i * columns;
      for (let j = 0; j < columns; j++)
        picture[i * width + k * (columns + gap) + j] = range.black + range.white - data[from + j];
    }
  });
  const bytes = await encodePng({ data: picture, shape: [rows, width] }, range, 8);
  const source = `data:image/png;base64,${Buffer.from(bytes).toString('base64')}`;
  return html`<figure>
    <h3>${title}</h3>
    <img src="${source}" width="${width}" height="${rows}" alt="${title}: ${chosen.length} examples" />
  </figure>`;
}

/** The points on their way through the layers. */
export function cloudSection(
  { n, depth, kind }: TrainNumbers,
  cloud: CloudData,
  images: ImageExamples | null,
): PageSection {
  const sample =
    cloud.rows.length < n && `A random ${formatCount(cloud.rows.length)} of the ${formatCount(n)} points. `;
  const axes = cloud.flat
    ? 'Heights are random, so that points can be told apart. '
    : 'The axes are the first two principal components of the points, and stay the same. ';
  const straight =
    depth === 1
      ? 'On the way the points are drawn in straight lines.'
      : 'Between layers the points are drawn in straight lines.';
  return {
    id: 'flow',
    title: 'The points on their way',
    lead: `Where ${depth === 1 ? 'it takes' : 'the layers take'} the points themselves, without noise${kind === 'stacked' ? ': the features of each layer, decoded' : ''}. Play, or drag.`,
    body: html`<div class="player single" id="player">${timeline('Noise removed')}</div>
      <div class="flow${!images && ' single'}">
        <div>
          ${chartFigure({
            name: 'cloud',
            title: cloud.classes === null ? 'The points' : 'The points, coloured by label',
            legend: legend(cloud),
            caption: [sample, axes, straight],
            renderer: 'canvas',
          })}
        </div>
        ${images && imageGrid(images)}
      </div>`,
  };
}

/** How far apart the classes lie in each layer. */
export function separationSection(
  { features, measured }: LayerSeparation,
  n: number,
  charts: readonly DepthCurves[],
): PageSection {
  return {
    id: 'separation',
    title: 'The classes, layer by layer',
    lead: `Layer 0 is the data. ${features ? 'The features of a layer are its hidden units. ' : ''}${measuredOn(measured, n)}`,
    body: html`<div class="columns">
      ${charts.map(({ name, title, subtitle: what }) => chartFigure({ name, title, subtitle: what }))}
    </div>`,
  };
}

/** The table of all numbers. */
export function layersSection({ layers, displacements, T, depth }: TrainNumbers): PageSection {
  const ridge = layers.some((layer) => layer.ridge !== null);
  return {
    id: 'layers',
    title: 'All layers',
    body: table({
      id: 'numbers',
      caption: 'Measurements of every layer',
      columns: [
        { title: 'Layer', align: 'start' },
        { title: 'Noise', unit: 'variance', note: 'What it was trained to undo.' },
        { title: 'Hidden units' },
        ridge
          ? {
              title: 'Ridge',
              note: 'Penalty on the output weights, relative to the variance of the hidden units.',
            }
          : { title: 'Epochs' },
        {
          title: 'Training loss',
          unit: 'of the variance',
          note: `Mean squared distance between points and what becomes of them with noise${ridge ? '' : ', in the last epoch'}; of features where the layer is trained on those. Over their mean squared distance from their mean: 100% is what a layer that says nothing leaves.`,
        },
        { title: 'Held out', unit: 'of the variance', note: 'The least loss of points that were held out.' },
        {
          title: 'Displacement',
          unit: 'so far',
          note: 'Root mean squared distance of the points, without noise, from where the layers up to here bring them.',
        },
      ],
      rows: layers.map((layer, l) => [
        String(l + 1),
        formatNumber(T / depth),
        formatCount(layer.width),
        layer.ridge === null ? formatCount(layer.epochs) : formatNumber(layer.ridge, 2),
        shareOf(layer.training, layer),
        layer.heldOut === null ? '–' : shareOf(layer.heldOut, layer),
        formatNumber(displacements[l]),
      ]),
    }),
  };
}

/** A loss as a share of the variance of the space it lives in. */
function shareOf(loss: number, { variance }: { variance: number }): string {
  return variance > 0 ? `${formatNumber((100 * loss) / variance, 3)}%` : '–';
}
