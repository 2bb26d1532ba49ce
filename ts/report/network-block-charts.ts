import type {
  AlignmentMatrix,
  NetworkAnalysis,
  StreamAnalysis,
  StreamBlockAnalysis,
} from '../network/index.js';
import type { ChartSpec } from './charts.js';
import { type DepthCurves, measuredCurves } from './network-charts.js';

/** Examples whose way is drawn as a line. */
const LINES = 300;

/** The curves of the blocks over the layers of the page: each at the layer that its block ends in. */
export function blockCharts(
  { layers }: NetworkAnalysis,
  streams: readonly StreamAnalysis[],
): { main: DepthCurves[]; small: DepthCurves[] } {
  const blocks = new Map(
    streams.flatMap((stream) => stream.blocks.map((block) => [block.to, block] as const)),
  );
  const exponents = new Map(
    streams.flatMap(({ blocks, lyapunov }) =>
      blocks.map(({ to }, b) => [to, lyapunov?.exponents[b]] as const),
    ),
  );
  const at = (value: (block: StreamBlockAnalysis) => number | null | undefined) =>
    layers.map(({ name }) => {
      const block = blocks.get(name);
      return block ? (value(block) ?? null) : null;
    });
  const exponent = (place: 'first' | 'last') =>
    layers.map(({ name }) => {
      const found = exponents.get(name);
      const value = found?.[place === 'first' ? 0 : found.length - 1];
      return value !== undefined && Number.isFinite(value) ? value : null;
    });
  const main: DepthCurves[] = [
    {
      name: 'volume',
      title: 'Entropy gained in a block',
      subtitle:
        'in nats: mean log|det J| along the examples, and the change of the nearest-neighbour entropy',
      curves: [
        { name: 'log|det J|', values: at(({ logDeterminant }) => logDeterminant?.value) },
        { name: 'nearest neighbours', values: at(({ entropyChange }) => entropyChange?.value) },
      ],
    },
    {
      name: 'gradient',
      title: 'A step of a gradient flow?',
      subtitle:
        'share of the displacement that is a gradient (½ by chance), and W₂² over the squared distance moved',
      curves: [
        { name: 'gradient share', values: at(({ gradientShare }) => gradientShare?.value) },
        { name: 'optimality', values: at(({ optimality }) => optimality) },
      ],
      domain: [0, 1],
    },
  ];
  const small: DepthCurves[] = [
    {
      name: 'lyapunov',
      title: 'Lyapunov exponents',
      subtitle: 'per block so far, of the first and last direction followed',
      curves: [
        { name: 'first', values: exponent('first') },
        { name: 'last', values: exponent('last') },
      ],
    },
    {
      name: 'along',
      title: 'Stretch',
      subtitle: 'of differences of examples, 5th and 95th of a hundred',
      curves: [
        { name: 'low', values: at(({ local }) => local?.stretch.data?.low) },
        { name: 'high', values: at(({ local }) => local?.stretch.data?.high) },
      ],
    },
    {
      name: 'without',
      title: 'Without the block',
      subtitle: 'examples whose largest output stays the same',
      curves: [{ name: 'agreement', values: at(({ without }) => without?.agreement?.value) }],
      format: '.1~%',
    },
  ];
  return { main: main.filter(measuredCurves), small: small.filter(measuredCurves) };
}

/** Alignments of all layers with all, or with those of another model, as a heat map; points carry their `layer`. */
export function alignmentChart(
  { rows, columns, values, standardErrors }: AlignmentMatrix,
  { names, others, height }: { names: readonly string[]; others: readonly string[]; height: number },
): ChartSpec {
  const cells = rows.flatMap((_, i) =>
    columns.flatMap((_, j) => {
      const value = values[i][j];
      if (value === null) return [];
      const error = standardErrors[i][j];
      return {
        layer: i,
        ...{ x: j - 0.5, x2: j + 0.5, y: i - 0.5, y2: i + 0.5 },
        ...{ a: `${i}. ${names[i]}`, b: `${j}. ${others[j]}` },
        value,
        error: error === null ? '–' : `± ${error.toPrecision(2)}`,
      };
    }),
  );
  const axis = (field: 'x' | 'y', count: number, title: string) => ({
    field,
    type: 'quantitative' as const,
    scale: { domain: field === 'x' ? [-0.5, count - 0.5] : [count - 0.5, -0.5], nice: false, zero: false },
    axis: { title, tickMinStep: 1, format: 'd', grid: false },
  });
  return {
    description: 'Heat map of the linear alignment between every two layers',
    width: 'container',
    height,
    autosize: { type: 'fit-x', contains: 'padding' },
    params: [{ name: 'chosen', value: -1 }],
    data: { values: cells },
    layer: [
      {
        mark: { type: 'rect', cursor: 'pointer' },
        encoding: {
          x: axis('x', columns.length, others === names ? 'layer' : 'layer of the second model'),
          x2: { field: 'x2' },
          y: axis('y', rows.length, 'layer'),
          y2: { field: 'y2' },
          color: {
            field: 'value',
            type: 'quantitative',
            scale: { scheme: 'viridis', domain: [0, 1], clamp: true },
            legend: {
              title: 'alignment',
              orient: 'top',
              gradientLength: 160,
              gradientThickness: 10,
              values: [0, 0.5, 1],
            },
          },
          tooltip: [
            { field: 'a', title: 'layer' },
            { field: 'b', title: others === names ? 'and' : 'of the second model' },
            { field: 'value', title: 'alignment', format: '.3f' },
            { field: 'error', title: 'standard error' },
          ],
        },
      },
    ],
  };
}

/** Some of the examples as lines through the first axes of the aligned planes: a river from the data to the outputs. */
export function riverChart(
  { layers, drawn }: NetworkAnalysis,
  labels: { values: Int32Array; names: readonly string[] } | undefined,
  height: number,
): ChartSpec {
  const step = Math.max(1, Math.ceil(drawn.length / LINES));
  const values = layers.flatMap(({ plane }, layer) =>
    drawn.flatMap((example, i) =>
      i % step === 0
        ? {
            layer,
            example,
            place: Math.round(1000 * plane.positions.data[2 * i]) / 1000,
            ...(labels && { label: labels.names[labels.values[example]] }),
          }
        : [],
    ),
  );
  return {
    description: 'Lines of examples through the layers, each layer along the axis of its largest variance',
    width: 'container',
    height,
    autosize: { type: 'fit-x', contains: 'padding' },
    params: [{ name: 'chosen', value: -1 }],
    data: { values },
    mark: { type: 'line', strokeWidth: 0.8, opacity: 0.45, interpolate: 'monotone' },
    encoding: {
      x: {
        field: 'layer',
        type: 'quantitative',
        scale: { domain: [0, Math.max(1, layers.length - 1)], nice: false },
        axis: { title: 'layer', labelFlush: false, tickMinStep: 1, format: 'd' },
      },
      y: { field: 'place', type: 'quantitative', axis: { title: null, labels: false, grid: false } },
      detail: { field: 'example' },
      tooltip: [{ field: 'example', title: 'Row' }, ...(labels ? [{ field: 'label', title: 'Label' }] : [])],
      ...(labels && {
        color: {
          field: 'label',
          type: 'nominal',
          scale: { domain: [...labels.names] },
          legend: { title: null, orient: 'bottom', columns: 5, labelLimit: 120, symbolOpacity: 1 },
        },
      }),
    },
  };
}
