import type { LayerAnalysis, NetworkAnalysis, StepMeasures } from '../network/analysis/index.js';
import { formatCount, formatNumber, formatPercent } from './format.js';
import { type Html, type HtmlValue, facts, html, table } from './html.js';
import type { PageSection } from './page.js';

/** Classes that a table lists, and that the distances between centres are shown for. */
const MAXIMUM_CLASSES = 50;
const MAXIMUM_CENTRES = 12;

const number = (value: number | null | undefined) => formatNumber(value ?? NaN);
const percent = (value: number | null | undefined) => formatPercent(value ?? NaN);

/** What the cloud of a layer is a cloud of. */
export function widthOf({ width, fullWidth }: LayerAnalysis): HtmlValue {
  return width === fullWidth
    ? formatCount(width)
    : html`${formatCount(width)}<span class="tag">of ${formatCount(fullWidth)}, at random</span>`;
}

/** A layer by the block that ends there, where there is one. */
export function layerTitle({ name, block }: Pick<LayerAnalysis, 'name' | 'block'>): string {
  return block ?? name;
}

/** The numbers of one layer at a time; the page's script shows the one that is chosen. */
export function layerSection(analysis: NetworkAnalysis, names: readonly string[]): PageSection {
  const { layers, steps } = analysis;
  const arrivals = new Map(steps.map((step) => [step.to, step]));
  const last = layers.length - 1;
  return {
    id: 'layer',
    title: 'One layer',
    lead: 'Choose a layer here, or click a point of any chart over the layers.',
    body: html`<p>
        <select id="choice" class="layer-choice" aria-label="Layer">
          ${layers.map(
            (layer, l) =>
              html`<option value="${l}" ${l === last && 'selected'}>
                ${l}. ${layerTitle(layer)} (${layer.kind})
              </option>`,
          )}
        </select>
      </p>
      ${layers.map(
        (layer, l) =>
          html`<article data-layer="${l}" ${l !== last && 'hidden'}>
            ${layerFacts(layer)} ${stepFacts(arrivals.get(layer.name))} ${classTable(layer, l, names)}
            ${centreTable(layer, l, names)}
          </article>`,
      )}`,
  };
}

function layerFacts(layer: LayerAnalysis): Html {
  const { separation } = layer;
  return facts([
    ...(layer.block === undefined ? [] : ([['Name', layer.name]] as const)),
    ['Shape', layer.shape.join(' × ')],
    ['Values', widthOf(layer)],
    ['Rows', formatCount(layer.rows)],
    ['Spread', number(layer.spread)],
    ['Effective rank', number(layer.entropyRank)],
    ['Participation ratio', number(layer.participationRatio)],
    [
      'Intrinsic dimension',
      layer.intrinsicDimension === null
        ? '–'
        : `${number(layer.intrinsicDimension)} ± ${formatNumber(layer.intrinsicDimensionError ?? NaN, 2)}`,
    ],
    ['Entropy per dimension', number(layer.entropyPerDimension)],
    ['Alignment with the last', number(layer.alignmentWithLast)],
    ...(separation
      ? ([
          ['Neighbour accuracy', percent(separation.neighbourAccuracy)],
          ['Probe accuracy', `${percent(separation.probeAccuracy)} ± ${percent(separation.probeError)}`],
          ['Fisher ratio', number(separation.fisherRatio)],
          ['Silhouette', number(separation.silhouette)],
        ] as const)
      : []),
  ]);
}

function stepFacts(step: StepMeasures | undefined): HtmlValue {
  if (!step) return null;
  return html`<h3 class="layer-heading">The step from ${step.from}</h3>
    ${facts([
      ['Mean displacement', number(step.displacement)],
      ['Over the spread', number(step.relativeDisplacement)],
      ['Sliced W₂', number(step.slicedW2)],
      ['Straightness', step.straightness === null ? '–' : `≥ ${number(step.straightness)}`],
      ['Continuation', number(step.continuation)],
      [
        'Divergence',
        step.divergence === null
          ? '–'
          : `${number(step.divergence)} ± ${formatNumber(step.divergenceError ?? NaN, 2)}`,
      ],
      ['Stretch', number(step.stretch)],
    ])}`;
}

function classTable({ separation }: LayerAnalysis, l: number, names: readonly string[]): HtmlValue {
  if (!separation) return null;
  const more = separation.classes.length - MAXIMUM_CLASSES;
  return html`<h3 class="layer-heading">The classes</h3>
    ${table({
      id: `classes-${l}`,
      caption: 'Measurements of every class',
      columns: [
        { title: 'Class', align: 'start' },
        { title: 'Points' },
        { title: 'Neighbour accuracy' },
        { title: 'Probe accuracy' },
        { title: 'Silhouette' },
        { title: 'Spread' },
      ],
      rows: separation.classes
        .slice(0, MAXIMUM_CLASSES)
        .map((entry) => [
          names[entry.label] ?? String(entry.label),
          formatCount(entry.count),
          percent(entry.neighbourAccuracy),
          percent(entry.probeAccuracy),
          number(entry.silhouette),
          number(entry.spread),
        ]),
    })}
    ${more > 0 && html`<p class="remark">And ${formatCount(more)} more classes, in summary.json.</p>`}`;
}

function centreTable({ separation }: LayerAnalysis, l: number, names: readonly string[]): HtmlValue {
  if (!separation || separation.classes.length > MAXIMUM_CENTRES) return null;
  const labels = separation.classes.map(({ label }) => names[label] ?? String(label));
  return html`<h3 class="layer-heading">Distances between the centres of the classes</h3>
    ${table({
      id: `centres-${l}`,
      caption: 'Distances between the centres of the classes',
      columns: [{ title: '', align: 'start' }, ...labels.map((title) => ({ title }))],
      rows: separation.centreDistances.map((row, c) => [
        labels[c],
        ...row.map((distance, other) => (other === c ? '–' : formatNumber(distance, 3))),
      ]),
    })}`;
}

/** All layers in one table, and the streams. */
export function numbersSection(analysis: NetworkAnalysis): PageSection {
  const { layers, steps, streams, classes } = analysis;
  const arrivals = new Map(steps.map((step) => [step.to, step]));
  const labelled = classes.length > 0;
  return {
    id: 'numbers',
    title: 'All layers',
    lead: 'A click on a title sorts by it.',
    body: html`${table({
      id: 'layers',
      caption: 'Measurements of every layer',
      columns: [
        { title: 'Layer', align: 'start' },
        { title: 'Values', note: 'Of one row. Wider layers are projected at random, which keeps distances.' },
        {
          title: 'Rank',
          unit: 'effective',
          note: 'e to the entropy of the spectrum of the covariance; the participation ratio is (Σλ)²/Σλ².',
        },
        {
          title: 'Dimension',
          unit: 'intrinsic',
          note: 'By the ratio of the distances to the second and first neighbour.',
        },
        {
          title: 'Alignment',
          note: `Linear centred kernel alignment with the last layer${analysis.debiased ? ', debiased' : ''}: 1 where they agree up to rotation, shift and scale.`,
        },
        ...(labelled
          ? [
              {
                title: 'Neighbour',
                unit: 'accuracy',
                note: 'Points whose nearest other point has their label.',
              },
              { title: 'Probe', unit: 'accuracy', note: 'Ridge classifier on points that it has not seen.' },
              { title: 'Fisher', unit: 'ratio', note: 'Variance between the classes over that within.' },
            ]
          : []),
        {
          title: 'Displacement',
          unit: 'of the spread',
          note: 'Root mean squared distance moved since the state before the block, or where there are no blocks since the last layer of the same width that the layer follows from alone by more than an activation or norm, over the spread there: a step of a flow is far below 1.',
        },
        {
          title: 'Straightness',
          note: 'A lower bound on W₂² over the mean squared distance moved: 1 where no cheaper way leads to the same cloud.',
        },
      ],
      rows: layers.map((layer, l) => {
        const step = arrivals.get(layer.name);
        return [
          html`<span class="wrap">${l}. ${layerTitle(layer)}<span class="tag">${layer.kind}</span></span>`,
          widthOf(layer),
          number(layer.entropyRank),
          number(layer.intrinsicDimension),
          number(layer.alignmentWithLast),
          ...(labelled
            ? [
                percent(layer.separation?.neighbourAccuracy),
                percent(layer.separation?.probeAccuracy),
                number(layer.separation?.fisherRatio),
              ]
            : []),
          number(step?.relativeDisplacement),
          number(step?.straightness),
        ];
      }),
      sort: layers.map((layer, l) => {
        const step = arrivals.get(layer.name);
        const { separation } = layer;
        return [
          l,
          layer.width,
          layer.entropyRank,
          layer.intrinsicDimension,
          layer.alignmentWithLast,
          ...(labelled
            ? [
                separation?.neighbourAccuracy ?? null,
                separation?.probeAccuracy ?? null,
                separation?.fisherRatio ?? null,
              ]
            : []),
          step?.relativeDisplacement ?? null,
          step?.straightness ?? null,
        ];
      }),
    })}
    ${
      streams.length > 0 &&
      html`<h3 class="layer-heading">Streams: steps that follow one another</h3>
        ${table({
          id: 'streams',
          caption: 'Measurements of every stream',
          columns: [
            { title: 'From and to', align: 'start' },
            { title: 'Steps' },
            { title: 'Action', note: 'Steps times the sum of the mean squared distances moved.' },
            { title: 'Sliced W₂', note: 'Between the clouds at both ends.' },
            { title: 'Straightness', note: 'A lower bound on W₂² over the action.' },
            { title: 'Straight paths', note: 'Mean of the distance between a path’s ends over its length.' },
          ],
          rows: streams.map((stream) => [
            html`<span class="wrap">${stream.layers[0]} to ${stream.layers[stream.layers.length - 1]}</span>`,
            formatCount(stream.layers.length - 1),
            number(stream.action),
            number(stream.slicedW2),
            `≥ ${number(stream.straightness)}`,
            number(stream.pathStraightness),
          ]),
        })}`
    }`,
  };
}
