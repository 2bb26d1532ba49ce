import type { DepthComparison, DepthRun } from '../dae/depth-comparison.js';
import { CLASS_SHAPES, COLOURS } from './charts.js';
import { MAXIMUM_POINTS, type CloudData } from './cloud.js';
import {
  depthPhrase,
  depthTick,
  formatCount,
  formatDuration,
  formatNumber,
  formatPercent,
} from './format.js';
import { html, table, type Html, type HtmlValue, type TableColumn } from './html.js';
import type { ImageExamples } from './images.js';
import { chartFigure, type PageSection } from './page.js';
import { depthLead, flowLead } from './section-sentences.js';
import { reportCharts, type ReportChart } from './transport-charts.js';

/** Classes that the legend lists; beyond them only the count is said. */
const MAXIMUM_LEGEND = 50;

/** The charts against depth. */
export function depthSection(comparison: DepthComparison): PageSection {
  const { main, small } = reportCharts(comparison);
  const bounded = comparison.runs.some((run) => run.w2Method === 'sliced');
  const figure = ({ name, title, subtitle }: ReportChart) => chartFigure({ name, title, subtitle });
  return {
    id: 'depth',
    title: 'What depth changes',
    lead: depthLead(comparison.runs.map(({ depth }) => depth)),
    body: html`<div class="columns">${main.map(figure)}</div>
      <div class="multiples">${small.map(figure)}</div>
      ${bounded && html`<p class="remark">Hollow points are lower bounds, where only slices of the cloud give the distance.</p>`}`,
  };
}

/** The moving cloud and the images, with the controls that move them. */
export function flowSection(
  { n }: DepthComparison,
  cloud: CloudData,
  images: ImageExamples | null,
): PageSection {
  const shown = cloud.rows.length;
  const sample =
    shown < n &&
    `A random sample of ${formatCount(shown)} of the ${formatCount(n)} points is shown (at most ${formatCount(MAXIMUM_POINTS)}). `;
  const what = cloud.flat
    ? 'Position along the line; heights are random, so that points can be told apart.'
    : 'The axes are the first two principal components of the cloud at the start, with their shares of its variance, and stay the same.';
  return {
    id: 'flow',
    title: 'The cloud on its way',
    lead: flowLead(cloud.runs.length),
    body: html`${player(cloud)}
      <div class="flow${!images && ' single'}">
        <div>
          ${legend(cloud)}
          <div class="pair-of-clouds">
            ${chartFigure({ name: 'cloud-start', title: 'At the start', renderer: 'canvas' })}
            ${chartFigure({
              name: 'cloud',
              title: cloud.classes === null ? 'The points' : 'The points, coloured by label',
              renderer: 'canvas',
            })}
          </div>
          <p class="remark">${sample}${what}</p>
        </div>
        ${images && imageGrid(images)}
      </div>`,
  };
}

function player({ runs }: CloudData): Html {
  // The last is where the motion is richest: the continuous limit, or the deepest network.
  const chosen = runs.length - 1;
  return html`<div class="player" id="player">
    <fieldset>
      <legend>Depth</legend>
      <div class="choice">
        ${runs.map(
          ({ tick, phrase }, i) =>
            html`<label title="${phrase}"
              ><input
                type="radio"
                name="depth"
                value="${i}"
                aria-label="${phrase}"
                ${i === chosen && 'checked'}
              /><span>${tick}</span></label
            >`,
        )}
      </div>
    </fieldset>
    ${timeline('Noise removed')}
  </div>`;
}

/** Play, pause and the place along a motion; `label` says what runs along it. */
export function timeline(label: string): Html {
  return html`<div class="timeline">
    <button type="button" aria-label="Play">
      <svg class="start" viewBox="0 0 20 20" aria-hidden="true"><path d="M6 3.5v13l11-6.5z" /></svg>
      <svg class="pause" viewBox="0 0 20 20" aria-hidden="true">
        <path d="M5 4h3.5v12H5zM11.5 4H15v12h-3.5z" />
      </svg>
    </button>
    <input type="range" min="0" max="1000" value="0" aria-label="${label}" />
    <output aria-live="off"></output>
  </div>`;
}

/** The classes of a cloud, each a button that makes it stand out. */
export function legend({ classes, classNames }: CloudData): HtmlValue {
  if (classes === null) return null;
  const more = classNames.length - MAXIMUM_LEGEND;
  return html`<div class="legend" id="legend" role="group" aria-label="Show one label">
      ${classNames
        .slice(0, MAXIMUM_LEGEND)
        .map(
          (name, i) =>
            html`<button type="button" data-class="${i}" aria-pressed="false">${swatch(i)}${name}</button>`,
        )}
    </div>
    ${more > 0 && html`<p class="remark">And ${formatCount(more)} more labels, in the same colours and shapes again.</p>`}`;
}

const SWATCHES: Readonly<Record<(typeof CLASS_SHAPES)[number], string>> = {
  circle: 'M6 1a5 5 0 1 1 0 10a5 5 0 1 1 0-10z',
  'triangle-up': 'M6 1l5.5 10H.5z',
  square: 'M1.5 1.5h9v9h-9z',
  diamond: 'M6 0l5 6l-5 6l-5-6z',
  cross: 'M4 1h4v3h3v4h-3v3h-4v-3h-3v-4h3z',
};

function swatch(index: number): Html {
  const colours = COLOURS.light.classes.length;
  const shape = CLASS_SHAPES[Math.floor(index / colours) % CLASS_SHAPES.length];
  return html`<svg viewBox="0 0 12 12" aria-hidden="true">
    <path d="${SWATCHES[shape]}" fill="var(--class-${index % colours})" />
  </svg>`;
}

/** Places of the images, each at the start and now. */
export function imageGrid({ rows, columns, samples }: ImageExamples): Html {
  const canvas = (label: string) =>
    html`<canvas width="${columns}" height="${rows}" role="img" aria-label="${label}"></canvas>`;
  return html`<figure>
    <h3>The points as images</h3>
    <p class="subtitle">${samples.length} examples, each at the start (left) and now (right)</p>
    <ul class="images" id="images">
      ${samples.map(({ row, label }) => {
        const name = label === null ? `Row ${row}` : label;
        return html`<li>
          <div class="pair">${canvas(`${name} at the start`)}${canvas(`${name} now`)}</div>
          <p title="Row ${row}${label !== null && `: ${label}`}">${name}</p>
        </li>`;
      })}
    </ul>
  </figure>`;
}

/** The table of all numbers. */
export function numbersSection({ start, runs }: DepthComparison): PageSection {
  const labelled = start.accuracy !== null || runs.some((run) => run.accuracy !== null);
  const percent = (accuracy: number | null) => (accuracy === null ? '–' : formatPercent(accuracy));
  const columns: (TableColumn & { cell: (run: DepthRun) => HtmlValue; start?: string })[] = [
    {
      title: 'Depth',
      unit: 'layers',
      note: 'Number of denoising autoencoders one after the other, each of noise variance T divided by their number; ∞ is the continuous limit, a flow from 0 to T.',
      align: 'start',
      cell: (run) => html`<span title="${depthPhrase(run.depth)}">${depthTick(run.depth)}</span>`,
      start: 'start',
    },
    {
      title: 'Entropy',
      unit: 'nats',
      note: 'Shannon entropy of the moved cloud, the Kozachenko–Leonenko estimate from nearest neighbours; −∞ where points coincide.',
      cell: (run) => formatNumber(run.entropy),
      start: formatNumber(start.entropy),
    },
    ...(labelled
      ? [
          {
            title: 'Accuracy',
            unit: 'of points',
            note: 'Share of points whose nearest other point in the moved cloud has the same label.',
            cell: (run: DepthRun) => percent(run.accuracy),
            start: percent(start.accuracy),
          },
        ]
      : []),
    {
      title: 'Displacement',
      unit: 'units',
      note: 'Mean Euclidean distance between where a point started and where it ended, in the units of the input.',
      cell: (run) => formatNumber(run.displacement),
      start: '0',
    },
    {
      title: 'W₂',
      unit: 'units',
      note: 'Wasserstein distance of order 2 between the cloud at the start and at the end. “Exact” where the map is known to be optimal; “sliced bound”, a lower bound, elsewhere: √d times the sliced distance.',
      cell: (run) =>
        run.w2Method === 'exact'
          ? html`${formatNumber(run.w2)}<span class="tag">exact</span>`
          : html`≥ ${formatNumber(run.w2)}<span class="tag">sliced bound</span>`,
      start: '0',
    },
    {
      title: 'Sliced W₂',
      unit: 'units',
      note: 'Root mean square of the distances W₂ of one-dimensional projections, over directions; computed the same way at every depth.',
      cell: (run) => formatNumber(run.slicedW2),
      start: '0',
    },
    {
      title: 'Action',
      note: 'Integral from 0 to T of the mean squared velocity, where time is noise variance; it has no unit.',
      cell: (run) => formatNumber(run.action),
      start: '0',
    },
    {
      title: 'Straightness',
      unit: '0 to 1',
      note: 'W₂² divided by T times the action: 1 for transport in straight lines at constant speed along an optimal plan. A lower bound where W₂ is one.',
      cell: (run) =>
        html`${run.w2Method === 'sliced' && Number.isFinite(run.straightness) && '≥ '}${formatNumber(run.straightness)}`,
    },
    {
      title: 'Final smoothing',
      unit: 'units²',
      note: 'Variance of the Gaussian around every moved point that, with them, makes up the measure at time T.',
      cell: (run) => formatNumber(run.finalSmoothing),
    },
    {
      title: 'Evaluations',
      note: 'How often the score of the whole cloud was summed: the number of layers, or what the integrator of the continuous limit needed.',
      cell: (run) => String(run.evaluations),
    },
    {
      title: 'Time',
      note: 'Wall time of the transport, without the measurements.',
      cell: (run) => formatDuration(run.seconds),
    },
  ];
  return {
    id: 'numbers',
    title: 'All numbers',
    body: table({
      id: 'runs',
      caption: 'Measurements of every depth',
      columns,
      rows: [
        columns.map((column) => column.start ?? '–'),
        ...runs.map((run) => columns.map((column) => column.cell(run))),
      ],
    }),
  };
}
